import ICalendar
import SimulatorNotion
import Store
import SyncTestSupport
import Testing

@testable import Sync

/// One table, linked by two gateways that know nothing of each other, and empty.
///
/// It is Wednesday, the 18th of November 2026.
struct SharedTable {
    let clock = WorldClock()
    let side: NotionSide
    private let worlds: [World]
    private var links: [Link]

    /// One of the gateways: for how many days ahead occurrences have pages of their own, and the zone of its link.
    typealias Gateway = (daysAhead: Int?, zone: String)

    init(_ gateways: [Gateway]) async throws {
        let words = Words()
        side = try await NotionSide(seed: 1, clock: clock, words: words)
        var worlds: [World] = []
        var links: [Link] = []
        for (number, gateway) in gateways.enumerated() {
            let world = try await World(seed: UInt64(number), clock, words, policy: .newest, [side])
            var link = world.spokes[0].link
            link.mapping = try await side.mapping(daysAhead: gateway.daysAhead)
            link.timeZone = gateway.zone
            worlds.append(world)
            links.append(link)
        }
        (self.worlds, self.links) = (worlds, links)
    }

    /// Gives the link of a gateway another zone.
    mutating func setZone(_ zone: String, of number: Int) { links[number].timeZone = zone }

    /// Stores the event in the calendar of a gateway as a client does.
    func put(_ lines: String, at number: Int = 0, in tzid: String = "Europe/Berlin") async throws {
        let zone = TimeZoneData.vtimezone(for: tzid, from: nil)?.serialized() ?? ""
        let text =
            "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Test//EN\n" + zone.replacing("\r\n", with: "\n")
            + "BEGIN:VEVENT\nUID:series\nDTSTAMP:20261101T000000Z\n\(lines)\nEND:VEVENT\nEND:VCALENDAR\n"
        try await store(text.replacing("\n", with: "\r\n"), at: number)
    }

