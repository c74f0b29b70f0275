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

    @Test func `a page's number, its maker and its files come down and never go up`() async throws {
        let table = try await OccurrenceTable(daysAhead: nil)
        let (control, source) = (table.side.simulator, JSONValue.string(table.side.calendarIdentifier))
        let columns: JSONValue = [
            "Number": ["unique_id": ["prefix": "TASK"]], "Maker": ["created_by": [:]], "Files": ["files": [:]],
        ]
        _ = await control.control("POST", "schema", ["id": source, "properties": columns])
        let mapping = #"{"comment":"Number","categories":"Maker","attachments":"Files"}"#
        let bridge = try await table.side.bridge(mapping: mapping, of: table.spoke, table.clock)
        let files: JSONValue = [["name": "a", "type": "external", "external": ["url": "https://example.com/a"]]]
        let properties: JSONValue = [
            "Name": ["title": BadPagesTests.Table.text("Lunch")], "When": ["date": ["start": "2026-11-24"]],
            "Files": ["files": files],
        ]
        let page = await control.control("POST", "pages", ["data_source": source, "properties": properties])["id"]
        let number: JSONValue = ["prefix": "TASK", "number": 7]
        _ = await control.control("POST", "computed", ["id": page ?? .null, "column": "Number", "value": number])
        table.clock.advance(200)
        try await pass(table, bridge)
        let stored = try #require(try await table.world.calendars.all(in: table.world.calendar).first)
        func told() async throws -> [String] {
            let event = try await table.object(stored.uid)?.master
            return ["COMMENT", "CATEGORIES", "ATTACH"].flatMap { event?.all($0) ?? [] }.map(\.value)
        }
        #expect(try await told() == ["TASK-7", "Ana", "https://example.com/a"])
        let edited = await table.side.pages().first?["last_edited_time"]
        let line = "SUMMARY:Lunch\nCATEGORIES:mine\nATTACH:https://example.com/b"
        try await table.put("DTSTART;VALUE=DATE:20261124\nDTEND;VALUE=DATE:20261125\n" + line, uid: stored.uid)
        for _ in 0..<2 { try await pass(table, bridge) }
        #expect(try await told() == ["TASK-7", "Ana", "https://example.com/a"])
        #expect(await table.side.pages().first?["last_edited_time"] == edited)
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
