public import ICalendar

/// The identifier of a share; never given to another one.
public struct ShareID: Sendable, Hashable, Comparable, Codable, RawRepresentable {
    public let rawValue: Int64

    public init(rawValue: Int64) { self.rawValue = rawValue }

    public static func < (left: ShareID, right: ShareID) -> Bool { left.rawValue < right.rawValue }
}

/// What the owner of a calendar lets somebody else do with it.
public enum ShareAccess: String, Sendable, Hashable, CaseIterable {
    case read, write
}

/// What somebody may do with a calendar; whoever may nothing does not learn that there is one.
public enum CalendarAccess: String, Sendable, Hashable, CaseIterable {
    case read, write, owner
}

/// Whether the sharee wants what was given; a new share is accepted until the sharee says otherwise.
public enum ShareState: String, Sendable, Hashable, CaseIterable {
    case accepted, declined
}

/// A calendar given by its owner to somebody else.
public struct Share: Sendable, Hashable {
    public var id: ShareID
    public var calendar: CalendarID

    /// To whom it is given.
    public var sharee: Principal

    public var access: ShareAccess
    public var state: ShareState

    /// The last segment of the calendar's path in the sharee's home.
    public var name: String

    public var createdAt: Instant

    /// Describes a share.
    public init(
        id: ShareID,
        calendar: CalendarID,
        sharee: Principal,
        access: ShareAccess,
        state: ShareState,
        name: String,
        createdAt: Instant
    ) {
        self.id = id
        self.calendar = calendar
        self.sharee = sharee
        self.access = access
        self.state = state
        self.name = name
        self.createdAt = createdAt
    }
}

/// What a sharee knows of the share through which it sees a calendar.
public struct ReceivedShare: Sendable, Hashable {
    public var id: ShareID
    public var access: ShareAccess
    public var state: ShareState

    /// The name of the calendar's owner, as in the owner's paths.
    public var ownerName: String

    /// What people call the owner.
    public var ownerDisplayName: String?

    /// The last segment of the calendar's path in its owner's home.
    public var nameAtOwner: String

    /// Describes a share as its sharee sees it.
    public init(
        id: ShareID,
        access: ShareAccess,
        state: ShareState,
        ownerName: String,
        ownerDisplayName: String?,
        nameAtOwner: String
    ) {
        self.id = id
        self.access = access
        self.state = state
        self.ownerName = ownerName
        self.ownerDisplayName = ownerDisplayName
        self.nameAtOwner = nameAtOwner
    }
}

/// What became of giving a calendar to somebody.
public enum ShareOutcome: Sendable, Hashable {
    case created(Share)

    /// The sharee had it already, now with this access.
    case changed(Share)

    /// Nobody needs a share of what is his own.
    case ownCalendar

    /// There is no such calendar, or what there is cannot be shared: a subscribed source is not ours to give.
    case calendarMissing
}

/// A write that its author may not make, found out in the transaction of the write.
public struct ReadOnlyCalendar: Error, Sendable, Hashable {
    public var calendar: CalendarID

    /// Names the calendar that may only be read.
    public init(calendar: CalendarID) { self.calendar = calendar }
}
