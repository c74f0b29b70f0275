import ICalendar
import SQL
public import Store

extension LinkStore {
    /// Writes lines of the audit trail that belong to nothing else.
    public func record(_ audit: [AuditEntry]) async throws {
        guard !audit.isEmpty else { return }
        let now = now()
        try await database.write { transaction in
            for entry in audit { try CalendarStore.audit(entry, at: now, transaction) }
        }
    }

    /// Says in lines that were begun what became of them.
    func conclude(_ lines: [AuditEntry]) async throws {
        guard !lines.isEmpty else { return }
        try await database.write { try Self.conclude(lines, $0) }
    }

    /// The same in the transaction of what else is noted of the answers.
    static func conclude(_ lines: [AuditEntry], _ transaction: borrowing SQLTransaction) throws {
        for line in lines { try CalendarStore.conclude(line.id, line.action, detail: line.detail, transaction) }
    }

    /// The lines of writes over a link that were begun and of which no answer was noted, by item.
    func unanswered(over link: Link) async throws -> [String: [AuditEntry]] {
        let lines = try await database.read { try CalendarStore.begunWrites(over: link.id.rawValue, $0) }
        return Dictionary(grouping: lines) { $0.subject ?? "" }
    }

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
