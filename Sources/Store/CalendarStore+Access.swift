import ICalendar
public import SQL

// Who may do what with which calendar: the one place that says so.

extension CalendarStore {
    /// What a principal may do with a calendar; nil where it is not to learn that there is one.
    public func access(of principal: PrincipalID, to calendar: CalendarID) async throws -> CalendarAccess? {
        try await database.read(.lookup) { try Self.access(of: principal, to: calendar, $0) }
    }

    /// What a principal may do with a calendar, in the caller's own transaction.
    public static func access(
        of principal: PrincipalID,
        to calendar: CalendarID,
        _ transaction: borrowing SQLTransaction
    ) throws -> CalendarAccess? {
        let row = try transaction.row(
            "SELECT owner FROM calendar WHERE id = \(calendar.value) AND deleted_at IS NULL"
        )
        guard let row else { return nil }
        if try row.integer("owner") == principal.rawValue { return .owner }
        return try shareAccess(of: principal, to: calendar, transaction)
    }

    /// The calendars a principal sees, its own and those shared with it, subscribed sources too; by name.
    public func calendars(visibleTo principal: PrincipalID) async throws -> [CalendarCollection] {
        try await database.read(.lookup) { transaction in
            let own = try transaction.rows(
                "\(CalendarCollection.select) WHERE owner = \(principal.value) AND deleted_at IS NULL ORDER BY name"
            )
            .map(CalendarCollection.init)
            let received = try transaction.rows(
                """
                \(CalendarCollection.selectReceived)
                WHERE share.principal = \(principal.value) AND share.state = 'accepted' AND calendar.deleted_at IS NULL
                ORDER BY share.name
                """
            )
            .map(CalendarCollection.received)
            guard !received.isEmpty else { return own }
            return (own + received).sorted { $0.name < $1.name }
        }
    }

    /// The calendar of that name in a principal's home, be it its own or shared with it.
    public func calendar(named name: String, visibleTo principal: PrincipalID) async throws -> CalendarCollection? {
        try await database.read(.lookup) { try Self.calendar(named: name, visibleTo: principal, $0) }
    }

    /// The object of that name in a calendar of a principal's home, in one snapshot; nil where it sees none.
    public func object(
        named name: String,
        inCalendarNamed calendar: String,
        visibleTo principal: PrincipalID
    ) async throws -> StoredObject? {
        try await database.read(.lookup) { transaction -> StoredObject? in
            guard let calendar = try Self.calendar(named: calendar, visibleTo: principal, transaction) else {
                return nil
            }
            return try Self.object(named: name, in: calendar.id, transaction)
        }
    }

    private static func calendar(
        named name: String,
        visibleTo principal: PrincipalID,
        _ transaction: borrowing SQLTransaction
    ) throws -> CalendarCollection? {
        let own = try transaction.row(
            """
            \(CalendarCollection.select)
            WHERE owner = \(principal.value) AND name = \(.text(name)) AND deleted_at IS NULL
            """
        )
        if let own { return try CalendarCollection(own) }
        return try transaction.row(
            """
            \(CalendarCollection.selectReceived)
            WHERE share.principal = \(principal.value) AND share.name = \(.text(name))
                AND share.state = 'accepted' AND calendar.deleted_at IS NULL
            """
        )
        .map(CalendarCollection.received)
    }

    /// The calendar with that identifier as a principal sees it; nil where it sees none.
    public func calendar(_ id: CalendarID, visibleTo principal: PrincipalID) async throws -> CalendarCollection? {
        try await database.read(.lookup) { transaction in
            guard let calendar = try Self.calendar(id, transaction) else { return nil }
            if calendar.owner == principal { return calendar }
            return try transaction.row(
                """
                \(CalendarCollection.selectReceived)
                WHERE share.principal = \(principal.value) AND share.calendar = \(id.value)
                    AND share.state = 'accepted' AND calendar.deleted_at IS NULL
                """
            )
            .map(CalendarCollection.received)
        }
    }

