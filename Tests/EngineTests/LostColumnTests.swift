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

    // MARK: A client puts meanwhile

    /// What is known of the missing column when a client puts an event.
    enum Knowledge: CaseIterable {
        /// Passes have missed it.
        case missed
        /// Passes of an earlier process have.
        case missedBefore
        /// It has only just gone.
        case none
    }

    private static let lunch = """
        DTSTART:20261202T110000Z
        DTEND:20261202T120000Z
        SUMMARY:Lunch
        DESCRIPTION:Soup
        ORGANIZER:mailto:alice@example.com
        ATTENDEE;CN=Bob:mailto:bob@example.com
        """

    /// The names of the pages.
    private func names() async -> [String] { await table.side.pages().map { $0.columnText("Name") }.sorted() }

    /// A pass that a client's edit has woken; the edit goes before the listing is answered where that is `held`.
    private func rung(isNew: Bool = false, isHeld: Bool = false) async throws -> Process {
        var process = Process()
        process.isNew = isNew
        process.bell.ring()
        let requests = Counter()
        let (others, another) = AsyncStream<Void>.makeStream()
        process.meanwhile = {
            guard isHeld, requests.next() == 0 else { return another.finish() }
            for await _ in others {}
        }
        try await table.world.pass(of: table.spoke, in: process)
        table.clock.advance(200)
        return process
    }

    @Test(.timeLimit(.minutes(10)), arguments: ["Calendar UID", "Attendees", "Description"], Knowledge.allCases)
    func `what a client puts is in Notion, whatever other column is gone`(
        _ column: String,
        _ knowledge: Knowledge
    ) async throws {
        await change(schema: .object([column: .null]))
        if knowledge != .none { for _ in 0..<2 { try await pass() } }
        try await table.put(Self.lunch, uid: "lunch")
        // What a field's column became of is asked before anything is written.
        let isHeld = column != "Description"
        let process = try await rung(isNew: knowledge == .missedBefore, isHeld: isHeld)
        #expect(await names() == ["Jour fixe", "Lunch"])
        if knowledge == .missed { #expect(process.writes.next() == 1, "nothing was refused") }
        try await table.put(Self.series.replacing("Jour fixe", with: "Renamed"))
        try await table.put(Self.lunch.replacing("Lunch", with: "Dinner"), uid: "lunch")
        _ = try await rung(isHeld: isHeld)
        #expect(await names() == ["Dinner", "Renamed"])
        #expect(try await table.object("lunch")?.master?.first("DESCRIPTION")?.text == "Soup")
        try await table.settle()
        #expect(await names() == ["Dinner", "Renamed"])
    }

    @Test(arguments: ["Calendar UID", "Attendees", "Description"], 0...4)
    func `a column that goes while a client's event is written stops nothing`(
        _ column: String,
        _ place: Int
    ) async throws {
        try await table.put(Self.lunch, uid: "lunch")
        try await table.put(Self.series.replacing("Jour fixe", with: "Renamed"))
        var process = Process()
        process.isNew = false
        process.bell.ring()
        let requests = Counter()
        process.meanwhile = { if requests.next() == place { await change(schema: .object([column: .null])) } }
        do {
            try await table.world.pass(of: table.spoke, in: process)
        } catch BridgeError.unreachable {
            // The table changed while it was listed: it is listed again.
        }
        #expect(requests.next() > place)
        table.clock.advance(200)
        _ = try await rung()
        #expect(await names() == ["Lunch", "Renamed"])
        #expect(try await table.object("lunch")?.master?.first("DESCRIPTION")?.text == "Soup")
        try await table.settle()
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