    /// Changes the event in the calendar of a gateway as a client does.
    func edit(at number: Int, _ change: (String) -> String) async throws {
        try await store(change(try #require(try await object(at: number)).text), at: number)
    }

    private func store(_ text: String, at number: Int) async throws {
        let calendars = worlds[number].calendars
        let stored = try await calendars.all(in: worlds[number].calendar).first
        _ = try await calendars.put(
            CalendarObject(parsing: text),
            named: stored?.name ?? "series.ics",
            in: worlds[number].calendar,
            if: .always,
            by: Author(.client, name: "test")
        )
        clock.advance(120)
    }

    func object(at number: Int) async throws -> CalendarObject? {
        try await worlds[number].calendars.all(in: worlds[number].calendar).first?.object()
    }

    /// DTSTART at each gateway.
    func starts() async throws -> [DateTime?] {
        var starts: [DateTime?] = []
        for number in links.indices {
            starts.append(try await object(at: number)?.master?.first("DTSTART")?.dateTime)
        }
        return starts
    }

    /// What the page of the series says of its recurrence.
    func column() async -> String {
        await side.pages().first { $0.columnText("Calendar UID") == "series" }?.columnText("Repeats") ?? ""
    }

    /// The pages of occurrences.
    func shown() async -> [String] {
        await side.pages().map { $0.columnText("Calendar UID") }.filter { $0.contains(" / ") }.sorted()
    }

    func edit(page columns: JSONValue) async throws {
        let page = await side.pages().first { $0.columnText("Calendar UID") == "series" }
        let id = try #require(page?["id"])
        _ = await side.simulator.control("POST", "edit", ["id": id, "properties": columns])
        clock.advance(200)
    }

    /// Passes of both in turn, in the last two of which nobody has anything to write.
    func settle() async throws {
        var writes: [Int] = []
        for round in 0..<4 {
            for number in links.indices {
                let process = Process()
                try await pass(number, process)
                if round > 1 { writes.append(process.writes.next()) }
                clock.advance(200)
            }
        }
        #expect(writes.allSatisfy { $0 == 0 }, "nothing is left to write: \(writes)")
    }

    private func pass(_ number: Int, _ process: Process) async throws {
        let clock = clock
        var pass = SyncPass(
            of: links[number],
            over: side.bridge(to: links[number].upstream, in: process),
            state: worlds[number].links,
            configuration: SyncConfiguration(),
            clock: SyncClock(now: { clock.gatewayNow }, sleep: { _ in }, random: { 0 })
        )
        _ = try await pass.run()
    }
}

@Suite("Notion: a table that two gateways share")
struct SharedTableTests {
    static let berlin = "Europe/Berlin"
    static let newYork = "America/New_York"

    static let gateways: [[SharedTable.Gateway]] = [
        [(nil, berlin), (nil, berlin)], [(21, berlin), (nil, berlin)], [(nil, berlin), (21, berlin)],
        [(nil, berlin), (nil, newYork)], [(21, berlin), (nil, newYork)], [(nil, berlin), (21, newYork)],
        [(21, berlin), (21, newYork)],
    ]

    private static let rule = "DTEND;TZID=Europe/Berlin:20261116T100000\nRRULE:FREQ=WEEKLY;COUNT=20\nSUMMARY:Jour fixe"

    static let series: [(start: String, rest: String)] = [
        ("DTSTART;TZID=Europe/Berlin:20261116T090000", rule),
        ("DTSTART;TZID=Europe/Berlin:20261116T090000", rule + "\nEXDATE;TZID=Europe/Berlin:20261123T090000"),
        ("DTSTART:20261116T090000Z", "DURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=20\nSUMMARY:Jour fixe"),
        ("DTSTART;VALUE=DATE:20261116", "RRULE:FREQ=WEEKLY;COUNT=20\nSUMMARY:Jour fixe"),
    ]

    @Test(arguments: gateways, series)
    func `a series is the same at both, and neither writes for ever`(
        _ gateways: [SharedTable.Gateway],
        _ series: (start: String, rest: String)
    ) async throws {
        let table = try await SharedTable(gateways)
        try await table.put(series.start + "\n" + series.rest)
        let start = try await table.starts()[0]
        try await table.settle()
        #expect(try await table.starts() == [start, start])
        let shown = await table.shown()
        try await table.edit(at: 1) { $0.replacing("Jour fixe", with: "Stammtisch") }
        try await table.settle()
        #expect(try await table.starts() == [start, start])
        #expect(try await table.object(at: 0)?.master?.first("SUMMARY")?.text == "Stammtisch")
        #expect(await table.shown() == shown)
    }

    @Test(arguments: gateways)
    func `a series that a person moves is moved at both, and neither writes for ever`(
        _ gateways: [SharedTable.Gateway]
    ) async throws {
        let table = try await SharedTable(gateways)
        try await table.put(Self.series[1].start + "\n" + Self.series[1].rest)
        try await table.settle()
        try await table.edit(page: [
            "When": ["date": ["start": "2026-11-17T11:00:00.000+01:00", "end": "2026-11-17T12:00:00.000+01:00"]]
        ])
        try await table.settle()
        let start = DateTime("20261117T110000", tzid: "Europe/Berlin", isDate: false)
        #expect(try await table.starts() == [start, start])
        #expect(await table.column().contains("EXDATE;TZID=Europe/Berlin:20261124T110000"))
    }

    private static let floating = "DTSTART:20261116T090000\nDTEND:20261116T100000\nRRULE:FREQ=WEEKLY;COUNT=20\n"

    /// The start of a page, as Notion tells it.
    private func when(_ table: SharedTable) async -> String? {
        await table.side.pages().first { $0.columnText("Calendar UID") == "series" }?.column("When")["start"]?.string
    }

    @Test(arguments: gateways)
    func `a series without a zone is at the same wall clock at both, and left alone`(_ gateways: [SharedTable.Gateway])
        async throws
    {
        let table = try await SharedTable(gateways)
        try await table.put(Self.floating + "EXDATE:20261130T090000\nSUMMARY:Jour fixe")
        try await table.settle()
        var start = DateTime("20261116T090000", tzid: nil, isDate: false)
        #expect(try await table.starts() == [start, start])
        let (page, shown) = (await when(table), await table.shown())
        #expect(
            page
                == (gateways[0].zone == Self.berlin ? "2026-11-16T09:00:00.000+01:00" : "2026-11-16T09:00:00.000-05:00")
        )
        try await table.edit(at: 1) { $0.replacing("Jour fixe", with: "Stammtisch") }
        try await table.settle()
        #expect(try await table.starts() == [start, start])
        #expect(await when(table) == page)
        #expect(await table.shown() == shown)
        try await table.edit(page: [
            "When": ["date": ["start": "2026-11-16T11:00:00.000+01:00", "end": "2026-11-16T12:00:00.000+01:00"]]
        ])
        try await table.settle()
        start = DateTime("20261116T110000", tzid: nil, isDate: false)
        #expect(try await table.starts() == [start, start])
        #expect(await table.column().contains("EXDATE:20261130T110000"))
        for number in 0...1 {
            let event = try await table.object(at: number)?.master
            #expect(event?.first("DTEND")?.dateTime?.text == "20261116T120000")
        }
    }

    @Test(arguments: [nil, 21], [true, false])
    func `a time without a zone stays where it is when the zone of its link changes`(
        _ daysAhead: Int?,
        _ isSeries: Bool
    ) async throws {
        var table = try await SharedTable([(daysAhead, Self.berlin)])
        let event = "DTSTART:20261116T090000\nDTEND:20261116T100000\nSUMMARY:Jour fixe"
        try await table.put(isSeries ? Self.floating + "SUMMARY:Jour fixe" : event)
        try await table.settle()
        let page = await when(table)
        table.setZone("Asia/Tokyo", of: 0)
        try await table.settle()
        try await table.edit(at: 0) { $0.replacing("Jour fixe", with: "Stammtisch") }
        try await table.settle()
        let start = DateTime("20261116T090000", tzid: nil, isDate: false)
        #expect(try await table.starts() == [start])
        #expect(try await table.object(at: 0)?.overrides.isEmpty == true)
        #expect(await when(table) == page)
        #expect(
            await table.side.pages().allSatisfy {
                $0.columnText("Name") == "Stammtisch" || !$0.columnText("Calendar UID").hasPrefix("series")
            }
        )
    }

