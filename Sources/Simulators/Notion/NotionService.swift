import ICalendar

/// The simulated service: one workspace behind its API.
actor NotionService {
    var workspace = NotionWorkspace()
    var authorization = NotionAuthorization()
    var faults: NotionFaults
    /// Whether the consent page answers itself with yes.
    var approvesAtOnce = false
    /// Requests that the connection may make in a minute.
    var ratePerMinute = 180
    /// What the connection may do, as its settings page has it.
    var capabilities = Set(NotionCapability.allCases)
    /// Seconds added to the clock.
    var clockOffset: Int64 = 0
    var log: [String] = []
    /// The webhook; nil until a person enters one.
    var subscription: NotionSubscription?
    /// Takes the calls to the webhook, in their order.
    let calls: AsyncStream<NotionWebhookCall>.Continuation
    private var requests: UInt64 = 0
    private var counted: [Int64] = []
    private let now: @Sendable () -> Instant

    /// How many requests the log keeps: enough for a long test, no burden for a long demonstration.
    private static let logLength = 10_000

    init(seed: UInt64, now: @escaping @Sendable () -> Instant, calls: AsyncStream<NotionWebhookCall>.Continuation) {
        self.calls = calls
        faults = NotionFaults(seed: seed)
        self.now = now
    }

    var instant: Instant { now() + clockOffset }

    func answer(_ request: NotionRequest) -> NotionReply {
        defer { tellSubscription() }
        if request.path.first == "control" { return control(request) }
        let path = "/" + request.path.joined(separator: "/")
        if log.count < Self.logLength {
            log.append("\(request.method) \(path) \(String(decoding: request.body, as: UTF8.self))")
        }
        let isOAuth = request.path.starts(with: ["v1", "oauth"])
        // A lost refresh ends a connection for good: that happens on purpose only, never by chance.
        let fault = faults.draw(method: request.method, path: path, isOpenToChance: !isOAuth)
        requests += 1
        let digits = String(requests, radix: 16)
        let id = "5f0c3ed0-0000-4000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits
        return reply(to: request, isOAuth: isOAuth, fault).numbered(id)
    }

    /// Calls the webhook for everything that just happened.
    private func tellSubscription() {
        let happenings = workspace.happenings
        workspace.happenings = []
        guard let subscription else { return }
        for happening in happenings {
            guard let source = workspace.sources[happening.page.dataSource.bareIdentifier], source.isShared else {
                continue
            }
            let id = workspace.nextIdentifier(7)
            calls.yield(subscription.call(happening.event(id: id, database: source.database, at: instant)))
        }
    }

    private func reply(to request: NotionRequest, isOAuth: Bool, _ fault: NotionFaults.Kind?) -> NotionReply {
        if let refusal = fault?.refusal { return refusal }
        var reply = isOAuth ? oauth(request) : call(request)
        switch fault {
        case .lostAnswer: reply.sentShare = 0
        case .truncated: reply.sentShare = 0.5
        case .savedButUnavailable: if reply.status == 200 { reply = Self.saved(reply, request) }
        case .failure, .unavailable, .page, .rateLimited, .conflict, .overloaded, .refused, nil: break
        }
        return reply
    }

    private func call(_ request: NotionRequest) -> NotionReply {
        do throws(NotionProblem) {
            try checkAccess(request)
            return NotionReply(200, try perform(request, Array(request.path.dropFirst())))
        } catch {
            return NotionReply(error)
        }
    }

    /// A write was done, but its answer could not be built; of a read nothing is known.
    private static func saved(_ reply: NotionReply, _ request: NotionRequest) -> NotionReply {
        let isCreation = request.method == "POST" && request.path.count == 2 && request.path.last != "search"
        guard isCreation || request.method == "PATCH" else { return NotionReply(.unavailable) }
        var additional: JSONValue = ["retry_guidance": "Read the object instead of repeating the request."]
        if isCreation, case .json(let object) = reply.content { additional["committed_resource_id"] = object["id"] }
        return NotionReply(
            NotionProblem(
                503,
                "service_unavailable",
                "The change was saved, but the response could not be built in time.",
                additional: additional
            )
        )
    }

    private func checkAccess(_ request: NotionRequest) throws(NotionProblem) {
        guard let header = request.authorization, header.hasPrefix("Bearer "),
            authorization.isGood(String(header.dropFirst(7)), at: instant)
        else { throw .unauthorized }
        guard let version = request.version else {
            throw NotionProblem(
                400,
                "missing_version",
                "Notion-Version header failed validation: Notion-Version header should be defined, instead was `undefined`."
            )
        }
        guard version == "2026-03-11" || version == "2025-09-03" else {
            throw .validation("Notion-Version \(version) is not simulated.")
        }
        let second = instant.seconds
        counted.removeAll { $0 <= second - 60 || $0 > second }
        guard counted.count < ratePerMinute else {
            throw .rateLimited(after: Int((counted.first ?? second) + 60 - second))
        }
        counted.append(second)
    }

    private func perform(_ request: NotionRequest, _ path: [String]) throws(NotionProblem) -> JSONValue {
        guard request.path.first == "v1" else { throw .invalidAddress }
        let body = try request.object()
        guard NotionCapability(neededFor: request.method, path).map(capabilities.contains) ?? true else {
            throw .forbidden
        }
        switch (request.method, path.count, path.first ?? "", path.last ?? "") {
        case ("GET", 1, "users", _):
            let hasMails = capabilities.contains(.userMails)
            return try NotionWorkspace.list(NotionUser.allCases, paging(request), type: "user") {
                hasMails ? $0.json : $0.json.withoutMail
            }
        case ("GET", 2, "users", "me"): return NotionUser.bot.json
        case ("POST", 1, "search", _): return try workspace.search(body)
        case ("POST", 1, "databases", _): return try workspace.createDatabase(body)
        case ("GET", 2, "databases", let id): return try workspace.database(id)
        case ("PATCH", 2, "databases", let id): return try workspace.updateDatabase(id, body)
        case ("POST", 1, "data_sources", _): return try workspace.createSource(body)
        case ("GET", 2, "data_sources", let id): return try workspace.source(id, for: .bot).json
        case ("PATCH", 2, "data_sources", let id): return try workspace.updateSource(id, body, by: .bot)
        case ("POST", 3, "data_sources", "query"):
            return try workspace.query(path[1], body, only: wantedColumns(request), at: instant)
        case ("POST", 1, "pages", _): return try workspace.createPage(body, by: .bot, at: instant)
        case ("GET", 2, "pages", let id):
            if let parent = workspace.parentPage(id) { return parent }
            let (page, source) = try workspace.page(id, for: .bot)
            return page.json(in: source, only: wantedColumns(request))
        case ("PATCH", 2, "pages", let id): return try workspace.updatePage(id, body, by: .bot, at: instant)
        case ("GET", 4, "pages", let property) where path[2] == "properties":
            return try workspace.property(property, of: path[1], paging(request))
        default: return try performOnBody(request, path, body)
        }
    }

    private func performOnBody(
        _ request: NotionRequest,
        _ path: [String],
        _ body: JSONValue
    ) throws(NotionProblem) -> JSONValue {
        let edit = NotionWorkspace.BodyEdit(user: .bot, instant: instant)
        switch (request.method, path.count, path.first ?? "", path.last ?? "") {
        case ("GET", 2, "blocks", let id): return try workspace.block(id)
        case ("PATCH", 2, "blocks", let id): return try workspace.updateBlock(id, body, edit)
        case ("DELETE", 2, "blocks", let id): return try workspace.deleteBlock(id, edit)
        case ("GET", 3, "blocks", "children"): return try workspace.blockChildren(path[1], paging(request))
        case ("PATCH", 3, "blocks", "children"): return try workspace.appendBlocks(path[1], body, edit)
        case ("GET", 3, "pages", "markdown"): return try workspace.markdown(path[1])
        case ("PATCH", 3, "pages", "markdown"): return try workspace.updateMarkdown(path[1], body, edit)
        default: throw .invalidAddress
        }
    }

    /// The ids of `filter_properties`, decoded; nil for every column.
    private func wantedColumns(_ request: NotionRequest) -> Set<String>? {
        let ids = request.values("filter_properties[]") + request.values("filter_properties")
        return ids.isEmpty ? nil : Set(ids.map(\.percentDecoded))
    }

    /// Page size and cursor of a GET, as a POST has them in its body.
    private func paging(_ request: NotionRequest) -> JSONValue {
        var paging: JSONValue = [:]
        paging["start_cursor"] = request.values("start_cursor").first.map(JSONValue.string)
        paging["page_size"] = request.values("page_size").first.map { size in
            Int(size).map { .number(Double($0)) } ?? .string(size)
        }
        return paging
    }
}
