import ICalendar

/// A request as the service sees it.
struct NotionRequest: Sendable {
    var method: String
    /// Segments behind the host, percent-decoded.
    var path: [String]
    var query: [(name: String, value: String)]
    var authorization: String?
    var version: String?
    var body: [UInt8]

    func values(_ name: String) -> [String] { query.filter { $0.name == name }.map(\.value) }
}

/// What goes back.
struct NotionReply: Sendable {
    var status: Int
    var body: [UInt8]
    var type = "application/json; charset=utf-8"
    var location: String?
    var retryAfter: Int?
    /// After how many octets the connection is cut; nil when it is not.
    var cut: Int?

    init(_ status: Int, _ json: JSONValue) {
        self.status = status
        body = json.octets
    }

    init(_ problem: NotionProblem) {
        self.init(problem.status, problem.body)
        retryAfter = problem.retryAfter
    }

    init(_ status: Int, html: String) {
        self.status = status
        body = Array(html.utf8)
        type = "text/html; charset=utf-8"
    }
}

/// The simulated service: one workspace behind its API.
actor NotionService {
    var workspace = NotionWorkspace()
    var authorization = NotionAuthorization()
    var faults: NotionFaults
    /// Whether the consent page answers itself with yes.
    var approvesAtOnce = false
    /// Requests per minute and connection.
    var ratePerMinute = 180
    var log: [String] = []
    private var counted: [Int64] = []
    private let now: @Sendable () -> Instant

    /// How many requests the log keeps.
    private static let logLength = 10_000

    init(seed: UInt64, now: @escaping @Sendable () -> Instant) {
        faults = NotionFaults(seed: seed)
        self.now = now
    }

    func answer(_ request: NotionRequest) -> NotionReply {
        let path = "/" + request.path.joined(separator: "/")
        if request.path.first == "control" { return control(request) }
        if log.count < Self.logLength {
            log.append("\(request.method) \(path) \(String(decoding: request.body, as: UTF8.self))")
        }
        if request.path.starts(with: ["v1", "oauth"]) { return oauth(request) }
        let fault = faults.draw(method: request.method, path: path)
        switch fault {
        case .failure: return NotionReply(NotionProblem(500, "internal_server_error", "Unexpected error occurred."))
        case .unavailable: return NotionReply(NotionProblem(503, "service_unavailable", "Notion is unavailable."))
        case .page: return NotionReply(502, html: "<html><body>Bad gateway</body></html>")
        case .rateLimited: return NotionReply(Self.rateLimited(after: 1))
        case .lostAnswer, .savedButUnavailable, .truncated, nil: break
        }
        var reply: NotionReply
        do throws(NotionProblem) {
            try checkAccess(request)
            reply = NotionReply(200, try perform(request))
        } catch {
            return NotionReply(error)
        }
        switch fault {
        case .lostAnswer: reply.cut = 0
        case .truncated: reply.cut = reply.body.count / 2
        case .savedButUnavailable: reply = saved(reply)
        case .failure, .unavailable, .page, .rateLimited, nil: break
        }
        return reply
    }

    private func saved(_ reply: NotionReply) -> NotionReply {
        var additional: JSONValue = ["retry_guidance": "Read the object instead of repeating the request."]
        if let id = JSONValue(parsing: reply.body)?["id"] { additional["committed_resource_id"] = id }
        return NotionReply(
            NotionProblem(
                503,
                "service_unavailable",
                "The change was saved, but the response could not be built in time.",
                additional: additional
            )
        )
    }

    private static func rateLimited(after seconds: Int) -> NotionProblem {
        NotionProblem(
            429,
            "rate_limited",
            "You have been rate limited. Please try again in a few minutes.",
            additional: [
                "rate_limit_reason": "public_api_request_rate_limit", "retry_after": .string(String(seconds)),
            ],
            retryAfter: seconds
        )
    }

    private func checkAccess(_ request: NotionRequest) throws(NotionProblem) {
        guard let header = request.authorization, header.hasPrefix("Bearer "),
            authorization.isGood(String(header.dropFirst(7)))
        else { throw .unauthorized }
        guard let version = request.version else {
            throw NotionProblem(400, "missing_version", "Notion-Version header should be defined.")
        }
        guard version == "2026-03-11" || version == "2025-09-03" else {
            throw .validation("Notion-Version \(version) is not simulated.")
        }
        let second = now().seconds
        counted.removeAll { $0 <= second - 60 }
        guard counted.count < ratePerMinute else {
            throw Self.rateLimited(after: Int((counted.first ?? second) + 61 - second))
        }
        counted.append(second)
    }

    private func perform(_ request: NotionRequest) throws(NotionProblem) -> JSONValue {
        let body: JSONValue
        if request.body.isEmpty {
            body = [:]
        } else if let parsed = JSONValue(parsing: request.body) {
            body = parsed
        } else {
            throw NotionProblem(400, "invalid_json", "Error parsing JSON body.")
        }
        let path = Array(request.path.dropFirst())
        switch (request.method, path.count, path.first ?? "", path.last ?? "") {
        case ("GET", 2, "users", "me"): return Self.me
        case ("POST", 1, "search", _): return try workspace.search(body)
        case ("POST", 1, "databases", _): return try workspace.createDatabase(body)
        case ("GET", 2, "databases", let id): return try workspace.database(id)
        case ("GET", 2, "data_sources", let id): return try workspace.source(id).json
        case ("PATCH", 2, "data_sources", let id): return try workspace.updateSource(id, body)
        case ("POST", 3, "data_sources", "query"):
            let only = request.values("filter_properties[]") + request.values("filter_properties")
            return try workspace.query(path[1], body, only: only.isEmpty ? nil : Set(only.map(\.percentDecoded)))
        case ("POST", 1, "pages", _):
            return try workspace.createPage(body, by: NotionWorkspace.bot, at: now())
        case ("GET", 2, "pages", let id):
            let page = try workspace.page(id)
            return page.json(in: try workspace.source(page.dataSource))
        case ("PATCH", 2, "pages", let id):
            return try workspace.updatePage(id, body, by: NotionWorkspace.bot, at: now())
        default: throw NotionProblem(400, "invalid_request_url", "Invalid request URL.")
        }
    }

    private static let me: JSONValue = [
        "object": "user", "id": .string(NotionWorkspace.bot), "name": "Kalends", "avatar_url": nil, "type": "bot",
        "bot": [
            "owner": ["type": "workspace", "workspace": true], "workspace_id": "0f4b0000-0000-4000-8000-000000000001",
            "workspace_name": "Home",
        ],
    ]

    func edit<T: Sendable>(_ change: @Sendable (isolated NotionService) throws -> T) rethrows -> T { try change(self) }

    var instant: Instant { now() }
}
