import Accounts
import BridgeGoogle
import BridgeNotion
import Bridging
import CalDAV
import Foundation
import Hummingbird
import ICalendar
import Logging
import OutboundHTTP
import SQLite
import ServiceLifecycle
import SimulatorGoogle
import Store
import Sync
import Synchronization
import Testing

@testable import Web

/// The whole gateway over a database in memory, on a port of its own, with the users alice and bob.
///
/// The parts are those of the program and wired as there; alice and bob log in with app passwords.
struct TestGateway: Sendable {
    /// The address the outside is told; requests to it are sent to the real port.
    static let publicURL = "http://127.0.0.1:9"

    let gateway: Gateway
    let port: Int
    let passwords: [String: String]
    let upstreams: TestUpstreams

    /// Runs a gateway for as long as `body` takes.
    static func run(
        now: @escaping @Sendable () -> Instant = { Instant(seconds: Int64(Date().timeIntervalSince1970)) },
        silence: Int64 = GatewayServer.maximumSilence,
        admins: Set<String> = [],
        configure: (inout Gateway) -> Void = { _ in },
        _ body: (TestGateway) async throws -> Void
    ) async throws {
        await Slots.shared.take()
        defer { Task { await Slots.shared.giveBack() } }
        let transport = CurlTransport(configuration: .init(allowsPlainHTTP: true, userAgent: "Kalends (gzip)"))
        let (ports, announce) = AsyncStream<Int>.makeStream()
        let address = PortBox()
        let upstreams = try await TestUpstreams(now: now, gatewayPort: { address.port })
        let database = try SQLiteDatabase.inMemory()
        var wired = try await wire(database, upstreams, transport, now)
        configure(&wired)
        let gateway = wired
        let application = try GatewayServer.application(
            gateway,
            host: "127.0.0.1",
            port: 0,
            tls: nil,
            silence: silence,
            onListening: { announce.yield($0) }
        )
        let group = ServiceGroup(
            configuration: .init(services: [.init(service: application)], logger: gateway.logger)
        )
        let server = Task { try await group.run() }
        let scheduler = Task { try await gateway.scheduler.run() }
        let port = try #require(await ports.first { _ in true })
        address.port = port
        var passwords: [String: String] = [:]
        for (name, email) in [("alice", "alice@example.org" as String?), ("bob", nil)] {
            let user = try await gateway.accounts.addUser(
                name: name,
                email: email,
                displayName: email == nil ? nil : "Alice Liddell",
                isAdmin: admins.contains(name)
            )
            passwords[name] = try await gateway.accounts.makeAppPassword(label: "test", for: user)
        }
        let test = TestGateway(gateway: gateway, port: port, passwords: passwords, upstreams: upstreams)
        let outcome: Result<Void, any Error>
        do { outcome = .success(try await body(test)) } catch { outcome = .failure(error) }
        await group.triggerGracefulShutdown()
        scheduler.cancel()
        _ = await (server.result, scheduler.result)
        await gateway.vault.finish()
        await transport.shutDown()
        await upstreams.stop()
        await database.close()
        try outcome.get()
    }

    private static func wire(
        _ database: SQLiteDatabase,
        _ upstreams: TestUpstreams,
        _ transport: CurlTransport,
        _ now: @escaping @Sendable () -> Instant
    ) async throws -> Gateway {
        try await migrate(database, CalendarStore.migrations + LinkStore.migrations)
        let calendars = CalendarStore(database: database, now: now)
        let credentials = CredentialStore(database: database, now: now)
        let key = try MasterKey(octets: Array(repeating: 7, count: 32))
        let hasher = PasswordHasher()
        let verified = VerifiedCredentials()
        let vault = TokenVault(
            credentials: credentials,
            masterKey: key,
            transport: transport,
            clients: upstreams.clients,
            now: now
        )
        let notionCalls = WebhookVerification(provider: "notion", credentials: credentials, masterKey: key, now: now)
        let links = LinkStore(calendars: calendars, now: now)
        let providers: [any UpstreamProvider] = [
            GoogleProvider(transport: transport, apiURL: upstreams.google),
            NotionProvider(transport: transport, apiURL: upstreams.notion, requestsPerMinute: 60_000, now: now),
        ]
        let scheduler = SyncScheduler(
            links: links,
            makeBridge: { link in
                guard let provider = providers.first(where: { $0.name == link.provider }) else {
                    throw BridgeError.unreachable(link.provider)
                }
                return provider.bridge(to: link.upstream, using: vault.source(for: link.connection))
            },
            configuration: SyncConfiguration(webhookAddresses: ["google": publicURL + "/webhooks/google"]),
            clock: SyncClock(
                now: now,
                sleep: { until in try await Task.sleep(for: .seconds(max(0, until - now()))) },
                random: { Double.random(in: 0..<1) }
            )
        )
        return Gateway(
            calendars: calendars,
            credentials: credentials,
            authenticator: Authenticator(
                store: calendars,
                credentials: credentials,
                hasher: hasher,
                verified: verified,
                now: now
            ),
            sessions: Sessions(store: calendars, credentials: credentials, now: now),
            accounts: AccountAdmin(store: calendars, credentials: credentials, hasher: hasher, verified: verified),
            connect: ConnectFlow(
                credentials: credentials,
                vault: vault,
                masterKey: key,
                transport: transport,
                clients: upstreams.clients,
                probes: [.notion(apiURL: upstreams.notion)],
                accountName: { name, source in
                    try? await providers.first { $0.name == name }?.accountName(using: source)
                },
                publicURL: publicURL,
                now: now
            ),
            vault: vault,
            answers: RememberedAnswers(credentials: credentials, masterKey: key, now: now),
            notionCalls: notionCalls,
            links: links,
            scheduler: scheduler,
            providers: providers,
            oauthProviders: ["google", "notion"],
            caldav: CalDAVServer(calendars: calendars, now: now, isOverload: { _ in false }, log: { _ in }),
            publicURL: publicURL,
            localToken: nil,
            now: now,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        )
    }
}

