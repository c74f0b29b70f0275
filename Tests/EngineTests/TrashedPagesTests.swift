import ICalendar
import SimulatorNotion
import Store
import Sync
import SyncTestSupport
import Testing

@Suite("Notion: events that come back find their pages in the trash")
struct TrashedPagesTests {
    private static let full = "DTSTART:20261124T090000Z\nDTEND:20261124T100000Z\nSUMMARY:Lunch\nLOCATION:Roof"

    /// A table with one event, which has a page with something of a person's on it.
    private func table() async throws -> (OccurrenceTable, page: String) {
        let table = try await OccurrenceTable(daysAhead: nil)
        try await table.put(Self.full)
        try await pass(table)
        let page = try #require(await table.side.pages().first?["id"]?.string)
        let text = BadPagesTests.Table.text("Minutes")
        let paragraph: JSONValue = ["type": "paragraph", "paragraph": ["rich_text": text]]
        _ = await table.side.simulator.control("POST", "blocks", ["id": .string(page), "children": [paragraph]])
        try await pass(table)
        return (table, page)
    }

    private func pass(_ table: OccurrenceTable, isNew: Bool = false, isSweeping: Bool = false) async throws {
        var process = Process()
        process.isNew = isNew
        try await table.world.pass(of: table.spoke, in: process, isSweeping: isSweeping)
        table.clock.advance(200)
    }

    private func delete(_ table: OccurrenceTable) async throws {
        let stored = try #require(try await table.world.calendars.all(in: table.world.calendar).first)
        let author = Author(.client, name: "test")
        let calendar = table.world.calendar
        _ = try await table.world.calendars.delete(named: stored.name, in: calendar, if: .always, by: author)
    }

    @Test(arguments: [false, true])
    func `one that is put again is the same page, with what is on it`(_ isRestarted: Bool) async throws {
        let (table, page) = try await table()
        try await delete(table)
        try await pass(table)
        #expect(await table.side.pages().isEmpty)
        try await pass(table)
        try await pass(table, isNew: isRestarted)
        try await table.put("DTSTART:20261125T090000Z\nDTEND:20261125T100000Z\nSUMMARY:Dinner")
        try await pass(table)
        let pages = await table.side.pages()
        #expect(pages.map { $0["id"]?.string } == [page])
        #expect(pages.first?.columnText("Name") == "Dinner")
        #expect(pages.first?.columnText("Location") == "")
        try await pass(table, isSweeping: true)
        let here = try await table.world.calendars.all(in: table.world.calendar)
        #expect(try await table.side.differences(from: here, knowing: World.Memory()) == [])
        #expect(here.count == 1)
    }

    @Test func `one that a person trashed in Notion and another brought back here is the same page`() async throws {
        let (table, page) = try await table()
        await table.edit(page, ["in_trash": true])
        try await pass(table, isSweeping: true)
        #expect(try await table.count() == 0)
        try await table.put(Self.full)
        try await pass(table)
        #expect(await table.side.pages().map { $0["id"]?.string } == [page])
        #expect(await table.side.pages().first?.columnText("Location") == "Roof")
    }

    @Test func `one whose page is purged has a new page`() async throws {
        let (table, page) = try await table()
        try await delete(table)
        try await pass(table)
        _ = await table.side.simulator.control("POST", "purge", ["id": .string(page)])
        try await table.put(Self.full)
        try await pass(table)
        #expect(await table.side.pages().count == 1)
        #expect(await table.side.pages().first?["id"]?.string != page)
    }

    @Test func `a page that a person took out of the trash for something else is not taken`() async throws {
        let (table, page) = try await table()
        try await delete(table)
        try await pass(table)
        await table.edit(page, ["in_trash": false, "properties": ["Calendar UID": ["rich_text": []]]])
        try await table.put(Self.full)
        try await pass(table)
        try await pass(table, isSweeping: true)
        #expect(await table.side.pages().count == 2)
        #expect(try await table.count() == 2)
    }
}
