import Bridging
import Foundation
import HTTPTypes
import OutboundHTTP
import Store
import Testing

@testable import Accounts

@Suite("RFC 6749 §4.1 authorisation code, RFC 7636 PKCE")
struct ConnectFlowTests {
    @Test
    func `the consent page of Google gets everything a lasting grant needs`() async throws {
        let gateway = try await Gateway()
        let (id, page) = try await gateway.begin("google")
        #expect(page["client_id"] == "g-id")
        #expect(page["redirect_uri"] == "https://kalends.test/oauth/callback")
        #expect(page["response_type"] == "code")
        #expect(page["scope"] == FakeUpstream.allScopes)
        #expect(page["access_type"] == "offline")
        #expect(page["prompt"] == "consent")
        #expect(page["include_granted_scopes"] == "true")
        #expect(page["code_challenge_method"] == "S256")
        #expect(page["state"]?.utf8.count == 43)
        #expect(try await gateway.row(id).state == .awaitingAuthorization)
    }

    @Test
    func `the verifier sent with the code is the one the challenge was made of`() async throws {
        let gateway = try await Gateway()
        let (_, page) = try await gateway.begin("google")
        _ = try await gateway.finish(page["state"])
        let exchange = Parameters(of: try #require(gateway.upstream.requests(to: "/token").first))
        let verifier = try #require(exchange["code_verifier"])
        #expect(Secret.base64URL(Secret.digest(of: verifier)) == page["code_challenge"])
        #expect(exchange["code"] == "code-1")
        #expect(exchange["client_secret"] == "g-secret")
        #expect(exchange["redirect_uri"] == page["redirect_uri"])
    }

    @Test
    func `a finished consent connects, and its token is handed out without asking again`() async throws {
        let gateway = try await Gateway()
        let row = try await gateway.connected("google")
        #expect(row.state == .connected)
        #expect(row.problem == nil)
        let token = try await gateway.vault.source(for: row.id).accessToken()
        #expect(token.secret == "access-1")
        #expect(gateway.upstream.requests.count == 1)
    }

    @Test
    func `Notion is asked with Basic and JSON, without PKCE, and names its workspace`() async throws {
        let gateway = try await Gateway(upstream: FakeUpstream(rotates: true))
        let (_, page) = try await gateway.begin("notion")
        #expect(page["owner"] == "user")
        #expect(page["code_challenge"] == nil)
        #expect(page["scope"] == nil)
        guard case .connected(let row) = try await gateway.finish(page["state"]) else {
            Issue.record("not connected")
            return
        }
        #expect(row.account == "Home")
        let request = try #require(gateway.upstream.requests(to: "/v1/oauth/token").first)
        let credentials = Data("n-id:n-secret".utf8).base64EncodedString()
        #expect(request.headers[.authorization] == "Basic \(credentials)")
        #expect(Parameters(of: request)["code"] == "code-1")
        #expect(Parameters(of: request)["code_verifier"] == nil)
    }

    @Test
    func `a refused consent leaves the connection unconnected and says so`() async throws {
        let gateway = try await Gateway()
        let (id, page) = try await gateway.begin("google")
        let outcome = try await gateway.finish(page["state"], code: nil, error: "access_denied")
        let row = try await gateway.row(id)
        #expect(outcome == .refused(.denied("google"), row))
        #expect(row.state == .awaitingAuthorization)
        #expect(row.problem?.code == "permission_denied")
        #expect(gateway.upstream.requests.isEmpty)
    }

    @Test
    func `a state works once`() async throws {
        let gateway = try await Gateway()
        let (id, page) = try await gateway.begin("google")
        _ = try await gateway.finish(page["state"])
        let before = try await gateway.row(id)
        #expect(try await gateway.finish(page["state"], code: nil, error: "access_denied") == .unknownState)
        #expect(try await gateway.finish(page["state"], code: "another") == .unknownState)
        #expect(try await gateway.row(id) == before)
        #expect(gateway.upstream.requests.count == 1)
    }

    @Test
    func `an unknown or missing state changes nothing`() async throws {
        let gateway = try await Gateway()
        #expect(try await gateway.finish("invented") == .unknownState)
        #expect(try await gateway.finish(nil) == .unknownState)
        #expect(gateway.upstream.requests.isEmpty)
    }

    @Test
    func `another user's callback changes nothing, and the owner can still finish`() async throws {
        let gateway = try await Gateway()
        let (id, page) = try await gateway.begin("google")
        let outcome = try await gateway.flow.finish(
            state: page["state"],
            code: "code-1",
            by: gateway.bob,
            sessionBinding: Gateway.session
        )
        #expect(outcome == .foreign)
        #expect(try await gateway.row(id).state == .awaitingAuthorization)
        #expect(gateway.upstream.requests.isEmpty)
        guard case .connected = try await gateway.finish(page["state"]) else {
            Issue.record("the owner was locked out")
            return
        }
    }

    @Test
    func `another session of the same user cannot finish`() async throws {
        let gateway = try await Gateway()
        let (_, page) = try await gateway.begin("google")
        let outcome = try await gateway.flow.finish(
            state: page["state"],
            code: "code-1",
            by: gateway.alice,
            sessionBinding: "another session"
        )
        #expect(outcome == .foreign)
    }

    @Test
    func `a state is worthless after fifteen minutes`() async throws {
        let gateway = try await Gateway()
        let (_, page) = try await gateway.begin("google")
        gateway.clock.advance(by: 15 * 60)
        #expect(try await gateway.finish(page["state"]) == .unknownState)
        #expect(gateway.upstream.requests.isEmpty)
    }

    @Test
    func `an unticked scope is named, and the connection stays unconnected`() async throws {
        let gateway = try await Gateway()
        gateway.upstream.change { $0.scope = "https://www.googleapis.com/auth/calendar.readonly" }
        let (id, page) = try await gateway.begin("google")
        let outcome = try await gateway.finish(page["state"])
        let row = try await gateway.row(id)
        #expect(outcome == .missingScopes(["https://www.googleapis.com/auth/calendar.events"], row))
        #expect(row.state == .awaitingAuthorization)
        #expect(row.problem?.message.contains("calendar.events") == true)
        #expect(try await gateway.credentials.sealedTokens(of: id) == nil)
    }

    @Test(arguments: [
        (FakeUpstream.Mood.refusing(status: 400, error: "invalid_grant"), "permission_denied"),
        (.refusing(status: 401, error: "invalid_client"), "invalid_client"),
        (.refusing(status: 400, error: "redirect_uri_mismatch"), "redirect_uri_mismatch"),
        (.failing(status: 503), "upstream_unreachable"),
        (.failing(status: 429), "rate_limited"),
        (.unreachable, "upstream_unreachable"),
    ])
    func `an exchange that fails leaves the connection with the reason`(
        _ mood: FakeUpstream.Mood,
        _ code: String
    ) async throws {
        let gateway = try await Gateway()
        gateway.upstream.change { $0.mood = mood }
        let (id, page) = try await gateway.begin("google")
        guard case .refused(let problem, _) = try await gateway.finish(page["state"]) else {
            Issue.record("not refused")
            return
        }
        #expect(problem.code == code)
        #expect(try await gateway.row(id).problem == problem)
        #expect(try await gateway.row(id).state == .awaitingAuthorization)
    }

    @Test
    func `a grant that would end within the hour is refused`() async throws {
        let gateway = try await Gateway()
        gateway.upstream.change { $0.grantsRefreshToken = false }
        let (_, page) = try await gateway.begin("google")
        guard case .refused = try await gateway.finish(page["state"]) else {
            Issue.record("taken")
            return
        }
    }

    @Test
    func `a provider that is not configured is refused before anything is made`() async throws {
        let gateway = try await Gateway(clients: { _ in nil })
        await #expect(throws: ConnectError.refused(.notConfigured("google"))) {
            try await gateway.begin("google")
        }
        #expect(try await gateway.credentials.connections(of: gateway.alice.id).isEmpty)
    }
}

