import ICalendar
import SimulatorNotion
import Store
import SyncTestSupport
import Testing

/// Notion's queries answer from an index that may be behind its pages; a page that is asked for by itself is as it is.
@Suite("Notion: queries that lag behind")
struct LaggingQueryTests {
    private let table: OccurrenceTable
    private let process = Process(isNew: false)

    init() async throws {
        table = try await OccurrenceTable(daysAhead: nil)
        try await put("old")
        try await pass()
        try await pass()
    }

    private func put(_ place: String, _ title: String = "Event") async throws {
        try await table.put(
            "DTSTART:20261123T090000Z\nDTEND:20261123T100000Z\nSUMMARY:\(title)\nLOCATION:\(place)",
            takes: 1
        )
    }

    private func pass(isSweeping: Bool = false, isNew: Bool = false) async throws {
        var process = process
        process.isNew = isNew
        try await table.world.pass(of: table.spoke, in: process, isSweeping: isSweeping)
        table.clock.advance(1)
    }

    /// Lets queries answer what there is now, whatever happens, or follow again.
    private func freeze(_ isFrozen: Bool = true) async {
        _ = await table.side.simulator.control("POST", "settings", ["freezes_queries": .bool(isFrozen)])
    }

    private func place() async throws -> String? {
        try await table.object()?.master?.first("LOCATION")?.text
    }

    private func column(_ name: String) async -> String? {
        await table.side.pages().first { $0.columnText("Calendar UID") == "series" }?.columnText(name)
    }

    private func edit(_ columns: JSONValue) async throws {
        let id = try await table.page("series")
        _ = await table.side.simulator.control(
            "POST",
            "edit",
            ["id": .string(id), "properties": columns]
        )
    }

    private func text(_ text: String) -> JSONValue {
        [["type": "text", "text": ["content": .string(text)]]]
    }

    @Test(arguments: [1, 120], [(false, false), (true, false), (false, true), (true, true)])
    func `a page as it was before our write undoes nothing, be there a restart`(
        _ seconds: Int64,
        _ kind: (isSweeping: Bool, isRestarted: Bool)
    ) async throws {
        let (isSweeping, isRestarted) = kind
        table.clock.advance(seconds)
        await freeze()
        try await put("new")
        for _ in 0..<3 {
            try await pass(isSweeping: isSweeping, isNew: isRestarted)
            #expect(try await place() == "new")
            #expect(await column("Location") == "new")
        }
        try await put("newer", "Renamed")
        try await pass(isSweeping: isSweeping, isNew: isRestarted)
        try await pass(isSweeping: isSweeping, isNew: isRestarted)
        await freeze(false)
        try await pass(isSweeping: isSweeping, isNew: isRestarted)
        #expect(try await place() == "newer")
        #expect(await column("Location") == "newer")
        #expect(await column("Name") == "Renamed")
    }

    @Test(arguments: [1, 120])
    func `what a person changes after our write comes although queries do not have it yet`(
        _ seconds: Int64
    ) async throws {
        table.clock.advance(120)
        await freeze()
        try await put("new")
        try await pass()
        table.clock.advance(seconds)
        try await edit(["Location": ["rich_text": text("theirs")]])
        try await pass()
        try await pass()
        #expect(try await place() == "theirs")
        await freeze(false)
        try await pass()
        #expect(try await place() == "theirs")
        #expect(await column("Location") == "theirs")
    }

    @Test(arguments: [false, true], [false, true])
    func `an event that was deleted here does not come back, be there a restart`(
        _ isSweeping: Bool,
        _ isRestarted: Bool
    ) async throws {
        table.clock.advance(120)
        await freeze()
        let calendar = table.world.calendar
        _ = try await table.world.calendars.delete(
            named: "series.ics",
            in: calendar,
            if: .always,
            by: Author(.client, name: "test")
        )
        for _ in 0..<3 {
            try await pass(isSweeping: isSweeping, isNew: isRestarted)
            #expect(try await table.count() == 0)
        }
        await freeze(false)
        try await pass(isSweeping: isSweeping, isNew: isRestarted)
        #expect(try await table.count() == 0)
        #expect(await table.side.pages().isEmpty)
    }

    @Test func `a day that a person threw away stays off though queries still list its page, be there a restart`()
        async throws
    {
        let table = try await OccurrenceTable()
        try await table.put(OccurrenceTable.weekly)
        try await table.settle()
        let page = try await table.page("series / 20261130T080000Z")
        _ = await table.side.simulator.control("POST", "settings", ["freezes_queries": true])
        await table.edit(page, ["in_trash": true])
        // Our write finds it gone.
        try await table.put(OccurrenceTable.weekly.replacing("SUMMARY:", with: "SUMMARY:Our "))
        for isNew in [false, false, false, true, true] {
            try await table.world.pass(of: table.spoke, in: Process(isNew: isNew), isSweeping: true)
            table.clock.advance(1)
        }
        #expect(try await table.exceptions() == ["20261130T090000"])
        _ = await table.side.simulator.control("POST", "settings", ["freezes_queries": false])
        try await table.settle()
        #expect(try await table.exceptions() == ["20261130T090000"])
        #expect(await table.shown().count == 2)
    }

    @Test func `pages are asked for one by one only while queries lag`() async throws {
        table.clock.advance(120)
        await freeze()
        try await put("new")
        try await pass()
        await freeze(false)
        _ = await table.side.simulator.control("DELETE", "log")
        for _ in 0..<3 { try await pass() }
        let asked = await table.side.simulator.control("GET", "log").array ?? []
        #expect(asked.contains { $0.string?.contains("/query") == true })
        #expect(!asked.contains { $0.string?.hasPrefix("GET /v1/pages/") == true })
    }
}
