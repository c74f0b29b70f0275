import Bridging
import ICalendar
import Reconcile
import SQL
import Store

extension LinkStore {
    /// What our calendar has before the first listing of a link; nil where anything is known of the link already.
    func firstPlace(of link: Link) async throws -> FirstPlace? {
        try await database.read { transaction in
            let tables = [
                "mirror", "mirrored_object", "base", "intent", "retry", "conflict", "held", "skipped", "pairing",
                "unreadable", "departed", "separated",
            ]
            for table in tables {
                let known = try transaction.row("SELECT 1 FROM \(raw: table) WHERE link = \(link.id.value) LIMIT 1")
                guard known == nil else { return nil }
            }
            let revision = try transaction.row(
                "SELECT revision FROM calendar WHERE id = \(link.calendar.value) AND deleted_at IS NULL"
            )?
            .integer("revision")
            guard let revision else { return nil }
            let rows = try transaction.rows("SELECT uid FROM object WHERE calendar = \(link.calendar.value)")
            return FirstPlace(uids: Set(try rows.map { try $0.text("uid") }), revision: revision)
        }
    }

    /// Writes events that our calendar does not have: object, mirror, agreement and the run's line of each.
    ///
    /// - Returns: nil where the calendar is gone.
    func bring(_ items: [FreshItem], of link: Link, in run: RunID) async throws -> PutManyOutcome? {
        let author = link.author(in: run)
        let (now, calendars) = (now(), calendars)
        let objects = items.map { NewObject($0.draft, named: ObjectName.plain(for: $0.uid)) }
        let outcome = try await database.write { transaction -> PutManyOutcome? in
            guard let outcome = try calendars.put(objects, in: link.calendar, by: author, transaction) else {
                return nil
            }
            for (item, isStored) in zip(items, outcome.isStored) where isStored {
                try Self.insert(item.records, link.id, transaction)
                try Self.save(item.object, of: link.id, isNew: true, at: now, transaction)
                try Self.agree(item, in: run, of: link.id, at: now, transaction)
                try Self.insert(item.entry, of: run, transaction)
            }
            return outcome
        }
        if outcome?.isStored.contains(true) == true {
            calendars.announce(Commit(calendar: link.calendar, author: author))
        }
        return outcome
    }

    /// Both sides say the same: what the upstream said was taken over as it is.
    private static func agree(
        _ item: FreshItem,
        in run: RunID,
        of link: LinkID,
        at now: Instant,
        _ transaction: borrowing SQLTransaction
    ) throws {
        let (fields, text, digest, same) = (item.fields, item.object.text, item.object.digest, SameText.mark)
        try transaction.run(
            """
            INSERT INTO base (
                link, uid, series, local_fields, remote_fields, local_text, remote_text, local_digest, remote_digest,
                origin, agreed_at, run
            ) VALUES (
                \(link.value), \(.text(item.uid)), \(.text(item.object.series)), \(.text(fields)), \(.text(same)),
                \(.text(text)), \(.text(same)), \(.text(digest)), \(.text(digest)),
                \(.text(Origin.upstream.rawValue)), \(now.value), \(run.value)
            )
            """
        )
    }
}
