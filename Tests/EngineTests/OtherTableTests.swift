import ICalendar
import SimulatorNotion
import Store
import Sync
import SyncTestSupport
import Testing

/// Two tables of one workspace, linked to two calendars.
@Suite("Notion: a page that a person moves to another linked table")
struct OtherTableTests {
    private let clock = WorldClock()
    private var first: NotionSide
    private var second: NotionSide
    private var world: World

    init() async throws { (first, second, world) = try await Self.tables(clock, keepUIDs: true) }

    private static func tables(_ clock: WorldClock, keepUIDs: Bool) async throws -> (NotionSide, NotionSide, World) {
        let words = Words()
        let first = try await NotionSide(seed: 1, clock: clock, words: words, keepsUIDs: keepUIDs)
        let second = NotionSide(beside: first)
        return (first, second, try await World(seed: 1, clock, words, policy: .newest, [first, second]))
    }

    private static let event = """
        BEGIN:VCALENDAR
        VERSION:2.0
        PRODID:-//Test//EN
        BEGIN:VEVENT
        UID:series
        DTSTAMP:20261101T000000Z
        DTSTART:20261124T090000Z
        DTEND:20261124T100000Z
        SUMMARY:Lunch
        X-OWN:kept
        BEGIN:VALARM
        ACTION:DISPLAY
        TRIGGER:-PT10M
        DESCRIPTION:Soon
        END:VALARM
        END:VEVENT
        END:VCALENDAR

        """

    private func pass(_ numbers: [Int]) async throws {
        for number in numbers {
            try await world.pass(of: world.spokes[number], isSweeping: true)
            clock.advance(200)
        }
    }

    private func put(in calendar: CalendarID) async throws {
        _ = try await world.calendars.put(
            CalendarObject(parsing: Self.event.replacing("\n", with: "\r\n")),
            named: "series.ics",
            in: calendar,
            if: .always,
            by: Author(.client, name: "test")
        )
        clock.advance(120)
    }

    private func movePage(to target: NotionSide) async throws {
        let pages = await first.pages() + second.pages()
        let page = try #require(pages.first { $0.columnText("Name") == "Lunch" }?["id"])
        _ = await first.simulator.control(
            "POST",
            "move",
            ["id": page, "data_source": .string(target.calendarIdentifier)]
        )
        clock.advance(200)
    }

    private func texts(in calendar: CalendarID) async throws -> [String] {
        try await world.calendars.all(in: calendar).map(\.text)
    }

    @Test(arguments: [[0, 1], [1, 0]])
    mutating func `is the same event in the other calendar, with all that Notion cannot hold`(_ order: [Int])
        async throws
    {
        let other = try await world.moveLink(1)
        try await put(in: world.calendar)
        try await pass([0, 1])
        try await movePage(to: second)
        for _ in 0..<3 { try await pass(order) }
        #expect(try await texts(in: world.calendar).isEmpty)
        let text = try #require(try await texts(in: other).first)
        #expect(text.contains("UID:series\r\n") && text.contains("X-OWN:kept") && text.contains("TRIGGER:-PT10M"))
        try await movePage(to: first)
        for _ in 0..<3 { try await pass(order) }
        #expect(try await texts(in: other).isEmpty)
        let back = try #require(try await texts(in: world.calendar).first)
        #expect(back.contains("X-OWN:kept") && back.contains("TRIGGER:-PT10M"))
        #expect(await first.pages().count == 1)
        #expect(await second.pages().isEmpty)
    }

    /// A client gives the event of a calendar another title.
    private func edit(in calendar: CalendarID) async throws {
        let stored = try #require(try await world.calendars.all(in: calendar).first)
        _ = try await world.calendars.put(
            CalendarObject(parsing: stored.text.replacing("SUMMARY:Lunch", with: "SUMMARY:Late lunch")),
            named: stored.name,
            in: calendar,
            if: .always,
            by: Author(.client, name: "test")
        )
        clock.advance(120)
    }

    @Test(arguments: [[0, 1], [1, 0]])
    mutating func `is one event without a column for UIDs, too`(_ order: [Int]) async throws {
        (first, second, world) = try await Self.tables(clock, keepUIDs: false)
        let other = try await world.moveLink(1)
        try await put(in: world.calendar)
        try await pass([0, 1])
        try await movePage(to: second)
        let page = try #require(await second.pages().first?["id"])
        for _ in 0..<3 { try await pass(order) }
        #expect(try await texts(in: world.calendar).isEmpty)
        #expect(try await texts(in: other).map { $0.contains("X-OWN:kept") } == [true])
        try await edit(in: other)
        for _ in 0..<3 { try await pass(order) }
        #expect(try await texts(in: world.calendar).isEmpty)
        #expect(try await texts(in: other).count == 1)
        #expect(await second.pages().map { $0["id"] } == [page])
        #expect(await second.pages().first?.columnText("Name") == "Late lunch")
        #expect(await first.pages().isEmpty)
    }

    @Test(arguments: [false, true])
    mutating func `tells another calendar over the same table nothing that the table does not`(_ keepUIDs: Bool)
        async throws
    {
        (first, second, world) = try await Self.tables(clock, keepUIDs: keepUIDs)
        try await put(in: world.calendar)
        try await pass([0])
        let other = try await world.linkAgain(0)
        for _ in 0..<3 { try await pass([2, 0]) }
        let texts = try await texts(in: other)
        #expect(texts.count == 1 && texts.first?.contains("X-OWN") == false)
        try await edit(in: other)
        for _ in 0..<3 { try await pass([2, 0]) }
        #expect(try await self.texts(in: world.calendar).map { $0.contains("Late lunch") } == [true])
        #expect(await first.pages().count == 1)
    }
}
