import HTTPTypes
import HummingbirdCore

/// A request to the REST interface, authenticated.
struct RESTRequest: Sendable {
    var method: HTTPRequest.Method
    /// Segments behind `/api/v1`, decoded.
    var path: [String]
    var query: FormFields
    var headers: HTTPFields
    var body: [UInt8]
    var visitor: Visitor

    /// The members of the JSON body.
    ///
    /// - Throws: ``RESTProblem`` where the body is no JSON object.
    func members() throws(RESTProblem) -> JSON {
        if body.isEmpty { return [:] }
        guard let value = JSON(parsing: body), value.object != nil else {
            throw RESTProblem(.badRequest, "invalid_request", "The body is not a JSON object.", "Send a JSON object.")
        }
        return value
    }
}

/// An answer of the REST interface.
struct RESTReply: Sendable {
    /// What is sent.
    enum Content: Sendable {
        case nothing
        case json(JSON)
        /// Text of another type, to be saved under a name.
        case file(type: String, name: String, text: String)
        case stream(type: String, ResponseBody)
    }

    var status: HTTPResponse.Status
    var content: Content
    var headers = HTTPFields()

    /// An answer with a body.
    init(_ status: HTTPResponse.Status = .ok, _ body: JSON?, etag: String? = nil) {
        self.status = status
        content = body.map(Content.json) ?? .nothing
        if let etag { headers[.eTag] = "\"\(etag)\"" }
    }

    /// An answer that is no JSON.
    init(_ content: Content) {
        status = .ok
        self.content = content
    }

    /// A list, or a page of one.
    static func list(_ items: [JSON], next: String? = nil) -> RESTReply {
        RESTReply(.ok, ["items": .array(items), "next": .text(next)])
    }

    static let done = RESTReply(.noContent, nil)

    /// The JSON of it, or null.
    var json: JSON { if case .json(let body) = content { body } else { .null } }
}

/// A refusal, as RFC 9457 words it, with a stable code and a remedy.
struct RESTProblem: Error, Sendable, Hashable {
    var status: HTTPResponse.Status
    var code: String
    var detail: String
    var remedy: String
    var headers = HTTPFields()
    /// The id under which the log says more.
    var request: String?

    init(_ status: HTTPResponse.Status, _ code: String, _ detail: String, _ remedy: String) {
        self.status = status
        self.code = code
        self.detail = detail
        self.remedy = remedy
    }

    static let notFound = RESTProblem(.notFound, "not_found", "There is no such thing here.", "Check the id.")

    static func invalid(_ detail: String, _ remedy: String = "Correct the request.") -> RESTProblem {
        RESTProblem(.badRequest, "invalid_request", detail, remedy)
    }

    /// The problem document.
    var body: JSON {
        var members: [String: JSON] = [
            "type": "about:blank", "title": .string(status.reasonPhrase), "status": .integer(status.code),
            "code": .string(code), "detail": .string(detail), "remedy": .string(remedy),
        ]
        if let request { members["request"] = .string(request) }
        return .object(members)
    }
}
