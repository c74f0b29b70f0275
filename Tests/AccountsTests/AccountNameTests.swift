import Bridging
import Store
import Synchronization
import Testing

@testable import Accounts

@Suite("Several accounts of one provider")
struct AccountNameTests {
    /// What the account at the provider is called now.
    private final class Name: Sendable {
        let text = Mutex("alice@example.com")
    }

    private func gateway(_ name: String?) async throws -> Gateway {
        try await Gateway(accountName: { provider, source in
            // The token must work by the time the name is asked for.
            guard provider == "google", await (try? source.accessToken()) != nil else { return nil }
            return name
        })
    }

    @Test func `a connected account is known by its address`() async throws {
        let gateway = try await gateway("alice@example.com")
        let row = try await gateway.connected("google")
        #expect(row.account == "alice@example.com")
        #expect(try await gateway.row(row.id).account == "alice@example.com")
    }

    @Test func `a consent that is renewed is asked of the same account`() async throws {
        let gateway = try await gateway("alice@example.com")
        let row = try await gateway.connected("google")
        let url = try await gateway.flow.reconnect(row.id, for: gateway.alice, sessionBinding: Gateway.session)
        #expect(Parameters(ofQuery: url)["login_hint"] == "alice@example.com")
        let (_, page) = try await gateway.begin("google")
        #expect(page["login_hint"] == nil)
    }

    @Test func `an account that does not tell its name is connected all the same`() async throws {
        let row = try await gateway(nil).connected("google")
        #expect(row.state == .connected && row.account == nil)
    }

    @Test func `a grant that another connection of the account lives by is not revoked`() async throws {
        let gateway = try await gateway("alice@example.com")
        let first = try await gateway.connected("google")
        let second = try await gateway.connected("google")
        #expect(try await gateway.flow.disconnect(first.id, for: gateway.alice).revocation == .notNeeded)
        #expect(gateway.upstream.requests(to: "/revoke").isEmpty)
        #expect(try await gateway.flow.disconnect(second.id, for: gateway.alice).revocation == .revoked)
    }

    @Test func `a grant that a connection in error lives by is not revoked`() async throws {
        let gateway = try await gateway("alice@example.com")
        let first = try await gateway.connected("google")
        let second = try await gateway.connected("google")
        let problem = ConnectionProblem.notConfigured("google")
        try await gateway.credentials.setConnectionState(second.id, state: .error, error: problem)
        #expect(try await gateway.flow.disconnect(first.id, for: gateway.alice).revocation == .notNeeded)
    }

    @Test func `a grant that may be that of a connection without a name is not revoked`() async throws {
        let gateway = try await gateway(nil)
        let first = try await gateway.connected("google")
        let second = try await gateway.connected("google")
        #expect(try await gateway.flow.disconnect(first.id, for: gateway.alice).revocation == .notNeeded)
        #expect(try await gateway.flow.disconnect(second.id, for: gateway.alice).revocation == .revoked)
    }

    @Test func `two people of one Notion workspace have a grant each, and each is revoked`() async throws {
        let gateway = try await Gateway(upstream: FakeUpstream(rotates: true))
        let first = try await gateway.connected("notion")
        gateway.upstream.change { $0.bot = "bot-2" }
        let second = try await gateway.connected("notion")
        #expect(first.account == second.account)
        #expect(try await gateway.flow.disconnect(first.id, for: gateway.alice).revocation == .revoked)
        let asked = try #require(gateway.upstream.requests(to: "/v1/oauth/revoke").first)
        #expect(Parameters(of: asked)["token"] == "access-1")
    }

    @Test func `a Notion grant that another connection lives by is not revoked`() async throws {
        let gateway = try await Gateway(upstream: FakeUpstream(rotates: true))
        let first = try await gateway.connected("notion")
        _ = try await gateway.connected("notion")
        #expect(try await gateway.flow.disconnect(first.id, for: gateway.alice).revocation == .notNeeded)
        #expect(gateway.upstream.requests(to: "/revoke").isEmpty)
    }
}

@Suite("Grants of a Google project in testing")
struct TestingGrantTests {
    private static let day: Int64 = 86_400

    /// A connection that is renewed until `days` after the consent, and then refused `later` seconds after that.
    private func problem(renewedFor days: Int64, deadAfter later: Int64) async throws -> ConnectionProblem? {
        let gateway = try await Gateway()
        let row = try await gateway.connected("google")
        let source = gateway.vault.source(for: row.id)
        for _ in 0..<days * 24 {
            gateway.clock.advance(by: 3600)
            _ = try await source.accessToken()
        }
        gateway.clock.advance(by: later)
        gateway.upstream.change { $0.mood = .refusing(status: 400, error: "invalid_grant") }
        await #expect(throws: BridgeError.self) { try await source.accessToken() }
        return try await gateway.row(row.id).problem
    }

    @Test func `one that dies after seven days is explained`() async throws {
        let problem = try #require(try await problem(renewedFor: 7, deadAfter: 3600))
        #expect(problem.code == "reconnect_required")
        #expect(problem.message.contains("Testing") && problem.remedy.contains("Publish"))
    }

    @Test func `one that dies while the gateway was off across the seventh day is explained too`() async throws {
        let problem = try #require(try await problem(renewedFor: 3, deadAfter: 20 * Self.day))
        #expect(problem.message.contains("Testing"))
    }

    @Test(arguments: [(2, 3600), (30, 3600)] as [(Int64, Int64)])
    func `one that dies sooner or later has another cause`(_ days: Int64, _ later: Int64) async throws {
        let problem = try #require(try await problem(renewedFor: days, deadAfter: later))
        #expect(problem.code == "reconnect_required" && !problem.message.contains("Testing"))
    }
}
