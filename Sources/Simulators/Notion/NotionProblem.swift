/// A refusal as the service words it.
struct NotionProblem: Error, Sendable, Hashable {
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

    static func rateLimited(after seconds: Int) -> NotionProblem {
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

    static let unauthorized = NotionProblem(401, "unauthorized", "API token is invalid.")
    static let forbidden = NotionProblem(
        403,
        "restricted_resource",
        "Insufficient permissions for this endpoint."
    )
    static let unavailable = NotionProblem(503, "service_unavailable", "Notion is unavailable. Try again later.")
    static let invalidAddress = NotionProblem(400, "invalid_request_url", "Invalid request URL.")
    static let invalidJSON = NotionProblem(400, "invalid_json", "Error parsing JSON body.")
    static let inTrash = validation(
        "Can't edit block that is archived. You must unarchive the block before editing."
    )

    /// The error object.
    var body: JSONValue {
        var body: JSONValue = [
            "object": "error", "status": .number(Double(status)), "code": .string(code), "message": .string(message),
        ]
        body["additional_data"] = additional
        return body
    }
}
