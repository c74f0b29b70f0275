import ICalendar
import SQL
import Store
import Testing

@Suite("CredentialStore: hashes, digests, sealed octets")
struct CredentialStoreTests {
    private func credentials(_ shelf: Shelf) -> CredentialStore {
        let clock = shelf.clock
        return CredentialStore(database: shelf.database, now: { clock.now })
    }

    @Test func `a password hash is set and taken away`() async throws {
        let shelf = try await Shelf()
        let store = credentials(shelf)
        #expect(try await store.passwordHash(of: shelf.owner) == nil)
        try await store.setPasswordHash("$scrypt$…", of: shelf.owner)
        #expect(try await store.passwordHash(of: shelf.owner) == "$scrypt$…")
        try await store.setPasswordHash(nil, of: shelf.owner)
        #expect(try await store.passwordHash(of: shelf.owner) == nil)
    }

    @Test func `app passwords are their owner's to remove`() async throws {
        let shelf = try await Shelf()
        let store = credentials(shelf)
        let bob = try #require(try await shelf.store.addPrincipal(name: "bob"))
        let id = try await store.addAppPassword(label: "phone", hash: "h", of: shelf.owner)
        shelf.clock.advance(by: 60)
        try await store.touchAppPassword(id)
        let row = try #require(try await store.appPasswords(of: shelf.owner).first)
        #expect(row.label == "phone" && row.hash == "h" && row.lastUsedAt == shelf.clock.now)
        #expect(try await store.removeAppPassword(id, of: bob.id) == false)
        #expect(try await store.removeAppPassword(id, of: shelf.owner))
        #expect(try await store.appPasswords(of: shelf.owner).isEmpty)
    }

    @Test func `an API token is found by its digest`() async throws {
        let shelf = try await Shelf()
        let store = credentials(shelf)
        let id = try await store.addAPIToken(label: "cli", scopes: ["read", "write"], digest: [1, 2], of: shelf.owner)
        let row = try #require(try await store.apiToken(digest: [1, 2]))
        #expect(row.id == id && row.principal == shelf.owner && row.scopes == ["read", "write"])
        #expect(try await store.apiTokens(of: shelf.owner) == [row])
        #expect(try await store.apiToken(digest: [1]) == nil)
        #expect(try await store.removeAPIToken(id, of: shelf.owner))
        #expect(try await store.apiToken(digest: [1, 2]) == nil)
    }

    @Test(arguments: ConnectionState.allCases)
    func `a connection keeps its state and its problem`(_ state: ConnectionState) async throws {
        let shelf = try await Shelf()
        let store = credentials(shelf)
        let id = try await store.addConnection(provider: "google", of: shelf.owner, state: .awaitingAuthorization)
        let problem = ConnectionProblem(code: "c", message: "m", remedy: "r")
        try await store.setConnectionState(id, state: state, error: problem)
        try await store.setConnectionLabel(id, account: "alice@example.org")
        let row = try #require(try await store.connection(id))
        #expect(row.state == state && row.problem == problem && row.account == "alice@example.org")
        try await store.setConnectionState(id, state: state, error: nil)
        #expect(try await store.connections(of: shelf.owner).map(\.problem) == [nil])
        #expect(try await store.allConnections().map(\.id) == [id])
    }

    @Test func `tokens go with their connection`() async throws {
        let shelf = try await Shelf()
        let store = credentials(shelf)
        let id = try await store.addConnection(provider: "google", of: shelf.owner, state: .connected)
        #expect(try await store.sealedTokens(of: id) == nil)
        try await store.setSealedTokens([1, 2, 3], of: id)
        #expect(try await store.sealedTokens(of: id) == [1, 2, 3])
        #expect(try await store.removeConnection(id))
        #expect(try await store.sealedTokens(of: id) == nil)
        #expect(try await store.removeConnection(id) == false)
        let next = try await store.addConnection(provider: "google", of: shelf.owner, state: .connected)
        #expect(next > id)
    }

    @Test func `a pending authorisation is taken once, and not after its expiry`() async throws {
        let shelf = try await Shelf()
        let store = credentials(shelf)
        let connection = try await store.addConnection(
            provider: "google",
            of: shelf.owner,
            state: .awaitingAuthorization
        )
        let pending = PendingAuthorization(
            stateDigest: [1],
            connection: connection,
            principal: shelf.owner,
            sessionBindingDigest: [2],
            sealedVerifier: [],
            expiresAt: shelf.clock.now.advanced(by: 600)
        )
        try await store.addPendingAuthorization(pending)
        #expect(try await store.takePendingAuthorization(stateDigest: [9]) == nil)
        #expect(try await store.takePendingAuthorization(stateDigest: [1]) == pending)
        #expect(try await store.takePendingAuthorization(stateDigest: [1]) == nil)

        try await store.addPendingAuthorization(pending)
        shelf.clock.advance(by: 600)
        #expect(try await store.takePendingAuthorization(stateDigest: [1]) == nil)
    }

    @Test func `of two callbacks with one state only one finds it`() async throws {
        let shelf = try await Shelf()
        let store = credentials(shelf)
        let connection = try await store.addConnection(provider: "g", of: shelf.owner, state: .awaitingAuthorization)
        let pending = PendingAuthorization(
            stateDigest: [1],
            connection: connection,
            principal: shelf.owner,
            sessionBindingDigest: [],
            sealedVerifier: [],
            expiresAt: shelf.clock.now.advanced(by: 600)
        )
        try await store.addPendingAuthorization(pending)
        async let first = store.takePendingAuthorization(stateDigest: [1])
        async let second = store.takePendingAuthorization(stateDigest: [1])
        let found = try await [first, second].compactMap(\.self)
        #expect(found == [pending])
    }

    @Test func `a session ends by log-out, by time and with all others`() async throws {
        let shelf = try await Shelf()
        let store = credentials(shelf)
        let expiry = shelf.clock.now.advanced(by: 600)
        func session(_ digest: UInt8) -> SessionRow {
            SessionRow(digest: [digest], principal: shelf.owner, csrfDigest: [0, digest], expiresAt: expiry)
        }
        for digest: UInt8 in 1...3 { try await store.addSession(session(digest)) }
        #expect(try await store.session(digest: [1]) == session(1))
        try await store.removeSession(digest: [1])
        #expect(try await store.session(digest: [1]) == nil)
        try await store.removeSessions(of: shelf.owner)
        #expect(try await store.session(digest: [2]) == nil)
        try await store.addSession(session(4))
        shelf.clock.advance(by: 600)
        #expect(try await store.session(digest: [4]) == nil)
    }

    @Test func `a setting is set, replaced and removed`() async throws {
        let store = credentials(try await Shelf())
        #expect(try await store.setting("google.client") == nil)
        try await store.setSetting("google.client", [1])
        try await store.setSetting("google.client", [2])
        #expect(try await store.setting("google.client") == [2])
        try await store.setSetting("google.client", nil)
        #expect(try await store.setting("google.client") == nil)
    }
}
