public import ICalendar
import SQL

/// A deleted calendar that can still be had back.
public struct TrashedCalendar: Sendable, Hashable {
    /// The calendar as it was when it was deleted.
    public var calendar: CalendarCollection

    public var deletedAt: Instant
}

extension CalendarStore {
    /// The deleted calendars of a principal that the purge has not taken yet, the latest first.
    public func trashedCalendars(of owner: PrincipalID) async throws -> [TrashedCalendar] {
        try await database.read { transaction in
            let rows = try transaction.rows(
                """
                \(CalendarCollection.select) WHERE owner = \(owner.value) AND deleted_at IS NOT NULL
                """
            )
            let trashed = try rows.map { row in
                TrashedCalendar(calendar: try CalendarCollection(row), deletedAt: try row.instant("deleted_at"))
            }
            return trashed.sorted { ($0.deletedAt, $0.calendar.id) > ($1.deletedAt, $1.calendar.id) }
        }
    }

    /// The latest deletion of each object of a calendar that is gone and can be had back, the latest first.
    ///
    /// With `before` only deletions before that version.
    public func trashedObjects(in calendar: CalendarID, before: Int64?, limit: Int) async throws -> [Version] {
        try await database.read { transaction in
            try transaction.rows(
                """
                \(Version.select) WHERE calendar = \(calendar.value) AND kind = 'deleted'
                    AND number < \(.integer(before ?? .max))
                    AND NOT EXISTS (SELECT 1 FROM object WHERE object.id = version.object)
                    AND NOT EXISTS (SELECT 1 FROM object
                        WHERE object.calendar = version.calendar AND object.uid = version.uid)
                    AND NOT EXISTS (SELECT 1 FROM version AS later
                        WHERE later.object = version.object AND later.number > version.number
                            AND later.kind = 'deleted')
                ORDER BY number DESC LIMIT \(.integer(limit))
                """
            )
            .map(Version.init)
        }
    }

    /// Takes a calendar out of the trash, with all that was in it; under another name where its own is taken by now.
    ///
    /// - Returns: the calendar; nil where none of the owner's is in the trash under that identifier.
    public func restoreCalendar(_ id: CalendarID, of owner: PrincipalID) async throws -> CalendarCollection? {
        let (now, actor) = (now(), AuditActor.current)
        return try await database.write { try Self.restoreCalendar(id, of: owner, by: actor, at: now, $0) }
    }

    private static func restoreCalendar(
        _ id: CalendarID,
        of owner: PrincipalID,
        by actor: String?,
        at now: Instant,
        _ transaction: borrowing SQLTransaction
    ) throws -> CalendarCollection? {
        let row = try transaction.row(
            """
            SELECT name, used_octets FROM calendar
            WHERE id = \(id.value) AND owner = \(owner.value) AND deleted_at IS NOT NULL
            """
        )
        guard let row else { return nil }
        let name = try freeName(like: row.text("name"), in: owner, transaction)
        try transaction.run(
            "UPDATE calendar SET name = \(.text(name)), deleted_at = NULL WHERE id = \(id.value)"
        )
        try count(row.integer("used_octets"), for: owner, transaction)
        guard let calendar = try calendar(id, transaction) else { return nil }
        try audit(.calendarRestored, calendar, by: actor, at: now, transaction)
        return calendar
    }
}
