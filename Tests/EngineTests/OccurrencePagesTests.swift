import Bridging
import ICalendar
import SimulatorNotion
import Store
import Sync
import SyncTestSupport
import Testing

/// A table whose series have pages for the occurrences of the next three weeks, linked and empty.
///
/// It is Wednesday, the 18th of November 2026.
struct OccurrenceTable {
    let clock = WorldClock()
    let side: NotionSide
    let world: World
    var spoke: World.Spoke { world.spokes[0] }

    init(daysAhead: Int? = 21, rate: Int = 1_000_000, policy: ConflictPolicy = .newest) async throws {
        let words = Words()
        side = try await NotionSide(seed: 1, clock: clock, words: words, daysAhead: daysAhead, rate: rate)
        world = try await World(seed: 1, clock, words, policy: policy, [side])
    }

    static let weekly = """
        DTSTART;TZID=Europe/Berlin:20261116T090000
        DTEND;TZID=Europe/Berlin:20261116T100000
        RRULE:FREQ=WEEKLY;COUNT=20
        SUMMARY:Jour fixe
        """

    // MARK: Here

    /// Stores the event as a client does; `more` are whole components beside it.
    func put(_ lines: String, _ more: String = "", uid: String = "series", takes seconds: Int64 = 120) async throws {
        let zone = TimeZoneData.vtimezone(for: "Europe/Berlin", from: nil)?.serialized() ?? ""
        let text =
            "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Test//EN\n" + zone.replacing("\r\n", with: "\n")
            + "BEGIN:VEVENT\nUID:\(uid)\nDTSTAMP:20261101T000000Z\n\(lines)\nEND:VEVENT\n\(more)END:VCALENDAR\n"
        _ = try await world.calendars.put(
            CalendarObject(parsing: text.replacing("\n", with: "\r\n")),
            named: uid + ".ics",
            in: world.calendar,
            if: .always,
            by: Author(.client, name: "test")
        )
        clock.advance(seconds)
    }

    func override(_ occurrence: String, _ lines: String, uid: String = "series") -> String {
        "BEGIN:VEVENT\nUID:\(uid)\nDTSTAMP:20261101T000000Z\nRECURRENCE-ID;TZID=Europe/Berlin:\(occurrence)\n\(lines)\nEND:VEVENT\n"
    }

    func object(_ uid: String = "series") async throws -> CalendarObject? {
        try await world.calendars.all(in: world.calendar).first { $0.uid == uid }?.object()
    }

    func count() async throws -> Int { try await world.calendars.all(in: world.calendar).count }

    /// EXDATE of the series, as it is written.
    func exceptions() async throws -> [String] {
        try await object()?.master?.all("EXDATE").flatMap(\.dateTimes).map(\.text).sorted() ?? []
    }

    /// The overrides: which occurrence, when it starts, what it is called.
    func overrides() async throws -> [String] {
        try await (object()?.overrides ?? []).map { override in
            ["RECURRENCE-ID", "DTSTART"].map { override.first($0)?.dateTime?.text ?? "" }.joined(separator: " at ")
                + " " + (override.first("SUMMARY")?.text ?? "")
        }
        .sorted()
    }

    // MARK: There

    /// The pages of occurrences: when each starts and what it is called, by the occurrence they name.
    func shown() async -> [String] {
        await side.pages().compactMap { page in
            let name = page.columnText("Calendar UID")
            guard name.contains(" / ") else { return nil }
            return name + ": " + (page.column("When")["start"]?.string ?? "-") + " " + page.columnText("Name")
        }
        .sorted()
    }

    /// Whether there is a page of that UID.
    func shows(_ uid: String) async -> Bool {
        await side.pages().contains { $0.columnText("Calendar UID") == uid }
    }

    func page(_ name: String) async throws -> String {
        let page = await side.pages().first { $0.columnText("Calendar UID") == name }
        return try #require(page?["id"]?.string, "\(name)")
    }

    func edit(_ page: String, _ change: JSONValue) async {
        var body = change
        body["id"] = .string(page)
        _ = await side.simulator.control("POST", "edit", body)
        clock.advance(200)
    }

    func move(_ page: String, to start: String, _ end: String) async {
        let when: JSONValue = ["date": ["start": .string(start), "end": .string(end)]]
        await edit(page, ["properties": ["When": when]])
    }

