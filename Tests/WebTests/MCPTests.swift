import Accounts
import SimulatorGoogle
import Testing

@testable import Web

@Suite("MCP: the operations as tools")
struct MCPTests {
    private typealias JSON = SimulatorGoogle.JSON

    /// Sends one message, as a token of those scopes.
    private func say(
        _ test: TestGateway,
        _ message: JSON,
        scopes: [String] = ["read", "write"],
        _ headers: [(String, String)] = []
    ) async throws -> (reply: WireReply, body: JSON) {
        let alice = try await test.gateway.accounts.user(named: "alice")
        let token = try await test.gateway.accounts.makeAPIToken(label: "agent", scopes: scopes, for: alice)
        let fields = [("Authorization", "Bearer " + token), ("Accept", "application/json, text/event-stream")]
        let reply = try await test.send("POST", "/mcp", as: nil, fields + headers, body: message.octets)
        return (reply, (try? JSON(parsing: reply.body)) ?? .null)
    }

    private func request(_ method: String, _ parameters: JSON = [:]) -> JSON {
        ["jsonrpc": "2.0", "id": 7, "method": .string(method), "params": parameters]
    }

    @Test func `the newest revision both sides speak is agreed`() async throws {
        try await TestGateway.run { test in
            for (asked, agreed) in [("2025-03-26", "2025-03-26"), ("2099-01-01", "2025-11-25")] {
                let answer = try await say(test, request("initialize", ["protocolVersion": .string(asked)]))
                #expect(answer.body["result"]?["protocolVersion"]?.text == agreed)
                #expect(answer.body["result"]?["capabilities"]?["tools"] != nil)
                #expect(answer.body["id"]?.number == 7)
            }
            let note: JSON = ["jsonrpc": "2.0", "method": "notifications/initialized"]
            #expect(try await say(test, note).reply.status == 202)
            #expect(try await say(test, request("ping")).body["result"] != nil)
            let unknown = try await say(test, request("ping"), [("MCP-Protocol-Version", "1999-01-01")])
            #expect(unknown.reply.status == 400)
        }
    }

    private func say(_ test: TestGateway, _ message: JSON, _ headers: [(String, String)]) async throws -> (
        reply: WireReply, body: JSON
    ) {
        try await say(test, message, scopes: ["read", "write"], headers)
    }

