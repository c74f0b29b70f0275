import SQL
import Store

/// An event is protected as long as the upstream of any of its calendar's links says so.
extension LinkStore {
    /// Lets no client change an event that this link's upstream alone may change, or lets them, where no other says otherwise.
    static func protect(
        _ uid: String,
        because reason: String?,
        of link: Link,
        _ calendars: CalendarStore,
        _ transaction: borrowing SQLTransaction
    ) throws {
        let reason = try reason ?? Self.reason(of: uid, in: link.calendar, except: link.id, transaction)
        try calendars.protect(uid: uid, in: link.calendar, because: reason, transaction)
    }

    /// Lets clients change what no other link of the calendar protects.
    static func letGo(
        of link: Link,
        _ calendars: CalendarStore,
        _ transaction: borrowing SQLTransaction
    ) throws {
        for uid in try calendars.protected(in: link.calendar, transaction) {
            try protect(uid, because: nil, of: link, calendars, transaction)
        }
    }

    private static func reason(
        of uid: String,
        in calendar: CalendarID,
        except own: LinkID,
        _ transaction: borrowing SQLTransaction
    ) throws -> String? {
        try transaction.row(
            """
            SELECT protection FROM base JOIN link ON link.id = base.link
            WHERE base.uid = \(.text(uid)) AND protection IS NOT NULL AND link.calendar = \(calendar.value)
                AND link.id <> \(own.value)
            ORDER BY link.id LIMIT 1
            """
        )?
        .text("protection")
    }
}
