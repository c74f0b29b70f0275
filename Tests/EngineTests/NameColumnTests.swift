import BridgeNotion
import Bridging
import ICalendar
import SimulatorNotion
import Store
import Sync
import SyncTestSupport
import Testing

@Suite("Notion: a column that is not the name of the page tells what an event is called")
struct NameColumnTests {
    /// A table whose formula tells name and place, linked as the name of events.
    private struct Table {
        let table: OccurrenceTable
        let bridge: any Bridge

        init(occurrences: Int? = nil) async throws {
            let more = occurrences.map { ",\"occurrences\":\($0)" } ?? ""
            let mapping = "{\"title\":\"Line\"\(more)}"
            (table, bridge) = try await ComputedColumnTests.table("{Name} ({Location})", mapping: mapping)
        }

        func pass(_ count: Int = 2) async throws {
            for _ in 0..<count { try await table.world.pass(of: table.spoke, over: bridge) }
        }

        func put(_ summary: String, _ location: String) async throws {
            try await table.put(
                "DTSTART:20261124T090000Z\nDTEND:20261124T100000Z\nSUMMARY:\(summary)\nLOCATION:\(location)"
            )
        }

        /// Changes what the formula says.
        func work(out text: String) async throws {
            let source = JSONValue.string(table.side.calendarIdentifier)
            let formula: JSONValue = ["id": source, "column": "Line", "text": .string(text)]
            _ = await table.side.simulator.control("POST", "formula", formula)
        }

        func summary() async throws -> String? { try await table.object()?.master?.first("SUMMARY")?.text }

        func names() async -> [String] { await table.side.pages().map { $0.columnText("Name") } }
    }

    @Test func `a new page is called like the event, and the event as the formula says from then on`() async throws {
        let table = try await Table()
        try await table.put("Lunch", "Roof")
        try await table.pass()
        #expect(await table.names() == ["Lunch"])
        #expect(try await table.summary() == "Lunch (Roof)")
    }

    @Test func `what a client calls the event instead is put back, and the rest of the edit goes through`() async throws
    {
        let table = try await Table()
        try await table.put("Lunch", "Roof")
        try await table.pass()
        try await table.put("My own", "Roof")
        try await table.pass()
        #expect(try await table.summary() == "Lunch (Roof)")
        try await table.put("My own", "Hall")
        try await table.pass()
        #expect(try await table.summary() == "Lunch (Hall)")
        #expect(await table.names() == ["Lunch"])
        let revision = try await table.table.world.calendars.calendar(table.table.world.calendar)?.revision
        try await table.pass(3)
        #expect(try await table.table.world.calendars.calendar(table.table.world.calendar)?.revision == revision)
    }

    @Test func `a page that a person names names its event by the formula`() async throws {
        let table = try await Table()
        try await table.put("Lunch", "Roof")
        try await table.pass()
        await table.table.rename(try await table.table.page("series"), "Dinner")
        try await table.pass()
        #expect(try await table.summary() == "Dinner (Roof)")
        #expect(await table.names() == ["Dinner"])
    }

    @Test func `a page that comes out of the trash keeps its name`() async throws {
        let table = try await Table()
        try await table.put("Lunch", "Roof")
        try await table.pass()
        let (world, text) = (table.table.world, try await table.summary())
        _ = try await world.calendars.delete(
            named: "series.ics",
            in: world.calendar,
            if: .always,
            by: Author(.client, name: "test")
        )
        try await table.pass()
        #expect(await table.names().isEmpty)
        try await table.put(try #require(text), "Roof")
        try await table.pass()
        #expect(await table.names() == ["Lunch"])
        #expect(try await table.summary() == "Lunch (Roof)")
    }

    @Test func `where the formula comes to nothing the event is called like its page`() async throws {
        let table = try await Table()
        try await table.put("Lunch", "Roof")
        try await table.pass()
        let page = try await table.table.page("series")
        try await table.work(out: "")
        for name in ["Lunch", "Dinner"] {
            await table.table.rename(page, name)
            try await table.pass()
            #expect(try await table.summary() == name)
        }
        try await table.work(out: "{Name}!")
        await table.table.rename(page, "Supper")
        try await table.pass()
        #expect(try await table.summary() == "Supper!")
    }

    @Test func `pages of occurrences are called like that of their series`() async throws {
        let table = try await Table(occurrences: 21)
        try await table.table.put(OccurrenceTable.weekly)
        try await table.pass(3)
        #expect(await table.names() == Array(repeating: "Jour fixe", count: 4))
        #expect(try await table.summary() == "Jour fixe ()")
        #expect(try await table.table.overrides().isEmpty)
    }

    @Test func `without the formula the event keeps its name, and everything else goes on`() async throws {
        let table = try await Table()
        try await table.put("Lunch", "Roof")
        try await table.pass()
        let source = JSONValue.string(table.table.side.calendarIdentifier)
        _ = await table.table.side.simulator.control("POST", "schema", ["id": source, "properties": ["Line": .null]])
        try await table.put("Lunch (Roof)", "Hall")
        try await table.pass()
        #expect(await table.table.side.pages().map { $0.columnText("Location") } == ["Hall"])
        #expect(try await table.summary() == "Lunch (Roof)")
        #expect((table.bridge as? NotionBridge)?.complaint?.message.contains("“Line”") == true)
    }

    @Test func `a column of text tells the name both ways, and the page keeps the one it was made with`() async throws {
        let table = try await OccurrenceTable(daysAhead: nil)
        let source = JSONValue.string(table.side.calendarIdentifier)
        _ = await table.side.simulator.control(
            "POST",
            "schema",
            ["id": source, "properties": ["Line": ["rich_text": [:]]]]
        )
        let bridge = try await table.side.bridge(mapping: "{\"title\":\"Line\"}", of: table.spoke, table.clock)
        for summary in ["Lunch", "Dinner"] {
            try await table.put("DTSTART:20261124T090000Z\nSUMMARY:" + summary)
            try await table.world.pass(of: table.spoke, over: bridge)
        }
        let page = try #require(await table.side.pages().first)
        #expect([page.columnText("Name"), page.columnText("Line")] == ["Lunch", "Dinner"])
    }
}
