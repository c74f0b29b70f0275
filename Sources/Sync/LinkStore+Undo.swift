import Bridging
import ICalendar
import SQL
import Store

/// What undoing a run did.
public struct UndoneRun: Sendable, Hashable {
    /// UIDs of the events brought back as they were before.
    public var restored: [String] = []

    /// UIDs of the events the run had made, and that are gone again where it made them.
    public var removed: [String] = []

    /// UIDs of the events that somebody changed since, so that not all the run had changed or made is as before.
    public var kept: [String] = []

    /// What was done, in one sentence for a person.
    public var sentence: String {
        "\(restored.count) restored, \(removed.count) removed"
            + (kept.isEmpty ? "" : ", \(kept.count) left as somebody has changed them since")
    }
}

/// An event that a run made upstream.
struct RunCreation: Sendable {
    var uid: String
    var records: [UpstreamRecord]
    /// Whether its guests were mailed about it.
    var tellsGuests: Bool
}

extension LinkStore {
    /// The events a run made upstream and that nobody touched since.
    func created(upstreamBy run: RunID, over link: Link) async throws -> [RunCreation] {
        try await database.read { transaction in
            let rows = try transaction.rows(
                """
                SELECT base.uid, base.series, tells_guests FROM pass_item
                JOIN base ON base.link = \(link.id.value) AND base.uid = pass_item.uid AND base.series IS NOT NULL
                JOIN mirrored_object ON mirrored_object.link = base.link AND mirrored_object.series = base.series
                WHERE pass_item.pass = \(run.value) AND undo_removes = 'upstream' AND outcome = 'done'
                    AND base.run = \(run.value) AND mirrored_object.digest = base.remote_digest ORDER BY base.uid
                """
            )
            return try rows.map { row in
                RunCreation(
                    uid: try row.text("uid"),
                    records: try Self.records(of: row.text("series"), link.id, transaction),
                    tellsGuests: try row.bool("tells_guests")
                )
            }
        }
    }

    /// Notes that an event is gone upstream again, and leaves it alone from now on.
    func forgetCreation(of uid: String, _ records: [UpstreamRecord], over link: Link) async throws {
        let now = now()
        try await database.write { transaction in
            for series in Set(records.map(\.series)) { try Self.forget(series: series, link.id, transaction) }
            try Self.leaveAlone(uid, link.id, at: now, transaction)
        }
    }

    /// Brings back every event that a run changed or deleted as it was before, and removes here what it made here.
    ///
    /// `removed` is what was taken away upstream already. What is brought back goes there like any edit. What the run had
    /// brought here stays upstream, and is left alone from then on; what somebody changed since stays in any case. Of a
    /// series that the run brought in parts, the parts it had not before go here, and then upstream, like any deletion.
    ///
    /// - Returns: nil when there is no such run, or it was undone already.
    func undoHere(
        _ id: RunID,
        removed: [String],
        by author: Author
    ) async throws -> UndoneRun? {
        let (now, calendars, actor) = (now(), calendars, AuditActor.current ?? author.name)
        let undone: (calendar: CalendarID, run: UndoneRun)? = try await database.write { transaction in
            let row = try transaction.row(
                "SELECT link, calendar FROM pass WHERE id = \(id.value) AND undone_at IS NULL"
            )
            guard let row else { return nil }
            let link = LinkID(rawValue: try row.integer("link"))
            let calendar = CalendarID(rawValue: try row.integer("calendar"))
            let splits = try Self.undoneSplits(of: id, in: calendar, calendars, at: now, transaction)
            var undoing = Undoing(
                run: id,
                link: link,
                calendar: calendar,
                calendars: calendars,
                author: author,
                now: now
            )
            undoing.undone.removed = removed
            undoing.undone.restored = try Self.parted(of: id, link, transaction)
            undoing.locked = Set(try calendars.protected(in: calendar, transaction))
            undoing.undone.kept = try splits.kept.sorted() + Self.stillJoined(by: id, link, transaction)
            try undoing.rejoin(splits.rejoined, transaction)
            let parts = splits.kept.union(splits.rejoined.map(\.uid))
            try undoing.restore(but: parts, transaction)
            try undoing.remove(but: parts, transaction)
            var undone = undoing.undone
            undone.kept += try Self.leftUpstream(by: id, link, transaction)
            undone.restored.sort()
            undone.removed.sort()
            undone.kept = Set(undone.kept).sorted()
            try transaction.run("UPDATE pass SET undone_at = \(now.value) WHERE id = \(id.value)")
            try Self.audit(.runUndone, link, by: actor, run: id, detail: undone.sentence, at: now, transaction)
            return (calendar, undone)
        }
        guard let undone else { return nil }
        calendars.announce(Commit(calendar: undone.calendar, author: author))
        return undone.run
    }

    // MARK: In a transaction

    /// What an event was when a run was through with it; nil where that is not known any more.
    static func text(
        of object: StoredObject,
        leftBy run: RunID,
        _ transaction: borrowing SQLTransaction
    ) throws -> String? {
        let versions: SQLStatement = """
            SELECT text FROM version WHERE object = \(object.id.value) AND kind IN ('created', 'changed')
            """
        let latest: SQLStatement = "ORDER BY number DESC LIMIT 1"
        let written = try transaction.row("\(versions) AND run = \(run.value) \(latest)")
        if let written { return try written.text("text") }
        let agreed = try transaction.row(
            """
            SELECT local_text FROM base JOIN pass ON pass.link = base.link
            WHERE pass.id = \(run.value) AND base.run = pass.id AND base.uid = \(.text(object.uid))
            """
        )
        if let agreed { return try agreed.text("local_text") }
        let end: SQLStatement = "(SELECT finished_at FROM pass WHERE id = \(run.value))"
        return try transaction.row("\(versions) AND at <= \(end) \(latest)")?.text("text")
    }

