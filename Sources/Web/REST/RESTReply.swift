import HTTPTypes

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
    var status: HTTPResponse.Status
    var body: JSON?
    var etag: String?

    /// An answer with a body.
    init(_ status: HTTPResponse.Status = .ok, _ body: JSON?, etag: String? = nil) {
        self.status = status
        self.body = body
        self.etag = etag
    }

    /// A list that fits on one page.
    static func list(_ items: [JSON], next: String? = nil) -> RESTReply {
        RESTReply(.ok, ["items": .array(items), "next": .text(next)])
    }

    static let done = RESTReply(.noContent, nil)
}

/// A refusal, as RFC 9457 words it, with a stable code and a remedy.
struct RESTProblem: Error, Sendable, Hashable {
    var status: HTTPResponse.Status
    var code: String
    var detail: String
    var remedy: String

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
        [
            "type": "about:blank", "title": .string(status.reasonPhrase), "status": .integer(status.code),
            "code": .string(code), "detail": .string(detail), "remedy": .string(remedy),
        ]
    }
}
