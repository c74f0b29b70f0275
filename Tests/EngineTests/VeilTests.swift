import ICalendar
import SimulatorGoogle
import Store
import Sync
import Testing

@Suite("Google: an upstream that may know the times only")
struct VeilTests {
    @Test(arguments: [ConflictPolicy.newest, .gateway, .upstream, .ask])
    func `the veil over an occurrence that was changed there does not come home when it is lifted`(
        _ policy: ConflictPolicy
    ) async throws {
        let (clock, words) = (WorldClock(), Words())
        let side = await GoogleSide(seed: 1, clock: clock, words: words)
        let world = try await World(seed: 1, clock, words, policy: policy, [side])
        let spoke = world.spokes[0]
        func filter(_ text: String?) async throws {
            var change = LinkChange()
            change.filters = .some(text)
            _ = try await world.links.update(spoke.link.id, change)
            for _ in 0..<2 {
                clock.advance(60)
                try await world.pass(of: spoke)
            }
        }
        let text = [
            "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN", "BEGIN:VEVENT", "UID:secret",
            "DTSTAMP:20261101T000000Z", "DTSTART:20261124T090000Z", "DTEND:20261124T100000Z", "SUMMARY:Secret",
            "RRULE:FREQ=DAILY;COUNT=4", "END:VEVENT", "END:VCALENDAR", "",
        ]
        _ = try await world.calendars.put(
            CalendarObject(parsing: text.joined(separator: "\r\n")),
            named: "secret.ics",
            in: world.calendar,
            if: .always,
            by: Author(.client, name: "alice")
        )
        try await filter(#"{"busy_only":true}"#)
        let events = await side.simulator.events(in: side.calendarIdentifier)
        let id = try #require(events.first?["id"]?.text)
        #expect(events.first?["summary"]?.text == "Busy")
        clock.advance(60)
        try await side.simulator.editEvent(
            id + "_20261125T090000Z",
            ["start": ["dateTime": "2026-11-25T11:00:00Z"], "end": ["dateTime": "2026-11-25T12:00:00Z"]],
            in: side.calendarIdentifier
        )
        for _ in 0..<2 { try await world.pass(of: spoke) }
        try await filter(nil)
        let here = try #require(try await world.calendars.all(in: world.calendar).first?.text)
        #expect(!here.contains("Busy") && here.contains("DTSTART:20261125T110000Z"))
        let there = await side.simulator.events(in: side.calendarIdentifier)
        #expect(there.count == 2 && there.allSatisfy { $0["summary"]?.text == "Secret" })
        #expect(try await world.links.conflicts(of: spoke.link.principal, nil).isEmpty)
    }
}
