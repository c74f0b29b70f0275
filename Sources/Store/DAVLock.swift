public import ICalendar
import SQL

/// A write lock (RFC 4918 §6, §7).
public struct DAVLock: Sendable, Hashable {
    /// A URI that was never used before and never will be.
    public var token: String

    /// What is locked: the root of the lock.
    public var place: LockPlace

    /// Whether nobody else can have one beside it.
    public var isExclusive: Bool

    /// Whether it holds for all that is in the calendar, and comes into it.
    public var isDeep: Bool

    /// Who has made it, and alone can use and end it.
    public var principal: PrincipalID

    /// The `DAV:owner` element, as the client sent it.
    public var owner: String?

    public var expiresAt: Instant

    /// Describes a lock.
    public init(
        token: String,
        place: LockPlace,
        isExclusive: Bool,
        isDeep: Bool,
        principal: PrincipalID,
        owner: String?,
        expiresAt: Instant
    ) {
        self.token = token
        self.place = place
        self.isExclusive = isExclusive
        self.isDeep = isDeep
        self.principal = principal
        self.owner = owner
        self.expiresAt = expiresAt
    }

    /// Whether both would hold of one resource.
    func overlaps(_ other: DAVLock) -> Bool {
        guard place.calendar == other.place.calendar else { return false }
        switch (place, other.place) {
        case (.calendar, .calendar): return true
        case (.object(let one), .object(let two)): return one == two
        case (.calendar, .object): return isDeep
        case (.object, .calendar): return other.isDeep
        }
    }
}

/// What became of a LOCK.
public enum LockOutcome: Sendable, Hashable {
    case locked

    /// There is no such object: its name is reserved.
    case reserved

    /// These resources have locks that cannot stand beside the new one.
    case conflict([LockPlace])

    /// The calendar is gone.
    case calendarMissing
}

/// What became of an UNLOCK.
public enum UnlockOutcome: Sendable, Hashable {
    case unlocked

    /// No lock of that token holds of the resource.
    case noSuchLock

    /// Only the lock's maker can end it.
    case notItsMaker
}
