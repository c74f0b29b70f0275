import Bridging
import ICalendar
import SimulatorNotion
import Store
import Sync
import SyncTestSupport
import Testing

@Suite("Notion: what a formula works out comes here, whatever was written")
struct ComputedColumnTests {
    /// A table with a formula that tells name and place, linked as the description.
    private func table() async throws -> (OccurrenceTable, any Bridge) {
        try await Self.table("{Name} in {Location}", mapping: "{\"description\":\"Line\"}")
    }

    /// A table with a formula in the column “Line”.
    static func table(_ text: String, mapping: String) async throws -> (OccurrenceTable, any Bridge) {
        let table = try await OccurrenceTable(daysAhead: nil)
        let (side, clock) = (table.side, table.clock)
        let source = JSONValue.string(side.calendarIdentifier)
        _ = await side.simulator.control("POST", "schema", ["id": source, "properties": ["Line": ["formula": [:]]]])
        let formula: JSONValue = ["id": source, "column": "Line", "text": .string(text)]
        _ = await side.simulator.control("POST", "formula", formula)
        let bridge = try await side.bridge(mapping: mapping, of: table.spoke, clock)
        return (table, bridge)
    }

    private func pass(_ table: OccurrenceTable, _ bridge: any Bridge) async throws {
        try await table.world.pass(of: table.spoke, over: bridge)
    }

    private func description(_ table: OccurrenceTable) async throws -> String? {
        try await table.object()?.master?.first("DESCRIPTION")?.text
    }

    private static func event(_ lines: String) -> String {
        "DTSTART:20261124T090000Z\nDTEND:20261124T100000Z\n" + lines
    }

    @Test func `what it says of an event that was put comes here by the next pass`() async throws {
        let (table, bridge) = try await table()
        try await table.put(Self.event("SUMMARY:Lunch\nLOCATION:Roof"))
        try await pass(table, bridge)
        try await pass(table, bridge)
        #expect(try await description(table) == "Lunch in Roof")
    }

    @Test func `it follows what a client changes`() async throws {
        let (table, bridge) = try await table()
        try await table.put(Self.event("SUMMARY:Lunch\nLOCATION:Roof"))
        try await pass(table, bridge)
        try await table.put(Self.event("SUMMARY:Dinner\nLOCATION:Roof\nDESCRIPTION:Lunch in Roof"))
        try await pass(table, bridge)
        try await pass(table, bridge)
        #expect(try await description(table) == "Dinner in Roof")
    }

    @Test func `it follows what both sides change at once`() async throws {
        let (table, bridge) = try await table()
        try await table.put(Self.event("SUMMARY:Lunch\nLOCATION:Roof"))
        try await pass(table, bridge)
        let page = try #require(await table.side.pages().first?["id"]?.string)
        try await table.put(Self.event("SUMMARY:Dinner\nLOCATION:Roof\nDESCRIPTION:Lunch in Roof"), takes: 0)
        await table.edit(page, ["properties": ["Location": ["rich_text": BadPagesTests.Table.text("Hall")]]])
        try await pass(table, bridge)
        try await pass(table, bridge)
        #expect(try await description(table) == "Dinner in Hall")
        #expect(await table.side.pages().first?.columnText("Name") == "Dinner")
    }

    @Test func `a text that a client types instead gives way to it, and nothing is written for ever`() async throws {
        let (table, bridge) = try await table()
        try await table.put(Self.event("SUMMARY:Lunch\nLOCATION:Roof\nDESCRIPTION:My own"))
        try await pass(table, bridge)
        try await pass(table, bridge)
        #expect(try await description(table) == "Lunch in Roof")
        let revision = try await table.world.calendars.calendar(table.world.calendar)?.revision
        let edited = await table.side.pages().first?["last_edited_time"]
        for _ in 0..<3 { try await pass(table, bridge) }
        #expect(try await table.world.calendars.calendar(table.world.calendar)?.revision == revision)
        #expect(await table.side.pages().first?["last_edited_time"] == edited)
    }
}