extension TestGateway {
    /// Credentials as an `Authorization` field.
    func basic(_ user: String) -> String { Self.basic(user, passwords[user] ?? "") }

    static func basic(_ user: String, _ password: String) -> String {
        "Basic " + Data("\(user):\(password)".utf8).base64EncodedString()
    }

    /// Sends a request on a connection of its own; `user` nil sends no credentials.
    func send(
        _ method: String,
        _ path: String,
        as user: String? = "alice",
        _ headers: [(String, String)] = [],
        body: [UInt8] = []
    ) async throws -> WireReply {
        let credentials = user.map { [("Authorization", basic($0))] } ?? []
        return try await Wire.send(method, path, port, credentials + headers, body)
    }

    /// Calls the REST interface.
    func call(
        _ method: String,
        _ path: String,
        _ body: JSON? = nil,
        as user: String = "alice",
        _ headers: [(String, String)] = []
    ) async throws -> RESTAnswer {
        let reply = try await send(method, "/api/v1" + path, as: user, headers, body: body?.octets ?? [])
        return RESTAnswer(status: reply.status, reply: reply, body: (try? JSON(parsing: reply.body)) ?? .null)
    }

    typealias JSON = SimulatorGoogle.JSON
}

/// An answer of the REST interface, read.
struct RESTAnswer: Sendable {
    var status: Int
    var reply: WireReply
    var body: SimulatorGoogle.JSON

    var items: [SimulatorGoogle.JSON] { body["items"]?.elements ?? [] }

    /// The code of a problem document; nil where the answer is none.
    var problem: String? {
        guard reply["Content-Type"] == "application/problem+json", body["remedy"]?.text?.isEmpty == false else {
            return nil
        }
        return body["code"]?.text
    }
}

/// One request, one connection.
enum Wire {
    static func send(
        _ method: String,
        _ path: String,
        _ port: Int,
        _ headers: [(String, String)] = [],
        _ body: [UInt8] = []
    ) async throws -> WireReply {
        var head = "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        let saysLength = headers.contains { $0.0 == "Content-Length" }
        if !saysLength, !body.isEmpty || ["POST", "PUT"].contains(method) {
            head += "Content-Length: \(body.count)\r\n"
        }
        let talk = try await RawConnection(port: port).exchange(Array((head + "\r\n").utf8) + body)
        guard let reply = WireReply.all(in: talk.received, areBodiless: method == "HEAD").first else {
            throw RawConnection.Failure(description: "\(method) \(path): no answer")
        }
        return reply
    }
}

/// Lets few gateways run at once: more would only wait for each other's processor time.
private actor Slots {
    static let shared = Slots()

    private var free = 2
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func take() async {
        guard free == 0 else {
            free -= 1
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    func giveBack() {
        guard waiting.isEmpty else {
            waiting.removeFirst().resume()
            return
        }
        free += 1
    }
}

/// Where the gateway is reached, once it listens.
private final class PortBox: Sendable {
    private let value = Mutex(0)
    var port: Int {
        get { value.withLock { $0 } }
        set { value.withLock { $0 = newValue } }
    }
}

/// Asks again and again, each time by real requests, until it is so.
func eventually(
    _ what: String,
    within patience: Duration = .seconds(600),
    _ isSo: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + patience
    while try await !isSo() {
        await Task.yield()
        guard ContinuousClock.now < end else {
            Issue.record("never: \(what)")
            throw RawConnection.Failure(description: "never: \(what)")
        }
    }
}
