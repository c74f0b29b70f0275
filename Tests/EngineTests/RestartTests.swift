import ICalendar
import SimulatorNotion
import Store
import Sync
import Testing

@Suite("What a table of Notion lost while nobody looked")
struct RestartTests {
    private func table() async throws -> (side: NotionSide, world: World) {
        let clock = WorldClock()
        let words = Words()
        let side = try await NotionSide(seed: 1, clock: clock, words: words)
        return (side, try await World(seed: 1, clock, words, policy: .newest, [side]))
    }

    private func put(_ uid: String, in world: World) async throws {
        let text = """
            BEGIN:VCALENDAR\r
            VERSION:2.0\r
            PRODID:-//Test//EN\r
            BEGIN:VEVENT\r
            UID:\(uid)\r
            DTSTAMP:20260101T000000Z\r
            DTSTART:20261121T090000Z\r
            DTEND:20261121T100000Z\r
            SUMMARY:Lunch\r
            END:VEVENT\r
            END:VCALENDAR\r

            """
        let author = Author(.client, name: "test")
        _ = try await world.calendars.put(
            CalendarObject(parsing: text),
            named: "\(uid).ics",
            in: world.calendar,
            if: .always,
            by: author
        )
    }

    private func trash(_ side: NotionSide) async throws {
        let id = try #require(await side.pages().first?["id"])
        _ = await side.simulator.control("POST", "edit", ["id": id, "in_trash": true])
    }

    @Test func `a page that was made just before a restart and then trashed takes its event along`() async throws {
        let (side, world) = try await table()
        try await put("a", in: world)
        try await world.pass(of: world.spokes[0])
        try await trash(side)
        world.clock.advance(4000)
        // Another process: what the last one wrote is in no cursor.
        try await world.pass(of: world.spokes[0], isSweeping: true)
        #expect(try await world.calendars.all(in: world.calendar).isEmpty)
    }

    @Test func `an edit of an event whose page is gone makes a new page, whoever remembers the old one`() async throws {
        let (side, world) = try await table()
        try await put("a", in: world)
        try await world.pass(of: world.spokes[0])
        try await trash(side)
        let stored = try #require(try await world.calendars.all(in: world.calendar).first)
        let edited = try CalendarObject(parsing: stored.text.replacing("Lunch", with: "Late lunch"))
        let author = Author(.client, name: "test")
        _ = try await world.calendars.put(edited, named: stored.name, in: world.calendar, if: .always, by: author)
        for _ in 0..<3 {
            world.clock.advance(400)
            try await world.pass(of: world.spokes[0])
        }
        #expect(await side.pages().map { $0.columnText("Name") } == ["Late lunch"])
    }

    @Test func `a clock that was put back puts off no full listing`() async throws {
        let (side, world) = try await table()
        try await put("a", in: world)
        world.clock.setError(7200)
        for _ in 0..<2 {
            world.clock.advance(400)
            try await world.pass(of: world.spokes[0])
        }
        world.clock.setError(0)
        try await trash(side)
        world.clock.advance(400)
        try await world.pass(of: world.spokes[0])
        #expect(try await world.calendars.all(in: world.calendar).isEmpty)
    }
}
