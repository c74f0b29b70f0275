/// Why an upstream call did not do what was asked.
public enum BridgeError: Error, Sendable, Hashable {
    /// The cursor is too old: pull again from nil.
    case cursorExpired

    /// The record is no longer at the revision the write named: pull and decide again.
    case changedUpstream

    /// The grant is dead: only the person can mend it, by connecting again.
    case authorizationRevoked(String)

    /// Too fast; wait so many seconds if the upstream said how long, else as many as are guessed, if any are.
    case throttled(retryAfter: Int?, guess: Int? = nil)

    /// The account has written too much, and writes no more for so many seconds; reading goes on.
    ///
    /// Where the upstream did not tell how long, that is a guess: a person may have it tried sooner.
    case writesPaused(seconds: Int, isTold: Bool = false)

    /// No answer, or the upstream's own failure; of a write, the outcome is unknown.
    case unreachable(String)

    /// The upstream understood and said no; the same request will be refused again.
    case refused(Refusal)
}

/// An upstream's lasting no.
public struct Refusal: Error, Sendable, Hashable {
    /// What the refusal is about.
    public enum Subject: Sendable, Hashable {
        /// This record only.
        case item
        /// The whole calendar: it is gone, or access to it was lost.
        case calendar
        /// The mapping names something that is no longer there.
        case mapping
    }

    public var subject: Subject

    /// A stable word: the upstream's own reason, or one of the contract's codes.
    public var code: String

    /// One sentence for a person.
    public var message: String

    /// What a person can do about it; nil where that is what is usual for the subject.
    public var remedy: String?

    /// Whether the same request is refused however often it comes, so that only a change of the event helps.
    public var isFinal: Bool

    /// Describes an upstream's no.
    public init(
        _ subject: Subject,
        code: String,
        message: String,
        remedy: String? = nil,
        isFinal: Bool = false
    ) {
        self.subject = subject
        self.code = code
        self.message = message
        self.remedy = remedy
        self.isFinal = isFinal
    }
}

/// Why a series cannot be translated, in either direction.
public enum TranslationError: Error, Sendable, Hashable {
    /// It is deliberately not an event: a page without date, a cancelled series.
    case notAnEvent

    /// It should be an event, but cannot be read; the sentence goes into quarantine.
    case unreadable(String)

    /// The upstream cannot hold the event; the sentence goes to the person.
    case unsupported(String)
}
