public import Bridging
import ICalendar

/// Where an occurrence is once its series was moved.
extension OccurrenceNote {
    /// The note as it counts in a series that recurs as `told`; nil where that has no such occurrence.
    ///
    /// A page keeps its day while the series has that day, and else goes along. One that `comesBack` looks first for the one
    /// that was taken off with it.
    func placed(in told: Repeats, linkZone: String, comesBack: Bool = false) -> OccurrenceNote? {
        guard let start = told.start else { return self }
        let zones = ZoneResolver(floatingZone: linkZone)
        let kept = Self.recurrenceID(stamp, like: start, zones)
        let moved = self.start.flatMap { former in
            Self.recurrenceID(stamp, like: former, zones)?.moved(from: former, to: start)
        }
        let candidates = [kept, moved].compactMap(\.self)
        let places = SeriesPlaces(of: told.series(at: start), around: candidates, linkZone: linkZone)
        let possible = candidates.filter(places.has).map { Self.stamp(of: $0, zones) }
        let excluded = Set(told.exceptions.map { Self.stamp(of: $0, zones) })
        guard let stamp = possible.first(where: { comesBack && excluded.contains($0) }) ?? possible.first else {
            return nil
        }
        var placed = self
        (placed.stamp, placed.start) = (stamp, start)
        return placed
    }
}

extension NotionBridge {
    public func placed(_ gone: UpstreamRecord, in series: UpstreamRecord) -> UpstreamRecord {
        guard let note = Page.occurrence(of: gone), let page = try? Page(series), let told = try? repeats(of: page),
            let placed = note.placed(in: told, linkZone: link.timeZone, comesBack: true)
        else { return gone }
        return Page.deletedRecord(gone.id, showing: placed, isTold: true)
    }
}

extension Repeats {
    /// The series as it recurs from a start, exceptions aside.
    fileprivate func series(at start: DateTime) -> Component {
        let rules = rules.map { Property("RRULE", value: $0.value) }
        return Component("VEVENT", properties: [Property("DTSTART", start)] + rules + additions.map(\.property))
    }
}

/// The page of an occurrence that a person threw away: when it comes back, it is the one it was.
struct DepartedOccurrence: Sendable, Hashable {
    var note: OccurrenceNote
    /// When it was found in the trash.
    var since: Instant

    init(note: OccurrenceNote, since: Instant) {
        self.note = note
        self.since = since
    }

    /// Reads ``line``.
    init?(line: String) {
        let words = line.split(separator: " ", maxSplits: 1)
        guard words.count == 2, let seconds = Int64(words[0]), let note = OccurrenceNote(line: String(words[1])) else {
            return nil
        }
        self.init(note: note, since: Instant(seconds: seconds))
    }

    var line: String { "\(since.seconds) \(note.line)" }
}