    func rename(_ page: String, _ title: String) async {
        await edit(page, ["properties": ["Name": ["title": [["type": "text", "text": ["content": .string(title)]]]]]])
    }

    // MARK: Passes

    /// Two passes, the second of which must have nothing to write.
    func settle(isSweeping: Bool = true) async throws {
        for _ in 0..<2 {
            try await world.pass(of: spoke, isSweeping: isSweeping)
            clock.advance(200)
        }
        let process = Process()
        try await world.pass(of: spoke, in: process, isSweeping: isSweeping)
        #expect(process.writes.next() == 0, "nothing is left to write")
        clock.advance(200)
    }

    /// A pass over the same link with another mapping.
    func pass(daysAhead: Int?) async throws { try await pass(mapping: side.mapping(daysAhead: daysAhead)) }

    func pass(mapping: String?) async throws {
        var upstream = spoke.link.upstream
        upstream.mapping = mapping
        let bridge = side.bridge(to: upstream, in: Process())
        let clock = clock
        var pass = SyncPass(
            of: spoke.link,
            over: bridge,
            state: world.links,
            configuration: SyncConfiguration(),
            clock: SyncClock(now: { clock.gatewayNow }, sleep: { _ in }, random: { 0 })
        )
        _ = try await pass.run()
        clock.advance(200)
    }
}

@Suite("Notion: a page for each occurrence")
struct OccurrencePagesTests {
    static let plain = [
        "series / 20261123T080000Z: 2026-11-23T09:00:00.000+01:00 Jour fixe",
        "series / 20261130T080000Z: 2026-11-30T09:00:00.000+01:00 Jour fixe",
        "series / 20261207T080000Z: 2026-12-07T09:00:00.000+01:00 Jour fixe",
    ]

    @Test func `without being asked for there are none`() async throws {
        let table = try await OccurrenceTable(daysAhead: nil)
        try await table.put(OccurrenceTable.weekly)
        try await table.settle()
        #expect(await table.side.pages().count == 1)
    }

    @Test func `the next occurrences have pages, which are no events themselves`() async throws {
        let table = try await OccurrenceTable()
        try await table.put(OccurrenceTable.weekly)
        try await table.settle()
        #expect(await table.shown() == Self.plain)
        #expect(await table.side.pages().count == 4)
        #expect(try await table.count() == 1)
        #expect(try await table.overrides().isEmpty)
    }

    @Test func `a series that a person makes gets pages, too`() async throws {
        let table = try await OccurrenceTable()
        let rule = "RRULE:FREQ=DAILY;COUNT=3"
        let properties: JSONValue = [
            "Name": ["title": [["type": "text", "text": ["content": "Run"]]]],
            "When": ["date": ["start": "2026-11-20"]],
            "Repeats": ["rich_text": [["type": "text", "text": ["content": .string(rule)]]]],
        ]
        let body: JSONValue = ["data_source": .string(table.side.calendarIdentifier), "properties": properties]
        _ = await table.side.simulator.control("POST", "pages", body)
        table.clock.advance(200)
        try await table.settle()
        let shown = await table.shown()
        #expect(shown.map { String($0.suffix(14)) } == ["2026-11-21 Run", "2026-11-22 Run"])
        #expect(try await table.count() == 1)
    }

    @Test func `a page that is moved is an override, and back again is none`() async throws {
        let table = try await OccurrenceTable()
        try await table.put(OccurrenceTable.weekly)
        try await table.settle()
        let page = try await table.page("series / 20261130T080000Z")
        await table.move(page, to: "2026-12-01T14:00:00.000+01:00", "2026-12-01T15:00:00.000+01:00")
        try await table.settle()
        #expect(try await table.overrides() == ["20261130T090000 at 20261201T140000 Jour fixe"])
        #expect(try await table.exceptions().isEmpty)
        await table.rename(page, "Special")
        try await table.settle()
        #expect(try await table.overrides() == ["20261130T090000 at 20261201T140000 Special"])
        #expect(try await table.count() == 1)
    }

    @Test func `a page in the trash is an exception, and out of it the occurrence is back`() async throws {
        let table = try await OccurrenceTable()
        try await table.put(OccurrenceTable.weekly)
        try await table.settle()
        let page = try await table.page("series / 20261130T080000Z")
        await table.edit(page, ["in_trash": true])
        try await table.settle()
        #expect(try await table.exceptions() == ["20261130T090000"])
        #expect(await table.shown() == [Self.plain[0], Self.plain[2]])
        let series = await table.side.pages().first { $0.columnText("Calendar UID") == "series" }
        #expect(series?.columnText("Repeats").contains("EXDATE") == true)

        await table.edit(page, ["in_trash": false])
        try await table.settle()
        #expect(try await table.exceptions().isEmpty)
        #expect(await table.shown() == Self.plain)
    }

