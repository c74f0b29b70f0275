import Bridging
import ICalendar
import SQL
import SQLite
import Store
import SyncTestSupport
import Synchronization
import Testing

@testable import Sync

/// Time that moves only when it is told to; the gateway's clock can be wrong.
final class WorldClock: Sendable {
    // 2026-11-18, 11:06 UTC.
    private static let begin: Int64 = 1_795_000_000
    private let sinceBegin = Mutex<Duration>(.zero)
    private let error = Mutex<Int64>(0)

    /// The time.
    var now: Instant { Instant(seconds: Self.begin + elapsed.components.seconds) }

    /// The time since the world began.
    var elapsed: Duration { sinceBegin.withLock { $0 } }

    /// What the gateway takes it for.
    var gatewayNow: Instant { now + error.withLock { $0 } }

    func advance(_ seconds: Int64) { advance(.seconds(seconds)) }

    func advance(_ by: Duration) { sinceBegin.withLock { $0 += by } }

    /// Puts the gateway's clock wrong by so much.
    func setError(_ seconds: Int64) { error.withLock { $0 = seconds } }
}

/// A calendar of ours, linked to some simulated services, and everybody who changes any of them.
struct World {
    let seed: UInt64
    let clock: WorldClock
    let words: Words
    let database: SQLiteDatabase
    let calendars: CalendarStore
    let links: LinkStore
    let calendar: CalendarID
    let owner: PrincipalID
    private(set) var spokes: [Spoke] = []

    /// One link with its service.
    struct Spoke: Sendable {
        let side: any Side
        /// As it was made.
        let link: Link
    }

    static let windowStart = "2026-09-21T00:00:00Z"
    static let windowEnd = "2027-06-01T00:00:00Z"
    static let window = TimeRange(start: Instant(rfc3339: windowStart), end: Instant(rfc3339: windowEnd))

    init(
        seed: UInt64,
        _ clock: WorldClock,
        _ words: Words,
        policy: ConflictPolicy,
        _ sides: [any Side]
    ) async throws {
        self.seed = seed
        self.clock = clock
        self.words = words
        database = try SQLiteDatabase.inMemory()
        try await migrate(database, CalendarStore.migrations + LinkStore.migrations)
        calendars = CalendarStore(database: database) { clock.gatewayNow }
        let identities = Counter()
        links = LinkStore(calendars: calendars, now: { clock.gatewayNow }) { "identity\(seed)-\(identities.next())" }
        let principal = try await calendars.addPrincipal(name: "alice", email: nil, displayName: nil, isAdmin: false)
        owner = try #require(principal).id
        calendar = try await calendars.calendars(of: owner)[0].id
        let credentials = CredentialStore(database: database) { clock.gatewayNow }
        for side in sides {
            let connection = try await credentials.addConnection(provider: side.provider, of: owner, state: .connected)
            let spoke = Spoke(side: side, link: try await link(side, over: connection, policy))
            _ = try await scheduler(of: spoke).start(spoke.link.id)
            spokes.append(spoke)
        }
    }

    /// Links a side to another calendar of the owner instead, which it makes.
    mutating func moveLink(_ index: Int) async throws -> CalendarID {
        let old = spokes[index]
        _ = try await scheduler(of: old).delete(old.link.id, purge: .nothing, by: Author(.client, name: "alice"))
        let target = try await linkAgain(index)
        spokes[index] = spokes.removeLast()
        return target
    }

    /// Links a side to another calendar of the owner as well, which it makes; the last spoke is the new one.
    mutating func linkAgain(_ index: Int) async throws -> CalendarID {
        let made = try await calendars.createCalendar(named: "other", of: owner, properties: CalendarProperties())
        let target = try #require(made).id
        try await linkAgain(index, to: target)
        return target
    }

    /// Links a side to one more calendar; the last spoke is the new one.
    mutating func linkAgain(_ index: Int, to target: CalendarID) async throws {
        let old = spokes[index]
        let link = try await link(old.side, over: old.link.connection, old.link.policy, to: target)
        let spoke = Spoke(side: old.side, link: link)
        spokes.append(spoke)
        _ = try await scheduler(of: spoke).start(link.id)
    }

    private func link(
        _ side: any Side,
        over connection: ConnectionID,
        _ policy: ConflictPolicy,
        to target: CalendarID? = nil
    ) async throws -> Link {
        let made = try await links.create(
            NewLink(
                principal: owner,
                calendar: target ?? calendar,
                connection: connection,
                provider: side.provider,
                upstreamCalendar: side.calendarIdentifier,
                upstreamName: side.provider,
                policy: policy,
                mapping: side.mapping(),
                timeZone: "Europe/Berlin"
            )
        )
        return try #require(made)
    }

