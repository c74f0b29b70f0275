import BridgeNotion
import Bridging
import SimulatorNotion
import Testing

@testable import Sync

/// What a person is told to do can be done, and then all is well.
@Suite("Notion: what helps where a link stops")
struct RemedyTests {
    private let table: OccurrenceTable

    init() async throws {
        table = try await OccurrenceTable(daysAhead: nil)
        try await table.put("DTSTART:20261124T090000Z\nDTEND:20261124T100000Z\nSUMMARY:Lunch")
        try await table.settle()
    }

    private var id: JSONValue { .string(table.side.calendarIdentifier) }

    /// What the link says when it stops.
    private func problem() async throws -> LinkProblem {
        let error = await #expect(throws: BridgeError.self) { try await table.world.pass(of: table.spoke) }
        return LinkProblem(try #require(error))
    }

    @Test func `a table that is not shared any more is to be shared`() async throws {
        _ = await table.side.simulator.control("POST", "share", ["id": id, "shared": false])
        let problem = try await problem()
        #expect(problem.code == "not_found")
        #expect(problem.remedy.contains("under ••• → Connections add the connection"))
        _ = await table.side.simulator.control("POST", "share", ["id": id, "shared": true])
        try await table.settle()
        #expect(try await table.count() == 1)
    }

    @Test(arguments: ["When", "Location"])
    func `a column that was removed is to be brought back or chosen anew, and no other of that name is it`(
        _ column: String
    ) async throws {
        _ = await table.side.simulator.control("POST", "schema", ["id": id, "properties": .object([column: .null])])
        let told: LinkProblem
        if column == "When" {
            told = try await problem()
        } else {
            try await table.world.pass(of: table.spoke)
            told = LinkProblem(try #require(try await complaint()))
        }
        #expect(told.code == "invalid_mapping")
        #expect(told.message.contains("“\(column)”"))
        #expect(told.remedy.contains("“Deleted properties”") && told.remedy.contains("“Edit the columns”"))
    }

    private func complaint() async throws -> Refusal? {
        let bridge = table.side.bridge(to: table.spoke.link.upstream, in: Process())
        _ = try await bridge.pull(since: nil)
        return (bridge as? NotionBridge)?.complaint
    }
}
