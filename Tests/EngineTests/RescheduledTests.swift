import ICalendar
import SimulatorGoogle
import Store
import Sync
import SyncTestSupport
import Testing

/// A client moves a series and takes that back, its exceptions included: nobody else edits anything.
@Suite("Google: a series that is moved with its exceptions, and back")
struct RescheduledTests {
    private static let plain = """
        BEGIN:VCALENDAR
        VERSION:2.0
        PRODID:test
        BEGIN:VEVENT
        UID:series
        DTSTAMP:20261101T000000Z
        DTSTART:20261201T110000Z
        DTEND:20261201T120000Z
        RRULE:FREQ=DAILY;COUNT=6
        SUMMARY:Series
        END:VEVENT
        END:VCALENDAR

        """
        .replacing("\n", with: "\r\n")

    private static let withExceptions =
        plain.replacing("T110000Z", with: "T090000Z").replacing("T120000Z", with: "T100000Z")
        .replacing("RRULE:", with: "EXDATE:20261202T090000Z\r\nRRULE:")
        .replacing(
            "END:VCALENDAR",
            with: [
                "BEGIN:VEVENT", "UID:series", "DTSTAMP:20261101T000000Z", "RECURRENCE-ID:20261203T090000Z",
                "DTSTART:20261203T150000Z", "DTEND:20261203T160000Z", "SUMMARY:Moved", "END:VEVENT", "END:VCALENDAR",
            ]
            .joined(separator: "\r\n")
        )

    @Test(arguments: [ConflictPolicy.ask, .newest, .upstream])
    func `is as it was, and in no conflict with itself`(_ policy: ConflictPolicy) async throws {
        let (clock, words) = (WorldClock(), Words())
        let side = await GoogleSide(seed: 1, clock: clock, words: words)
        let world = try await World(seed: 1, clock, words, policy: policy, [side])
        for text in [Self.withExceptions, Self.plain, Self.withExceptions] {
            _ = try await world.calendars.put(
                CalendarObject(parsing: text),
                named: "series.ics",
                in: world.calendar,
                if: .always,
                by: Author(.client, name: "test")
            )
            for _ in 0..<3 {
                world.clock.advance(60)
                try await world.pass(of: world.spokes[0])
            }
        }
        let principal = world.spokes[0].link.principal
        #expect(try await world.links.conflicts(of: principal, nil).isEmpty)
        let stored = try #require(try await world.calendars.all(in: world.calendar).first)
        #expect(stored.text.contains("SUMMARY:Moved") && stored.text.contains("EXDATE:20261202T090000Z"))
        let events = await side.simulator.events(in: side.calendarIdentifier)
        let moved = events.filter { $0["summary"]?.text == "Moved" && $0["status"]?.text == "confirmed" }
        #expect(moved.count == 1)
    }
}
