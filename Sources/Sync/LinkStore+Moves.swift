import Bridging
import SQL
import Store

extension LinkStore {
    /// What a person's other calendars have, or had, of an event whose record was moved from one of them to another.
    ///
    /// What the upstream cannot hold moves along with it.
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
            let former = try present == nil ? departedText(of: uid, from: calendar, id, transaction) : nil
            if let text = try present?.text("text") ?? former { return DepartedItem(origin: .upstream, text: text) }
        }
        return nil
    }

    private static func departedText(
        of uid: String,
        from calendar: Int64,
        _ link: Int64,
        _ transaction: borrowing SQLTransaction
    ) throws -> String? {
        try transaction.row(
            """
            SELECT version.text FROM departed JOIN version ON version.uid = departed.uid
            WHERE departed.link = \(.integer(link)) AND departed.uid = \(.text(uid))
                AND version.calendar = \(.integer(calendar)) AND version.kind = 'deleted'
            ORDER BY version.number DESC LIMIT 1
            """
        )?
        .text("text")
    }
}
