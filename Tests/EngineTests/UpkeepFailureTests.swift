import ICalendar
import SimulatorNotion
import Store
import SyncTestSupport
import Testing

@testable import Sync

@Suite("Notion: pages of occurrences that cannot be kept")
struct UpkeepFailureTests {
    /// A series that a person made, for which there are to be two more pages.
    private func table() async throws -> OccurrenceTable {
        let table = try await OccurrenceTable()
        let properties: JSONValue = [
            "Name": ["title": BadPagesTests.Table.text("Run")], "When": ["date": ["start": "2026-11-20"]],
            "Repeats": ["rich_text": BadPagesTests.Table.text("RRULE:FREQ=DAILY;COUNT=3")],
            "Calendar UID": ["rich_text": BadPagesTests.Table.text("run@x")],
        ]
        let body: JSONValue = ["data_source": .string(table.side.calendarIdentifier), "properties": properties]
        _ = await table.side.simulator.control("POST", "pages", body)
        table.clock.advance(200)
        return table
    }

    private func plan(_ method: String, _ path: String = "pages", _ table: OccurrenceTable) async {
        let fault: JSONValue = ["kind": "refused", "method": .string(method), "path": .string(path)]
        _ = await table.side.simulator.control("POST", "settings", ["next_faults": [fault]])
    }

    private func pass(_ table: OccurrenceTable, isNew: Bool = false) async throws -> (report: PassReport, writes: Int) {
        var process = Process()
        process.isNew = isNew
        let report = try await table.world.pass(of: table.spoke, in: process)
        return (report, process.writes.next())
    }

    private func queue(_ table: OccurrenceTable) async throws -> [QueueRow] {
        try await table.world.links.queue(of: table.spoke.link.principal)
    }

    @Test func `one that is refused is in the queue with the reason, and the others are made`() async throws {
        let table = try await table()
        await plan("POST", "v1/pages", table)
        _ = try await pass(table)
        #expect(await table.shown().count == 1)
        let row = try #require(try await queue(table).first)
        #expect(row.action == "upkeep")
        #expect(row.summary == "Run")
        #expect(row.lastError.message.contains("The simulated service does not save this."))
        #expect(row.dueAt != nil)
        let status = try await table.world.links.status(of: table.spoke.link.id)
        #expect(status?.pending == 1)
        #expect(status?.lastSyncedAt != nil, "both sides say the same")
    }

    @Test func `what a pass that failed has written of a series, the next one shows on the pages of its occurrences`()
        async throws
    {
        let table = try await OccurrenceTable()
        try await table.put(OccurrenceTable.weekly)
        for _ in 0..<2 { _ = try await pass(table) }
        #expect(await table.shown() == OccurrencePagesTests.plain)
        // It goes while the table is listed, which fails.
        try await table.put(OccurrenceTable.weekly.replacing("Jour fixe", with: "Weekly"))
        let fault: JSONValue = ["kind": "unavailable", "path": "query"]
        _ = await table.side.simulator.control("POST", "settings", ["next_faults": [fault]])
        var process = Process(isNew: false)
        process.meanwhile = { [bell = process.bell] in bell.ring() }
        let report = try? await table.world.pass(of: table.spoke, in: process)
        #expect(report == nil)
        #expect(process.writes.next() == 1, "the page of the series")
        #expect(await table.shown() == OccurrencePagesTests.plain)
        _ = try await pass(table)
        #expect(await table.shown().allSatisfy { $0.hasSuffix("Weekly") })
    }

    @Test(arguments: [false, true])
    func `it is tried again when it is due, and not before`(_ isRestarted: Bool) async throws {
        let table = try await table()
        await plan("POST", "v1/pages", table)
        _ = try await pass(table)
        let early = try await pass(table, isNew: isRestarted)
        #expect(early.writes == 0)
        #expect(early.report.outcomes["run@x"] == .notDue)
        #expect(try await queue(table).count == 1)
        table.clock.advance(61)
        _ = try await pass(table, isNew: isRestarted)
        #expect(await table.shown().count == 2)
        #expect(try await queue(table).isEmpty)
        #expect(try await table.world.links.status(of: table.spoke.link.id)?.pending == 0)
    }

