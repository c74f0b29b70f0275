import BridgeGoogle
import Bridging
import ICalendar
import SQLite
import SimulatorGoogle
import Store
import Sync
import SyncTestSupport
import Synchronization
import Testing

/// A calendar of ours and one at a simulated Google, linked.
struct GoogleWorld {
    /// Time that moves only when it is told to.
    final class Time: Sendable {
        // 2026-11-18, 11:06 UTC.
        private let seconds = Mutex<Int64>(1_795_000_000)

        var now: Instant { Instant(seconds: seconds.withLock { $0 }) }

        func advance(_ by: Int64) { seconds.withLock { $0 += by } }
    }

    static let account = "alice@example.com"

    let time = Time()
    let database: SQLiteDatabase
    let calendars: CalendarStore
    let links: LinkStore
    let owner: PrincipalID
    let calendar: CalendarID
    let link: Link
    let simulator: GoogleSimulator
    let token: AccessToken

    init(seed: UInt64, policy: ConflictPolicy = .newest) async throws {
        let time = time
        database = try SQLiteDatabase.inMemory()
        try await migrate(database, CalendarStore.migrations + LinkStore.migrations)
        calendars = CalendarStore(database: database) { time.now }
        links = LinkStore(calendars: calendars, now: { time.now }, makeIdentity: { "identity\(seed)" })
        let principal = try await calendars.addPrincipal(name: "alice", email: nil, displayName: nil, isAdmin: false)
        owner = try #require(principal).id
        calendar = try await calendars.calendars(of: owner)[0].id
        simulator = GoogleSimulator(configuration: .init(seed: seed, now: { time.now }, tokenSeconds: 1_000_000_000))
        await simulator.addAccount(email: Self.account, displayName: "Alice", timeZone: "Europe/Berlin")
        token = AccessToken(await simulator.makeAccessToken(for: Self.account))
        let credentials = CredentialStore(database: database) { time.now }
        let connection = try await credentials.addConnection(provider: "google", of: owner, state: .connected)
        let made = try await links.create(
            NewLink(
                principal: owner,
                calendar: calendar,
                connection: connection,
                provider: "google",
                upstreamCalendar: Self.account,
                upstreamName: "Alice",
                policy: policy,
                timeZone: "Europe/Berlin"
            )
        )
        link = try #require(made)
        _ = try await scheduler(Life(calls: .max)).start(link.id)
    }

    var clock: SyncClock {
        let time = time
        return SyncClock(now: { time.now }, sleep: { _ in try await Task.sleep(for: .seconds(3600)) }, random: { 0 })
    }

    func bridge(_ life: Life) -> any Bridge {
        let transport = SimulatedTransport(simulator: simulator, life: life)
        let provider = GoogleProvider(
            transport: transport,
            apiURL: "https://simulated.test",
            requestsPerMinute: 60_000_000
        )
        return provider.bridge(to: link.upstream, using: FixedToken(token: token))
    }

    func scheduler(_ life: Life) -> SyncScheduler {
        let bridge = bridge(life)
        return SyncScheduler(
            links: links,
            makeBridge: { _ in bridge },
            configuration: SyncConfiguration(),
            clock: clock
        )
    }

    /// Runs one pass, in a process that may die in it.
    @discardableResult
    func pass(_ life: Life = Life(calls: .max)) async throws -> PassReport {
        let time = time
        let store = CalendarStore(database: CrashingDatabase(real: database, life: life)) { time.now }
        var pass = SyncPass(
            of: link,
            over: bridge(life),
            state: LinkStore(calendars: store) { time.now },
            configuration: SyncConfiguration(),
            clock: clock
        )
        return try await pass.run()
    }

    // MARK: What each side shows

    private static let window = TimeRange(
        start: Instant(seconds: 1_790_000_000),
        end: Instant(seconds: 1_800_000_000)
    )

    /// Every occurrence here, as one line.
    func ours() async throws -> [String] {
        try await calendars.all(in: calendar).flatMap { stored in
            try stored.object().recurrenceSet().occurrences(in: Self.window, limit: 1000).map { occurrence in
                let event = occurrence.component
                return line(
                    start: occurrence.start.rfc3339,
                    end: occurrence.end.rfc3339,
                    texts: ["SUMMARY", "LOCATION", "DESCRIPTION"].map { event.first($0)?.text }
                )
            }
        }
        .sorted()
    }

    /// Every occurrence there, as one line, asked for as a client of Google would.
    func theirs() async throws -> [String] {
        let query = "singleEvents=true&maxResults=2500&timeMin=\(start)&timeMax=\(end)"
        let reply = await simulator.respond(
            to: APIRequest(
                method: "GET",
                path: "/calendar/v3/calendars/\(Self.account)/events",
                query: query,
                headers: ["authorization": "Bearer \(token.secret)"]
            )
        )
        let items = try JSON(parsing: reply.body)["items"]?.elements ?? []
        return items.map { item in
            line(
                start: moment(item["start"]),
                end: moment(item["end"]),
                texts: ["summary", "location", "description"].map { item[$0]?.text }
            )
        }
        .sorted()
    }

    private var start: String { Self.window.start?.rfc3339 ?? "" }
    private var end: String { Self.window.end?.rfc3339 ?? "" }

    private func moment(_ time: JSON?) -> String {
        if let date = time?["date"]?.text { return date + "T00:00:00Z" }
        return time?["dateTime"]?.text.flatMap(Instant.init(rfc3339:))?.rfc3339 ?? "?"
    }

    private func line(start: String, end: String, texts: [String?]) -> String {
        ([start, end] + texts.map { $0 ?? "" }).joined(separator: " | ")
    }
}
