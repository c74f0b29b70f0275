import HTTPTypes
import OutboundHTTP

/// One call of the API, to be sent by itself or as a part of a batch.
struct GoogleCall: Sendable {
    var method: HTTPRequest.Method
    /// Below the root of the API.
    var path: String
    var query: [(String, String)] = []
    /// The revision the record must still be at.
    var revision: String?
    var body: JSON?

    /// The path with its query.
    var target: String { path + "?" + FormBody.query(query + [("prettyPrint", "false")]) }

    var headers: HTTPFields {
        var headers: HTTPFields = [.accept: "application/json"]
        if let revision { headers[.ifMatch] = revision }
        if body != nil { headers[.contentType] = "application/json; charset=utf-8" }
        return headers
    }
}