    // MARK: In a transaction

    /// The calendar that an author may write into; nil where it finds none.
    ///
    /// The gateway's own passes find every one that is not deleted.
    ///
    /// - Throws: ``ReadOnlyCalendar`` where the author may see it and not change it.
    static func writableCalendar(
        _ calendar: CalendarID,
        by author: Author,
        _ transaction: borrowing SQLTransaction
    ) throws -> WritableCalendar? {
        let row = try transaction.row(
            """
            SELECT calendar.owner, calendar.source, calendar.revision, principal.used_octets
            FROM calendar JOIN principal ON principal.id = calendar.owner
            WHERE calendar.id = \(calendar.value) AND calendar.deleted_at IS NULL
            """
        )
        guard let row else { return nil }
        // The objects of a subscribed source are fetched by its reader, and never here.
        guard try row.optionalText("source") == nil else { throw ReadOnlyCalendar(calendar: calendar) }
        let found = try WritableCalendar(calendar, row)
        guard let principal = author.principal, found.owner != principal else { return found }
        switch try shareAccess(of: principal, to: calendar, transaction) {
        case nil: return nil
        case .read: throw ReadOnlyCalendar(calendar: calendar)
        case .write, .owner: return found
        }
    }

    /// Whether an author finds a calendar to read from.
    static func isReadable(
        _ calendar: CalendarID,
        by author: Author,
        _ transaction: borrowing SQLTransaction
    ) throws -> Bool {
        guard let principal = author.principal else { return try self.calendar(calendar, transaction) != nil }
        return try access(of: principal, to: calendar, transaction) != nil
    }

    private static func shareAccess(
        of principal: PrincipalID,
        to calendar: CalendarID,
        _ transaction: borrowing SQLTransaction
    ) throws -> CalendarAccess? {
        let row = try transaction.row(
            """
            SELECT access FROM share
            WHERE calendar = \(calendar.value) AND principal = \(principal.value) AND state = 'accepted'
            """
        )
        guard let access: ShareAccess = try row?.word("access") else { return nil }
        return switch access {
        case .read: .read
        case .write: .write
        }
    }
}

extension CalendarCollection {
    /// What the one who sees it this way may do with it; a read-only upstream or source takes writing away.
    public var access: CalendarAccess {
        guard let received else { return .owner }
        return switch received.access {
        case .read: .read
        case .write: .write
        }
    }

    /// The calendars of others, as the principals see them to whom they are given.
    static let selectReceived: SQLStatement = """
        SELECT calendar.id, calendar.owner, share.name,
            COALESCE(share.display_name, calendar.display_name) AS display_name,
            COALESCE(share.description, calendar.description) AS description,
            COALESCE(share.color, calendar.color) AS color,
            COALESCE(share.sort_order, calendar.sort_order) AS sort_order,
            COALESCE(share.time_zone, calendar.time_zone) AS time_zone,
            calendar.components, calendar.revision, calendar.purged_below, calendar.is_write_protected,
            calendar.created_at, calendar.source, 0 AS shares,
            share.id AS share, share.access, share.state, calendar.name AS name_at_owner,
            principal.name AS owner_name, principal.display_name AS owner_display_name
        FROM share JOIN calendar ON calendar.id = share.calendar JOIN principal ON principal.id = calendar.owner
        """

    /// A calendar of somebody else's, with the share through which it is seen.
    static func received(_ row: SQLRow) throws -> CalendarCollection {
        var calendar = try CalendarCollection(row)
        let share = ReceivedShare(
            id: ShareID(rawValue: try row.integer("share")),
            access: try row.word("access"),
            state: try row.word("state"),
            ownerName: try row.text("owner_name"),
            ownerDisplayName: try row.optionalText("owner_display_name"),
            nameAtOwner: try row.text("name_at_owner")
        )
        calendar.received = share
        if share.access == .read { calendar.isWriteProtected = true }
        return calendar
    }
}
