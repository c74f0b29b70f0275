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

    @Test func `a link that lacks one says so, and goes on once it is given and asked for`() async throws {
        try await TestGateway.run { test in
            let link = try await test.linkNotion()
            try await test.sync(link)
            let browser = try await Browser(test)
            #expect(try await browser.get("/").text.contains("All is well: 1 of 1 link in step"))
            try await allow(["insert_content": false], test)
            let wish: JSON = [
                "calendar": .integer(Int64(try await test.calendar())), "summary": "Lunch",
                "start": "2026-11-24T12:00:00Z", "end": "2026-11-24T13:00:00Z",
            ]
            #expect(try await test.call("POST", "/events", wish).status == 201)
            try await eventually("the link says what is missing") {
                try await test.call("GET", "/links/\(link.id)").body["last_error"]?["code"]?.text == "permission_denied"
            }
            let row = try await test.call("GET", "/links/\(link.id)").body
            #expect(row["last_error"]?["remedy"]?.text?.contains("under Capabilities") == true)
            #expect(row["pending"]?.number == 1)
            let overview = try await browser.get("/").text
            #expect(overview.contains("One thing needs you") && overview.contains("lacks the capability"))

            try await allow(["insert_content": true], test)
            try await test.sync(link)
            #expect(try await test.call("GET", "/links/\(link.id)").body["last_error"] == .null)
            #expect(try await test.upstreams.page("Lunch") != nil)
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
