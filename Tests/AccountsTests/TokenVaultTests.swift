import Bridging
import ICalendar
import Store
import Synchronization
import Testing

@testable import Accounts

@Suite("RFC 6749 §6 refreshing")
struct TokenVaultTests {
    @Test
    func `a token with more than five minutes to live is used, one with less is renewed`() async throws {
        let gateway = try await Gateway()
        let source = gateway.vault.source(for: try await gateway.connected("google").id)
        gateway.clock.advance(by: 3600 - 301)
        #expect(try await source.accessToken().secret == "access-1")
        gateway.clock.advance(by: 1)
        #expect(try await source.accessToken().secret == "access-2")
        let refresh = Parameters(of: try #require(gateway.upstream.requests.last))
        #expect(refresh["grant_type"] == "refresh_token")
        #expect(refresh["refresh_token"] == "refresh-1")
    }

    @Test
    func `Google's refresh token is kept though the reply has none`() async throws {
        let gateway = try await Gateway()
        let source = gateway.vault.source(for: try await gateway.connected("google").id)
        for expected in ["access-2", "access-3"] {
            gateway.clock.advance(by: 3600)
            #expect(try await source.accessToken().secret == expected)
        }
    }

    @Test
    func `a life is counted from when the request was begun`() {
        let reply = TokenReply(accessToken: "a", refreshToken: nil, expiresIn: 3599, scope: nil, workspaceName: nil)
        let former = Grant(accessToken: "a", refreshToken: "r", expiresAt: nil)
        let grant = reply.grant(requestedAt: .init(seconds: 1000), renewing: former)
        #expect(grant.expiresAt == .init(seconds: 4599))
        #expect(grant.refreshToken == "r")
    }

    @Test
    func `fifty callers with the same refused token cause one renewal`() async throws {
        let gateway = try await Gateway(upstream: FakeUpstream(rotates: true))
        let source = gateway.vault.source(for: try await gateway.connected("notion").id)
        let rejected = try await source.accessToken()
        let tokens = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<50 {
                group.addTask { try await source.accessToken(replacing: rejected).secret }
            }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(tokens == ["access-2"])
        #expect(gateway.upstream.requests.count == 2)
    }

    @Test
    func `a token refused after another caller renewed it costs no second renewal`() async throws {
        let gateway = try await Gateway()
        let source = gateway.vault.source(for: try await gateway.connected("google").id)
        let first = try await source.accessToken()
        let second = try await source.accessToken(replacing: first)
        #expect(try await source.accessToken(replacing: first) == second)
        #expect(gateway.upstream.requests.count == 2)
    }

    @Test
    func `a new pair is stored before it is used, and survives a restart`() async throws {
        let gateway = try await Gateway(upstream: FakeUpstream(rotates: true))
        let id = try await gateway.connected("notion").id
        let first = try await gateway.vault.source(for: id).accessToken()
        let second = try await gateway.vault.source(for: id).accessToken(replacing: first)
        let restarted = gateway.restartedVault().source(for: id)
        #expect(try await restarted.accessToken() == second)
        #expect(try await restarted.accessToken(replacing: second).secret == "access-3")
    }

    @Test
    func `a renewal whose caller went away is stored all the same`() async throws {
        let gateway = try await Gateway(upstream: FakeUpstream(rotates: true))
        let id = try await gateway.connected("notion").id
        let source = gateway.vault.source(for: id)
        let first = try await source.accessToken()
        gateway.upstream.change { $0.mood = .holding }
        let caller = Task { try await source.accessToken(replacing: first) }
        while gateway.upstream.state.withLock({ $0.held.isEmpty }) { await Task.yield() }
        caller.cancel()
        gateway.upstream.open()
        #expect(try await source.accessToken(replacing: first).secret == "access-2")
        #expect(gateway.upstream.requests.count == 2)
    }

    @Test
    func `a dead grant is said once to the provider, then refused without asking`() async throws {
        let gateway = try await Gateway()
        let id = try await gateway.connected("google").id
        gateway.clock.advance(by: 3600)
        gateway.upstream.change { $0.mood = .refusing(status: 400, error: "invalid_grant") }
        for _ in 0..<3 {
            let error = await #expect(throws: BridgeError.self) {
                try await gateway.vault.source(for: id).accessToken()
            }
            guard case .authorizationRevoked = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
        }
        #expect(gateway.upstream.requests.count == 2)
        let row = try await gateway.row(id)
        #expect(row.state == .reconnectRequired)
        #expect(row.problem?.code == "reconnect_required")
        #expect(row.problem?.remedy.isEmpty == false)
        await #expect(throws: BridgeError.self) { try await gateway.restartedVault().source(for: id).accessToken() }
        #expect(gateway.upstream.requests.count == 2)
    }

