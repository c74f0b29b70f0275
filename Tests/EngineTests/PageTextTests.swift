import HTTPTypes
import ICalendar
import SimulatorNotion
import Store
import Sync
import SyncTestSupport
import Testing

@Suite("Notion: what stands on a page besides plain text")
struct PageTextTests {
    private typealias Table = BadPagesTests.Table

    private func event(_ title: String, in table: BadPagesTests.Table) async throws -> StoredObject {
        try #require(
            try await table.world.calendars.all(in: table.world.calendar).first {
                try $0.object().master?.first("SUMMARY")?.text == title
            }
        )
    }

    /// A client gives the event another place.
    private func place(_ stored: StoredObject, in table: BadPagesTests.Table) async throws {
        var calendar = try stored.object().calendar
        calendar.updateComponents(where: { $0.name == "VEVENT" }) {
            $0.set("LOCATION", Property("LOCATION", text: "Hall"))
        }
        _ = try await table.world.calendars.put(
            CalendarObject(calendar),
            named: stored.name,
            in: table.world.calendar,
            if: .always,
            by: Author(.client, name: "test")
        )
    }

    @Test func `a text that mentions thirty pages comes whole, and is not written back cut`() async throws {
        let table = try await Table()
        let mention: JSONValue = [
            "type": "mention", "mention": ["type": "date", "date": ["start": "2026-11-23"]], "plain_text": "@Monday ",
        ]
        let runs = Array(repeating: mention, count: 30) + [["type": "text", "text": ["content": "and no more"]]]
        let id = try await table.make("Long", ["start": "2026-11-30"], ["Description": ["rich_text": .array(runs)]])
        try await table.world.pass(of: table.spoke)
        let text = String(repeating: "@Monday ", count: 30) + "and no more"
        let stored = try await event("Long", in: table)
        #expect(try stored.object().master?.first("DESCRIPTION")?.text == text)
        try await place(stored, in: table)
        try await table.world.pass(of: table.spoke)
        let page = try #require(await table.side.pages().first { $0["id"]?.string == id })
        #expect(page.columnText("Location") == "Hall")
        let whole = await table.side.simulator.answer(
            "GET",
            to: "/v1/pages/\(id)/properties/dEsC",
            headers: [.authorization: "Bearer ntn_test", try #require(.init("Notion-Version")): "2026-03-11"]
        )
        let items = try #require(JSONValue(parsing: whole.body)?["results"]?.array)
        #expect(items.count == 31)
        #expect(items.first?["rich_text"]?["type"] == "mention")
    }

    @Test(arguments: [
        JSONValue.null, ["type": "string", "string": nil], ["type": "unsupported", "unsupported": [:]],
        ["type": "number", "number": nil], ["type": "date", "date": nil], "what is this",
    ])
    func `a formula that failed leaves the rest of the event alone, and all others`(_ value: JSONValue) async throws {
        let table = try await Table()
        await table.changeSchema(["Score": ["formula": [:]]])
        let id = try await table.make("Odd", ["start": "2026-11-30"], ["Location": ["rich_text": Table.text("Roof")]])
        let body: JSONValue = ["id": .string(id), "column": "Score", "value": value]
        _ = await table.side.simulator.control("POST", "computed", body)
        let bridge = try await table.bridge(mapping: "{\"description\":\"Score\"}")
        try await table.pass(over: bridge)
        #expect(try await table.summaries() == ["Fine", "Good", "Odd"])
        #expect(try await event("Odd", in: table).object().master?.first("LOCATION")?.text == "Roof")
        #expect(try await event("Odd", in: table).object().master?.first("DESCRIPTION")?.text == nil)
        #expect(try await table.quarantine().isEmpty)
        let mended: JSONValue = ["type": "string", "string": "seven"]
        let again: JSONValue = ["id": .string(id), "column": "Score", "value": mended]
        _ = await table.side.simulator.control("POST", "computed", again)
        await table.edit(id, ["Location": ["rich_text": Table.text("Hall")]])
        try await table.pass(over: bridge)
        #expect(try await event("Odd", in: table).object().master?.first("DESCRIPTION")?.text == "seven")
    }

    @Test func `what is written on the page itself is never touched`() async throws {
        let table = try await Table()
        let id = try await table.make("Meeting", ["start": "2026-11-30"])
        let paragraph: JSONValue = ["type": "paragraph", "paragraph": ["rich_text": Table.text("Minutes")]]
        _ = await table.side.simulator.control("POST", "blocks", ["id": .string(id), "children": [paragraph]])
        try await table.world.pass(of: table.spoke)
        try await place(try await event("Meeting", in: table), in: table)
        try await table.world.pass(of: table.spoke)
        let log = await table.side.simulator.control("GET", "log").array?.compactMap(\.string) ?? []
        #expect(!log.isEmpty)
        #expect(!log.contains { $0.contains("/blocks") || $0.contains("/markdown") || $0.contains("\"children\"") })
        let body = await table.side.simulator.answer(
            "GET",
            to: "/v1/pages/\(id)/markdown",
            headers: [.authorization: "Bearer ntn_test", try #require(.init("Notion-Version")): "2026-03-11"]
        )
        #expect(JSONValue(parsing: body.body)?["markdown"] == "Minutes")
    }
}
