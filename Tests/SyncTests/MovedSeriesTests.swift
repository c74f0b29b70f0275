import ICalendar
import Testing

@testable import Sync

@Suite("A series whose master alone was changed")
struct MovedSeriesTests {
    private static let start = "DTSTART;TZID=Europe/Berlin:20261019T090000"

    /// A weekly series across the change of the clocks, with one day cancelled and one moved.
    private func series() throws -> CalendarObject {
        let text = event(
            "s",
            Self.start,
            "DTEND;TZID=Europe/Berlin:20261019T100000",
            "RRULE:FREQ=WEEKLY;COUNT=5",
            "EXDATE;TZID=Europe/Berlin:20261026T090000,20261102T090000",
            "SUMMARY:Series"
        )
        let override = [
            "BEGIN:VEVENT", "UID:s", "DTSTAMP:20260101T000000Z", "RECURRENCE-ID;TZID=Europe/Berlin:20261109T090000",
            "DTSTART;TZID=Europe/Berlin:20261109T150000", "DTEND;TZID=Europe/Berlin:20261109T160000", "SUMMARY:Moved",
            "END:VEVENT", "END:VCALENDAR",
        ]
        return try CalendarObject(
            parsing: text.replacing("END:VCALENDAR", with: override.joined(separator: "\r\n"))
        )
    }

    private func changed(_ old: String, _ new: String) throws -> CalendarObject {
        let former = try series()
        return try CalendarObject(parsing: former.text.replacing(old, with: new)).takingExceptionsAlong(from: former)
    }

    @Test func `takes its exceptions along when it is moved, by the clock on the wall`() throws {
        let moved = try changed(Self.start, "DTSTART;TZID=Europe/Berlin:20261019T080000")
        let cancelled = moved.master?.all("EXDATE").map(\.value)
        #expect(cancelled == ["20261026T080000", "20261102T080000"])
        #expect(moved.master?.all("EXDATE").allSatisfy { $0.parameter("TZID") == "Europe/Berlin" } == true)
        #expect(moved.overrides.map { $0.first("RECURRENCE-ID")?.value } == ["20261109T080000"])
        #expect(moved.overrides.map { $0.first("SUMMARY")?.value } == ["Moved"])
        let days = try moved.recurrenceSet().occurrences(in: TimeRange(start: nil, end: nil), limit: 10)
        #expect(days.count == 3)
    }

    @Test func `keeps its exceptions as they are when it is not moved`() throws {
        let renamed = try changed("SUMMARY:Series", "SUMMARY:Other")
        #expect(renamed.text == (try series().text.replacing("SUMMARY:Series", with: "SUMMARY:Other")))
    }

    @Test func `has no exceptions once it does not repeat`() throws {
        let single = try changed("RRULE:FREQ=WEEKLY;COUNT=5\r\n", "")
        #expect(single.overrides.isEmpty && single.master?.first("EXDATE") == nil)
    }
}
