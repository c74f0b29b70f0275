import ICalendar
import SQL

/// A resource that can be locked, and whose state a request can name.
public enum LockPlace: Sendable, Hashable {
    case calendar(CalendarID)
    case object(ObjectPlace)

    /// The calendar that it is, or that it is in.
    public var calendar: CalendarID {
        switch self {
        case .calendar(let id): id
        case .object(let place): place.calendar
        }
    }

    /// The name of an object, nil for a calendar.
    var name: String? {
        guard case .object(let place) = self else { return nil }
        return place.name
    }
}

/// What a request wants to find when it writes, and the lock tokens it shows.
///
/// RFC 4918 §10.4: the `If` header does both. It is looked at in the transaction that writes.
public struct WriteGuard: Sendable, Hashable {
    /// That a resource is in a state, or is not.
    public struct Condition: Sendable, Hashable {
        /// The resource; nil for one that does not exist, whose state is nothing.
        public var place: LockPlace?

        public var isNegated: Bool
        public var state: State

        /// Describes a condition.
        public init(_ place: LockPlace?, isNegated: Bool, _ state: State) {
            self.place = place
            self.isNegated = isNegated
            self.state = state
        }
    }

    /// What a condition compares.
    public enum State: Sendable, Hashable {
        /// The entity tag of an object; nil matches nothing.
        case entityTag(ETag?)
        /// A revision of a calendar.
        case revision(CalendarID, Int64)
        /// A lock.
        case lock(String)
    }

    /// Lists of conditions of which one must hold as a whole; none at all asks for nothing.
    public var alternatives: [[Condition]]

    /// The tokens of locks that do not bind the requester; only the locks' own makers can use them (RFC 4918 §6.4).
    public var tokens: Set<String>

    /// Who asks.
    public var principal: PrincipalID

    /// The octets that the owner of what is written may have (RFC 4331 §6).
    public var quota = CalendarStore.ordinaryQuota

    /// Describes what a request of `principal` relies on.
    public init(principal: PrincipalID, alternatives: [[Condition]] = [], tokens: Set<String> = []) {
        self.principal = principal
        self.alternatives = alternatives
        self.tokens = tokens
    }
}

/// Why a write was not done at all; thrown out of its transaction, which is undone.
public enum WriteRefusal: Error, Sendable, Hashable {
    /// None of the alternatives holds any more.
    case stateDiffers

    /// A lock on that resource stands in the way, and its token was not shown.
    case locked(LockPlace)

    /// The calendar's owner would have more than its room.
    case quotaExceeded
}

/// What a write touches, as far as locks care (RFC 4918 §7.4).
enum LockScope {
    /// An object that is there already.
    case content(String)
    /// An object that comes or goes: a change of the calendar as well.
    case membership(String)
    /// The calendar's own properties.
    case properties
    /// The calendar with all that is in it.
    case whole

    func isTouched(by lock: DAVLock) -> Bool {
        switch (self, lock.place) {
        case (.content(let name), .object(let place)), (.membership(let name), .object(let place)): place.name == name
        case (.content, .calendar): lock.isDeep
        case (.membership, .calendar), (.properties, .calendar), (.whole, _): true
        case (.properties, .object): false
        }
    }
}

extension CalendarStore {
    /// Whether what a request wants to find is so, just now.
    public func holds(_ wish: WriteGuard) async throws -> Bool {
        let now = now()
        return try await database.read { try Self.holds(wish, at: now, $0) }
    }

    /// Lets a write through, or throws a ``WriteRefusal``; answers whether anything in the calendar is locked.
    ///
    /// Where nothing is locked, and nothing was wished for, this is one look into an index.
    @discardableResult
    static func admit(
        _ wish: WriteGuard,
        to scope: LockScope,
        in calendar: CalendarID,
        at now: Instant,
        _ transaction: borrowing SQLTransaction
    ) throws -> Bool {
        guard try holds(wish, at: now, transaction) else { throw WriteRefusal.stateDiffers }
        let locks = try locks(in: calendar, at: now, transaction)
        guard !locks.isEmpty else { return false }
        // Of shared locks on one resource, the token of any is enough (RFC 4918 §7).
        var barred: [LockPlace: Bool] = [:]
        for lock in locks where scope.isTouched(by: lock) {
            let isOurs = wish.tokens.contains(lock.token) && lock.principal == wish.principal
            barred[lock.place] = (barred[lock.place] ?? true) && !isOurs
        }
        // The calendar itself first: whoever must show a token is told of the nearest to the root.
        let standing = barred.filter(\.value).keys.sorted { ($0.name ?? "") < ($1.name ?? "") }
        if let place = standing.first { throw WriteRefusal.locked(place) }
        return true
    }

    private static func holds(
        _ wish: WriteGuard,
        at now: Instant,
        _ transaction: borrowing SQLTransaction
    ) throws -> Bool {
        guard !wish.alternatives.isEmpty else { return true }
        for conditions in wish.alternatives {
            var holds = true
            for condition in conditions where holds {
                holds = try matches(condition, at: now, transaction) != condition.isNegated
            }
            if holds { return true }
        }
        return false
    }

    private static func matches(
        _ condition: WriteGuard.Condition,
        at now: Instant,
        _ transaction: borrowing SQLTransaction
    ) throws -> Bool {
        guard let place = condition.place else { return false }
        switch (condition.state, place) {
        case (.entityTag(let tag), .object(let object)):
            guard let tag else { return false }
            return try etag(at: object, transaction) == tag
        case (.revision(let named, let revision), .calendar(let id)):
            return try named == id && calendar(id, transaction)?.revision == revision
        case (.lock(let token), _):
            return try locks(covering: place, at: now, transaction).contains { $0.token == token }
        case (.entityTag, .calendar), (.revision, .object): return false
        }
    }
}