    @Test func `there is a tool for every operation that is no secret and no stream`() async throws {
        try await TestGateway.run { test in
            let tools = try await say(test, request("tools/list")).body["result"]?["tools"]?.elements ?? []
            let names = Set(tools.compactMap { $0["name"]?.text })
            let expected = RESTRoutes.operations.filter {
                !["tokens", "app-passwords", "stream", "providers"].contains($0.tag) && $0.name != "export_calendar"
            }
            #expect(names == Set(expected.map(\.name)))
            for tool in tools { #expect(tool["inputSchema"]?["type"]?.text == "object") }
            let reading = try await say(test, request("tools/list"), scopes: ["read"])
            let readers = reading.body["result"]?["tools"]?.elements ?? []
            #expect(readers.allSatisfy { $0["annotations"]?["readOnlyHint"]?.flag == true })
            #expect(!readers.isEmpty && readers.count < tools.count)
        }
    }

    @Test func `an agent makes, finds, changes and removes an event`() async throws {
        try await TestGateway.run { test in
            func call(_ name: String, _ arguments: JSON) async throws -> JSON {
                let call: JSON = ["name": .string(name), "arguments": arguments]
                return try await say(test, request("tools/call", call)).body["result"] ?? .null
            }
            let calendar = Int64(try await test.calendar())
            let made = try await call(
                "create_event",
                ["calendar": .integer(calendar), "summary": "Lunch & more", "start": "2026-11-24T12:00:00Z"]
            )
            #expect(made["isError"]?.flag == false)
            let id = Int64(try #require(made["structuredContent"]?["id"]?.number))
            let found = try await call(
                "list_events",
                ["start": "2026-11-24", "end": "2026-11-25", "q": "lunch & more"]
            )
            #expect(found["structuredContent"]?["items"]?.elements?.count == 1)
            _ = try await call("change_event", ["id": .integer(id), "summary": "Dinner"])
            #expect(try await test.call("GET", "/events/\(id)").body["summary"]?.text == "Dinner")
            #expect(try await call("delete_event", ["id": .integer(id)])["isError"]?.flag == false)
            let missing = try await call("show_event", ["id": .integer(id)])
            #expect(missing["isError"]?.flag == true)
            #expect(missing["structuredContent"]?["code"]?.text == "not_found")
            let wrong = try await call("create_event", ["calendar": "x"])
            #expect(wrong["structuredContent"]?["code"]?.text == "invalid_request")
        }
    }

    @Test func `a token that may only read calls nothing that writes`() async throws {
        try await TestGateway.run { test in
            let call: JSON = ["name": "create_calendar", "arguments": ["name": "work"]]
            let answer = try await say(test, request("tools/call", call), scopes: ["read"])
            #expect(answer.body["error"]?["code"]?.number == -32_602)
            #expect(try await test.call("GET", "/calendars").items.count == 1)
        }
    }

    @Test func `whoever is nobody, or comes from another site's page, is refused`() async throws {
        try await TestGateway.run { test in
            let ping = request("ping").octets
            let nobody = try await test.send("POST", "/mcp", as: nil, body: ping)
            #expect(nobody.status == 401)
            #expect(nobody["WWW-Authenticate"] != nil)
            let foreign = try await say(test, request("ping"), [("Origin", "https://evil.example")])
            #expect(foreign.reply.status == 403)
            #expect(try await test.send("GET", "/mcp").status == 405)
        }
    }

    @Test(arguments: [("{", -32_700), ("{}", -32_600), (#"{"jsonrpc":"2.0","id":1,"method":"x"}"#, -32_601)])
    func `what is no request gets the error that JSON-RPC has for it`(_ text: String, _ code: Int) async throws {
        try await TestGateway.run { test in
            let reply = try await test.send("POST", "/mcp", body: Array(text.utf8))
            #expect(try JSON(parsing: reply.body)["error"]?["code"]?.number == code)
        }
    }

    // MARK: Requests that carry their envelope (revision 2026-07-28)

    private static let revision = "2026-07-28"

    /// A request as that revision sends it, and the headers that repeat what it says.
    private func enveloped(
        _ method: String,
        _ parameters: [String: JSON] = [:],
        revision: String = MCPTests.revision
    ) -> (message: JSON, headers: [(String, String)]) {
        var all = parameters
        all["_meta"] = [
            "io.modelcontextprotocol/protocolVersion": .string(revision),
            "io.modelcontextprotocol/clientCapabilities": [:],
        ]
        let headers = [("MCP-Protocol-Version", revision), ("Mcp-Method", method)]
        return (request(method, .object(all)), headers + (parameters["name"]?.text.map { [("Mcp-Name", $0)] } ?? []))
    }

    @Test func `without a handshake each request stands for itself`() async throws {
        try await TestGateway.run { test in
            let discover = enveloped("server/discover")
            let found = try await say(test, discover.message, discover.headers).body["result"]
            #expect(found?["supportedVersions"]?.elements?.first?.text == Self.revision)
            #expect(found?["capabilities"]?["tools"] != nil && found?["resultType"]?.text == "complete")
            #expect(found?["_meta"]?["io.modelcontextprotocol/serverInfo"]?["name"]?.text == "kalends")
            let list = enveloped("tools/list")
            let listed = try await say(test, list.message, list.headers).body["result"]
            #expect((listed?["tools"]?.elements?.count ?? 0) > 20)
            #expect(listed?["cacheScope"]?.text == "private" && (listed?["ttlMs"]?.number ?? 0) > 0)
            let call = enveloped("tools/call", ["name": "list_calendars", "arguments": [:]])
            let called = try await say(test, call.message, call.headers).body["result"]
            #expect(called?["structuredContent"]?["items"]?.elements?.count == 1)
            #expect(called?["resultType"]?.text == "complete")
        }
    }

    @Test func `a name that does not fit into a header is told in another form`() async throws {
        try await TestGateway.run { test in
            let call = enveloped("tools/call", ["name": "naïve"])
            let packed = [("Mcp-Name", "=?base64?bmHDr3Zl?=")]
            let reply = try await say(test, call.message, Array(call.headers.prefix(2)) + packed)
            // It was understood: the tool is what there is none of.
            #expect(reply.body["error"]?["code"]?.number == -32_602)
        }
    }

    @Test func `headers that differ from the body are refused, and revisions that are not spoken`() async throws {
        try await TestGateway.run { test in
            let call = enveloped("tools/call", ["name": "list_calendars"])
            for wrong in [
                [("MCP-Protocol-Version", "2025-11-25"), call.headers[1], call.headers[2]],
                [call.headers[0], ("Mcp-Method", "tools/list"), call.headers[2]],
                [call.headers[0], call.headers[1], ("Mcp-Name", "delete_calendar")],
                [call.headers[0], call.headers[1]],
            ] {
                let reply = try await say(test, call.message, wrong)
                #expect(reply.reply.status == 400 && reply.body["error"]?["code"]?.number == -32_020, "\(wrong)")
            }
            let bare = try await say(test, request("tools/list"), [("MCP-Protocol-Version", Self.revision)])
            #expect(bare.reply.status == 400 && bare.body["error"]?["code"]?.number == -32_602)
            let future = enveloped("tools/list", revision: "2099-01-01")
            let unknown = try await say(test, future.message, future.headers)
            #expect(unknown.reply.status == 400 && unknown.body["error"]?["code"]?.number == -32_022)
            let spoken = unknown.body["error"]?["data"]?["supported"]?.elements?.compactMap(\.text) ?? []
            #expect(spoken.contains(Self.revision) && spoken.contains("2025-11-25"))
            // What the handshake was for is gone.
            for method in ["initialize", "ping", "nonsense"] {
                let gone = enveloped(method)
                let reply = try await say(test, gone.message, gone.headers)
                #expect(reply.reply.status == 404 && reply.body["error"]?["code"]?.number == -32_601)
            }
        }
    }
}
