import SimulatorGoogle
import Testing

@Suite("REST: what a mapping makes of a table")
struct MappingPreviewTests {
    private typealias JSON = SimulatorGoogle.JSON

    @Test func `pages are shown as events before anything is linked, and nothing is written`() async throws {
        try await TestGateway.run { test in
            let connection = try await test.connectNotion()
            let database = try await test.upstreams.makeDatabase()
            let properties: JSON = [
                "Name": ["title": [["text": ["content": "Report"]]]], "When": ["date": ["start": "2026-11-23"]],
            ]
            try await test.upstreams.inNotion(
                "POST",
                "pages",
                ["data_source": .string(database), "properties": properties]
            )
            let writes = try await test.upstreams.writes()
            let wish: JSON = ["upstream_calendar": .string(database), "mapping": ["url": .null, "status": "Nothing"]]
            let shown = try await test.call("POST", "/connections/\(connection)/mapping", wish)
            #expect(shown.status == 200, "\(shown.reply.text)")
            let item = try #require(shown.body["items"]?.elements?.first)
            #expect(item["name"]?.text == "Report")
            #expect(item["event"]?.text?.contains("DTSTART;VALUE=DATE:20261123") == true)
            #expect(item["writes"]?.elements?.compactMap(\.text) == ["Calendar UID"])
            #expect(shown.body["problems"]?["status"]?.text?.contains("Nothing") == true)
            #expect(shown.body["proposal"]?["when"]?.text != nil)
            #expect(try await test.upstreams.writes() == writes)
        }
    }

    @Test func `a calendar without columns has nothing to map`() async throws {
        try await TestGateway.run { test in
            let connection = try await test.connectGoogle()
            let refused = try await test.call("POST", "/connections/\(connection)/mapping", ["upstream_calendar": "x"])
            #expect(refused.status == 400)
            #expect(refused.problem == "invalid_request")
        }
    }
}
