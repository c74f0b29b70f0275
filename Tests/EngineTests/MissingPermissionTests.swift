import SimulatorNotion
import Testing

@testable import Sync

@Suite("Notion: what a connection may not do")
struct MissingPermissionTests {
    @Test(arguments: ["insert_content", "update_content"])
    func `a write that the connection may not make says where that is allowed`(_ capability: String) async throws {
        let table = try await OccurrenceTable(daysAhead: nil)
        let event = "DTSTART:20261124T090000Z\nDTEND:20261124T100000Z\nSUMMARY:"
        if capability == "update_content" {
            try await table.put(event + "Lunch")
            try await table.settle()
        }
        _ = await table.side.simulator.control("POST", "settings", ["capabilities": [capability: false]])
        try await table.put(event + "Dinner")
        try await table.world.pass(of: table.spoke)
        let waiting = try await table.world.links.queue(of: table.spoke.link.principal)
        #expect(waiting.map(\.lastError.code) == [LinkProblem.permissionDenied])
        #expect(waiting.allSatisfy { $0.lastError.remedy.contains("under Capabilities in the integration's settings") })

        // The link says so for as long as it lasts, though the event is not tried in every pass.
        for _ in 0..<2 {
            let status = try #require(try await table.world.links.status(of: table.spoke.link.id))
            #expect(status.state == .idle)
            #expect(status.lastError == waiting.first?.lastError)
            #expect(status.pending == 1)
            try await table.world.pass(of: table.spoke)
        }
        _ = await table.side.simulator.control("POST", "settings", ["capabilities": [capability: true]])
        // Who asks for a pass need not wait until the event is due.
        _ = try await table.world.scheduler(of: table.spoke).passOnce(table.spoke.link.id)
        let status = try #require(try await table.world.links.status(of: table.spoke.link.id))
        #expect(status.lastError == nil && status.pending == 0)
        #expect(await table.side.pages().map { $0.columnText("Name") } == ["Dinner"])
    }
}