    private static func repeats(_ text: String) -> JSONValue {
        ["Repeats": ["rich_text": [["type": "text", "text": ["content": .string(text)]]]]]
    }

    @Test(arguments: strangers + early)
    func `a rule that a person typed without a zone is in one zone at both`(_ gateways: [SharedTable.Gateway])
        async throws
    {
        let table = try await SharedTable(gateways)
        let number = try #require(gateways.firstIndex { $0.zone == Self.berlin })
        try await table.put("DTSTART;TZID=Europe/Berlin:20261116T090000\nDURATION:PT1H\nSUMMARY:Jour fixe", at: number)
        try await table.settle()
        try await table.edit(page: Self.repeats("Mondays, as ever\nFREQ=WEEKLY;BYDAY=MO"))
        try await table.settle()
        let start = "DTSTART;TZID=Europe/Berlin:20261116T090000"
        #expect(await table.column() == "Mondays, as ever\n\(start)\nFREQ=WEEKLY;BYDAY=MO")
        let told = DateTime("20261116T090000", tzid: "Europe/Berlin", isDate: false)
        #expect(try await table.starts() == [told, told])
    }

    /// The same, who reads the page first.
    private static let early: [[SharedTable.Gateway]] = [
        [(nil, newYork), (nil, berlin)], [(21, newYork), (nil, berlin)], [(21, "UTC"), (nil, berlin)],
    ]

    /// A reader whose zone is another, and who may have pages for occurrences.
    private static let strangers = Array(gateways[3...5])

    @Test(arguments: strangers)
    func `a rule that a person typed anew leaves a series in its zone`(_ gateways: [SharedTable.Gateway]) async throws {
        let table = try await SharedTable(gateways)
        let start = "DTSTART;TZID=Asia/Tokyo:20261116T090000"
        try await table.put("\(start)\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=20\nSUMMARY:Jour fixe", in: "Asia/Tokyo")
        try await table.settle()
        try await table.edit(page: Self.repeats("RRULE:FREQ=DAILY;COUNT=9"))
        try await table.settle()
        let told = DateTime("20261116T090000", tzid: "Asia/Tokyo", isDate: false)
        #expect(try await table.starts() == [told, told])
        #expect(await table.column() == "\(start)\nRRULE:FREQ=DAILY;COUNT=9")
    }

    @Test(arguments: strangers, [false, true])
    func `a series that was of days in between comes back in its own zone`(
        _ gateways: [SharedTable.Gateway],
        _ isEditedBetween: Bool
    ) async throws {
        let table = try await SharedTable(gateways)
        let lines = "DURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=20\nSUMMARY:Jour fixe"
        try await table.put("DTSTART;TZID=Asia/Tokyo:20261116T090000\n" + lines, in: "Asia/Tokyo")
        try await table.settle()
        try await table.edit(page: ["When": ["date": ["start": "2026-11-16"]]])
        try await table.settle()
        #expect(try await table.starts() == Array(repeating: DateTime(date: 2026, 11, 16), count: 2))
        if isEditedBetween {
            try await table.edit(at: 1) { $0.replacing("COUNT=20", with: "COUNT=19") }
            try await table.settle()
        }
        try await table.edit(page: ["When": ["date": ["start": "2026-11-17T01:00:00.000+00:00"]]])
        try await table.settle()
        let told = DateTime("20261117T100000", tzid: "Asia/Tokyo", isDate: false)
        #expect(try await table.starts() == [told, told])
    }
}
