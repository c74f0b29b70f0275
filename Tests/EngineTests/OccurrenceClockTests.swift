import ICalendar
import SimulatorNotion
import Sync
import SyncTestSupport
import Testing

/// One occurrence of a series that a client tells in a way of its own: in UTC, in a zone, in none, or as a day.
struct ToldOccurrence: CustomTestStringConvertible {
    var series: Series
    var override: Clock
    var linkZone: String

    /// In which way the series is told.
    enum Series: CaseIterable {
        case floating, zoned, distant, utc, days
    }

    /// In which way one occurrence is told.
    enum Clock: CaseIterable {
        case floating, berlin, newYork, utc, day
    }

    static let all = Series.allCases.flatMap { series in
        Clock.allCases.flatMap { override in
            ["Europe/Berlin", "America/New_York", "UTC"].map { zone in
                ToldOccurrence(series: series, override: override, linkZone: zone)
            }
        }
    }

    /// Those whose series has no zone, while the occurrence is at an instant.
    static let ownInstants = all.filter { $0.series == .floating && ![.floating, .day].contains($0.override) }

    var testDescription: String { "\(override) in a series of \(series), link in \(linkZone)" }

    /// What stands before a time, and behind it.
    private func form(_ time: String) -> String {
        switch series {
        case .floating: ":\(time)"
        case .zoned: ";TZID=Europe/Berlin:\(time)"
        case .distant: ";TZID=America/New_York:\(time)"
        case .utc: ":\(time)Z"
        case .days: ";VALUE=DATE:\(time.prefix(8))"
        }
    }

    var lines: String {
        let end = series == .days ? "20261117" : "20261116T100000"
        return "DTSTART\(form("20261116T090000"))\nDTEND\(form(end))\nRRULE:FREQ=WEEKLY;COUNT=20\nSUMMARY:Jour fixe"
    }

    /// The page of the occurrence that is told in a way of its own.
    var page: String {
        switch series {
        case .floating: "series / 20261130T090000"
        case .zoned: "series / 20261130T080000Z"
        case .distant: "series / 20261130T140000Z"
        case .utc: "series / 20261130T090000Z"
        case .days: "series / 20261130"
        }
    }

    /// The override, at that time by its own clock.
    func component(_ time: String, until end: String) -> String {
        let told = { (name: String, time: String) in
            switch override {
            case .floating: "\(name):\(time)"
            case .berlin: "\(name);TZID=Europe/Berlin:\(time)"
            case .newYork: "\(name);TZID=America/New_York:\(time)"
            case .utc: "\(name):\(time)Z"
            case .day: "\(name);VALUE=DATE:\(time.prefix(8))"
            }
        }
        let last = override == .day ? "20261202" : end
        return "BEGIN:VEVENT\nUID:series\nDTSTAMP:20261101T000000Z\nRECURRENCE-ID\(form("20261130T090000"))\n"
            + "\(told("DTSTART", time))\n\(told("DTEND", last))\nSUMMARY:Jour fixe\nEND:VEVENT\n"
    }

    /// A table over a link in the zone, in which the series has its pages.
    func table() async throws -> OccurrenceTable {
        let table = try await OccurrenceTable()
        var change = LinkChange()
        change.timeZone = linkZone
        _ = try await table.world.links.update(table.spoke.link.id, change)
        try await table.put(lines)
        try await table.settle()
        return table
    }

    /// The zones by which times of the link are read.
    var zones: ZoneResolver { ZoneResolver(floatingZone: linkZone) }
}

@Suite("Notion: an occurrence that is told by a clock of its own")
struct OccurrenceClockTests {
    private func override(_ table: OccurrenceTable) async throws -> Component {
        try #require(try await table.object()?.overrides.first)
    }

    /// When a page begins: an instant, or a day.
    private func shown(_ table: OccurrenceTable, _ name: String) async throws -> String {
        let page = await table.side.pages().first { $0.columnText("Calendar UID") == name }
        let start = try #require(page?.column("When")["start"]?.string)
        return Instant(rfc3339: start)?.rfc3339 ?? start
    }

    /// The writes of some passes, each in a process of its own.
    private func writes(_ table: OccurrenceTable, passes: Int = 5) async throws -> [Int] {
        var writes: [Int] = []
        for number in 0..<passes {
            let process = Process()
            try await table.world.pass(of: table.spoke, in: process, isSweeping: number.isMultiple(of: 2))
            writes.append(process.writes.next())
            table.clock.advance(200)
        }
        return writes
    }

