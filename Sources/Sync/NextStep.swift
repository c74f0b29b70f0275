import Bridging
import ICalendar

/// What a link does after its pass failed as a whole.
enum NextStep: Sendable, Hashable {
    /// It goes on by itself after so many seconds; before, nobody may hurry it where the upstream said so.
    case wait(seconds: Int64, isBinding: Bool, LinkProblem)
    /// It goes on reading; writes wait so many seconds, which nobody may hurry where the upstream said so.
    case readOnly(seconds: Int64, isBinding: Bool, LinkProblem)
    /// A person must mend something first.
    case stop(LinkProblem)

    /// What went wrong.
    var problem: LinkProblem {
        switch self {
        case .wait(_, _, let problem), .readOnly(_, _, let problem), .stop(let problem): problem
        }
    }

    /// The same for a pass that came before its time: to have tried sooner makes no wait longer.
    func noLater(than due: Instant?, at now: Instant) -> NextStep {
        guard case .wait(let seconds, false, let problem) = self, let due, due > now else { return self }
        return .wait(seconds: min(seconds, due - now), isBinding: false, problem)
    }
}

/// Decides what follows a failed pass.
///
/// `attempt` counts the passes in a row that have failed, this one included; `random` in 0..<1 keeps links from coming back
/// all at once.
func nextStep(after error: BridgeError, attempt: Int, random: Double) -> NextStep {
    switch error {
    case .authorizationRevoked:
        return .stop(LinkProblem(error))
    case .throttled(let retryAfter?, _):
        return .wait(seconds: Int64(min(max(retryAfter, 1), Outage.longestWait)), isBinding: true, LinkProblem(error))
    // How long is our own guess: who asks for a pass may try sooner.
    case .throttled(nil, let guess):
        let seconds = guess.map(Int64.init) ?? Outage.seconds(attempt, random)
        return .wait(seconds: seconds, isBinding: false, LinkProblem(error))
    case .writesPaused(let seconds, let isTold):
        let bounded = Int64(min(max(seconds, 1), Outage.longestWait))
        return .readOnly(seconds: bounded, isBinding: isTold, LinkProblem(error))
    case .unreachable, .cursorExpired, .changedUpstream:
        return .wait(seconds: Outage.seconds(attempt, random), isBinding: false, LinkProblem(error))
    case .refused(let refusal):
        switch refusal.subject {
        case .item: return .wait(seconds: Outage.seconds(attempt, random), isBinding: false, LinkProblem(error))
        case .calendar, .mapping: return .stop(LinkProblem(error))
        }
    }
}

/// How long an upstream that does not answer is left alone.
enum Outage {
    /// Half a minute at first: most outages are shorter than a person's patience.
    private static let shortest: Int64 = 30

    /// An hour at most, or as long as the upstream said, up to a day.
    private static let longest: Int64 = 3600

    /// A Retry-After beyond a day is a mistake.
    static let longestWait = 86_400

    /// Doubles with every failure, up to a fifth longer by chance.
    static func seconds(_ attempt: Int, _ random: Double) -> Int64 {
        let doubled = shortest << Int64(min(max(attempt, 1) - 1, 7))
        let wait = min(doubled, longest)
        return wait + Int64(Double(wait) / 5 * random)
    }
}

extension LinkProblem {
    /// What a person is told of a failed pass.
    public init(_ error: any Error) {
        if let error = error as? BridgeError {
            self.init(error)
        } else if error is PassFailure {
            self.init(
                code: "not_found",
                message: "The calendar of this link was deleted here. Nothing was deleted upstream.",
                remedy: "Delete the link, or restore the calendar."
            )
        } else if let error = error as? LinkFiltersError {
            self.init(code: "invalid_filters", message: error.message, remedy: "Change the filters of the link.")
        } else {
            self.init(
                code: "internal_error",
                message: "The pass failed: \(error)",
                remedy: "Nothing to do: it is tried again by itself. If it stays, look into the log."
            )
        }
    }

    /// The upstream takes no writes for a time; shown for as long as changes wait for its end.
    static func writesPaused(isTold: Bool) -> LinkProblem {
        LinkProblem(
            code: "rate_limited",
            message: "The account has written more than the upstream allows: changes made here wait.",
            remedy: isTold
                ? "Nothing to do: it goes on by itself. Changes made there come as ever."
                : "Nothing to do: it goes on by itself, and “Sync now” tries sooner. Changes made there come as ever."
        )
    }

    /// More would be deleted than goes without asking.
    static func heldDeletions(_ count: Int) -> LinkProblem {
        LinkProblem(
            code: "needs_approval",
            message: count == 1 ? "A deletion waits for your approval." : "\(count) deletions wait for your approval.",
            remedy: "Open Activity: let them go on, or bring the events back."
        )
    }

    init(_ error: BridgeError) {
        switch error {
        case .authorizationRevoked(let sentence):
            self.init(code: "reconnect_required", message: sentence, remedy: "Connect the account again.")
        case .throttled:
            self.init(
                code: "rate_limited",
                message: "The upstream asked to slow down.",
                remedy: "Nothing to do: it goes on by itself."
            )
        case .writesPaused(_, let isTold):
            self = .writesPaused(isTold: isTold)
        case .unreachable(let sentence):
            self.init(
                code: "upstream_unreachable",
                message: sentence,
                remedy: "Nothing to do: it goes on by itself once the upstream answers."
            )
        case .cursorExpired:
            self.init(
                code: "upstream_unreachable",
                message: "The upstream forgets its own place in the calendar.",
                remedy: "Nothing to do: everything is listed again."
            )
        case .changedUpstream:
            self = .changedMeanwhile
        case .refused(let refusal):
            self.init(refusal)
        }
    }

    init(_ refusal: Refusal) {
        switch refusal.subject {
        case .item:
            self = .refused(refusal)
        case .calendar:
            self.init(
                code: refusal.code,
                message: refusal.message,
                remedy: refusal.remedy
                    ?? "Check that the calendar still exists and is shared with this account, then sync again."
            )
        case .mapping:
            self.init(
                code: Self.invalidMapping,
                message: refusal.message,
                remedy: refusal.remedy ?? "Choose the columns of the link again: “Edit the columns” on its page."
            )
        }
    }
}
