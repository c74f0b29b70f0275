public import ICalendar

/// How much of a calendar a secret link shows.
public enum FeedPrivacy: String, Sendable, Hashable, CaseIterable {
    /// Everything, as it is stored.
    case full

    /// Times and titles; of private and confidential events only that time is taken.
    case titles

    /// Only that time is taken.
    case busy
}

/// A secret link to one calendar that needs no login.
public struct Feed: Sendable, Hashable {
    public var id: Int64
    public var calendar: CalendarID

    /// What its owner calls it.
    public var label: String

    public var privacy: FeedPrivacy

    /// From when on the link leads nowhere; nil for never.
    public var expiresAt: Instant?

    /// When somebody last followed it, to the minute.
    public var lastUsedAt: Instant?

    public var createdAt: Instant

    /// Describes a link.
    public init(
        id: Int64,
        calendar: CalendarID,
        label: String,
        privacy: FeedPrivacy,
        expiresAt: Instant?,
        lastUsedAt: Instant?,
        createdAt: Instant
    ) {
        self.id = id
        self.calendar = calendar
        self.label = label
        self.privacy = privacy
        self.expiresAt = expiresAt
        self.lastUsedAt = lastUsedAt
        self.createdAt = createdAt
    }
}
