/// A refusal as the service words it.
public struct NotionProblem: Error, Sendable, Hashable {
    var status: Int
    var code: String
    var message: String
    var additional: JSONValue?
    var retryAfter: Int?

    init(_ status: Int, _ code: String, _ message: String, additional: JSONValue? = nil, retryAfter: Int? = nil) {
        self.status = status
        self.code = code
        self.message = message
        self.additional = additional
        self.retryAfter = retryAfter
    }

    static func validation(_ message: String) -> NotionProblem { NotionProblem(400, "validation_error", message) }

    static func notFound(_ what: String, _ id: String) -> NotionProblem {
        NotionProblem(
            404,
            "object_not_found",
            "Could not find \(what) with ID: \(id). Make sure the relevant pages and databases are shared with your integration."
        )
    }

    static let unauthorized = NotionProblem(401, "unauthorized", "API token is invalid.")

    /// The error object.
    var body: JSONValue {
        var members: [String: JSONValue] = [
            "object": "error", "status": .number(Double(status)), "code": .string(code), "message": .string(message),
            "request_id": "5f0c3ed0-0000-4000-8000-000000000000",
        ]
        members["additional_data"] = additional
        return .object(members)
    }
}
