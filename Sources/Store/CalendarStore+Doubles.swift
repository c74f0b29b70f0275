import ICalendar
import SQL

/// When an event takes place, from its first occurrence to its last.
private struct Extent {
    let start: Instant
    /// Nil where it never ends.
    let end: Instant?
    let isRecurring: Bool
    let summary: String?

    /// Reads an event; nil where there is nothing to tell of it.
    init?(_ text: String) {
        // A version that an older program took and this one does not read tells nothing.
        guard let object = try? CalendarObject(parsing: text), let set = try? object.recurrenceSet(),
            let span = set.span
        else { return nil }
        (start, end, isRecurring, summary) = (span.start, span.end, set.isRecurring, Self.summary(of: object))
    }

    private static func summary(of object: CalendarObject) -> String? {
        (object.master ?? object.overrides.first)?.first("SUMMARY")?.text
    }

    /// Whether it goes on after that.
    func outlasts(_ moment: Instant) -> Bool { end.map { $0 > moment } ?? true }
}

/// A series that was made to end early, as whoever changes an occurrence and all that follow does with it.
private struct EarlyEnd {
    var before: Extent
    var end: Instant
    var at: Instant
    var author: Author
}

extension CalendarStore {
    /// The rest of a series is written within some minutes of its early end, before it or after.
    private static let gap: Int64 = 300

    /// The first occurrence of the rest may have been moved by so much.
    private static let day: Int64 = 86_400

    /// So many events that came at the same time are looked at.
    private static let maximumCandidates = 1000

    /// The events in which a series went on that was made to end early, where it has those days itself again.
    ///
    /// Programs write a change of an occurrence and all that follow as two events: the series, which ends early, and the rest
    /// under a UID of its own. That they are one change nothing says but the author, the time and the days; so once an earlier
    /// version of the series is back, a person is told of the rest, and nothing is taken away.
    public func doubles(of object: ObjectID) async throws -> [StoredObject] {
        guard let present = try await self.object(object), let whole = Extent(present.text), whole.isRecurring else {
            return []
        }
        let versions = try await versions(of: object)
        guard let calendar = versions.last?.calendar else { return [] }
        let ends = Self.earlyEnds(versions.filter { $0.calendar == calendar }).filter { whole.outlasts($0.end) }
        return try await database.read { transaction in
            var found: [ObjectID: StoredObject] = [:]
            for end in ends {
                for candidate in try Self.made(with: end, in: calendar, transaction) where candidate.id != object {
                    guard let rest = Extent(candidate.text), Self.isRest(rest, of: end), whole.outlasts(rest.start)
                    else { continue }
                    found[candidate.id] = candidate
                }
            }
            return found.values.sorted { $0.id < $1.id }
        }
    }

    /// Where a series was made to end before it had ended.
    private static func earlyEnds(_ versions: [Version]) -> [EarlyEnd] {
        var ends: [EarlyEnd] = []
        var before: Extent?
        for version in versions where version.kind == .created || version.kind == .changed {
            let after = Extent(version.text)
            if let before, before.isRecurring, let end = after?.end, before.outlasts(end) {
                ends.append(EarlyEnd(before: before, end: end, at: version.at, author: version.author))
            }
            before = after
        }
        return ends
    }

    /// The events that the same author made at about the same time.
    private static func made(
        with end: EarlyEnd,
        in calendar: CalendarID,
        _ transaction: borrowing SQLTransaction
    ) throws -> [StoredObject] {
        let (first, last) = (end.at.advanced(by: -gap), end.at.advanced(by: gap))
        return try transaction.rows(
            """
            \(StoredObject.select) WHERE object.calendar = \(calendar.value) AND object.id IN (
                SELECT version.object FROM version
                WHERE version.at BETWEEN \(.integer(first.seconds)) AND \(.integer(last.seconds))
                    AND version.calendar = \(calendar.value) AND version.kind = 'created'
                    AND author_kind = \(.text(end.author.kind.rawValue)) AND author_name = \(.text(end.author.name)))
            ORDER BY object.id LIMIT \(.integer(maximumCandidates))
            """
        )
        .map(StoredObject.init)
    }

    /// Whether an event begins where a series was made to end: a series too, or what would have been its last occurrence.
    private static func isRest(_ rest: Extent, of end: EarlyEnd) -> Bool {
        guard rest.start >= end.end.advanced(by: -day), end.before.outlasts(rest.start.advanced(by: -day)) else {
            return false
        }
        return rest.isRecurring || rest.summary == end.before.summary
    }
}
