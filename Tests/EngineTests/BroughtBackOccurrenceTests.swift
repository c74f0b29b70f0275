import Bridging
import ICalendar
import SimulatorNotion
import Store
import Sync
import SyncTestSupport
import Testing

/// A person takes the page of an occurrence out of Notion's trash after its series has changed.
@Suite("Notion: the page of an occurrence that comes back to another series")
struct BroughtBackOccurrenceTests {
    private static let later = OccurrenceTable.weekly.replacing("T090000", with: "T130000")
        .replacing("T100000", with: "T140000")
    private static let exception = "\nEXDATE;TZID=Europe/Berlin:20261130T"

    /// A table with a series of which a person has thrown a day away.
    private func table() async throws -> (table: OccurrenceTable, page: String) {
        let table = try await OccurrenceTable()
        try await table.put(OccurrenceTable.weekly)
        try await table.settle()
        let page = try await table.page("series / 20261130T080000Z")
        await table.edit(page, ["in_trash": true])
        try await table.settle()
        #expect(try await table.exceptions() == ["20261130T090000"])
        return (table, page)
    }

    private func isLive(_ page: String, in table: OccurrenceTable) async -> Bool {
        await table.side.pages().contains { $0["id"]?.string == page }
    }

    @Test func `the day of a series that a client has moved is back, on the same page`() async throws {
        let (table, page) = try await table()
        try await table.put(Self.later + Self.exception + "130000")
        try await table.settle()
        await table.edit(page, ["in_trash": false])
        try await table.settle()
        #expect(try await table.exceptions().isEmpty)
        #expect(try await table.overrides().isEmpty)
        #expect(
            await table.shown() == [
                "series / 20261123T120000Z: 2026-11-23T13:00:00.000+01:00 Jour fixe",
                "series / 20261130T120000Z: 2026-11-30T13:00:00.000+01:00 Jour fixe",
                "series / 20261207T120000Z: 2026-12-07T13:00:00.000+01:00 Jour fixe",
            ]
        )
        #expect(try await table.page("series / 20261130T120000Z") == page)
        // What is taken off later stays off.
        try await table.put(Self.later + Self.exception + "130000")
        try await table.settle()
        #expect(try await table.exceptions() == ["20261130T130000"])
    }

    @Test func `the day is back though the series is moved in the same moment`() async throws {
        let (table, page) = try await table()
        try await table.put(Self.later + Self.exception + "130000")
        await table.edit(page, ["in_trash": false])
        try await table.settle()
        #expect(try await table.exceptions().isEmpty)
        #expect(await isLive(page, in: table))
        #expect(await table.shown().map { String($0.prefix(25)) }.contains("series / 20261130T120000Z"))
    }

    @Test func `a day that the series does not have any more comes back as an event of its own, and that is told`()
        async throws
    {
        let (table, page) = try await table()
        try await table.put(OccurrenceTable.weekly.replacing("COUNT=20", with: "COUNT=2"))
        try await table.settle()
        await table.edit(page, ["in_trash": false])
        let report = try await table.world.pass(of: table.spoke, isSweeping: true)
        let sentence = try #require(report.corrections.first).message
        #expect(sentence.contains("https://www.notion.so/" + page.filter { $0 != "-" }))
        table.clock.advance(200)
        try await table.settle()
        #expect(await isLive(page, in: table))
        #expect(try await table.count() == 2)
        let own = try await table.world.calendars.all(in: table.world.calendar).first { $0.uid != "series" }?.object()
        #expect(own?.master?.first("DTSTART")?.dateTime?.text == "20261130T090000")
        #expect(try await table.object()?.master?.first("RRULE")?.value == "FREQ=WEEKLY;COUNT=2")
        await table.rename(page, "Still here")
        try await table.settle()
        #expect(try await table.count() == 2)
    }

    @Test(arguments: [false, true])
    func `what was thrown away before anybody looked is off where the series went, be there a restart`(
        _ isRestarted: Bool
    ) async throws {
        let table = try await OccurrenceTable()
        try await table.put(OccurrenceTable.weekly)
        try await table.settle()
        let page = try await table.page("series / 20261130T080000Z")
        await table.edit(page, ["in_trash": true])
        try await table.put(Self.later)
        for _ in 0..<2 {
            var process = Process()
            process.isNew = isRestarted
            try await table.world.pass(of: table.spoke, in: process)
            table.clock.advance(200)
        }
        try await table.settle()
        #expect(try await table.exceptions() == ["20261130T130000"])
        await table.edit(page, ["in_trash": false])
        try await table.settle()
        #expect(try await table.exceptions().isEmpty)
        #expect(try await table.page("series / 20261130T120000Z") == page)
    }

    @Test func `a page that comes back when occurrences have pages no more is an event of its own`() async throws {
        let (table, page) = try await table()
        for _ in 0..<2 { try await table.pass(daysAhead: nil) }
        await table.edit(page, ["in_trash": false])
        for _ in 0..<2 { try await table.pass(daysAhead: nil) }
        #expect(try await table.count() == 2)
        #expect(await isLive(page, in: table))
        for _ in 0..<3 { try await table.pass(daysAhead: 21) }
        #expect(try await table.count() == 2)
        #expect(await isLive(page, in: table))
        #expect(try await table.exceptions() == ["20261130T090000"])
    }

    @Test(arguments: [false, true])
    func `a page that comes back when its series repeats no more is an event of its own, and that is told`(
        _ isClient: Bool
    ) async throws {
        let (table, page) = try await table()
        if isClient {
            try await table.put(OccurrenceTable.weekly.replacing("RRULE:FREQ=WEEKLY;COUNT=20\n", with: ""))
        } else {
            await table.edit(try await table.page("series"), ["properties": ["Repeats": ["rich_text": []]]])
        }
        try await table.settle()
        #expect(try await table.object()?.master?.first("RRULE") == nil)
        await table.edit(page, ["in_trash": false])
        let report = try await table.world.pass(of: table.spoke, isSweeping: true)
        #expect(report.corrections.contains { $0.message.contains(page.filter { $0 != "-" }) })
        table.clock.advance(200)
        try await table.settle()
        #expect(await isLive(page, in: table))
        #expect(try await table.count() == 2)
        let own = try await table.world.calendars.all(in: table.world.calendar).first { $0.uid != "series" }?.object()
        #expect(own?.master?.first("DTSTART")?.dateTime?.text == "20261130T090000")
        #expect(try await table.exceptions() + table.overrides() == [])
    }

    // MARK: This and all that follow

    @Test func `of this and all that follow only the day goes whose page is thrown away`() async throws {
        let table = try await OccurrenceTable()
        let override = table.override(
            "20261123T090000",
            "DTSTART;TZID=Europe/Berlin:20261123T120000\nDTEND;TZID=Europe/Berlin:20261123T130000\nSUMMARY:Later"
        )
        try await table.put(
            OccurrenceTable.weekly,
            override.replacing("RECURRENCE-ID;", with: "RECURRENCE-ID;RANGE=THISANDFUTURE;")
        )
        try await table.settle()
        let rest = Array(await table.shown().dropFirst())
        await table.edit(try await table.page("series / 20261123T080000Z"), ["in_trash": true])
        try await table.settle()
        #expect(try await table.exceptions() == ["20261123T090000"])
        #expect(try await table.overrides() == ["20261130T090000 at 20261130T120000 Later"])
        #expect(try await table.object()?.text.contains("RANGE=THISANDFUTURE") == true)
        #expect(await table.shown() == rest)
    }
}
