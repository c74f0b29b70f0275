import Bridging
import ICalendar
import Reconcile
import Store

extension SyncPass {
    /// Writes in a row without an answer after which the upstream counts as out of reach.
    private static let tolerableSilences = 3

    /// Puts an item into the queue whose turn failed, or throws what concerns the whole link.
    mutating func failed(_ decision: Decision, on item: SnapshotItem, _ error: any Error) async throws -> ItemOutcome {
        switch error {
        case let error as BridgeError: return try await failed(decision, on: item, error)
        case let error as TranslationError: return try await failed(decision, on: item, error)
        case let error as CalendarDataError:
            let problem = LinkProblem.invalidEvent(error.message)
            return try await failed(decision, on: item, problem, isLasting: true)
        default: throw error
        }
    }

    /// Puts an item into the queue, or throws what concerns the whole link.
    mutating func failed(_ decision: Decision, on item: SnapshotItem, _ error: BridgeError) async throws -> ItemOutcome
    {
        noteForbidden(error, isCreation: decision.action == .createRemote)
        return try await failed(decision.action.word, on: item, error)
    }

    /// Notes that a permission is missing which every such write needs.
    mutating func noteForbidden(_ error: BridgeError, isCreation: Bool) {
        guard case .refused(let refusal) = error, refusal.code == LinkProblem.permissionDenied else { return }
        forbidden[isCreation] = refusal
    }

    /// Puts an item into the queue under the word for what failed, or throws what concerns the whole link.
    mutating func failed(_ word: String, on item: SnapshotItem, _ error: BridgeError) async throws -> ItemOutcome {
        switch error {
        case .changedUpstream, .cursorExpired:
            // The next pull brings what it is now. One that says so again and again waits like any other.
            guard (item.retry?.attempts ?? 0) > 0 else {
                _ = try await failed(word, on: item, .changedMeanwhile, isLasting: false, delay: 0)
                return .again
            }
            return try await failed(word, on: item, .changedMeanwhile, isLasting: false)
        case .unreachable(let sentence):
            silences += 1
            let outcome = try await failed(word, on: item, .unreachable(sentence), isLasting: false)
            guard silences < Self.tolerableSilences else { throw error }
            return outcome
        case .refused(let refusal) where refusal.subject == .item:
            silences = 0
            return try await failed(word, on: item, .refused(refusal), isLasting: refusal.isFinal)
        case .refused, .throttled, .writesPaused, .authorizationRevoked:
            throw error
        }
    }

    /// Puts an item into the queue that cannot be translated; it is not tried again before it changes.
    mutating func failed(
        _ decision: Decision,
        on item: SnapshotItem,
        _ error: TranslationError
    ) async throws -> ItemOutcome {
        try await failed(decision.action.word, on: item, error)
    }

    /// Puts an item into the queue that cannot be translated, under the word for what failed.
    mutating func failed(_ word: String, on item: SnapshotItem, _ error: TranslationError) async throws -> ItemOutcome {
        switch error {
        case .notAnEvent:
            let sentence = "The upstream's calendar holds events only."
            return try await failed(word, on: item, .invalidEvent(sentence), isLasting: true)
        case .unreadable(let sentence), .unsupported(let sentence):
            return try await failed(word, on: item, .invalidEvent(sentence), isLasting: true)
        }
    }

    /// Writes the retry row.
    mutating func failed(
        _ decision: Decision,
        on item: SnapshotItem,
        _ problem: LinkProblem,
        isLasting: Bool
    ) async throws -> ItemOutcome {
        try await failed(decision.action.word, on: item, problem, isLasting: isLasting)
    }

    private mutating func failed(
        _ word: String,
        on item: SnapshotItem,
        _ problem: LinkProblem,
        isLasting: Bool,
        delay: Int64? = nil
    ) async throws -> ItemOutcome {
        try await beginRun()
        // A changed item is another attempt, counted anew.
        let isSame = item.retry.map { $0.isSame(as: item) }
        let attempts = (isSame ?? false ? item.retry?.attempts ?? 0 : 0) + 1
        let wait = delay ?? Backoff.seconds(afterAttempt: attempts, random: clock.random())
        let retry = NewRetry(
            uid: item.uid,
            summary: item.summary,
            action: word,
            attempts: attempts,
            dueAt: isLasting || attempts >= Backoff.maximumAttempts ? nil : clock.now() + wait,
            localDigest: item.localDigest,
            remoteDigest: item.remoteDigest,
            problem: problem,
            undo: halfWritten.removeValue(forKey: item.uid)
        )
        try await state.save(retry, of: link)
        note(.failed(problem), RunEntry(item, word, [], undo: nil)) { $0.failed += 1 }
        return .failed(problem)
    }
}

/// How long a failure waits for its next try.
enum Backoff {
    /// 1, 5, 15 and 60 minutes: soon enough for a hiccup, seldom enough for an upstream in trouble.
    private static let steps: [Int64] = [60, 300, 900, 3600]

    /// After so many failures, in the better part of a day, a person looks at it; until then trying again may help.
    static let maximumAttempts = 12

    /// The wait after so many attempts, up to a fifth longer so that not all come at once.
    static func seconds(afterAttempt attempts: Int, random: Double) -> Int64 {
        let step = steps[min(max(attempts, 1), steps.count) - 1]
        return step + Int64(Double(step) / 5 * random)
    }
}

extension Action {
    /// The word of the queue and of the runs.
    var word: String {
        switch self {
        case .agree: "agree"
        case .pull: "pull"
        case .push: "push"
        case .merge: "merge"
        case .createLocal: "create"
        case .createRemote: "create-upstream"
        case .deleteLocal: "pull-deletion"
        case .deleteRemote: "push-deletion"
        case .forget: "forget"
        case .hold: "hold"
        }
    }
}

extension LinkProblem {
    static let permissionDenied = "permission_denied"

    static let changedMeanwhile = LinkProblem(
        code: "conflict",
        message: "The event changed upstream while it was being written.",
        remedy: "Nothing to do: it is compared again."
    )

    static func unreachable(_ sentence: String) -> LinkProblem {
        LinkProblem(
            code: "upstream_unreachable",
            message: sentence,
            remedy: "Nothing to do: it is tried again by itself."
        )
    }

    static func refused(_ refusal: Refusal) -> LinkProblem {
        LinkProblem(
            code: refusal.code,
            message: refusal.message,
            remedy: refusal.remedy
                ?? "Change the event so that the other calendar takes it, or dismiss the entry in the queue."
        )
    }

    static func unreadable(_ reason: String) -> LinkProblem {
        LinkProblem(
            code: "invalid_event",
            message: "The event here can no longer be read: \(reason)",
            remedy: "Restore an earlier version of the event, or replace it."
        )
    }

    static func invalidEvent(_ sentence: String) -> LinkProblem {
        LinkProblem(
            code: "invalid_event",
            message: sentence,
            remedy: "Change the event so that the other calendar can hold it, or dismiss the entry in the queue."
        )
    }
}
