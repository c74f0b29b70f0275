import ICalendar
import SQL

extension CalendarStore {
    /// A principal's own calendars, by name.
    public func calendars(of owner: PrincipalID) async throws -> [CalendarCollection] {
        try await database.read { transaction in
            try transaction.rows(
                """
                \(CalendarCollection.select)
                WHERE owner = \(owner.value) AND source IS NULL AND deleted_at IS NULL ORDER BY name
                """
            )
            .map(CalendarCollection.init)
        }
    }

    /// The principal's own calendar of that name.
    public func calendar(named name: String, of owner: PrincipalID) async throws -> CalendarCollection? {
        try await database.read { transaction in
            try transaction.row(
                """
                \(CalendarCollection.select)
                WHERE owner = \(owner.value) AND name = \(.text(name)) AND source IS NULL AND deleted_at IS NULL
                """
            )
            .map(CalendarCollection.init)
        }
    }

    /// The calendar with that identifier, unless it was deleted.
    public func calendar(_ id: CalendarID) async throws -> CalendarCollection? {
        try await database.read { try Self.calendar(id, $0) }
    }

    /// The calendar that holds an object, or that held it when it was deleted.
    public func calendar(holding object: ObjectID) async throws -> CalendarCollection? {
        try await database.read { transaction in
            let row = try transaction.row(
                "SELECT calendar FROM version WHERE object = \(object.value) ORDER BY number DESC LIMIT 1"
            )
            guard let row else { return nil }
            return try Self.calendar(CalendarID(rawValue: try row.integer("calendar")), transaction)
        }
    }

    /// Makes a calendar; nil when the name is taken.
    public func createCalendar(
        named name: String,
        of owner: PrincipalID,
        properties: CalendarProperties
    ) async throws -> CalendarCollection? {
        let now = now()
        let actor = AuditActor.current
        return try await database.write { transaction in
            let made = try Self.insertCalendar(name, of: owner, properties, at: now, transaction)
            if let made { try Self.audit(.calendarCreated, made, by: actor, at: now, transaction) }
            return made
        }
    }

    /// Changes a calendar's properties; false when there is no such calendar.
    public func updateCalendar(
        _ id: CalendarID,
        _ change: @escaping @Sendable (inout CalendarProperties) -> Void
    ) async throws -> Bool {
        let (now, actor) = (now(), AuditActor.current)
        return try await database.write { try Self.updateCalendar(id, change, by: actor, at: now, $0) }
    }

    /// Changes a calendar's own and dead properties together, as PROPPATCH must (RFC 4918 §9.2).
    ///
    /// - Returns: false when there is no such calendar.
    public func updateCalendar(
        _ id: CalendarID,
        setting dead: [DeadProperty],
        removing removed: [(namespace: String, name: String)],
        past wish: WriteGuard? = nil,
        _ change: @escaping @Sendable (inout CalendarProperties) -> Void
    ) async throws -> Bool {
        let (now, actor) = (now(), AuditActor.current)
        return try await database.write { transaction in
            if let wish { try Self.admit(wish, to: .properties, in: id, at: now, transaction) }
            guard try Self.updateCalendar(id, change, by: actor, at: now, transaction) else { return false }
            try DeadProperty.Holder.calendar(id).set(dead, remove: removed, transaction)
            return true
        }
    }

    /// Changes what whoever sees the calendar this way has set on it: its owner for all, a sharee for itself.
    ///
    /// - Returns: false when there is no such calendar any more.
    public func update(
        _ calendar: CalendarCollection,
        setting dead: [DeadProperty],
        removing removed: [(namespace: String, name: String)],
        past wish: WriteGuard? = nil,
        _ change: @escaping @Sendable (inout CalendarProperties) -> Void
    ) async throws -> Bool {
        if let received = calendar.received {
            return try await updateShare(received.id, setting: dead, removing: removed, change)
        }
        return try await updateCalendar(calendar.id, setting: dead, removing: removed, past: wish, change)
    }

    /// Says whether clients may only read the calendar.
    public func setWriteProtected(_ isWriteProtected: Bool, of id: CalendarID) async throws {
        try await database.write { transaction in
            try transaction.run(
                "UPDATE calendar SET is_write_protected = \(.integer(isWriteProtected)) WHERE id = \(id.value)"
            )
        }
    }

    /// Deletes a calendar: it lies in the trash, and its name is free at once.
    ///
    /// It can be had back with ``restoreCalendar(_:of:)`` until the purge takes it.
    ///
    /// - Returns: whether there was one.
    public func deleteCalendar(_ id: CalendarID, past wish: WriteGuard? = nil) async throws -> Bool {
        let (now, actor) = (now(), AuditActor.current)
        return try await database.write { transaction in
            if let wish { try Self.admit(wish, to: .whole, in: id, at: now, transaction) }
            return try Self.deleteCalendar(id, by: actor, at: now, transaction)
        }
    }

