import ICalendar
import SQL
import Store

extension LinkStore {
    /// Writes a line about a link in the transaction of what it tells of; by default its owner did it.
    static func audit(
        _ action: AuditEntry.Action,
        _ link: Link,
        by actor: String?,
        run: RunID? = nil,
        subject: String? = nil,
        detail: String? = nil,
        at now: Instant,
        _ transaction: borrowing SQLTransaction
    ) throws {
        let owner = try transaction.row("SELECT name FROM principal WHERE id = \(link.principal.value)")
        let entry = AuditEntry(
            action,
            of: link.principal,
            by: try actor ?? owner?.text("name") ?? "gateway",
            calendar: link.calendar,
            connection: link.connection,
            link: link.id.rawValue,
            run: run?.rawValue,
            subject: subject ?? link.upstreamName,
            detail: detail
        )
        try CalendarStore.audit(entry, at: now, transaction)
    }

    /// The same, of a link known by its identifier; nothing where it is gone.
    static func audit(
        _ action: AuditEntry.Action,
        _ link: LinkID,
        by actor: String?,
        run: RunID? = nil,
        subject: String? = nil,
        detail: String? = nil,
        at now: Instant,
        _ transaction: borrowing SQLTransaction
    ) throws {
        guard let link = try Self.link(link, transaction) else { return }
        try audit(action, link, by: actor, run: run, subject: subject, detail: detail, at: now, transaction)
    }
}
