import ICalendar
import SQL
import Store

extension LinkStore {
    /// Some of the events that a link leaves alone, by UID, with what each side says of them as far as it is known here.
    ///
    /// Once the link has synced, what neither side has is none of them.
    ///
    /// - Parameters:
    ///   - link: a link that has begun.
    ///   - part: the places of those that are wanted, among as many as it is told there are.
    /// - Returns: those, and how many there are in all.
    /// - Throws: what the database meets.
    public func leftAlone(
        by link: Link,
        _ part: @escaping @Sendable (Int) -> Range<Int>
    ) async throws -> (items: [LinkPlan.Item], count: Int) {
        let calendars = calendars
        return try await database.read { transaction in
            let condition: SQLStatement = """
                skipped.link = \(link.id.value) AND (\(Self.isOnEitherSide) OR EXISTS (
                    SELECT 1 FROM link WHERE link.id = skipped.link AND last_synced_at IS NULL))
                """
            let known = try transaction.row("SELECT COUNT(*) AS known FROM skipped WHERE \(condition)")
            let count = Int(try known?.integer("known") ?? 0)
            let wanted = part(count)
            let rows = try transaction.rows(
                """
                SELECT uid FROM skipped WHERE \(condition) ORDER BY uid
                LIMIT \(.integer(Int64(wanted.count))) OFFSET \(.integer(Int64(wanted.lowerBound)))
                """
            )
            let items = try rows.map { row in
                let uid = try row.text("uid")
                let local = try calendars.object(uid: uid, in: link.calendar, transaction)
                let mirrored = try transaction.row(
                    """
                    SELECT text FROM mirrored_object
                    WHERE link = \(link.id.value) AND uid = \(.text(uid)) AND text IS NOT NULL
                    """
                )
                return LinkPlan.Item(
                    uid: uid,
                    here: try local?.object(),
                    there: try mirrored.map { try CalendarObject(parsing: try $0.text("text")) }
                )
            }
            return (items, count)
        }
    }

    /// Forgets what was left alone and is gone on both sides: an event that comes again under its UID is a new one.
    ///
    /// - Returns: how many there were.
    static func forgetLeftAlone(_ transaction: borrowing SQLTransaction) throws -> Int {
        try transaction.run(
            """
            DELETE FROM skipped
            WHERE link IN (SELECT id FROM link WHERE last_synced_at IS NOT NULL) AND NOT (\(isOnEitherSide))
            """
        )
    }

    /// Whether the event that a row of `skipped` names is here, or upstream, be it unreadable.
    private static let isOnEitherSide: SQLStatement = """
        EXISTS (
            SELECT 1 FROM object JOIN link AS own ON own.calendar = object.calendar
            WHERE own.id = skipped.link AND object.uid = skipped.uid)
        OR EXISTS (
            SELECT 1 FROM mirrored_object AS seen
            WHERE seen.link = skipped.link AND seen.uid = skipped.uid
                AND (seen.text IS NOT NULL OR seen.problem IS NOT NULL))
        """
}