@Suite("Connections: tokens made by hand, reconnecting, disconnecting")
struct ConnectionLifeTests {
    @Test
    func `a token made by hand is tried, then connects and names the workspace`() async throws {
        let gateway = try await Gateway()
        let row = try await gateway.flow.connect(provider: "notion", token: " ntn_x\n", for: gateway.alice)
        #expect(row.state == .connected)
        #expect(row.account == "Home")
        #expect(gateway.upstream.requests.first?.headers[.authorization] == "Bearer ntn_x")
        #expect(try await gateway.vault.source(for: row.id).accessToken().secret == "ntn_x")
    }

    @Test
    func `a wrong token is refused and leaves nothing`() async throws {
        let gateway = try await Gateway()
        gateway.upstream.change { $0.userStatus = 401 }
        await #expect(throws: ConnectError.refused(.tokenRefused("notion"))) {
            try await gateway.flow.connect(provider: "notion", token: "wrong", for: gateway.alice)
        }
        #expect(try await gateway.credentials.connections(of: gateway.alice.id).isEmpty)
    }

    @Test
    func `an outage while a token is tried is not a wrong token`() async throws {
        let gateway = try await Gateway()
        gateway.upstream.change { $0.mood = .unreachable }
        let error = await #expect(throws: ConnectError.self) {
            try await gateway.flow.connect(provider: "notion", token: "ntn_x", for: gateway.alice)
        }
        guard case .unreachable = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test
    func `Google takes no token made by hand`() async throws {
        let gateway = try await Gateway()
        await #expect(throws: ConnectError.unsupported(provider: "google")) {
            try await gateway.flow.connect(provider: "google", token: "x", for: gateway.alice)
        }
    }

    @Test
    func `a dead connection comes back to life in the same row`() async throws {
        let gateway = try await Gateway()
        let row = try await gateway.connected("google")
        gateway.upstream.change { $0.mood = .refusing(status: 400, error: "invalid_grant") }
        gateway.clock.advance(by: 3600)
        _ = try? await gateway.vault.source(for: row.id).accessToken()
        #expect(try await gateway.row(row.id).state == .reconnectRequired)

        gateway.upstream.change { $0.mood = .granting }
        let url = try await gateway.flow.reconnect(row.id, for: gateway.alice, sessionBinding: Gateway.session)
        guard case .connected(let again) = try await gateway.finish(Parameters(ofQuery: url)["state"]) else {
            Issue.record("not connected")
            return
        }
        #expect(again.id == row.id)
        #expect(again.problem == nil)
        #expect(try await gateway.vault.source(for: row.id).accessToken().secret == "access-2")
    }

    @Test
    func `a refused second consent leaves a working connection working`() async throws {
        let gateway = try await Gateway()
        let row = try await gateway.connected("google")
        let url = try await gateway.flow.reconnect(row.id, for: gateway.alice, sessionBinding: Gateway.session)
        _ = try await gateway.finish(Parameters(ofQuery: url)["state"], code: nil, error: "access_denied")
        #expect(try await gateway.row(row.id) == row)
        #expect(try await gateway.vault.source(for: row.id).accessToken().secret == "access-1")
    }

    @Test
    func `a refused second consent leaves a dead connection to be reconnected`() async throws {
        let gateway = try await Gateway()
        let row = try await gateway.connected("google")
        try await gateway.credentials.setConnectionState(row.id, state: .reconnectRequired, error: .reconnect("google"))
        let dead = try await gateway.row(row.id)
        #expect(dead.problem?.code == "reconnect_required")
        let url = try await gateway.flow.reconnect(row.id, for: gateway.alice, sessionBinding: Gateway.session)
        let outcome = try await gateway.finish(Parameters(ofQuery: url)["state"], code: nil, error: "access_denied")
        #expect(outcome == .refused(.denied("google"), dead))
        #expect(try await gateway.row(row.id) == dead)
    }

    @Test
    func `a connection can be given another token made by hand`() async throws {
        let gateway = try await Gateway()
        let row = try await gateway.flow.connect(provider: "notion", token: "ntn_1", for: gateway.alice)
        _ = try await gateway.flow.reconnect(row.id, token: "ntn_2", for: gateway.alice)
        #expect(try await gateway.vault.source(for: row.id).accessToken().secret == "ntn_2")
    }

    @Test
    func `nobody touches another user's connection`() async throws {
        let gateway = try await Gateway()
        let row = try await gateway.connected("google")
        await #expect(throws: ConnectError.unknownConnection) {
            try await gateway.flow.reconnect(row.id, for: gateway.bob, sessionBinding: "b")
        }
        await #expect(throws: ConnectError.unknownConnection) {
            try await gateway.flow.disconnect(row.id, for: gateway.bob)
        }
    }

    @Test
    func `disconnecting revokes the grant and removes the connection`() async throws {
        let gateway = try await Gateway()
        let row = try await gateway.connected("google")
        let receipt = try await gateway.flow.disconnect(row.id, for: gateway.alice)
        #expect(receipt.revocation == .revoked)
        let request = try #require(gateway.upstream.requests(to: "/revoke").first)
        #expect(Parameters(of: request)["token"] == "refresh-1")
        #expect(try await gateway.credentials.connection(row.id) == nil)
        await #expect(throws: (any Error).self) { try await gateway.vault.source(for: row.id).accessToken() }
    }

    @Test
    func `Notion's revocation names the access token and the client`() async throws {
        let gateway = try await Gateway(upstream: FakeUpstream(rotates: true))
        let row = try await gateway.connected("notion")
        #expect(try await gateway.flow.disconnect(row.id, for: gateway.alice).revocation == .revoked)
        let request = try #require(gateway.upstream.requests(to: "/v1/oauth/revoke").first)
        #expect(Parameters(of: request)["token"] == "access-1")
        #expect(request.headers[.authorization]?.hasPrefix("Basic ") == true)
    }

    @Test
    func `a revocation counts once Notion says that the token is good no more`() async throws {
        let gateway = try await Gateway(upstream: FakeUpstream(rotates: true))
        let row = try await gateway.connected("notion")
        gateway.upstream.change { $0.isStillActive = true }
        let receipt = try await gateway.flow.disconnect(row.id, for: gateway.alice)
        #expect(receipt.revocation != .revoked)
        let asked = try #require(gateway.upstream.requests(to: "/v1/oauth/introspect").first)
        #expect(Parameters(of: asked)["token"] == "access-1")
        #expect(try await gateway.credentials.connection(row.id) == nil)
    }

    @Test
    func `a refresh token is no token to connect with`() async throws {
        let gateway = try await Gateway()
        await #expect(throws: ConnectError.refused(.refreshToken("notion"))) {
            try await gateway.flow.connect(provider: "notion", token: "nrt_1", for: gateway.alice)
        }
        #expect(gateway.upstream.requests.isEmpty)
    }

    @Test
    func `a provider that does not answer cannot keep a connection`() async throws {
        let gateway = try await Gateway()
        let row = try await gateway.connected("google")
        gateway.upstream.change { $0.mood = .unreachable }
        guard case .failed = try await gateway.flow.disconnect(row.id, for: gateway.alice).revocation else {
            Issue.record("revoked?")
            return
        }
        #expect(try await gateway.credentials.connection(row.id) == nil)
    }

    @Test
    func `a token made by hand needs no revocation`() async throws {
        let gateway = try await Gateway()
        let row = try await gateway.flow.connect(provider: "notion", token: "ntn_1", for: gateway.alice)
        #expect(try await gateway.flow.disconnect(row.id, for: gateway.alice).revocation == .notNeeded)
    }
}
