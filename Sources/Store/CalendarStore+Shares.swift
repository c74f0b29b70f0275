import ICalendar
import SQL

extension CalendarStore {
    /// Gives a calendar to somebody, or changes what somebody may do who has it already.
    ///
    /// `owner` is who gives it: nobody can give away what is another's.
    public func share(
        _ calendar: CalendarID,
        of owner: PrincipalID,
        with sharee: PrincipalID,
        _ access: ShareAccess
    ) async throws -> ShareOutcome {
        let (now, actor) = (now(), AuditActor.current)
        return try await database.write { transaction in
            guard let collection = try Self.calendar(calendar, transaction), collection.owner == owner,
                collection.properties.source == nil
            else { return .calendarMissing }
            guard sharee != owner else { return .ownCalendar }
            let changed = try transaction.run(
                """
                UPDATE share SET access = \(.text(access.rawValue))
                WHERE calendar = \(calendar.value) AND principal = \(sharee.value)
                """
            )
            if changed == 0 { try Self.insertShare(of: collection, to: sharee, access, at: now, transaction) }
            let row = try transaction.row(
                "\(Share.select) WHERE share.calendar = \(calendar.value) AND share.principal = \(sharee.value)"
            )
            guard let share = try row.map(Share.init) else {
                preconditionFailure("the share was written in this very transaction")
            }
            let detail = "\(share.sharee.name) may \(access.rawValue) it."
            try Self.audit(.shareGiven, collection, by: actor, detail: detail, at: now, transaction)
            return changed == 0 ? .created(share) : .changed(share)
        }
    }

    /// To whom a calendar is given, in the order in which it was.
    public func shares(of calendar: CalendarID) async throws -> [Share] {
        try await database.read { transaction in
            try transaction.rows("\(Share.select) WHERE share.calendar = \(calendar.value)").map(Share.init)
                .sorted { $0.id < $1.id }
        }
    }

    /// Takes a calendar back; it is gone for the sharee at once.
    ///
    /// - Returns: whether there was such a share of this calendar.
    public func removeShare(_ id: ShareID, of calendar: CalendarID) async throws -> Bool {
        try await takeBack(
            "SELECT principal FROM share WHERE id = \(id.value) AND calendar = \(calendar.value)",
            calendar
        )
    }

    /// Takes a calendar back from somebody; false when that one did not have it.
    public func removeShare(of calendar: CalendarID, with sharee: PrincipalID) async throws -> Bool {
        try await takeBack(
            "SELECT principal FROM share WHERE calendar = \(calendar.value) AND principal = \(sharee.value)",
            calendar
        )
    }

    private func takeBack(_ search: SQLStatement, _ calendar: CalendarID) async throws -> Bool {
        let (now, actor) = (now(), AuditActor.current)
        return try await database.write { transaction in
            guard let sharee = try transaction.row(search)?.integer("principal") else { return false }
            try transaction.run(
                "DELETE FROM share WHERE calendar = \(calendar.value) AND principal = \(.integer(sharee))"
            )
            guard let collection = try Self.calendar(calendar, transaction) else { return true }
            let name = try transaction.row("SELECT name FROM principal WHERE id = \(.integer(sharee))")?.text("name")
            try Self.audit(.shareTaken, collection, by: actor, detail: name, at: now, transaction)
            return true
        }
    }

    // MARK: The sharee's side

    /// The calendars given to a principal, also those it declined; by name.
    public func receivedCalendars(of principal: PrincipalID) async throws -> [CalendarCollection] {
        try await database.read { transaction in
            try transaction.rows(
                """
                \(CalendarCollection.selectReceived)
                WHERE share.principal = \(principal.value) AND calendar.deleted_at IS NULL ORDER BY share.name
                """
            )
            .map(CalendarCollection.received)
        }
    }

    /// Accepts or declines what was given; false when this principal was given no such thing.
    public func setState(_ state: ShareState, of id: ShareID, for principal: PrincipalID) async throws -> Bool {
        try await database.write { transaction in
            try transaction.run(
                """
                UPDATE share SET state = \(.text(state.rawValue))
                WHERE id = \(id.value) AND principal = \(principal.value)
                """
            ) > 0
        }
    }

    /// Gives a shared calendar another name in its sharee's home, and nowhere else.
    public func renameShare(_ id: ShareID, to name: String, for principal: PrincipalID) async throws -> RenameOutcome {
        try await database.write { transaction in
            guard try !Self.isTaken(name, in: principal, transaction) else { return .nameTaken }
            let renamed = try transaction.run(
                """
                UPDATE share SET name = \(.text(name))
                WHERE id = \(id.value) AND principal = \(principal.value) AND state = 'accepted'
                """
            )
            return renamed > 0 ? .renamed : .notFound
        }
    }

