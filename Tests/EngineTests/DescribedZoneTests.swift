import ICalendar
import SimulatorGoogle
import Store
import Sync
import Testing

@Suite("Zones that a calendar object only describes")
struct DescribedZoneTests {
    private static let zone = """
        BEGIN:VTIMEZONE
        TZID:(UTC-05:00) Eastern Time\\, as here
        BEGIN:STANDARD
        DTSTART:16010101T020000
        TZOFFSETFROM:-0400
        TZOFFSETTO:-0500
        RRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=11
        END:STANDARD
        BEGIN:DAYLIGHT
        DTSTART:16010101T020000
        TZOFFSETFROM:-0500
        TZOFFSETTO:-0400
        RRULE:FREQ=YEARLY;BYDAY=2SU;BYMONTH=3
        END:DAYLIGHT
        END:VTIMEZONE
        """

    private static let tzid = #"TZID="(UTC-05:00) Eastern Time, as here""#

    private static let series = """
        BEGIN:VCALENDAR
        VERSION:2.0
        PRODID:-//Test//EN
        \(zone)
        BEGIN:VEVENT
        UID:series
        DTSTAMP:20261101T000000Z
        DTSTART;\(tzid):20261019T083000
        DTEND;\(tzid):20261019T093000
        RRULE:FREQ=WEEKLY;COUNT=8
        EXDATE;\(tzid):20261026T083000
        SUMMARY:Series
        END:VEVENT
        BEGIN:VEVENT
        UID:series
        DTSTAMP:20261101T000000Z
        RECURRENCE-ID;\(tzid):20261102T083000
        DTSTART;\(tzid):20261103T140000
        DTEND;\(tzid):20261103T150000
        SUMMARY:Moved
        END:VEVENT
        END:VCALENDAR

        """
        .replacing("\n", with: "\r\n")

    private func put(_ text: String, _ linked: BadEventsTests.Linked) async throws {
        linked.world.clock.advance(60)
        _ = try await linked.world.calendars.put(
            CalendarObject(parsing: text),
            named: "series.ics",
            in: linked.world.calendar,
            if: .always,
            by: Author(.client, name: "alice")
        )
    }

    private func text(_ linked: BadEventsTests.Linked) async throws -> String {
        let all = try await linked.world.calendars.all(in: linked.world.calendar)
        return try #require(all.first { $0.name == "series.ics" }).text
    }

    @Test func `a series in a described zone goes there and back and keeps its zone`() async throws {
        let linked = try await BadEventsTests.Linked()
        try await put(Self.series, linked)
        try await linked.world.pass(of: linked.spoke)
        let there = try #require(await linked.there("Series"))
        #expect(there["start"]?["timeZone"]?.text == "America/New_York")
        #expect(await linked.there("Moved")?["start"]?["timeZone"]?.text == "America/New_York")
        #expect(try await text(linked) == Self.series)
        #expect(try await linked.world.pass(of: linked.spoke).run == nil)
        await linked.side.forget()
        #expect(try await linked.world.pass(of: linked.spoke).run == nil)
        #expect(try await text(linked) == Self.series)
        // What changes there leaves the times here as they are.
        let id = try #require(there["id"]?.text)
        try await linked.side.simulator.editEvent(id, ["location": "Hall"], in: linked.side.calendarIdentifier)
        try await linked.world.pass(of: linked.spoke)
        let pulled = try await text(linked)
        #expect(pulled.contains("LOCATION:Hall") && pulled.contains(Self.zone.replacing("\n", with: "\r\n")))
        #expect(!pulled.contains("New_York"))
        #expect(try await linked.world.pass(of: linked.spoke).run == nil)
    }

    @Test func `a series in a described zone that is moved there keeps its zone here`()
        async throws
    {
        let linked = try await BadEventsTests.Linked()
        try await put(Self.series, linked)
        try await linked.world.pass(of: linked.spoke)
        let id = try #require(await linked.there("Series")?["id"]?.text)
        try await linked.side.simulator.editEvent(
            id,
            [
                "start": ["dateTime": "2026-10-19T10:00:00-04:00", "timeZone": "America/New_York"],
                "end": ["dateTime": "2026-10-19T11:00:00-04:00", "timeZone": "America/New_York"],
            ],
            in: linked.side.calendarIdentifier
        )
        try await linked.world.pass(of: linked.spoke)
        let moved = try CalendarObject(parsing: try await text(linked))
        let start = try #require(moved.master?.first("DTSTART"))
        #expect(start.parameter("TZID") == "(UTC-05:00) Eastern Time, as here" && start.value == "20261019T100000")
        #expect(!moved.text.contains("New_York"))
        #expect(moved.overrides.allSatisfy { $0.first("RECURRENCE-ID")?.value.hasSuffix("T100000") == true })
        #expect(try await linked.world.pass(of: linked.spoke).run == nil)
    }

    @Test func `an occurrence that is cancelled there is left out here, in the zone of the series`() async throws {
        let linked = try await BadEventsTests.Linked()
        try await put(Self.series, linked)
        try await linked.world.pass(of: linked.spoke)
        let id = try #require(await linked.there("Series")?["id"]?.text)
        try await linked.side.simulator.editEvent(
            id + "_20261109T133000Z",
            ["status": "cancelled"],
            in: linked.side.calendarIdentifier
        )
        try await linked.world.pass(of: linked.spoke)
        let left = try await text(linked)
        #expect(left.contains("20261109T083000") && !left.contains("New_York"))
        let occurrences = try CalendarObject(parsing: left).recurrenceSet().occurrences(in: World.window, limit: 100)
        #expect(occurrences.count == 6)
        #expect(try await linked.world.pass(of: linked.spoke).run == nil)
    }

    @Test func `a series that is moved here in its described zone is moved there`() async throws {
        let linked = try await BadEventsTests.Linked()
        try await put(Self.series, linked)
        try await linked.world.pass(of: linked.spoke)
        let later = Self.series.replacing("T093000", with: "T103000").replacing("T083000", with: "T093000")
        try await put(later, linked)
        try await linked.world.pass(of: linked.spoke)
        #expect(
            await linked.there("Series")?["start"] == [
                "dateTime": "2026-10-19T15:30:00+02:00", "timeZone": "America/New_York",
            ]
        )
        #expect(try await text(linked) == later)
        #expect(try await linked.world.pass(of: linked.spoke).run == nil)
    }
}