    @Test func `its tries get further apart`() async throws {
        let table = try await table()
        var waits: [Int64] = []
        for _ in 0..<3 {
            await plan("POST", "v1/pages", table)
            _ = try await pass(table)
            let due = try #require(try await queue(table).first?.dueAt)
            waits.append(due - table.clock.gatewayNow)
            table.clock.advance(waits.last ?? 0)
        }
        #expect(waits == [60, 300, 900])
        #expect(try await queue(table).first?.attempts == 3)
    }

    @Test func `a page that cannot be taken away after its series is in the queue, and goes later`() async throws {
        let table = try await table()
        _ = try await pass(table)
        let series = try await table.page("run@x")
        await table.edit(series, ["in_trash": true])
        await plan("PATCH", "v1/pages", table)
        _ = try await table.world.pass(of: table.spoke, isSweeping: true)
        #expect(try await table.count() == 0)
        #expect(await table.shown().isEmpty == false)
        #expect(try await queue(table).map(\.action) == ["upkeep"])
        table.clock.advance(61)
        _ = try await pass(table)
        #expect(await table.shown().isEmpty)
        #expect(try await queue(table).isEmpty)
    }

    @Test func `a UID that cannot be written back is in the queue, and comes later`() async throws {
        let table = try await OccurrenceTable(daysAhead: nil)
        let properties: JSONValue = [
            "Name": ["title": BadPagesTests.Table.text("Run")], "When": ["date": ["start": "2026-11-20"]],
        ]
        let body: JSONValue = ["data_source": .string(table.side.calendarIdentifier), "properties": properties]
        _ = await table.side.simulator.control("POST", "pages", body)
        table.clock.advance(200)
        await plan("PATCH", "v1/pages", table)
        _ = try await pass(table)
        #expect(try await table.count() == 1)
        #expect(try await queue(table).map(\.action) == ["upkeep"])
        #expect(await table.side.pages().first?.columnText("Calendar UID") == "")
        table.clock.advance(61)
        _ = try await pass(table)
        #expect(await table.side.pages().first?.columnText("Calendar UID").hasSuffix("@notion.kalends") == true)
        #expect(try await queue(table).isEmpty)
    }

    @Test
    func `without the capability to insert one creation is tried in a pass, and what is there goes on`() async throws {
        let table = try await OccurrenceTable(daysAhead: nil)
        for name in ["a", "b", "c", "d"] {
            try await table.put("DTSTART:20261124T090000Z\nSUMMARY:Before \(name)", uid: name, takes: 0)
        }
        let capabilities: (Bool) -> JSONValue = { ["capabilities": ["insert_content": .bool($0)]] }
        _ = try await pass(table)
        _ = await table.side.simulator.control("POST", "settings", capabilities(false))
        for name in ["e", "f", "g", "h"] {
            try await table.put("DTSTART:20261125T090000Z\nSUMMARY:New \(name)", uid: name, takes: 0)
        }
        try await table.put("DTSTART:20261124T090000Z\nSUMMARY:After a", uid: "a", takes: 0)
        _ = await table.side.simulator.control("DELETE", "log")
        _ = try await pass(table)
        let log = await table.side.simulator.control("GET", "log").array?.compactMap(\.string) ?? []
        #expect(log.count { $0.hasPrefix("POST /v1/pages ") } == 1)
        #expect(await table.side.pages().contains { $0.columnText("Name") == "After a" })
        #expect(try await queue(table).map(\.uid) == ["e", "f", "g", "h"])
        #expect(try await queue(table).allSatisfy { $0.lastError.code == "permission_denied" })
        _ = await table.side.simulator.control("POST", "settings", capabilities(true))
        table.clock.advance(61)
        _ = try await pass(table)
        #expect(await table.side.pages().count == 8)
        #expect(try await queue(table).isEmpty)
    }
}
