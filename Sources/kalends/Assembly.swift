import Accounts
import BridgeGoogle
import BridgeNotion
import Bridging
import CalDAV
import Foundation
import ICalendar
import Logging
import OutboundHTTP
import SQL
import SQLite
import Store
import Sync
import Web

/// The parts over one data folder, wired.
struct Assembly: Sendable {
    let settings: Settings
    let publicURL: String
    let logger: Logger
    let database: SQLiteDatabase
    let calendars: CalendarStore
    let credentials: CredentialStore
    let authenticator: Authenticator
    let accounts: AccountAdmin
    let connect: ConnectFlow
    let vault: TokenVault
    let answers: RememberedAnswers
    let notionCalls: WebhookVerification
    let links: LinkStore
    let scheduler: SyncScheduler
    let providers: [any UpstreamProvider]
    let oauthProviders: Set<String>
    let registrations: ClientRegistrations
    let grants: GrantReports
    let transport: CurlTransport
    /// The same, counted: everything that goes to providers goes this way.
    let counted: CountedTransport
    private let requestsPerMinute: Int

    /// The clock of the running program.
    static let now: @Sendable () -> Instant = { Instant(seconds: Int64(Date().timeIntervalSince1970)) }

    /// Opens the data folder and wires everything; what runs is started by the caller.
    ///
    /// - Parameters:
    ///   - settings: what the environment says.
    ///   - publicURL: the address the outside knows us by.
    ///   - logger: where everything logs.
    /// - Throws: one sentence on the folder, the key, the database or a setting that cannot be used.
    init(settings: Settings, publicURL: String, logger: Logger) async throws {
        try settings.makeDataFolder()
        self.settings = settings
        self.publicURL = publicURL
        self.logger = logger
        database = try SQLiteDatabase(path: settings.databaseFile)
        try await migrate(database, CalendarStore.migrations + LinkStore.migrations)
        calendars = CalendarStore(database: database, keptElsewhere: LinkStore.isKeptElsewhere, now: Self.now)
        credentials = CredentialStore(database: database, now: Self.now)
        let key = try MasterKey(path: settings.masterKeyFile)
        let hasher = PasswordHasher()
        let verified = VerifiedCredentials()
        authenticator = Authenticator(
            store: calendars,
            credentials: credentials,
            hasher: hasher,
            verified: verified,
            now: Self.now
        )
        accounts = AccountAdmin(store: calendars, credentials: credentials, hasher: hasher, verified: verified)
        let upstreams = try Upstreams(settings)
        transport = CurlTransport(
            configuration: .init(allowsPlainHTTP: upstreams.usesPlainHTTP, userAgent: "Kalends (gzip)")
        )
        counted = CountedTransport(transport)
        requestsPerMinute = try settings.count("API_RATE", default: 6000)
        registrations = ClientRegistrations(credentials: credentials, masterKey: key)
        grants = GrantReports(credentials: credentials, masterKey: key)
        let clients = upstreams.clients(registrations)
        vault = TokenVault(
            credentials: credentials,
            masterKey: key,
            transport: counted,
            clients: clients,
            now: Self.now
        )
        answers = RememberedAnswers(credentials: credentials, masterKey: key, now: Self.now)
        notionCalls = WebhookVerification(provider: "notion", credentials: credentials, masterKey: key, now: Self.now)
        providers = upstreams.providers(counted) { line in
            logger.info("Notion says no", metadata: ["request": "\(line)"])
        }
        connect = ConnectFlow(
            credentials: credentials,
            vault: vault,
            masterKey: key,
            transport: counted,
            clients: clients,
            probes: [.notion(apiURL: upstreams.notionAPI)],
            accountName: Self.accountNaming(by: providers),
            publicURL: publicURL,
            now: Self.now
        )
        oauthProviders = Set(["google", "notion"].filter { upstreams.client(of: $0) != nil })
        links = LinkStore(calendars: calendars, now: Self.now)
        let providers = providers
        let (vault, credentials) = (vault, credentials)
        scheduler = SyncScheduler(
            links: links,
            makeBridge: { link in
                guard let provider = providers.first(where: { $0.name == link.provider }) else {
                    throw BridgeError.refused(
                        Refusal(
                            .calendar,
                            code: "not_found",
                            message: "The provider \(link.provider) is not known here."
                        )
                    )
                }
                var upstream = link.upstream
                upstream.account = try await credentials.connection(link.connection)?.account
                return provider.bridge(to: upstream, using: vault.source(for: link.connection))
            },
            configuration: try upstreams.syncConfiguration(publicURL),
            clock: SyncClock(
                now: Self.now,
                sleep: { until in try await Task.sleep(for: .seconds(max(0, until - Self.now()))) },
                random: { Double.random(in: 0..<1) }
            )
        )
    }

    /// Asks the provider itself; one that cannot be asked now leaves the account without a name.
    private static func accountNaming(by providers: [any UpstreamProvider]) -> AccountNaming {
        { name, source in
            guard let provider = providers.first(where: { $0.name == name }) else { return nil }
            do {
                return try await provider.accountName(using: source)
            } catch {
                return nil
            }
        }
    }

    /// What the outer face needs.
    ///
    /// - Parameter localToken: the secret that commands on this machine present.
    /// - Returns: the gateway that a server serves.
    func gateway(localToken: String?) -> Gateway {
        let logger = logger
        let counted = counted
        var gateway = Gateway(
            calendars: calendars,
            credentials: credentials,
            authenticator: authenticator,
            sessions: Sessions(store: calendars, credentials: credentials, now: Self.now),
            accounts: accounts,
            connect: connect,
            vault: vault,
            answers: answers,
            notionCalls: notionCalls,
            links: links,
            scheduler: scheduler,
            providers: providers,
            oauthProviders: oauthProviders,
            caldav: CalDAVServer(
                calendars: calendars,
                now: Self.now,
                isOverload: Self.isOverload,
                log: { logger.error("CalDAV request failed", metadata: ["error": "\($0)"]) }
            ),
            publicURL: publicURL,
            localToken: localToken,
            now: Self.now,
            logger: logger
        )
        gateway.registrations = registrations
        gateway.grants = grants
        gateway.requestsPerMinute = requestsPerMinute
        gateway.upstreamCalls = {
            counted.counts.map { UpstreamCalls(host: $0.host, outcome: $0.outcome, requests: $0.requests) }
        }
        return gateway
    }

    /// Whether an error means "later", not "never": a client that is told 503 keeps its calendar.
    private static func isOverload(_ error: any Error) -> Bool {
        if let error = error as? SQLError {
            if case .busy = error { return true }
            return error == .tookTooLong
        }
        return error is PasswordHasherOverloaded
    }

    /// Ends what holds files and connections.
    func close() async {
        // A pair of tokens that is being renewed is stored before the way out closes.
        await vault.finish()
        await transport.shutDown()
        await database.close()
    }
}
