/// What the guests of an event learn of a write.
public enum GuestMail: Sendable, Hashable {
    /// Nothing: they are not written either.
    case off
    /// They are written, and nobody is mailed.
    case silent
    /// They are written, and mailed.
    case all
}

/// An upstream that mails the guests of an event about writes.
public protocol MailingBridge: Bridge {
    /// The same bridge, whose writes tell guests so much.
    func mailing(_ mail: GuestMail) -> any Bridge
}