    /// What a person asks for about a link goes through it.
    func scheduler(of spoke: Spoke) -> SyncScheduler {
        let bridge = spoke.side.bridge(to: spoke.link.upstream, in: Process())
        return SyncScheduler(
            links: links,
            makeBridge: { _ in bridge },
            configuration: SyncConfiguration(),
            clock: Self.syncClock(clock)
        )
    }

    /// Removes a link and makes it again; `isPlanned` looks at what the first pass would do.
    mutating func linkAgain(
        _ index: Int,
        _ purge: LinkPurge,
        isPlanned: Bool,
        meanwhile: () async throws -> Void
    ) async throws {
        let old = spokes[index]
        guard let current = try await links.link(old.link.id) else { return }
        _ = try await scheduler(of: old).delete(old.link.id, purge: purge, by: Author(.client, name: "alice"))
        try await meanwhile()
        let new = Spoke(side: old.side, link: try await link(old.side, over: current.connection, current.policy))
        spokes[index] = new
        if isPlanned { _ = try await scheduler(of: new).plan(new.link.id) }
        _ = try await scheduler(of: new).start(new.link.id)
    }

    private static func syncClock(_ clock: WorldClock) -> SyncClock {
        SyncClock(
            now: { clock.gatewayNow },
            sleep: { _ in try await Task.sleep(for: .seconds(3600)) },
            random: { 0 }
        )
    }

    /// Runs one pass, in a process that may die in it; nothing where the link is paused.
    @discardableResult
    func pass(of spoke: Spoke, in process: Process = Process(), isSweeping: Bool = false) async throws -> PassReport {
        let clock = clock
        guard let readiness = try await links.readiness(of: spoke.link.id), readiness.state != .paused else {
            return PassReport()
        }
        let link = readiness.link
        let store = CalendarStore(database: CrashingDatabase(real: database, life: process.life)) { clock.gatewayNow }
        var bridge = spoke.side.bridge(to: link.upstream, in: process)
        if isSweeping, let sweeping = bridge as? any SweepingBridge { bridge = sweeping.sweeping() }
        var configuration = SyncConfiguration()
        // In every second world writes go together where the service takes many in one request.
        if seed % 2 == 1 { configuration.writesMakingBulk = 1 }
        var pass = SyncPass(
            of: link,
            over: bridge,
            state: LinkStore(calendars: store) { clock.gatewayNow },
            configuration: configuration,
            clock: Self.syncClock(clock)
        )
        pass.edits = process.bell
        return try await pass.run()
    }

    /// What a link knows of its service.
    struct Memory {
        /// The events that cannot be read, which are left alone on both sides.
        var frozen: (uids: Set<String>, series: Set<String>) = ([], [])
        /// The series that a record shows something of beside the series itself, by record.
        var shown: [String: String] = [:]
    }

    func memory(of spoke: Spoke) async throws -> Memory {
        let rows = try await links.quarantine(of: spoke.link.principal, link: spoke.link.id)
        let shown = try await links.shownOccurrences(of: spoke.link).map { ($0.id, $0.series) }
        return Memory(
            frozen: (Set(rows.compactMap(\.uid)), Set(rows.map(\.series))),
            shown: Dictionary(uniqueKeysWithValues: shown)
        )
    }

    /// Every text that a person can still get at here: what is stored, what was, and what lost a conflict.
    func keptTexts() async throws -> [String] {
        let current = try await calendars.all(in: calendar).map(\.text)
        return try await database.read { transaction in
            let former = try transaction.rows("SELECT text FROM version").map { try $0.text("text") }
            let losers = try transaction.rows("SELECT gateway_text, upstream_text FROM conflict").flatMap { row in
                [try row.optionalText("gateway_text"), try row.optionalText("upstream_text")].compactMap(\.self)
            }
            return current + former + losers
        }
    }

    /// Lines that stand in one list and not in the other.
    static func differences(_ here: [String], _ there: [String], _ name: String) -> [String] {
        var counts: [String: Int] = [:]
        for line in here { counts[line, default: 0] += 1 }
        for line in there { counts[line, default: 0] -= 1 }
        return counts.filter { $0.value != 0 }.sorted { $0.key < $1.key }.map { line, count in
            (count > 0 ? "only here: " : "only at \(name): ") + line
        }
    }
}
