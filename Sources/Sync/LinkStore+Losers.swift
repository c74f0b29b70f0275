import ICalendar
import SQL
import Store

extension LinkStore {
    /// Makes a version of what an upstream said and lost with in a conflict, so that it can be had once the link is gone.
    ///
    /// What is there now is there afterwards, as it was.
    static func keepLosers(
        of link: Link,
        _ calendars: CalendarStore,
        _ author: Author,
        _ transaction: borrowing SQLTransaction
    ) throws {
        let rows = try transaction.rows(
            """
            SELECT uid, upstream_text FROM conflict
            WHERE link = \(link.id.value) AND upstream_text IS NOT NULL AND COALESCE(resolution, '') <> 'upstream'
                AND NOT EXISTS (
                    SELECT 1 FROM version WHERE version.calendar = conflict.calendar AND version.uid = conflict.uid
                        AND version.text = conflict.upstream_text)
            ORDER BY id
            """
        )
        for row in rows {
            let uid = try row.text("uid")
            let loser = try CalendarObject(parsing: try row.text("upstream_text")).with(uid: uid)
            let current = try calendars.object(uid: uid, in: link.calendar, transaction)
            guard try bringBack(loser, uid, in: link.calendar, calendars, author, transaction),
                let written = try calendars.object(uid: uid, in: link.calendar, transaction)
            else { continue }
            if let current {
                _ = try bringBack(current.object(), uid, in: link.calendar, calendars, author, transaction)
            } else {
                _ = try calendars.delete(
                    named: written.name,
                    in: link.calendar,
                    if: .always,
                    by: author,
                    transaction
                )
            }
        }
    }
}
