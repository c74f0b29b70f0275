import HTTPTypes
import OutboundHTTP
import SimulatorNotion
import Testing

@Suite("Notion faults and limits")
struct NotionFaultTests {
    private func plan(_ kind: String, _ client: NotionClient, method: String = "POST") async throws {
        let fault: JSONValue = ["kind": .string(kind), "method": .string(method), "path": "/v1/pages"]
        #expect(try await client.control("settings", ["next_faults": [fault]]).status == 200)
    }

    /// What a fault answers that comes before anything is done.
    struct Refusal: Sendable {
        var kind: String
        var status: Int
        var code: String?
    }

    @Test(arguments: [
        Refusal(kind: "failure", status: 500, code: "internal_server_error"),
        Refusal(kind: "unavailable", status: 503, code: "service_unavailable"),
        Refusal(kind: "rateLimited", status: 429, code: "rate_limited"),
        Refusal(kind: "conflict", status: 409, code: "conflict_error"),
        Refusal(kind: "overloaded", status: 529, code: "service_overload"),
        Refusal(kind: "page", status: 502),
    ])
    func `a refused write is not done`(_ refusal: Refusal) async throws {
        try await NotionClient.serving { client in
            try await plan(refusal.kind, client)
            let refused = try await client.create("Lunch")
            #expect(refused.status == refusal.status)
            #expect(refused.code == refusal.code)
            #expect((refused.headers[.retryAfter] != nil) == [429, 529].contains(refusal.status))
            #expect(try await client.query().results.isEmpty)
            #expect(try await client.create("Lunch").status == 200)
        }
    }

    @Test(arguments: ["lostAnswer", "truncated"])
    func `a lost answer leaves its write done`(_ kind: String) async throws {
        try await NotionClient.serving { client in
            try await plan(kind, client)
            await #expect(throws: OutboundError.self) { _ = try await client.create("Lunch") }
            #expect(try await client.query().titles == ["Lunch"])
        }
    }

    @Test
    func `a write that was saved says so, a read does not`() async throws {
        try await NotionClient.serving { client in
            try await plan("savedButUnavailable", client)
            let created = try await client.create("Lunch")
            #expect(created.status == 503)
            #expect(created.message.hasPrefix("The change was saved"))
            let id = try #require(created.body["additional_data"]?["committed_resource_id"]?.string)
            #expect(try await client.page(id).status == 200)
            try await plan("savedButUnavailable", client, method: "PATCH")
            let patched = try await client.change(id, ["in_trash": true])
            #expect(patched.body["additional_data"]?["retry_guidance"] != nil)
            #expect(patched.body["additional_data"]?["committed_resource_id"] == nil)
            try await plan("savedButUnavailable", client, method: "GET")
            #expect(try await client.page(id).body["additional_data"] == nil)
            #expect(try await client.page(id).body["in_trash"] == true)
        }
    }

    @Test
    func `the same seed gives the same faults, and consent is spared`() async throws {
        var histories: [[Int]] = []
        for _ in 0..<2 {
            try await NotionClient.serving { client in
                _ = try await client.control("settings", ["faults": ["failure": 300, "unavailable": 300]])
                var statuses: [Int] = []
                for _ in 0..<30 { statuses.append(try await client.call(.get, "users/me").status) }
                histories.append(statuses)
                let token = try await client.send(.post, "/v1/oauth/token")
                #expect(token.status == 401)
            }
        }
        #expect(histories[0] == histories[1])
        #expect(Set(histories[0]) == [200, 500, 503])
    }

    @Test
    func `beyond the rate the answer says when to come back, and then it is open`() async throws {
        try await NotionClient.serving { client in
            _ = try await client.control("settings", ["rate_per_minute": 2])
            _ = try await client.call(.get, "users/me")
            _ = try await client.control("settings", ["clock_offset": 20])
            _ = try await client.call(.get, "users/me")
            let refused = try await client.call(.get, "users/me")
            #expect(refused.status == 429)
            #expect(refused.code == "rate_limited")
            #expect(refused.headers[.retryAfter] == "40")
            let reason: JSONValue = ["rate_limit_reason": "public_api_request_rate_limit", "retry_after": "40"]
            #expect(refused.body["additional_data"] == reason)
            _ = try await client.control("settings", ["clock_offset": 59])
            #expect(try await client.call(.get, "users/me").status == 429)
            _ = try await client.control("settings", ["clock_offset": 60])
            #expect(try await client.call(.get, "users/me").status == 200)
        }
    }

    @Test
    func `absurd input is refused, and the simulator lives on`() async throws {
        try await NotionClient.serving { (client) async throws in
            let deep = Array(repeating: UInt8(ascii: "["), count: 100_000)
            let headers: HTTPFields = [.authorization: "Bearer " + client.token]
            for path in ["/control/settings", "/control/pages", "/v1/oauth/token"] {
                #expect(try await client.send(.post, path, headers, deep).status >= 400)
            }
            let huge = JSONValue.number(1e300)
            let settings: [JSONValue] = [
                ["rate_per_minute": huge], ["row_limit": -1], ["faults": ["earthquake": 1]],
                ["next_faults": [["kind": "earthquake"]]], ["lag_seconds": "long"], ["speed": 1],
            ]
            for setting in settings { #expect(try await client.control("settings", setting).status == 400) }
            #expect(try await client.control("settings", ["clock_offset": .number(9e18)]).status == 200)
            #expect(try await client.call(.get, "users/me").status == 200)
            let body = Array(repeating: UInt8(ascii: " "), count: 600_000)
            #expect(try await client.send(.post, "/v1/search", headers, body).status == 413)
        }
    }
}
