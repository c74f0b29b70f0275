/// A request as the simulator sees it, without its transport.
public struct APIRequest: Sendable {
    public var method: String
    /// The path as sent, still percent-encoded, without query.
    public var path: String
    /// The query as sent, without the question mark.
    public var query: String
    /// Values by lower-case name.
    public var headers: [String: String]
    public var body: [UInt8]

    /// Describes a request.
    public init(
        method: String,
        path: String,
        query: String = "",
        headers: [String: String] = [:],
        body: [UInt8] = []
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
    }

    /// The segments of the path, decoded; nil for a bad escape.
    var segments: [String]? {
        var segments: [String] = []
        for raw in path.split(separator: "/") {
            guard let segment = Percent.decode(raw) else { return nil }
            segments.append(segment)
        }
        return segments
    }

    var parameters: Parameters { Parameters(encoded: query) }

    /// The body as a form, together with the query, as Google's token end points take them.
    var form: Parameters {
        Parameters(Parameters(encoded: String(decoding: body, as: UTF8.self)).pairs + parameters.pairs)
    }
}

/// An answer of the simulator, and how it reaches the client.
public struct APIReply: Sendable {
    /// What becomes of the octets on the wire.
    public enum Delivery: String, Sendable, Hashable {
        /// They arrive.
        case whole
        /// The connection is closed instead.
        case cut
        /// The head promises all, half of the body comes, then the connection is closed.
        case truncated
    }

    public var status: Int
    public var headers: [String: String]
    public var body: [UInt8]
    public var delivery = Delivery.whole

    /// An answer with a body of the given type.
    init(_ status: Int, type: String, body: [UInt8]) {
        self.status = status
        headers = ["content-type": type]
        self.body = body
    }

    static func json(_ status: Int, _ body: JSON) -> APIReply {
        APIReply(status, type: "application/json; charset=UTF-8", body: body.octets)
    }

    static func html(_ status: Int, _ text: String) -> APIReply {
        APIReply(status, type: "text/html; charset=UTF-8", body: Array(text.utf8))
    }

    static func empty(_ status: Int) -> APIReply {
        var reply = APIReply(status, type: "text/html", body: [])
        reply.headers = [:]
        return reply
    }

    static func redirect(to address: String) -> APIReply {
        var reply = APIReply.empty(302)
        reply.headers["location"] = address
        return reply
    }
}

extension APIReply {
    init(_ error: APIError) { self = .json(error.code, error.body) }

    init(_ error: OAuthError) { self = .json(error.status, error.body) }

    init(_ reply: StateReply) {
        self = reply.body.map { APIReply.json(reply.status, $0) } ?? .empty(reply.status)
        headers["etag"] = reply.etag
    }
}
