import Bridging
import OutboundHTTP

/// An answer of Notion's that says no, or none at all.
struct NotionProblem: Error, Sendable, Hashable {
    /// What the caller may have to treat in its own way.
    enum Kind: Sendable, Hashable {
        /// Of a write, the outcome is unknown.
        case lost
        /// Missing or not shared: Notion does not tell which.
        case notFound
        /// In the trash, and so not to be edited.
        case archived
        /// The table has no such column, or one of another type.
        case missingColumn
        /// 401: the token is not accepted.
        case unauthorized
        case other
    }

    let kind: Kind
    /// What it means for whoever called the bridge.
    let error: BridgeError
    /// The page that a write made before its answer was lost.
    let committed: String?

    private init(_ kind: Kind, _ error: BridgeError, committed: String? = nil) {
        self.kind = kind
        self.error = error
        self.committed = committed
    }

    /// Passes on what the source of credentials said.
    init(passing error: BridgeError) { self.init(.other, error) }

    /// The request got no answer.
    init(unanswered error: OutboundError) {
        switch error {
        case .addressNotAllowed:
            let refusal = Refusal(
                .calendar,
                code: "upstream_unreachable",
                message: "Notion: \(error)",
                remedy: "Whoever runs this server must set KALENDS_NOTION_API_URL to an address that begins with"
                    + " https://."
            )
            self.init(.other, .refused(refusal))
        // The server never saw the request: nothing can have been saved.
        case .tls: self.init(.other, .unreachable("Notion: \(error)"))
        case .timedOut, .unreachable, .tooLarge, .truncated, .cancelled:
            self.init(.lost, .unreachable("Notion: \(error)"))
        }
    }

    /// A 2xx answer that is not the JSON it should be.
    static let unreadable = NotionProblem(.lost, .unreachable("Notion sent an answer that cannot be read."))

    /// 401 to a token that has only just been renewed.
    static let tokenRefused = NotionProblem(.other, .unreachable("Notion refused a token that it had just renewed."))

    /// A list that has more, and no word where that is.
    static let endless = NotionProblem(.lost, .unreachable("Notion says that a listing goes on, but not where."))

    /// Reads an answer whose status is not 2xx; `json` is nil where it is none, as from a proxy.
    init(status: Int, json: JSON?, retryAfter: Int?, isWrite: Bool, about subject: Refusal.Subject) {
        let code = json?["code"]?.string
        let said = json?["message"]?.string ?? ""
        let refused = { (subject: Refusal.Subject, code: String, sentence: String) in
            BridgeError.refused(Refusal(subject, code: code, message: said.isEmpty ? sentence : "\(sentence) \(said)"))
        }
        switch status {
        // Not Notion's own words: something on the way answered.
        case 400..<500 where code == nil && status != 401 && status != 429:
            self.init(.lost, .unreachable("Something between us and Notion answered with status \(status)."))
        case 400: self.init(validation: code ?? "validation_error", said, about: subject)
        case 401:
            self.init(
                .unauthorized,
                .authorizationRevoked("Notion no longer accepts the authorization. \(said)".trimmed)
            )
        case 403: self.init(.other, Self.forbidden(json, said, isWrite: isWrite, about: subject))
        case 404:
            let what = subject == .item ? "The page is" : "The Notion table is"
            var refusal = Refusal(
                subject,
                code: "not_found",
                message: "\(what) gone, or no longer shared with this connection. \(said)".trimmed
            )
            if subject == .calendar { refusal.remedy = Self.unshared }
            self.init(.notFound, .refused(refusal))
        // A collision while saving: what was decided on may be old.
        case 409 where isWrite: self.init(.other, .changedUpstream)
        case 409: self.init(.lost, .unreachable("Notion answered with status 409. \(said)".trimmed))
        case 429 where Self.isBlocked(json):
            self.init(.other, .refused(Self.blocked(said)))
        case 429, 529:
            self.init(.other, .throttled(retryAfter: retryAfter ?? json?["additional_data"]?["retry_after"]?.integer))
        case 500...:
            let committed = json?["additional_data"]?["committed_resource_id"]?.string
            self.init(
                .lost,
                .unreachable("Notion answered with status \(status). \(said)".trimmed),
                committed: committed
            )
        default: self.init(.other, refused(subject, code ?? "http\(status)", "Notion refused this."))
        }
    }

    private init(validation code: String, _ said: String, about subject: Refusal.Subject) {
        if said.contains("archived") && said.contains("Can't edit") {
            self.init(.archived, .changedUpstream)
        } else if Self.columnComplaints.contains(where: said.contains) {
            self.init(.missingColumn, .refused(.mapping("A mapped column is gone or has another type. \(said)")))
        } else {
            self.init(.other, .refused(Refusal(subject, code: code, message: "Notion refused this. \(said)".trimmed)))
        }
    }

    /// Notion's words for a column that is not there, or not of that type.
    private static let columnComplaints = [
        "is not a property that exists", "is expected to be ", "Could not find property with name or id",
        "Could not find sort property", "does not match the property type",
    ]

    private static func isBlocked(_ json: JSON?) -> Bool {
        let reason = json?["rate_limit_reason"] ?? json?["additional_data"]?["rate_limit_reason"]
        return reason?.string == "public_api_request_blocked"
    }

    private static func forbidden(
        _ json: JSON?,
        _ said: String,
        isWrite: Bool,
        about subject: Refusal.Subject
    ) -> BridgeError {
        let isFull = json?["additional_data"]?["block_limit"] != nil
        let capability = isWrite ? "update or insert" : "read"
        return .refused(
            Refusal(
                subject,
                code: "permission_denied",
                message: (isFull
                    ? "The Notion workspace has used up the blocks of its plan. \(said)"
                    : "The Notion connection lacks the capability to \(capability) content. \(said)")
                    .trimmed,
                remedy: isFull
                    ? "Delete what the workspace does not need, or change its plan, then sync again."
                    : "Switch that on under Capabilities in the integration's settings at Notion, then sync again."
            )
        )
    }

    /// What helps where Notion does not find a table: it is in the trash, or shared with the connection no more.
    static let unshared =
        "Open the table in Notion: take it out of the trash if it is there, and under ••• → Connections add the connection;"
        + " where Notion's page of consent asked which pages to share, connect the account again and pick it there. Then sync again."

    /// A connection that Notion lets ask for nothing any more.
    private static func blocked(_ said: String) -> Refusal {
        Refusal(
            .calendar,
            code: "public_api_request_blocked",
            message: "Notion blocks this connection. \(said)".trimmed,
            remedy: "Ask the support of Notion, or an owner of the workspace, why the integration is blocked;"
                + " once it is not, sync again."
        )
    }
}