    /// Makes a former text the present one; answers whether that changed anything.
    static func bringBack(
        _ object: CalendarObject,
        _ uid: String,
        in calendar: CalendarID,
        _ calendars: CalendarStore,
        _ author: Author,
        _ transaction: borrowing SQLTransaction
    ) throws -> Bool {
        let current = try calendars.object(uid: uid, in: calendar, transaction)
        // The name of an event that is gone may be another's by now.
        for name in current.map({ [$0.name] }) ?? ObjectName.candidates(for: uid) {
            let outcome = try calendars.put(
                object,
                named: name,
                in: calendar,
                if: current == nil ? .absent : .always,
                by: author,
                transaction
            )
            switch outcome {
            case .created, .replaced: return true
            case .conditionFailed: continue
            case .unchanged, .uidInUse, .calendarMissing: return false
            }
        }
        return false
    }

    /// The events that a run made upstream and that are there still.
    private static func leftUpstream(
        by id: RunID,
        _ link: LinkID,
        _ transaction: borrowing SQLTransaction
    ) throws -> [String] {
        let rows = try transaction.rows(
            """
            SELECT base.uid FROM pass_item
            JOIN base ON base.link = \(link.value) AND base.uid = pass_item.uid
            JOIN mirrored_object ON mirrored_object.link = base.link AND mirrored_object.series = base.series
            WHERE pass_item.pass = \(id.value) AND undo_removes = 'upstream' AND outcome = 'done'
                AND mirrored_object.text IS NOT NULL ORDER BY base.uid
            """
        )
        return try rows.map { try $0.text("uid") }
    }

    /// Ends the agreement on an event and leaves it alone on both sides.
    static func leaveAlone(
        _ uid: String,
        _ link: LinkID,
        at now: Instant,
        _ transaction: borrowing SQLTransaction
    ) throws {
        for table in ["base", "intent", "retry", "held"] {
            try transaction.run("DELETE FROM \(raw: table) WHERE link = \(link.value) AND uid = \(.text(uid))")
        }
        try skip(uid, link, at: now, transaction)
    }
}

/// A run that is being undone here: where, by whom and when, and what became of it so far.
private struct Undoing {
    let run: RunID
    let link: LinkID
    let calendar: CalendarID
    let calendars: CalendarStore
    let author: Author
    let now: Instant
    /// UIDs of what the upstream alone may change: brought back here, it would differ from it for ever.
    var locked: Set<String> = []
    var undone = UndoneRun()

    /// Brings back what the run changed or deleted, as far as nobody changed it since.
    mutating func restore(but parts: Set<String>, _ transaction: borrowing SQLTransaction) throws {
        let items = try transaction.rows(
            """
            SELECT * FROM pass_item
            WHERE pass = \(run.value) AND undo_text IS NOT NULL AND undo_upstream IS NULL AND outcome = 'done'
            ORDER BY uid
            """
        )
        for row in items {
            let item = try UndoneItem(row)
            guard !parts.contains(item.uid) else { continue }
            guard !locked.contains(item.uid) else {
                undone.kept.append(item.uid)
                continue
            }
            let present = try calendars.object(uid: item.uid, in: calendar, transaction)
            let left = try present.flatMap { try LinkStore.text(of: $0, leftBy: run, transaction) }
            let (object, isWhole) = try item.before(present, left: left, at: now)
            if !isWhole { undone.kept.append(item.uid) }
            if present == nil, object != nil { try LinkStore.takeUpAgain(item.uid, in: calendar, transaction) }
            if let object, try LinkStore.bringBack(object, item.uid, in: calendar, calendars, author, transaction) {
                undone.restored.append(item.uid)
            }
        }
    }

    /// Deletes the parts of series that are whole again; that goes upstream where the link may write there.
    mutating func rejoin(_ parts: [StoredObject], _ transaction: borrowing SQLTransaction) throws {
        let mayWrite = try LinkStore.link(link, transaction)?.effectiveDirection != .pull
        for part in parts {
            _ = try calendars.delete(named: part.name, in: calendar, if: .always, by: author, transaction)
            if !mayWrite { try LinkStore.leaveAlone(part.uid, link, at: now, transaction) }
            undone.removed.append(part.uid)
        }
    }

    /// Removes here what a run made here, but for what somebody changed since.
    mutating func remove(but parts: Set<String>, _ transaction: borrowing SQLTransaction) throws {
        // What is there must be the very version that the run wrote.
        let rows = try transaction.rows(
            """
            SELECT object.uid, object.name, COALESCE(version.run, 0) = \(run.value) AS is_untouched FROM pass_item
            JOIN object ON object.calendar = \(calendar.value) AND object.uid = pass_item.uid
            JOIN version ON version.number = object.version
            WHERE pass_item.pass = \(run.value) AND undo_removes = 'gateway' AND outcome = 'done' ORDER BY object.uid
            """
        )
        for row in rows {
            let (uid, name) = (try row.text("uid"), try row.text("name"))
            guard !parts.contains(uid) else { continue }
            guard try row.bool("is_untouched"),
                try calendars.delete(named: name, in: calendar, if: .always, by: author, transaction) == .deleted
            else {
                undone.kept.append(uid)
                continue
            }
            try LinkStore.leaveAlone(uid, link, at: now, transaction)
            undone.removed.append(uid)
        }
    }
}
