import ICalendar
import SimulatorGoogle
import Store
import Sync
import Synchronization
import Testing

/// Two calendars here, each linked to the same two calendars of an upstream: whatever one of them has, all have by two ways.
@Suite("Calendars here and upstream that are linked in a ring")
struct RingTests {
    private let clock = WorldClock()

    private static let event = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN", "BEGIN:VEVENT", "UID:dinner",
        "DTSTAMP:20261101T000000Z",
        "DTSTART;VALUE=DATE:20261124", "SUMMARY:Dinner", "END:VEVENT", "END:VCALENDAR", "",
    ]
    .joined(separator: "\r\n")

    /// A pass of one link, and of another one after so many of its requests: each writes before it has seen what the other wrote.
    private func passTogether(_ world: World, _ first: Int, _ second: Int, after requests: Int) async throws {
        let counter = Mutex(0)
        var (process, other) = (Process(), Process())
        // All links are served by one process.
        (process.isNew, other.isNew) = (false, false)
        let second = (spoke: world.spokes[second], process: other)
        process.meanwhile = {
            let number = counter.withLock { count in
                count += 1
                return count
            }
            guard number == requests else { return }
            do {
                try await world.pass(of: second.spoke, in: second.process)
            } catch {
                Issue.record(error)
            }
        }
        try await world.pass(of: world.spokes[first], in: process)
        clock.advance(120)
    }

    private func put(_ world: World) async throws {
        _ = try await world.calendars.put(
            CalendarObject(parsing: Self.event),
            named: "dinner.ics",
            in: world.calendar,
            if: .always,
            by: Author(.client, name: "test")
        )
        clock.advance(60)
    }

    /// Spokes 0 and 1 link the first calendar here with both upstream, spokes 2 and 3 the second one.
    private func ring(_ sides: [any Side]) async throws -> (world: World, other: CalendarID) {
        var world = try await World(seed: 1, clock, Words(), policy: .newest, sides)
        let other = try await world.linkAgain(0)
        try await world.linkAgain(1, to: other)
        return (world, other)
    }

    @Test(arguments: [1, 2, 3])
    func `what both calendars write to one of Google at once is one event`(_ requests: Int) async throws {
        let words = Words()
        var sides: [GoogleSide] = []
        for (seed, account) in [(UInt64(1), "ana@example.com"), (2, "bob@example.com")] {
            sides.append(await GoogleSide(seed: seed, clock: clock, words: words, account: account))
        }
        let (world, other) = try await ring(sides)
        try await put(world)
        // It goes to the first calendar there, and from that to the second one here.
        try await world.pass(of: world.spokes[0])
        try await world.pass(of: world.spokes[2])
        #expect(try await world.calendars.all(in: other).count == 1)
        try await passTogether(world, 1, 3, after: requests)
        for _ in 0..<3 {
            for index in world.spokes.indices {
                clock.advance(60)
                try await world.pass(of: world.spokes[index])
            }
        }
        for calendar in [world.calendar, other] { #expect(try await world.calendars.all(in: calendar).count == 1) }
        for side in sides {
            let events = await side.simulator.events(in: side.calendarIdentifier)
            #expect(events.filter { $0["status"]?.text != "cancelled" }.count == 1)
        }
    }

    @Test(arguments: [1, 2, 3, 4], [true, false])
    func `what both calendars write to one table of Notion at once is one event`(
        _ requests: Int,
        _ keepsUIDs: Bool
    ) async throws {
        let words = Words()
        let google = await GoogleSide(seed: 1, clock: clock, words: words)
        let table = try await NotionSide(seed: 2, clock: clock, words: words, keepsUIDs: keepsUIDs)
        let (world, other) = try await ring([google, table])
        for spoke in world.spokes { try await world.pass(of: spoke) }
        try await put(world)
        try await world.pass(of: world.spokes[0])
        try await world.pass(of: world.spokes[2])
        #expect(try await world.calendars.all(in: other).count == 1)
        try await passTogether(world, 1, 3, after: requests)
        for _ in 0..<4 {
            for index in world.spokes.indices {
                clock.advance(200)
                try await world.pass(of: world.spokes[index], isSweeping: true)
            }
        }
        for calendar in [world.calendar, other] { #expect(try await world.calendars.all(in: calendar).count == 1) }
        let events = await google.simulator.events(in: google.calendarIdentifier)
        #expect(events.filter { $0["status"]?.text != "cancelled" }.count == 1)
        #expect(await table.pages().count == 1)
    }
}
