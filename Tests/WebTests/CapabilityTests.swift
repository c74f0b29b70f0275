import SimulatorGoogle
import Testing

@Suite("Notion: what an integration may do")
struct CapabilityTests {
    private typealias JSON = SimulatorGoogle.JSON

    private func allow(_ capabilities: JSON, _ test: TestGateway) async throws {
        try await test.upstreams.inNotion("POST", "settings", ["capabilities": capabilities])
    }

    @Test(arguments: [
        ("read_content", "Read content"), ("update_content", "Update content"), ("insert_content", "Insert content"),
    ])
    func `what is missing is named at connect, and gone once it is given`(_ key: String, _ name: String) async throws {
        try await TestGateway.run { test in
            try await allow([key: false], test)
            let connection = try await test.connectNotion()
            let row = try await test.call("GET", "/connections/\(connection)").body
            #expect(row["state"]?.text == "connected")
            #expect(row["last_error"]?["code"]?.text == "permission_denied")
            #expect(row["last_error"]?["message"]?.text?.contains("“\(name)”") == true)
            let found = try await test.call("GET", "/connections/\(connection)/capabilities").items
            #expect(found.filter { $0["granted"]?.flag == false }.map { $0["key"]?.text } == [key])
            let browser = try await Browser(test)
            #expect(try await browser.get("/").text.contains("“\(name)”"))
            #expect(try await browser.get("/connections/\(connection)").text.contains("✗ \(name): missing"))
            let writes = try await test.upstreams.writes()

            try await allow([key: true], test)
            #expect(try await !browser.get("/connections/\(connection)").text.contains("✗"))
            #expect(try await test.call("GET", "/connections/\(connection)").body["last_error"] == .null)
            // Trying wrote nothing: the pages that were asked for are nobody's.
            #expect(try await test.upstreams.inNotion("GET", "pages").elements?.isEmpty == true)
            #expect(writes > 0)
        }
    }

    @Test(arguments: ["read_users", "read_user_mails"])
    func `without mail addresses all works but people columns`(_ key: String) async throws {
        try await TestGateway.run { test in
            try await allow([key: false], test)
            let connection = try await test.connectNotion()
            #expect(try await test.call("GET", "/connections/\(connection)").body["last_error"] == .null)
            let found = try await test.call("GET", "/connections/\(connection)/capabilities").items
            let missing = found.filter { $0["granted"]?.flag == false }
            #expect(missing.map { $0["key"]?.text } == ["read_user_information"])
            #expect(missing.first?["needed"]?.flag == false)
        }
    }

    @Test func `an account without capabilities to try has none to show`() async throws {
        try await TestGateway.run { test in
            let connection = try await test.connectGoogle()
            #expect(try await test.call("GET", "/connections/\(connection)/capabilities").items.isEmpty)
        }
    }
}
