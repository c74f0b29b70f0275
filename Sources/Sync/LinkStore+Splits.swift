import Bridging
import ICalendar
import Reconcile
import SQL
import Store

/// A series that came in parts: somebody upstream changed an occurrence and all that follow.
///
/// That is one edit. Undone by halves, it would leave days twice or not at all.
struct SplitSeries {
    /// The parts that a run changed or took away.
    fileprivate var changed: [UndoneItem] = []

    /// The parts that were new, each with the run that brought it: it may have come later than the rest.
    fileprivate var added: [(uid: String, run: RunID)] = []

    fileprivate var uids: Set<String> { Set(changed.map(\.uid) + added.map(\.uid)) }
}

/// What undoing a run makes of the series that it brought in parts.
struct UndoneSplits {
    /// UIDs of all parts of series that stay, as somebody has changed one of them since.
    var kept: Set<String> = []

    /// The parts that go again, on both sides: their days are those of the whole series again.
    var rejoined: [StoredObject] = []
}

extension LinkStore {
    /// Whether a run brought a series in parts.
    func hasSplits(_ run: RunID) async throws -> Bool {
        try await database.read { try !Self.splits(of: run, $0).isEmpty }
    }

    /// Decides about the series that a run brought in parts: all of one are undone, or none.
    static func undoneSplits(
        of run: RunID,
        in calendar: CalendarID,
        _ calendars: CalendarStore,
        at now: Instant,
        _ transaction: borrowing SQLTransaction
    ) throws -> UndoneSplits {
        var undone = UndoneSplits()
        for split in try splits(of: run, transaction) {
            var present: [StoredObject] = []
            var isUntouched = true
            for part in split.changed {
                let object = try calendars.object(uid: part.uid, in: calendar, transaction)
                let left = try object.flatMap { try text(of: $0, leftBy: run, transaction) }
                if try !part.regainsSchedule(object, left: left, at: now) { isUntouched = false }
            }
            for part in split.added {
                guard let object = try calendars.object(uid: part.uid, in: calendar, transaction) else { continue }
                if try object.text != text(of: object, leftBy: part.run, transaction) { isUntouched = false }
                present.append(object)
            }
            if isUntouched { undone.rejoined += present } else { undone.kept.formUnion(split.uids) }
        }
        return undone
    }

    /// The series that a run brought in parts, or of which parts came later.
    private static func splits(of run: RunID, _ transaction: borrowing SQLTransaction) throws -> [SplitSeries] {
        let rows = try transaction.rows(
            """
            SELECT pass_item.*, part.pass AS part_pass, part.uid AS part_uid FROM pass_item
            JOIN pass AS this ON this.id = pass_item.pass
            JOIN pass AS later ON later.link = this.link AND later.id >= this.id AND later.undone_at IS NULL
            JOIN pass_item AS part ON part.pass = later.id AND part.family = pass_item.family
                AND part.undo_removes = 'gateway' AND part.outcome = 'done'
            WHERE pass_item.pass = \(run.value) AND pass_item.undo_text IS NOT NULL AND pass_item.outcome = 'done'
                AND pass_item.undo_upstream IS NULL
            ORDER BY pass_item.uid, part.pass, part.uid
            """
        )
        var splits: [String: SplitSeries] = [:]
        for row in rows {
            let family = try row.text("family")
            var split = splits[family, default: SplitSeries()]
            let uid = try row.text("uid")
            if !split.changed.contains(where: { $0.uid == uid }) { split.changed.append(try UndoneItem(row)) }
            let part = (uid: try row.text("part_uid"), run: RunID(rawValue: try row.integer("part_pass")))
            split.added.removeAll { $0.uid == part.uid }
            split.added.append(part)
            splits[family] = split
        }
        return splits.sorted { $0.key < $1.key }.map(\.value)
    }
}

extension UndoneItem {
    /// Whether undoing gives an event the days back that it had before the run.
    fileprivate func regainsSchedule(_ present: StoredObject?, left: String?, at now: Instant) throws -> Bool {
        try before(present, left: left, at: now).0.map { days(of: $0) == days(of: former) } ?? false
    }

    /// The schedule of a series, and which of its occurrences stand alone or do not take place.
    private func days(of object: CalendarObject) -> Fields {
        let fields = Projection(of: object, onto: FieldSet(writable: [.schedule], overrides: .all)).fields
        return Fields(
            uniqueKeysWithValues: fields.map { key, value in
                (key, key == .schedule || value == FieldKey.cancelled ? value : "")
            }
        )
    }
}
