@testable import ICalendar

extension Trial {
    /// The most occurrences asked for; more is refused, never cut.
    private static let limit = 3_000

    private static let year: Int64 = 366 * 86_400

    /// Expansion: it ends, is sorted, stays within limit, range and span, and does not depend on the window.
    ///
    /// Octets that are no VCALENDAR are taken as the lines of a VEVENT.
    func expansion(_ octets: [UInt8]) throws(BrokenProperty) {
        let octets = octets.starts(with: "BEGIN:VCALENDAR".utf8) ? octets : Self.event(octets)
        guard let object = try? CalendarObject(octets: octets), let set = try recurrenceSet(object) else { return }
        let span = try timed("finding the span") { set.span }
        guard let start = span??.start else {
            let all = try occurrences(set, TimeRange())
            try check(all?.isEmpty ?? true, "what has no span has no occurrence")
            return
        }
        for begin in [start, start + Self.year * 3, Instant(seconds: 1_795_000_000)] {
            try windows(set, from: begin)
        }
        if let end = span??.end {
            let after = try occurrences(set, TimeRange(start: end + 1))
            try check(after?.isEmpty ?? true, "nothing lies behind the span")
        }
        let before = try occurrences(set, TimeRange(end: start))
        try check(before?.isEmpty ?? true, "nothing lies before the span")
    }

    private func recurrenceSet(_ object: CalendarObject) throws(BrokenProperty) -> RecurrenceSet? {
        try timed("preparing") { () throws(CalendarDataError) in try object.recurrenceSet(floatingZone: "Europe/Berlin")
        }
    }

    /// Two years at once are the same as one and one.
    private func windows(_ set: RecurrenceSet, from start: Instant) throws(BrokenProperty) {
        let middle = start + Self.year
        let end = middle + Self.year
        guard let whole = try occurrences(set, TimeRange(start: start, end: end)) else { return }
        for part in [TimeRange(start: start, end: middle), TimeRange(start: middle, end: end)] {
            guard let found = try occurrences(set, part) else {
                throw BrokenProperty(sentence: "a part of a window has no more occurrences than the whole")
            }
            let expected = whole.filter { part.overlaps(start: $0.start, end: $0.end) }
            try check(
                Self.moments(found) == Self.moments(expected),
                "a window shows what a larger one shows of it: \(Self.moments(found)) for \(Self.moments(expected))"
            )
        }
    }

    private func occurrences(_ set: RecurrenceSet, _ range: TimeRange) throws(BrokenProperty) -> [Occurrence]? {
        let found = try timed("expanding") { () throws(CalendarDataError) in
            try set.occurrences(in: range, limit: Self.limit)
        }
        guard let found else { return nil }
        try check(found.count <= Self.limit, "the limit holds")
        try check(zip(found, found.dropFirst()).allSatisfy { $0.start <= $1.start }, "occurrences are sorted")
        for occurrence in found {
            try check(range.overlaps(start: occurrence.start, end: occurrence.end), "an occurrence meets the range")
            try check(occurrence.start <= occurrence.end, "an occurrence begins before it ends")
        }
        return found
    }

    private static func moments(_ occurrences: [Occurrence]) -> [String] {
        occurrences.map { "\($0.start.seconds) \($0.end.seconds) \($0.recurrenceID?.text ?? "")" }.sorted()
    }

    private static func event(_ lines: [UInt8]) -> [UInt8] {
        let end = lines.last == 10 ? "" : "\r\n"
        return Array("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:a\r\n".utf8) + lines
            + Array("\(end)END:VEVENT\r\nEND:VCALENDAR\r\n".utf8)
    }
}
