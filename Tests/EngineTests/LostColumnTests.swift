import Bridging
import ICalendar
import SimulatorNotion
import Store
@testable import Sync
import SyncTestSupport
import Testing

@Suite("Notion: columns that go, come back, or are mapped to others")
struct LostColumnTests {
    private static let series = OccurrenceTable.weekly + "\nLOCATION:Room\nCATEGORIES:x,y"
    private let table: OccurrenceTable
    private var source: JSONValue { .string(table.side.calendarIdentifier) }

    init() async throws {
        table = try await OccurrenceTable(daysAhead: nil)
        try await table.put(Self.series)
        try await table.settle()
    }

    private func change(schema: JSONValue) async {
        _ = await table.side.simulator.control("POST", "schema", ["id": source, "properties": schema])
    }

    /// A pass, in a process of its own, which the missing column may stop.
    private func pass() async throws {
        let process = Process()
        process.bell.ring()
        do {
            try await table.world.pass(of: table.spoke, in: process, isSweeping: true)
        } catch is BridgeError {
            // What is wrong with the table is told by the link.
        }
        table.clock.advance(200)
    }

    private func map(_ wish: String) async throws {
        let former = try await table.world.links.link(table.spoke.link.id)?.mapping
        let mapping = try await table.side.mapping(wish)
        var change = LinkChange()
        change.mapping = mapping
        change.moved = table.side.moved(from: former, to: mapping)
        _ = try await table.world.links.update(table.spoke.link.id, change)
        table.clock.advance(60)
    }

    private func lines() async throws -> Set<String> {
        let event = try #require(try await table.object()?.master)
        return Set(
            ["SUMMARY", "LOCATION", "CATEGORIES", "RRULE"].flatMap { event.all($0) }.map { "\($0.name):\($0.value)" }
        )
    }

    @Test func `without the column of rules an edited series keeps its rule`() async throws {
        let before = try await lines()
        await change(schema: ["Repeats": .null])
        try await table.put(Self.series.replacing("Jour fixe", with: "Renamed"))
        for _ in 0..<2 { try await pass() }
        #expect(try await lines() == Set(before.map { $0.replacing("Jour fixe", with: "Renamed") }))
    }

    @Test(arguments: [
        ("Location", "location", "rich_text"), ("Categories", "categories", "multi_select"),
        ("Repeats", "repeats", "rich_text"),
    ])
    func `a new column is filled with what is here, and empties nothing`(
        _ column: String,
        _ role: String,
        _ type: String
    ) async throws {
        let before = try await lines()
        await change(schema: .object([column: .null]))
        try await pass()
        await change(schema: .object(["Another": .object([type: [:]])]))
        try await map("{\"\(role)\": \"Another\"}")
        try await table.settle()
        #expect(try await lines() == before)
        let page = await table.side.pages().first
        #expect(page?.column("Another").array?.isEmpty == false)
    }

    @Test func `what was edited here while a field had no column goes up once it has`() async throws {
        try await table.pass(mapping: table.side.mapping("{\"location\": null}"))
        try await table.put(Self.series.replacing("Room", with: "Hall"))
        try await table.pass(mapping: table.side.mapping("{\"location\": null}"))
        #expect(await table.side.pages().first?.columnText("Location") == "Room")
        try await table.settle()
        #expect(try await lines().contains("LOCATION:Hall"))
        #expect(await table.side.pages().first?.columnText("Location") == "Hall")
    }

    @Test func `overrides that no page shows come back with their series`() async throws {
        let table = try await OccurrenceTable(daysAhead: 7)
        let far = "DTSTART;TZID=Europe/Berlin:20270104T110000\nDTEND;TZID=Europe/Berlin:20270104T120000\nSUMMARY:Far"
        try await table.put(OccurrenceTable.weekly, table.override("20270104T090000", far))
        try await table.settle()
        let overrides = try await table.overrides()
        #expect(overrides.count == 1)
        let page = try await table.page("series")
        for isTrashed in [true, false] {
            await table.edit(page, ["in_trash": .bool(isTrashed)])
            try await table.world.pass(of: table.spoke, isSweeping: true)
            table.clock.advance(200)
            #expect(try await table.count() == (isTrashed ? 0 : 1))
        }
        #expect(try await table.overrides() == overrides)
    }
}
