import Bridging
import Store
import Synchronization
import Testing

@testable import Accounts

@Suite("A connection stays that of one account")
struct AnotherAccountTests {
    /// What the account at the provider is called now; nil where nobody says.
    private final class Name: Sendable {
        let text = Mutex<String?>("alice@example.com")

        func set(_ name: String?) { text.withLock { $0 = name } }
    }

    private let name = Name()

    private func gateway() async throws -> Gateway {
        try await Gateway(accountName: { [name] _, source in
            // The token must work by the time the name is asked for.
            guard await (try? source.accessToken()) != nil else { return nil }
            return name.text.withLock { $0 }
        })
    }

    /// The person consents once more for a connection.
    private func consent(_ row: ConnectionRow, in gateway: Gateway) async throws -> FinishOutcome {
        let url = try await gateway.flow.reconnect(row.id, for: gateway.alice, sessionBinding: Gateway.session)
        return try await gateway.finish(Parameters(ofQuery: url)["state"])
    }

    private func token(of row: ConnectionRow, in gateway: Gateway) async throws -> String {
        try await gateway.restartedVault().source(for: row.id).accessToken().secret
    }

    @Test func `the consent of another account is refused, and the connection works on as it was`() async throws {
        let gateway = try await gateway()
        let row = try await gateway.connected("google")
        name.set("work@example.com")
        guard case .refused(let problem, let refused) = try await consent(row, in: gateway) else {
            Issue.record("not refused")
            return
        }
        #expect(problem.code == "another_account")
        #expect(problem.message.contains("alice@example.com") && problem.message.contains("work@example.com"))
        #expect(refused == row)
        #expect(try await gateway.row(row.id) == row)
        #expect(try await token(of: row, in: gateway) == "access-1")
    }

    @Test func `what another account granted is given back`() async throws {
        let gateway = try await gateway()
        let row = try await gateway.connected("google")
        name.set("work@example.com")
        _ = try await consent(row, in: gateway)
        let asked = try #require(gateway.upstream.requests(to: "/revoke").first)
        #expect(Parameters(of: asked)["token"] == "refresh-2")
    }

    @Test func `what an account granted that is connected as well is not given back`() async throws {
        let gateway = try await gateway()
        let row = try await gateway.connected("google")
        name.set("work@example.com")
        let other = try await gateway.connected("google")
        _ = try await consent(row, in: gateway)
        #expect(gateway.upstream.requests(to: "/revoke").isEmpty)
        #expect(try await gateway.row(other.id) == other)
    }

    @Test func `a dead connection stays dead, and says whose consent it was given`() async throws {
        let gateway = try await gateway()
        let row = try await gateway.connected("google")
        let dead = ConnectionProblem.reconnect("google")
        try await gateway.credentials.setConnectionState(row.id, state: .reconnectRequired, error: dead)
        name.set("work@example.com")
        _ = try await consent(row, in: gateway)
        let refused = try await gateway.row(row.id)
        #expect(refused.state == .reconnectRequired && refused.account == "alice@example.com")
        #expect(refused.problem?.code == "reconnect_required")
        #expect(refused.problem?.message.contains("work@example.com") == true)
        name.set("Alice@Example.com")
        _ = try await consent(row, in: gateway)
        #expect(try await gateway.row(row.id).state == .connected)
    }

    @Test func `a consent of which nobody says whose it is changes nothing`() async throws {
        let gateway = try await gateway()
        let row = try await gateway.connected("google")
        name.set(nil)
        guard case .refused(let problem, _) = try await consent(row, in: gateway) else {
            Issue.record("not refused")
            return
        }
        #expect(problem.code == "upstream_unreachable")
        #expect(try await token(of: row, in: gateway) == "access-1")
    }

    @Test func `tokens that cannot be opened any more do not keep the same account out`() async throws {
        let gateway = try await gateway()
        let row = try await gateway.connected("google")
        try await gateway.credentials.setSealedTokens([1, 2, 3], of: row.id)
        guard case .connected = try await consent(row, in: gateway) else {
            Issue.record("not connected")
            return
        }
    }

    // MARK: Notion

    @Test func `another person of the same Notion workspace may renew the consent`() async throws {
        let gateway = try await Gateway(upstream: FakeUpstream(rotates: true))
        let row = try await gateway.connected("notion")
        gateway.upstream.change { ($0.bot, $0.workspaceName) = ("bot-2", "Our new home") }
        guard case .connected(let renewed) = try await consent(row, in: gateway) else {
            Issue.record("not connected")
            return
        }
        #expect(renewed.account == "Our new home")
    }

    @Test func `another Notion workspace is refused, even one of the same name`() async throws {
        let gateway = try await Gateway(upstream: FakeUpstream(rotates: true))
        let row = try await gateway.connected("notion")
        gateway.upstream.change { ($0.bot, $0.workspace) = ("bot-2", "workspace-2") }
        guard case .refused(let problem, _) = try await consent(row, in: gateway) else {
            Issue.record("not refused")
            return
        }
        #expect(problem.code == "another_account")
        #expect(try await token(of: row, in: gateway) == "access-1")
        #expect(gateway.upstream.requests(to: "/v1/oauth/revoke").count == 1)
    }

    @Test func `a Notion token made by hand in another workspace is refused`() async throws {
        let gateway = try await Gateway(upstream: FakeUpstream(rotates: true))
        let row = try await gateway.flow.connect(provider: "notion", token: "ntn_one", for: gateway.alice)
        gateway.upstream.change { $0.workspace = "workspace-2" }
        await #expect(throws: ConnectError.self) {
            try await gateway.flow.reconnect(row.id, token: "ntn_two", for: gateway.alice)
        }
        #expect(try await token(of: row, in: gateway) == "ntn_one")
        gateway.upstream.change { $0.workspace = "workspace-1" }
        _ = try await gateway.flow.reconnect(row.id, token: "ntn_three", for: gateway.alice)
        #expect(try await token(of: row, in: gateway) == "ntn_three")
    }
}