    @Test func `an occurrence that a client moves, excludes or restores does so in Notion`() async throws {
        let table = try await OccurrenceTable()
        let moved = table.override(
            "20261130T090000",
            "DTSTART;TZID=Europe/Berlin:20261130T160000\nDTEND;TZID=Europe/Berlin:20261130T170000\nSUMMARY:Late"
        )
        try await table.put(OccurrenceTable.weekly, moved)
        try await table.settle()
        let late = "series / 20261130T080000Z: 2026-11-30T16:00:00.000+01:00 Late"
        #expect(await table.shown() == [Self.plain[0], late, Self.plain[2]])

        try await table.put(OccurrenceTable.weekly + "\nEXDATE;TZID=Europe/Berlin:20261123T090000", moved)
        try await table.settle()
        #expect(await table.shown() == [late, Self.plain[2]])
        #expect(try await table.overrides() == ["20261130T090000 at 20261130T160000 Late"])

        try await table.put(OccurrenceTable.weekly)
        try await table.settle()
        #expect(await table.shown() == Self.plain)
        #expect(try await table.exceptions() + table.overrides() == [])
    }

    @Test func `a new name of the series is that of its pages, and makes no overrides`() async throws {
        let table = try await OccurrenceTable()
        try await table.put(OccurrenceTable.weekly)
        try await table.settle()
        await table.rename(try await table.page("series"), "Weekly")
        try await table.settle()
        #expect(try await table.object()?.master?.first("SUMMARY")?.text == "Weekly")
        #expect(try await table.overrides().isEmpty)
        #expect(await table.shown().allSatisfy { $0.hasSuffix("Weekly") })
    }

