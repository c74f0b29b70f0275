import Bridging
import ICalendar
import SQL
import Store

/// An event that both sides had, each its own way, before a run brought them together.
struct JoinedEvent: Sendable {
    var uid: String
    var records: [UpstreamRecord]
    /// Our object as the run left it.
    var etag: String
    /// Our text before; nil where the run left our side alone.
    var formerHere: String?
    /// The upstream's text before; nil where the run left that side alone.
    var formerThere: String?
}

extension LinkStore {
    /// The events that a run was the first to bring together, and that nobody touched since on either side.
    ///
    /// Nobody has since the run began: what somebody edited while it was under way, it took up itself.
    func joined(by run: RunID, over link: Link) async throws -> [JoinedEvent] {
        try await database.read { transaction in
            let rows = try transaction.rows(
                """
                SELECT base.uid, base.series, object.etag, action, undo_text, undo_upstream FROM pass_item
                JOIN base ON base.link = \(link.id.value) AND base.uid = pass_item.uid AND base.series IS NOT NULL
                JOIN mirrored_object ON mirrored_object.link = base.link AND mirrored_object.series = base.series
                JOIN object ON object.calendar = \(link.calendar.value) AND object.uid = base.uid
                JOIN version ON version.number = object.version
                JOIN pass ON pass.id = pass_item.pass
                WHERE pass_item.pass = \(run.value) AND undo_upstream IS NOT NULL AND pass_item.outcome = 'done'
                    AND base.run = \(run.value) AND mirrored_object.digest = base.remote_digest
                    AND object.etag = base.local_digest
                    AND (version.run = \(run.value) OR version.at <= pass.started_at) ORDER BY base.uid
                """
            )
            return try rows.map { row in
                let action = try row.text("action")
                return JoinedEvent(
                    uid: try row.text("uid"),
                    records: try Self.records(of: row.text("series"), link.id, transaction),
                    etag: try row.text("etag"),
                    formerHere: action == "push" ? nil : try row.text("undo_text"),
                    formerThere: action == "pull" ? nil : try row.text("undo_upstream")
                )
            }
        }
    }

    /// Gives events back here the texts they had before a run brought them together with the upstream's, and leaves them
    /// alone from then on; what somebody has changed meanwhile stays, and stays together.
    ///
    /// `names` are the UIDs by which the upstream knows them: it may list them under those again.
    func part(_ events: [(event: JoinedEvent, names: Set<String>)], of link: Link, by author: Author) async throws {
        let (now, calendars) = (now(), calendars)
        try await database.write { transaction in
            for (event, names) in events {
                let present = try calendars.object(uid: event.uid, in: link.calendar, transaction)
                guard present?.etag.rawValue == event.etag else { continue }
                if let text = event.formerHere {
                    let object = try CalendarObject(parsing: text)
                    _ = try Self.bringBack(object, event.uid, in: link.calendar, calendars, author, transaction)
                }
                for name in names.union([event.uid]).sorted() {
                    try Self.leaveAlone(name, link.id, at: now, transaction)
                }
                guard let series = event.records.first?.series else { continue }
                for name in names { try Self.rename(series, to: name, over: link.id, transaction) }
                // Taken up again, they are one event.
                try Self.keepPairing(of: event.uid, and: series, over: link.id, transaction)
            }
        }
        calendars.announce(Commit(calendar: link.calendar, author: author))
    }

    /// Of the events that a run was the first to bring together, those that were parted again.
    static func parted(of run: RunID, _ link: LinkID, _ transaction: borrowing SQLTransaction) throws -> [String] {
        try joined(by: run, nowIn: "skipped", of: link, transaction)
    }

    /// Of the events that a run was the first to bring together, those that are together still.
    static func stillJoined(by run: RunID, _ link: LinkID, _ transaction: borrowing SQLTransaction) throws -> [String] {
        try joined(by: run, nowIn: "base", of: link, transaction)
    }

    private static func joined(
        by run: RunID,
        nowIn table: String,
        of link: LinkID,
        _ transaction: borrowing SQLTransaction
    ) throws -> [String] {
        try transaction.rows(
            """
            SELECT pass_item.uid FROM pass_item
            JOIN \(raw: table) AS present ON present.link = \(link.value) AND present.uid = pass_item.uid
            WHERE pass_item.pass = \(run.value) AND undo_upstream IS NOT NULL AND outcome = 'done'
            """
        )
        .map { try $0.text("uid") }
    }
}
