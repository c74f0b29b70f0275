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

    /// The object of the body; an empty body is an empty object.
    func object() throws(NotionProblem) -> JSONValue {
        if body.isEmpty { return [:] }
        guard let parsed = JSONValue(parsing: body) else { throw .invalidJSON }
        guard parsed.object != nil else {
            throw .validation("body failed validation: body should be an object, instead was `\(parsed.text)`.")
        }
        return parsed
    }
}

/// What goes back.
struct NotionReply: Sendable {
    /// The content, which is written out at the end.
    enum Content: Sendable {
        case json(JSONValue)
        case html(String)
    }

    var status: Int
    var content: Content
    var location: String?
    var retryAfter: Int?
    /// Which part of the body is sent before the connection is cut; nil when it is not.
    var sentShare: Double?
    /// The number of the request, which the service puts into header and body.
    private(set) var requestID: String?

    init(_ status: Int, _ json: JSONValue) {
        self.status = status
        content = .json(json)
    }

    init(_ problem: NotionProblem) {
        self.init(problem.status, problem.body)
        retryAfter = problem.retryAfter
    }

    init(_ status: Int, html: String) {
        self.status = status
        content = .html(html)
    }

    var type: String {
        switch content {
        case .json: "application/json; charset=utf-8"
        case .html: "text/html; charset=utf-8"
        }
    }

    var octets: [UInt8] {
        switch content {
        case .json(let value): value.octets
        case .html(let text): Array(text.utf8)
        }
    }

    /// The same reply with the number of its request.
    func numbered(_ id: String) -> NotionReply {
        var reply = self
        reply.requestID = id
        if case .json(var value) = content {
            value["request_id"] = .string(id)
            reply.content = .json(value)
        }
        return reply
    }
}
