public import ICalendar
import SQL

extension CalendarStore {
    /// Locks a resource, as far as other locks allow it.
    public func lock(_ lock: DAVLock, past wish: WriteGuard) async throws -> LockOutcome {
        let now = now()
        return try await database.write { transaction in
            guard try Self.calendar(lock.place.calendar, transaction) != nil else { return .calendarMissing }
            let conflicts = try Self.locks(in: lock.place.calendar, at: now, transaction).filter { other in
                other.overlaps(lock) && (other.isExclusive || lock.isExclusive)
            }
            guard conflicts.isEmpty else { return .conflict(conflicts.map(\.place)) }
            let isReserved = try Self.isUnmapped(lock.place, transaction)
            if let name = lock.place.name, isReserved {
                // A name that is reserved is as good as a new member.
                try Self.admit(wish, to: .membership(name), in: lock.place.calendar, at: now, transaction)
            }
            try Self.insert(lock, at: now, transaction)
            return isReserved ? .reserved : .locked
        }
    }

    /// Gives a lock that holds of a resource more time; nil where there is none of that token and that maker.
    public func refreshLock(
        _ token: String,
        at place: LockPlace,
        of principal: PrincipalID,
        until expiry: Instant
    ) async throws -> DAVLock? {
        let now = now()
        return try await database.write { transaction in
            var lock = try Self.locks(covering: place, at: now, transaction).first { lock in
                lock.token == token && lock.principal == principal
            }
            guard lock != nil else { return nil }
            try transaction.run("UPDATE dav_lock SET expires_at = \(expiry.value) WHERE token = \(.text(token))")
            lock?.expiresAt = expiry
            return lock
        }
    }

    /// Ends a lock that holds of a resource.
    public func unlock(_ token: String, at place: LockPlace, by principal: PrincipalID) async throws -> UnlockOutcome {
        let now = now()
        return try await database.write { transaction in
            let locks = try Self.locks(covering: place, at: now, transaction)
            guard let lock = locks.first(where: { $0.token == token }) else { return .noSuchLock }
            guard lock.principal == principal else { return .notItsMaker }
            try transaction.run("DELETE FROM dav_lock WHERE token = \(.text(token))")
            return .unlocked
        }
    }

    /// All locks in a calendar and on it, oldest first.
    public func locks(in calendar: CalendarID) async throws -> [DAVLock] {
        let now = now()
        return try await database.read(.lookup) { try Self.locks(in: calendar, at: now, $0) }
    }

    /// The locks that hold of a resource.
    public func locks(covering place: LockPlace) async throws -> [DAVLock] {
        let now = now()
        return try await database.read(.lookup) { try Self.locks(covering: place, at: now, $0) }
    }

    // MARK: In a transaction

    static func locks(
        in calendar: CalendarID,
        at now: Instant,
        _ transaction: borrowing SQLTransaction
    ) throws -> [DAVLock] {
        try transaction.rows(
            """
            SELECT calendar, name, token, is_exclusive, is_deep, principal, owner_xml, expires_at FROM dav_lock
            WHERE calendar = \(calendar.value) AND expires_at > \(now.value)
            """
        )
        .map(DAVLock.init)
    }

    /// Also those of a calendar, whatever their depth, of an object that is not there: it would become a member.
    static func locks(
        covering place: LockPlace,
        at now: Instant,
        _ transaction: borrowing SQLTransaction
    ) throws -> [DAVLock] {
        let locks = try locks(in: place.calendar, at: now, transaction)
        guard !locks.isEmpty else { return [] }
        let isUnmapped = try isUnmapped(place, transaction)
        return locks.filter { lock in
            if lock.place == place { return true }
            guard case .calendar = lock.place else { return false }
            return lock.isDeep || isUnmapped
        }
    }

    /// Ends the locks on an object that is gone from its place: they do not follow it (RFC 4918 §7.5, §9.6).
    static func removeLocks(at place: ObjectPlace, _ transaction: borrowing SQLTransaction) throws {
        try transaction.run(
            "DELETE FROM dav_lock WHERE calendar = \(place.calendar.value) AND name = \(.text(place.name))"
        )
    }

    /// Ends all locks in a calendar and on it.
    static func removeLocks(in calendar: CalendarID, _ transaction: borrowing SQLTransaction) throws {
        try transaction.run("DELETE FROM dav_lock WHERE calendar = \(calendar.value)")
    }

    private static func isUnmapped(_ place: LockPlace, _ transaction: borrowing SQLTransaction) throws -> Bool {
        guard case .object(let object) = place else { return false }
        return try etag(at: object, transaction) == nil
    }

    private static func insert(_ lock: DAVLock, at now: Instant, _ transaction: borrowing SQLTransaction) throws {
        // Locks are few and come seldom: who makes one sweeps up those that have run out.
        try transaction.run(
            """
            DELETE FROM dav_lock WHERE calendar = \(lock.place.calendar.value) AND expires_at <= \(now.value)
            """
        )
        try transaction.run(
            """
            INSERT INTO dav_lock (
                token, calendar, name, is_exclusive, is_deep, principal, owner_xml, expires_at
            ) VALUES (
                \(.text(lock.token)), \(lock.place.calendar.value), \(.text(lock.place.name)),
                \(.integer(lock.isExclusive)), \(.integer(lock.isDeep)), \(lock.principal.value),
                \(.text(lock.owner)), \(lock.expiresAt.value)
            )
            """
        )
    }
}

extension DAVLock {
    init(_ row: SQLRow) throws {
        let calendar = CalendarID(rawValue: try row.integer("calendar"))
        let name = try row.optionalText("name")
        self.init(
            token: try row.text("token"),
            place: name.map { .object(ObjectPlace(calendar: calendar, name: $0)) } ?? .calendar(calendar),
            isExclusive: try row.bool("is_exclusive"),
            isDeep: try row.bool("is_deep"),
            principal: PrincipalID(rawValue: try row.integer("principal")),
            owner: try row.optionalText("owner_xml"),
            expiresAt: try row.instant("expires_at")
        )
    }
}