    private func conflicts(_ table: OccurrenceTable) async throws -> Int {
        let principal = table.spoke.link.principal
        return try await table.world.links.conflicts(of: principal, nil).count
    }

    @Test(arguments: ToldOccurrence.all)
    func `what a client tells stays as it is, and is shown at once and for good`(_ told: ToldOccurrence) async throws {
        let table = try await told.table()
        try await table.put(told.lines, told.component("20261201T060000", until: "20261201T070000"))
        let text = try await table.object()?.text
        let writes = try await writes(table)
        #expect(writes[0] > 0)
        #expect(writes.dropFirst().allSatisfy { $0 == 0 }, "\(writes)")
        #expect(try await table.object()?.text == text)
        let start = try #require(try await override(table).first("DTSTART")?.dateTime)
        let expected = start.isDate ? "2026-12-01" : start.instant(in: told.zones).rfc3339
        #expect(try await shown(table, told.page) == expected)
        #expect(try await conflicts(table) == 0)
    }

    @Test(arguments: ToldOccurrence.all)
    func `what a person moves then comes home once, by the clock that the client has`(
        _ told: ToldOccurrence
    ) async throws {
        let table = try await told.table()
        try await table.put(told.lines, told.component("20261201T060000", until: "20261201T070000"))
        try await table.settle()
        let before = try await override(table)
        let page = try await table.page(told.page)
        let offset = ["UTC": "+00:00", "Europe/Berlin": "+01:00"][told.linkZone] ?? "-05:00"
        if told.override == .day {
            await table.edit(page, ["properties": ["When": ["date": ["start": "2026-12-03"]]]])
        } else {
            await table.move(page, to: "2026-12-03T15:00:00.000\(offset)", "2026-12-03T16:00:00.000\(offset)")
        }
        let there = try await shown(table, told.page)
        let first = try await writes(table, passes: 1)
        let text = try await table.object()?.text
        #expect(try await first + writes(table) == [0, 0, 0, 0, 0, 0])
        #expect(try await table.object()?.text == text)
        let after = try await override(table)
        let start = try #require(after.first("DTSTART")?.dateTime)
        #expect((start.isDate ? "2026-12-03" : start.instant(in: told.zones).rfc3339) == there)
        #expect(after.first("DTSTART")?.parameters == before.first("DTSTART")?.parameters)
        #expect(after.first("DTSTART")?.dateTime?.form == before.first("DTSTART")?.dateTime?.form)
        #expect(try await shown(table, told.page) == there)
        #expect(try await conflicts(table) == 0)
    }

    @Test(arguments: ToldOccurrence.ownInstants)
    func `an instant that is the series' own time only in the zone of the link stays an instant`(
        _ told: ToldOccurrence
    ) async throws {
        let table = try await told.table()
        let instant = try #require(DateTime("20261130T090000", tzid: nil, isDate: false)).instant(in: told.zones)
        let clock: DateTime.Form =
            switch told.override {
            case .berlin: .zoned("Europe/Berlin")
            case .newYork: .zoned("America/New_York")
            case .floating, .utc, .day: .utc
            }
        let times = [instant, instant + 3600].map { ZoneResolver().local($0, form: clock).text.filter { $0 != "Z" } }
        try await table.put(told.lines, told.component(times[0], until: times[1]))
        let text = try await table.object()?.text
        #expect(try await writes(table).dropFirst().allSatisfy { $0 == 0 })
        #expect(try await table.object()?.text == text)
        await table.rename(try await table.page(told.page), "Special")
        try await table.settle()
        let override = try await override(table)
        #expect(override.first("SUMMARY")?.text == "Special")
        #expect(override.first("DTSTART")?.dateTime?.form == clock)
        #expect(override.first("DTSTART")?.dateTime?.instant(in: told.zones) == instant)
        #expect(try await conflicts(table) == 0)
    }

    @Test(arguments: ToldOccurrence.ownInstants)
    func `its page says the wall clock of the link, as those of the series do`(_ told: ToldOccurrence) async throws {
        let table = try await told.table()
        try await table.put(told.lines, told.component("20261201T060000", until: "20261201T070000"))
        try await table.settle()
        let offset = ["UTC": "+00:00", "Europe/Berlin": "+01:00"][told.linkZone] ?? "-05:00"
        let shown = await table.shown().compactMap { $0.split(separator: ": ").last?.dropLast(" Jour fixe".count) }
        #expect(shown.allSatisfy { $0.hasSuffix(offset) || offset == "+00:00" && $0.hasSuffix("Z") }, "\(shown)")
    }
}
