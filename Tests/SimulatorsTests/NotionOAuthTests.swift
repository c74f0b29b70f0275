import Foundation
import HTTPTypes
import OutboundHTTP
import SimulatorNotion
import Testing

@Suite("Notion OAuth")
struct NotionOAuthTests {
    private static let redirect = "https://gateway.example/back"
    private static let consent =
        "/v1/oauth/authorize?"
        + FormBody.query([
            ("owner", "user"), ("client_id", NotionSimulator.clientID), ("redirect_uri", redirect),
            ("response_type", "code"), ("state", "a b&c"),
        ])

    /// Decides on the consent page: the address that the browser is sent to.
    private func decide(_ decision: String, _ client: NotionClient) async throws -> String {
        let form = FormBody.encode([("redirect_uri", Self.redirect), ("state", "a b&c"), ("decision", decision)])
        let answer = try await client.send(.post, Self.consent, [.contentType: FormBody.mediaType], form)
        #expect(answer.status == 302)
        return try #require(answer.headers[.location])
    }

    private func code(_ client: NotionClient) async throws -> JSONValue {
        let components = try #require(URLComponents(string: try await decide("allow", client)))
        let code = try #require(components.queryItems?.first { $0.name == "code" }?.value)
        return [
            "grant_type": "authorization_code", "code": .string(code), "redirect_uri": .string(Self.redirect),
        ]
    }

    private func call(
        _ name: String,
        _ body: JSONValue,
        _ client: NotionClient,
        secret: String = NotionSimulator.clientSecret
    ) async throws -> NotionClient.Answer {
        let basic = Data((NotionSimulator.clientID + ":" + secret).utf8).base64EncodedString()
        let headers: HTTPFields = [.authorization: "Basic " + basic, .contentType: "application/json"]
        return try await client.send(.post, "/v1/oauth/" + name, headers, body.octets)
    }

    private func refresh(_ answer: NotionClient.Answer, _ client: NotionClient) async throws -> NotionClient.Answer {
        let token = answer.body["refresh_token"] ?? nil
        return try await call("token", ["grant_type": "refresh_token", "refresh_token": token], client)
    }

    /// Whether the access token of a grant opens the API.
    private func opens(_ grant: NotionClient.Answer, _ client: NotionClient) async throws -> Bool {
        var visitor = client
        visitor.token = try #require(grant.body["access_token"]?.string)
        return try await visitor.call(.get, "users/me").status == 200
    }

    @Test
    func `the consent page asks, and a refusal goes back with the state`() async throws {
        try await NotionClient.serving { client in
            let page = try await client.send(.get, Self.consent)
            #expect(page.status == 200)
            #expect(page.headers[.contentType]?.hasPrefix("text/html") == true)
            let location = try await decide("deny", client)
            #expect(location == Self.redirect + "?error=access_denied&state=a%20b%26c")
            let stranger = Self.consent.replacingOccurrences(of: NotionSimulator.clientID, with: "stranger")
            #expect(try await client.send(.get, stranger).status == 400)
        }
    }

    @Test
    func `a consent that answers itself redirects at once`() async throws {
        try await NotionClient.serving { client in
            _ = try await client.control("settings", ["approves_at_once": true])
            let answer = try await client.send(.get, Self.consent)
            #expect(answer.status == 302)
            #expect(answer.headers[.location]?.hasPrefix(Self.redirect + "?code=") == true)
        }
    }

    @Test
    func `a code is good once, and only with the redirect address it was made for`() async throws {
        try await NotionClient.serving { client in
            let body = try await code(client)
            let grant = try await call("token", body, client)
            #expect(grant.status == 200)
            #expect(grant.body["token_type"] == "bearer")
            #expect(grant.body["owner"]?["user"]?["person"]?["email"] == "ana@example.com")
            #expect(try await opens(grant, client))
            #expect(try await call("token", body, client).body["error"] == "invalid_grant")
            var other = try await code(client)
            other["redirect_uri"] = "https://elsewhere.example/"
            #expect(try await call("token", other, client).body["error"] == "invalid_grant")
        }
    }

    @Test
    func `a wrong secret gets nothing`() async throws {
        try await NotionClient.serving { client in
            let answer = try await call("token", try await code(client), client, secret: "wrong")
            #expect(answer.status == 401)
            #expect(answer.body["error"] == "invalid_client")
        }
    }

    @Test
    func `a refresh gives a new pair, and the old refresh token is used up`() async throws {
        try await NotionClient.serving { client in
            let first = try await call("token", try await code(client), client)
            let second = try await refresh(first, client)
            #expect(second.status == 200)
            #expect(second.body["refresh_token"] != first.body["refresh_token"])
            #expect(second.body["bot_id"] == first.body["bot_id"])
            #expect(try await opens(second, client))
            let again = try await refresh(first, client)
            #expect(again.status == 400)
            #expect(again.body["error"] == "invalid_grant")
        }
    }

    @Test
    func `access tokens end when told so, or with time, and a refresh helps`() async throws {
        try await NotionClient.serving { client in
            _ = try await client.control("settings", ["access_seconds": 3600])
            let first = try await call("token", try await code(client), client)
            _ = try await client.control("settings", ["clock_offset": 3599])
            #expect(try await opens(first, client))
            _ = try await client.control("settings", ["clock_offset": 3600])
            #expect(try await !opens(first, client))
            let second = try await refresh(first, client)
            #expect(try await opens(second, client))
            _ = try await client.control("tokens", ["expire": true])
            #expect(try await !opens(second, client))
            #expect(try await refresh(second, client).status == 200)
        }
    }

    @Test
    func `a revoked connection is over, refresh and all`() async throws {
        try await NotionClient.serving { client in
            let first = try await call("token", try await code(client), client)
            let other = try await call("token", try await code(client), client)
            let token: JSONValue = ["token": first.body["access_token"] ?? nil]
            #expect(try await call("introspect", token, client).body["active"] == true)
            #expect(try await call("revoke", token, client).status == 200)
            #expect(try await call("introspect", token, client).body["active"] == false)
            #expect(try await refresh(first, client).body["error"] == "invalid_grant")
            #expect(try await opens(other, client))
            _ = try await client.control("tokens", ["revoke": true])
            #expect(try await !opens(other, client))
            #expect(try await refresh(other, client).status == 400)
        }
    }

    @Test
    func `a lost refresh has used its token up`() async throws {
        try await NotionClient.serving { client in
            let first = try await call("token", try await code(client), client)
            _ = try await client.control("settings", ["next_faults": [["kind": "lostAnswer", "path": "oauth/token"]]])
            await #expect(throws: OutboundError.self) { _ = try await refresh(first, client) }
            #expect(try await refresh(first, client).body["error"] == "invalid_grant")
        }
    }
}
