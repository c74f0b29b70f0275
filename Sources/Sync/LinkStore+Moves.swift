import Bridging
import ICalendar
import SQL
import Store

extension LinkStore {
    /// What a person's other calendars have, or had, of an event whose record was moved from one of them to another.
    ///
    /// What the upstream cannot hold moves along with it, under the UID that the record has there.
    static func movedFromElsewhere(
        _ uid: String,
        _ series: String,
        to link: Link,
        _ transaction: borrowing SQLTransaction
    ) throws -> DepartedItem? {
        // Only a row of a table has its identifier alone: an event may be in the calendars of all its guests under one.
        guard link.mapping != nil else { return nil }
        let others = try transaction.rows(
            """
            SELECT id, calendar FROM link
            WHERE principal = \(link.principal.value) AND provider = \(.text(link.provider)) AND id <> \(link.id.value)
                AND upstream_calendar <> \(.text(link.upstreamCalendar))
            """
        )
        for other in others {
            let (id, calendar) = (try other.integer("id"), try other.integer("calendar"))
            let present = try transaction.row(
                """
                SELECT version.text FROM base
                JOIN object ON object.calendar = \(.integer(calendar)) AND object.uid = base.uid
                JOIN version ON version.number = object.version
                WHERE base.link = \(.integer(id)) AND base.series = \(.text(series)) AND base.agreed_at IS NOT NULL
                """
            )
            let former = try present == nil ? departedText(of: uid, series, from: calendar, id, transaction) : nil
            // What an earlier version wrote and none can read any more does not move along.
            guard let text = try present?.text("text") ?? former,
                let object = try? CalendarObject(parsing: text).with(uid: uid)
            else { continue }
            return DepartedItem(origin: .upstream, text: object.text)
        }
        return nil
    }

    private static func departedText(
        of uid: String,
        _ series: String,
        from calendar: Int64,
        _ link: Int64,
        _ transaction: borrowing SQLTransaction
    ) throws -> String? {
        try transaction.row(
            """
            SELECT version.text FROM departed JOIN version ON version.uid = departed.uid
            WHERE departed.link = \(.integer(link))
                AND (departed.uid = \(.text(uid)) OR departed.series = \(.text(series)))
                AND version.calendar = \(.integer(calendar)) AND version.kind = 'deleted'
            ORDER BY version.number DESC LIMIT 1
            """
        )?
        .text("text")
    }
}