    // MARK: In a transaction

    static func calendar(_ id: CalendarID, _ transaction: borrowing SQLTransaction) throws -> CalendarCollection? {
        try transaction.row("\(CalendarCollection.select) WHERE id = \(id.value) AND deleted_at IS NULL")
            .map(CalendarCollection.init)
    }

    static func deleteCalendar(
        _ id: CalendarID,
        by actor: String?,
        at now: Instant,
        _ transaction: borrowing SQLTransaction
    ) throws -> Bool {
        guard let calendar = try calendar(id, transaction) else { return false }
        try audit(.calendarDeleted, calendar, by: actor, at: now, transaction)
        try removeLocks(in: id, transaction)
        let row = try transaction.row(
            "UPDATE calendar SET deleted_at = \(now.value) WHERE id = \(id.value) RETURNING used_octets"
        )
        try count(-(row?.integer("used_octets") ?? 0), for: calendar.owner, transaction)
        return true
    }

    static func insertCalendar(
        _ name: String,
        of owner: PrincipalID,
        _ properties: CalendarProperties,
        at now: Instant,
        _ transaction: borrowing SQLTransaction
    ) throws -> CalendarCollection? {
        guard try !isTaken(name, in: owner, transaction) else { return nil }
        let id = CalendarID(rawValue: try Counter.calendar.next(transaction))
        try transaction.run(
            """
            INSERT INTO calendar (
                id, owner, name, display_name, description, color, sort_order, time_zone, components,
                revision, purged_below, is_write_protected, created_at, source
            ) VALUES (
                \(id.value), \(owner.value), \(.text(name)), \(.text(properties.displayName)),
                \(.text(properties.description)), \(.text(properties.color)),
                \(.integer(properties.order.map(Int64.init))), \(.text(properties.timeZone)),
                \(.text(properties.componentWords)), 0, 0, 0, \(now.value),
                \(.text(properties.source))
            )
            """
        )
        return CalendarCollection(
            id: id,
            owner: owner,
            name: name,
            properties: properties,
            revision: 0,
            purgedBelow: 0,
            isWriteProtected: properties.source != nil,
            createdAt: now
        )
    }

    private static func updateCalendar(
        _ id: CalendarID,
        _ change: (inout CalendarProperties) -> Void,
        by actor: String?,
        at now: Instant,
        _ transaction: borrowing SQLTransaction
    ) throws -> Bool {
        guard let calendar = try calendar(id, transaction) else { return false }
        var properties = calendar.properties
        change(&properties)
        try audit(.calendarChanged, calendar, by: actor, at: now, transaction)
        try transaction.run(
            """
            UPDATE calendar SET
                display_name = \(.text(properties.displayName)), description = \(.text(properties.description)),
                color = \(.text(properties.color)), sort_order = \(.integer(properties.order.map(Int64.init))),
                time_zone = \(.text(properties.timeZone)), components = \(.text(properties.componentWords)),
                source = \(.text(properties.source))
            WHERE id = \(id.value)
            """
        )
        return true
    }
}

extension CalendarProperties {
    /// The kinds as one column holds them.
    fileprivate var componentWords: String { components.map(\.rawValue).joined(separator: " ") }
}

extension CalendarCollection {
    static let select: SQLStatement = """
        SELECT id, owner, name, display_name, description, color, sort_order, time_zone, components,
            revision, purged_below, is_write_protected, created_at, source, deleted_at,
            (SELECT COUNT(*) FROM share WHERE share.calendar = calendar.id) AS shares
        FROM calendar
        """

    init(_ row: SQLRow) throws {
        self.init(
            id: CalendarID(rawValue: try row.integer("id")),
            owner: PrincipalID(rawValue: try row.integer("owner")),
            name: try row.text("name"),
            properties: CalendarProperties(
                displayName: try row.optionalText("display_name"),
                description: try row.optionalText("description"),
                color: try row.optionalText("color"),
                order: try row.optionalInteger("sort_order").map(Int.init),
                timeZone: try row.optionalText("time_zone"),
                components: try row.text("components").split(separator: " ")
                    .compactMap { ComponentKind(rawValue: String($0)) },
                source: try row.optionalText("source")
            ),
            revision: try row.integer("revision"),
            purgedBelow: try row.integer("purged_below"),
            isWriteProtected: try row.bool("is_write_protected") || row.optionalText("source") != nil,
            createdAt: try row.instant("created_at")
        )
        isShared = try row.integer("shares") > 0
    }
}
