import Bridging

/// An answer that says no, reduced to what decides: the status and the first reason.
///
/// Texts may be localised and are only passed on. Proxies answer with HTML or nothing, so that a reason may be missing.
struct GoogleFailure {
    let status: Int
    let reason: String?
    /// The part of the request that is to blame, such as `syncToken`.
    let location: String?
    private let message: String?
    private let retryAfter: Int?
    private let lacksScope: Bool

    /// How long a calendar that was filled too fast stays read-only: hours, by Google's word, without a number.
    static let pauseAfterQuotaExceeded = 3 * 3600

    /// A day's quota is asked for again every hour: nobody says when the day ends.
    static let pauseAfterDailyLimit = 3600

    init(_ reply: GoogleReply) {
        status = reply.status
        retryAfter = reply.retryAfter
        // The content only adds detail to the status: one that cannot be read adds none.
        let error = (try? JSONReader.value(of: reply.body[...]))?["error"]
        let first = error?["errors"]?.elements.first
        reason = first?["reason"]?.text
        location = first?["location"]?.text
        message = first?["message"]?.text ?? error?["message"]?.text
        lacksScope = (error?["details"]?.elements ?? []).contains {
            $0["reason"]?.text == "ACCESS_TOKEN_SCOPE_INSUFFICIENT"
        }
    }

    /// Whether the identifier of a creation is taken; inside a batch a 409 can also say that two calls met.
    var isDuplicate: Bool { status == 409 && reason != "conflict" }

    /// What the answer means for a request about `subject`.
    func error(about subject: Refusal.Subject) -> BridgeError {
        switch status {
        case 401: Self.tokenRefused
        case 403: forbidden(subject)
        case 404 where subject == .calendar:
            refused(.calendar, "The calendar is gone at Google, or access to it was lost.")
        case 404, 410, 412: .changedUpstream
        case 409 where reason == "conflict": .changedUpstream
        case 429: .throttled(retryAfter: retryAfter)
        case 400..<500 where status != 408: refused(subject, "Google Calendar refused this.")
        default: .unreachable("Google Calendar answered with status \(status).")
        }
    }

    /// What a 401 means to a token that has only just been renewed: whoever could renew it is still allowed in.
    ///
    /// Whether a grant is dead, the token endpoint alone says.
    static let tokenRefused = BridgeError.unreachable("Google Calendar refused a token that Google had just renewed.")

    private func forbidden(_ subject: Refusal.Subject) -> BridgeError {
        if lacksScope {
            return refused(.calendar, Self.scopeSentence, Self.scopeRemedy, code: "insufficientPermissions")
        }
        switch reason {
        case "userRateLimitExceeded", "rateLimitExceeded": return .throttled(retryAfter: retryAfter)
        case "quotaExceeded":
            return .writesPaused(seconds: retryAfter ?? Self.pauseAfterQuotaExceeded, isTold: retryAfter != nil)
        case "dailyLimitExceeded": return .throttled(retryAfter: retryAfter, guess: Self.pauseAfterDailyLimit)
        case "insufficientPermissions": return refused(.calendar, Self.scopeSentence, Self.scopeRemedy)
        case "accessNotConfigured", "SERVICE_DISABLED":
            return refused(
                .calendar,
                "The Calendar API is not enabled in the Google project of this gateway.",
                "Enable the Google Calendar API at console.cloud.google.com, wait some minutes, then sync again."
            )
        default: return refused(subject, "Google Calendar does not allow this.")
        }
    }

    private static let scopeSentence =
        "The account was connected without the permission this needs: connect it again and allow access to calendars."

    private static let scopeRemedy = "Connect the account again, and leave every permission ticked."

    private func refused(
        _ subject: Refusal.Subject,
        _ sentence: String,
        _ remedy: String? = nil,
        code: String? = nil
    ) -> BridgeError {
        // Google's own words help a person, but nothing here depends on them.
        let detail = code == nil ? message.map { " Google says: \($0)" } ?? "" : ""
        return .refused(
            Refusal(
                subject,
                code: code ?? reason ?? "http\(status)",
                message: sentence + detail,
                remedy: remedy,
                isFinal: subject == .item
            )
        )
    }
}