    @Test
    func `a pair that another process renewed meanwhile is no dead grant`() async throws {
        let gateway = try await Gateway(upstream: FakeUpstream(rotates: true))
        let id = try await gateway.connected("notion").id
        let source = gateway.vault.source(for: id)
        let first = try await source.accessToken()
        gateway.upstream.change { $0.mood = .holding }
        let late = Task { try await source.accessToken(replacing: first) }
        while gateway.upstream.state.withLock({ $0.held.isEmpty }) { await Task.yield() }
        gateway.upstream.change { $0.mood = .granting }
        let second = try await gateway.restartedVault().source(for: id).accessToken(replacing: first)
        gateway.upstream.open()
        #expect(try await late.value == second)
        #expect(try await gateway.row(id).state == .connected)
    }

    @Test(arguments: [
        (FakeUpstream.Mood.unreachable, false), (.failing(status: 500), false), (.failing(status: 429), true),
    ])
    func `an outage is no dead grant`(_ mood: FakeUpstream.Mood, _ isThrottled: Bool) async throws {
        let gateway = try await Gateway()
        let id = try await gateway.connected("google").id
        gateway.clock.advance(by: 3600)
        gateway.upstream.change { $0.mood = mood }
        let error = await #expect(throws: BridgeError.self) {
            try await gateway.vault.source(for: id).accessToken()
        }
        switch error {
        case .unreachable: #expect(!isThrottled)
        case .throttled: #expect(isThrottled)
        default: Issue.record("\(String(describing: error))")
        }
        #expect(try await gateway.row(id).state == .connected)
        gateway.upstream.change { $0.mood = .granting }
        #expect(try await gateway.vault.source(for: id).accessToken().secret == "access-2")
    }

    @Test
    func `a wrong client secret is a matter of configuration, and mends itself`() async throws {
        let gateway = try await Gateway()
        let id = try await gateway.connected("google").id
        gateway.clock.advance(by: 3600)
        gateway.upstream.change { $0.mood = .refusing(status: 401, error: "invalid_client") }
        let error = await #expect(throws: BridgeError.self) {
            try await gateway.vault.source(for: id).accessToken()
        }
        guard case .refused(let refusal) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(refusal.message.contains("KALENDS_GOOGLE_CLIENT_SECRET"))
        gateway.upstream.change { $0.mood = .granting }
        #expect(try await gateway.vault.source(for: id).accessToken().secret == "access-2")
        #expect(try await gateway.row(id).state == .connected)
        #expect(try await gateway.row(id).problem == nil)
    }

    @Test
    func `a refused token made by hand cannot be renewed`() async throws {
        let gateway = try await Gateway()
        let row = try await gateway.flow.connect(provider: "notion", token: "ntn_1", for: gateway.alice)
        let source = gateway.vault.source(for: row.id)
        let token = try await source.accessToken()
        await #expect(throws: BridgeError.self) { try await source.accessToken(replacing: token) }
        #expect(try await gateway.row(row.id).state == .reconnectRequired)
    }

    @Test
    func `tokens lie sealed, and open for no other connection`() async throws {
        let gateway = try await Gateway()
        let row = try await gateway.connected("google")
        let sealed = try #require(await gateway.credentials.sealedTokens(of: row.id))
        #expect(!String(decoding: sealed, as: UTF8.self).contains("access-1"))
        let sealer = Sealer(masterKey: gateway.masterKey, purpose: .connectionTokens)
        #expect(try Grant.open(sealed, by: sealer, for: row).accessToken == "access-1")
        var stolen = row
        stolen.principal = gateway.bob.id
        #expect(throws: SealError.unreadable) { try Grant.open(sealed, by: sealer, for: stolen) }
    }

    @Test
    func `a grant does not print itself`() {
        let grant = Grant(accessToken: "secret", refreshToken: "secret", expiresAt: nil)
        #expect("\(grant)" == "•••")
        #expect(String(reflecting: grant) == "•••")
    }
}
