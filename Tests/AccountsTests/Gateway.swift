import Bridging
import ICalendar
import OutboundHTTP
import SQL
import SQLite
import Store
import Synchronization
import Testing

@testable import Accounts

/// A clock that goes on when it is told to.
final class TestClock: Sendable {
    private let instant = Mutex(Instant(seconds: 1_800_000_000))

    var now: Instant { instant.withLock { $0 } }

    func advance(by seconds: Int64) { instant.withLock { $0 = $0.advanced(by: seconds) } }
}

/// Everything Accounts needs around it: the real store in memory, two users, a fake upstream.
struct Gateway {
    let clock = TestClock()
    let database: SQLiteDatabase
    let store: CalendarStore
    let credentials: CredentialStore
    let masterKey: MasterKey
    let upstream: FakeUpstream
    let vault: TokenVault
    let flow: ConnectFlow
    let verified = VerifiedCredentials()
    let authenticator: Authenticator
    let admin: AccountAdmin
    let alice: Principal
    let bob: Principal

    /// Hashes that cost next to nothing; what they are worth is tested apart.
    static let cheap = PasswordHash.Cost(logarithmOfN: 4, r: 8, p: 1)

    static let session = "session of alice"

    init(
        upstream: FakeUpstream = FakeUpstream(),
        clients: OAuthClients? = nil,
        accountName: @escaping AccountNaming = { _, _ in nil }
    ) async throws {
        self.upstream = upstream
        database = try SQLiteDatabase.inMemory()
        try await migrate(database, CalendarStore.migrations)
        let clock = clock
        store = CalendarStore(database: database, now: { clock.now })
        credentials = CredentialStore(database: database, now: { clock.now })
        masterKey = try MasterKey(octets: Array(1...32))
        let clients = clients ?? Gateway.clients
        vault = Gateway.vault(credentials, masterKey, upstream, clients, clock)
        flow = ConnectFlow(
            credentials: credentials,
            vault: vault,
            masterKey: masterKey,
            transport: upstream,
            clients: clients,
            probes: [.notion(apiURL: "https://notion.test")],
            accountName: accountName,
            publicURL: "https://kalends.test",
            now: { clock.now }
        )
        let hasher = PasswordHasher(cost: Gateway.cheap)
        authenticator = Authenticator(
            store: store,
            credentials: credentials,
            hasher: hasher,
            verified: verified,
            now: { clock.now }
        )
        admin = AccountAdmin(store: store, credentials: credentials, hasher: hasher, verified: verified)
        alice = try await admin.addUser(name: "alice", password: "correct horse")
        bob = try await admin.addUser(name: "bob", password: "battery staple")
    }

    static let clients: OAuthClients = { provider in
        switch provider {
        case "google":
            .google(
                clientID: "g-id",
                clientSecret: "g-secret",
                authorizeURL: "https://google.test/auth",
                tokenURL: "https://google.test/token",
                revokeURL: "https://google.test/revoke"
            )
        case "notion":
            .notion(clientID: "n-id", clientSecret: "n-secret", apiURL: "https://notion.test")
        default: nil
        }
    }

    /// A vault as a process that starts now would make it.
    func restartedVault() -> TokenVault { Gateway.vault(credentials, masterKey, upstream, Gateway.clients, clock) }

    private static func vault(
        _ credentials: CredentialStore,
        _ masterKey: MasterKey,
        _ upstream: FakeUpstream,
        _ clients: @escaping OAuthClients,
        _ clock: TestClock
    ) -> TokenVault {
        TokenVault(
            credentials: credentials,
            masterKey: masterKey,
            transport: upstream,
            clients: clients,
            now: { clock.now }
        )
    }

    /// Begins an authorisation for Alice: the connection, and the parameters of the consent page.
    func begin(_ provider: String) async throws -> (ConnectionID, Parameters) {
        let (id, url) = try await flow.begin(provider: provider, for: alice, sessionBinding: Gateway.session)
        return (id, Parameters(ofQuery: url))
    }

    /// Comes back from the consent page.
    func finish(_ state: String?, code: String? = "code-1", error: String? = nil) async throws -> FinishOutcome {
        try await flow.finish(
            state: state,
            code: code,
            error: error,
            by: alice,
            sessionBinding: Gateway.session
        )
    }

    /// A connection of Alice's that works.
    func connected(_ provider: String) async throws -> ConnectionRow {
        let (_, parameters) = try await begin(provider)
        guard case .connected(let row) = try await finish(parameters["state"]) else {
            throw Unexpected()
        }
        return row
    }

    func row(_ id: ConnectionID) async throws -> ConnectionRow { try #require(await credentials.connection(id)) }

    struct Unexpected: Error {}
}