    @Test func `a series that is moved takes its pages along, and its overrides`() async throws {
        let table = try await OccurrenceTable()
        try await table.put(OccurrenceTable.weekly)
        try await table.settle()
        let pages = Set(await table.side.pages().compactMap { $0["id"]?.string })
        let page = try await table.page("series / 20261130T080000Z")
        await table.rename(page, "Special")
        try await table.settle()
        await table.move(
            try await table.page("series"),
            to: "2026-11-16T11:00:00.000+01:00",
            "2026-11-16T12:00:00.000+01:00"
        )
        try await table.settle()
        #expect(try await table.object()?.master?.first("DTSTART")?.value == "20261116T110000")
        #expect(try await table.overrides().map { $0.prefix(15) } == ["20261130T110000"])
        #expect(
            await table.shown().map { String($0.prefix(25)) } == [
                "series / 20261123T100000Z", "series / 20261130T100000Z", "series / 20261207T100000Z",
            ]
        )
        #expect(Set(await table.side.pages().compactMap { $0["id"]?.string }) == pages)
        #expect(try await table.count() == 1)
    }

    @Test func `as days go by new pages come, and those of the past are left`() async throws {
        let table = try await OccurrenceTable()
        try await table.put(OccurrenceTable.weekly)
        try await table.settle()
        table.clock.advance(8 * 86_400)
        try await table.settle(isSweeping: false)
        #expect(
            await table.shown() == Self.plain + [
                "series / 20261214T080000Z: 2026-12-14T09:00:00.000+01:00 Jour fixe"
            ]
        )
        await table.rename(try await table.page("series"), "Weekly")
        try await table.settle()
        let names = await table.shown().map { $0.hasSuffix("Weekly") }
        #expect(names == [false, true, true, true], "what was, was")
        await table.edit(try await table.page("series / 20261123T080000Z"), ["in_trash": true])
        try await table.settle()
        #expect(try await table.exceptions().isEmpty, "clearing up the past is no exception")
        #expect(try await table.count() == 1)
    }

    @Test func `the days that are shown are those of the link's zone`() async throws {
        let table = try await OccurrenceTable(daysAhead: 2)
        let daily = """
            DTSTART;TZID=Europe/Berlin:20261116T003000
            DTEND;TZID=Europe/Berlin:20261116T010000
            RRULE:FREQ=DAILY;COUNT=20
            SUMMARY:Night
            """
        try await table.put(daily)
        try await table.settle()
        let days = await table.shown().map { $0.dropFirst("series / 20261117T233000Z: ".count).prefix(10) }
        #expect(days == ["2026-11-18", "2026-11-19", "2026-11-20"])
    }

    @Test func `what ends with the series are all its pages`() async throws {
        let table = try await OccurrenceTable()
        try await table.put(OccurrenceTable.weekly)
        try await table.put(OccurrenceTable.weekly, uid: "other")
        try await table.settle()
        await table.edit(try await table.page("series"), ["in_trash": true])
        try await table.settle()
        #expect(try await table.object() == nil)
        #expect(await table.side.pages().count == 4)
        let other = try #require(await table.world.calendars.all(in: table.world.calendar).first)
        _ = try await table.world.calendars.delete(
            named: other.name,
            in: table.world.calendar,
            if: .always,
            by: Author(.client, name: "test")
        )
        table.clock.advance(120)
        try await table.settle()
        #expect(await table.side.pages().isEmpty)
    }

    @Test func `turned off, the coming pages go and nothing is taken off the series`() async throws {
        let table = try await OccurrenceTable()
        try await table.put(OccurrenceTable.weekly)
        try await table.settle()
        await table.rename(try await table.page("series / 20261130T080000Z"), "Special")
        try await table.settle()
        for _ in 0..<3 { try await table.pass(daysAhead: nil) }
        #expect(await table.side.pages().count == 1)
        #expect(try await table.exceptions().isEmpty)
        #expect(try await table.overrides() == ["20261130T090000 at 20261130T090000 Special"])
        for _ in 0..<3 { try await table.pass(daysAhead: 21) }
        #expect(await table.shown().map { $0.hasSuffix("Special") } == [false, true, false])
        #expect(try await table.count() == 1)
    }

    @Test(arguments: [#"{"occurrences":30}"#, #"{"occurrences":21,"location":null}"#])
    func `a page that a person changes just before the mapping is changed stays an override`(
        _ mapping: String
    ) async throws {
        let table = try await OccurrenceTable()
        try await table.put(OccurrenceTable.weekly)
        try await table.settle()
        await table.rename(try await table.page("series / 20261130T080000Z"), "Special")
        await table.rename(try await table.page("series"), "Weekly")
        for _ in 0..<3 { try await table.pass(mapping: table.side.mapping(mapping)) }
        #expect(try await table.overrides() == ["20261130T090000 at 20261130T090000 Special"])
        #expect(await table.shown().prefix(3).map { $0.hasSuffix("Special") } == [false, true, false])
        #expect(await table.shown().prefix(3).map { $0.hasSuffix("Weekly") } == [true, false, true])
    }

    @Test func `a copy of a page is an event of its own`() async throws {
        let table = try await OccurrenceTable()
        try await table.put(OccurrenceTable.weekly)
        try await table.settle()
        let page = try await table.page("series / 20261130T080000Z")
        _ = await table.side.simulator.control("POST", "duplicate", ["id": .string(page)])
        table.clock.advance(200)
        try await table.settle()
        #expect(try await table.count() == 2)
        #expect(await table.shown() == Self.plain)
        #expect(try await table.overrides().isEmpty)
    }

    @Test func `a name and a date that were destroyed are restored`() async throws {
        let table = try await OccurrenceTable()
        try await table.put(OccurrenceTable.weekly)
        try await table.settle()
        let page = try await table.page("series / 20261130T080000Z")
        await table.edit(page, ["properties": ["Calendar UID": ["rich_text": []], "When": ["date": nil]]])
        try await table.settle()
        #expect(await table.shown() == Self.plain)
        #expect(try await table.count() == 1)
        #expect(try await table.exceptions() + table.overrides() == [])
    }

    @Test(arguments: 1...24)
    func `a process that dies makes no page twice and no event of one`(_ calls: Int) async throws {
        let table = try await OccurrenceTable()
        try await table.put(OccurrenceTable.weekly)
        _ = try? await table.world.pass(of: table.spoke, in: Process(life: Life(calls: calls)))
        table.clock.advance(200)
        try await table.settle()
        #expect(await table.shown() == Self.plain)
        #expect(try await table.count() == 1)
        #expect(try await table.exceptions() + table.overrides() == [])
    }
}