    /// Changes how a calendar looks to somebody to whom it is given, and to nobody else.
    ///
    /// - Returns: false when the share was taken back.
    func updateShare(
        _ id: ShareID,
        setting dead: [DeadProperty],
        removing removed: [(namespace: String, name: String)],
        _ change: @escaping @Sendable (inout CalendarProperties) -> Void
    ) async throws -> Bool {
        try await database.write { transaction in
            let row = try transaction.row(
                """
                SELECT display_name, description, color, sort_order, time_zone FROM share
                WHERE id = \(id.value) AND state = 'accepted'
                """
            )
            guard let row else { return false }
            var properties = CalendarProperties(
                displayName: try row.optionalText("display_name"),
                description: try row.optionalText("description"),
                color: try row.optionalText("color"),
                order: try row.optionalInteger("sort_order").map(Int.init),
                timeZone: try row.optionalText("time_zone")
            )
            change(&properties)
            try transaction.run(
                """
                UPDATE share SET
                    display_name = \(.text(properties.displayName)), description = \(.text(properties.description)),
                    color = \(.text(properties.color)), sort_order = \(.integer(properties.order.map(Int64.init))),
                    time_zone = \(.text(properties.timeZone))
                WHERE id = \(id.value)
                """
            )
            try DeadProperty.Holder.share(id).set(dead, remove: removed, transaction)
            return true
        }
    }

    // MARK: In a transaction

    private static func insertShare(
        of calendar: CalendarCollection,
        to sharee: PrincipalID,
        _ access: ShareAccess,
        at now: Instant,
        _ transaction: borrowing SQLTransaction
    ) throws {
        let owner = try transaction.row("SELECT name FROM principal WHERE id = \(calendar.owner.value)")
        let wanted = [try owner?.text("name"), calendar.name].compactMap(\.self).joined(separator: "-")
        let name = try freeName(like: wanted, in: sharee, transaction)
        let id = try Counter.share.next(transaction)
        try transaction.run(
            """
            INSERT INTO share (id, calendar, principal, access, state, name, created_at)
            VALUES (
                \(.integer(id)), \(calendar.id.value), \(sharee.value), \(.text(access.rawValue)),
                \(.text(ShareState.accepted.rawValue)), \(.text(name)), \(now.value)
            )
            """
        )
    }

    /// Whether something a principal sees has that name; what is hidden there makes room.
    ///
    /// A share that was declined, or whose calendar lies in the trash, gets another name when its own is wanted.
    static func isTaken(_ name: String, in home: PrincipalID, _ transaction: borrowing SQLTransaction) throws -> Bool {
        let own = try transaction.row(
            "SELECT id FROM calendar WHERE owner = \(home.value) AND name = \(.text(name)) AND deleted_at IS NULL"
        )
        guard own == nil else { return true }
        let share = try transaction.row(
            """
            SELECT share.id, share.state, calendar.deleted_at FROM share JOIN calendar ON calendar.id = share.calendar
            WHERE share.principal = \(home.value) AND share.name = \(.text(name))
            """
        )
        guard let share else { return false }
        let state: ShareState = try share.word("state")
        guard try state == .declined || share.optionalInteger("deleted_at") != nil else { return true }
        let other = try freeName(like: name + "-shared", in: home, transaction)
        try transaction.run(
            "UPDATE share SET name = \(.text(other)) WHERE id = \(.integer(try share.integer("id")))"
        )
        return false
    }

    static func freeName(
        like wanted: String,
        in home: PrincipalID,
        _ transaction: borrowing SQLTransaction
    ) throws -> String {
        var name = wanted
        var number = 1
        while try holdsName(name, in: home, transaction) {
            number += 1
            name = "\(wanted)-\(number)"
        }
        return name
    }

    private static func holdsName(
        _ name: String,
        in home: PrincipalID,
        _ transaction: borrowing SQLTransaction
    ) throws -> Bool {
        try transaction.row(
            """
            SELECT id FROM calendar WHERE owner = \(home.value) AND name = \(.text(name)) AND deleted_at IS NULL
            UNION ALL SELECT id FROM share WHERE principal = \(home.value) AND name = \(.text(name))
            """
        ) != nil
    }
}

extension Share {
    static let select: SQLStatement = """
        SELECT share.id AS share, share.calendar, share.access, share.state, share.name AS share_name,
            share.created_at AS shared_at,
            principal.id, principal.name, principal.email, principal.display_name, principal.is_admin,
            principal.created_at
        FROM share JOIN principal ON principal.id = share.principal
        """

    init(_ row: SQLRow) throws {
        self.init(
            id: ShareID(rawValue: try row.integer("share")),
            calendar: CalendarID(rawValue: try row.integer("calendar")),
            sharee: try Principal(row),
            access: try row.word("access"),
            state: try row.word("state"),
            name: try row.text("share_name"),
            createdAt: try row.instant("shared_at")
        )
    }
}
