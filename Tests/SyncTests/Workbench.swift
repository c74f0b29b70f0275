import Bridging
import ICalendar
import SQL
import SQLite
import Store
import SyncTestSupport
import Synchronization

@testable import Sync

/// Time that moves only when it is told to.
final class TestTime: Sendable {
    private let seconds = Mutex<Int64>(1_795_000_000)

    var now: Instant { Instant(seconds: seconds.withLock { $0 }) }

    func advance(_ by: Int64) { seconds.withLock { $0 += by } }
}

/// A calendar of ours, linked to scripted upstreams, over a real database in memory.
struct Workbench: Sendable {
    let time = TestTime()
    let database: SQLiteDatabase
    let calendars: CalendarStore
    let links: LinkStore
    let owner: PrincipalID
    let calendar: CalendarID
    let upstream: ScriptedUpstream
    var link: Link

    init(
        policy: ConflictPolicy = .newest,
        direction: LinkDirection = .both,
        access: UpstreamCalendar.Access = .owner,
        isStarted: Bool = true
    ) async throws {
        let time = time
        database = try SQLiteDatabase.inMemory()
        try await migrate(database, CalendarStore.migrations + LinkStore.migrations)
        calendars = CalendarStore(database: database) { time.now }
        links = LinkStore(calendars: calendars) { time.now }
        let principal = try await calendars.addPrincipal(name: "alice", email: nil, displayName: nil, isAdmin: false)
        guard let principal else { throw WorkbenchError.notStored }
        owner = principal.id
        calendar = try await calendars.calendars(of: owner)[0].id
        upstream = ScriptedUpstream(at: time.now)
        link = try await Self.link(calendars, links, owner, calendar, "upstream", policy, direction, access)
        if isStarted { try await start(link) }
    }

    private static func link(
        _ calendars: CalendarStore,
        _ links: LinkStore,
        _ owner: PrincipalID,
        _ calendar: CalendarID,
        _ name: String,
        _ policy: ConflictPolicy,
        _ direction: LinkDirection,
        _ access: UpstreamCalendar.Access
    ) async throws -> Link {
        let credentials = CredentialStore(database: calendars.database) { Instant(seconds: 0) }
        let connection = try await credentials.addConnection(provider: "scripted", of: owner, state: .connected)
        let new = NewLink(
            principal: owner,
            calendar: calendar,
            connection: connection,
            provider: "scripted",
            upstreamCalendar: name,
            upstreamName: name,
            direction: direction,
            policy: policy,
            access: access
        )
        guard let link = try await links.create(new) else { throw WorkbenchError.notStored }
        return link
    }

    /// A second link of the same calendar, to another upstream.
    func secondLink(_ name: String = "second", policy: ConflictPolicy = .newest) async throws -> Link {
        let link = try await Self.link(calendars, links, owner, calendar, name, policy, .both, .owner)
        try await start(link)
        return link
    }

    private func start(_ link: Link) async throws {
        _ = try await scheduler().start(link.id)
    }

    func scheduler(
        _ bridge: ScriptedBridge? = nil,
        _ configuration: SyncConfiguration = SyncConfiguration()
    ) -> SyncScheduler {
        let bridge = bridge ?? ScriptedBridge(upstream: upstream)
        return SyncScheduler(
            links: links,
            makeBridge: { _ in bridge },
            configuration: configuration,
            clock: clock
        )
    }

    var clock: SyncClock {
        let time = time
        return SyncClock(now: { time.now }, sleep: { _ in try await Task.sleep(for: .seconds(3600)) }, random: { 0 })
    }

    // MARK: Passes

    /// Runs one pass.
    @discardableResult
    func pass(
        _ link: Link? = nil,
        over upstream: ScriptedUpstream? = nil,
        fields: FieldSet? = nil,
        _ configuration: SyncConfiguration = SyncConfiguration()
    ) async throws -> PassReport {
        var bridge = ScriptedBridge(upstream: upstream ?? self.upstream)
        if let fields { bridge.fields = fields }
        return try await pass(link, over: bridge, configuration)
    }

    /// Runs one pass over a bridge, which hears of edits through a bell.
    @discardableResult
    func pass(
        _ link: Link? = nil,
        over bridge: any Bridge,
        hearing bell: EditBell = EditBell(),
        _ configuration: SyncConfiguration = SyncConfiguration()
    ) async throws -> PassReport {
        guard let current = try await links.link((link ?? self.link).id) else { throw WorkbenchError.notStored }
        var pass = SyncPass(of: current, over: bridge, state: links, configuration: configuration, clock: clock)
        pass.edits = bell
        return try await pass.run()
    }

    // MARK: Our side

    func put(_ text: String, named name: String? = nil) async throws {
        let object = try CalendarObject(parsing: text)
        Trace.note("here", "put \(object.text)")
        time.advance(10)
        let outcome = try await calendars.put(
            object,
            named: name ?? "\(object.uid).ics",
            in: calendar,
            if: .always,
            by: Author(.client, name: "test")
        )
        switch outcome {
        case .created, .replaced, .unchanged: break
        case .conditionFailed, .uidInUse, .calendarMissing: throw WorkbenchError.notStored
        }
    }

    /// Changes our text of an event by replacing a piece of it.
    func edit(_ uid: String, _ old: String, _ new: String) async throws {
        guard let stored = try await calendars.object(uid: uid, in: calendar) else { throw WorkbenchError.notStored }
        try await put(stored.text.replacing(old, with: new), named: stored.name)
    }

    func delete(_ uid: String) async throws {
        guard let stored = try await calendars.object(uid: uid, in: calendar) else { return }
        Trace.note("here", "delete \(uid)")
        time.advance(10)
        _ = try await calendars.delete(named: stored.name, in: calendar, if: .always, by: Author(.client, name: "test"))
    }

    /// Changes which events the link leaves alone.
    func leaveAlone(_ change: ChosenEvents) async throws {
        var all = LinkChange()
        all.skip = change
        _ = try await links.update(link.id, all)
    }

    func text(_ uid: String) async throws -> String? { try await calendars.object(uid: uid, in: calendar)?.text }

    func uids() async throws -> [String] { try await calendars.entries(in: calendar).map(\.uid).sorted() }

    // MARK: Their side

    /// A person edits upstream, later than everything that happened here.
    func editUpstream(_ id: String, _ old: String, _ new: String) async {
        time.advance(10)
        await upstream.setTime(time.now)
        await upstream.edit(id) { $0.replacing(old, with: new) }
    }

    func putUpstream(_ id: String, _ payload: String) async {
        time.advance(10)
        await upstream.setTime(time.now)
        await upstream.put(id, payload)
    }

    func deleteUpstream(_ id: String) async {
        time.advance(10)
        await upstream.setTime(time.now)
        await upstream.delete(id)
    }

    func payload(of uid: String) async -> String? {
        await upstream.live.first { $0.payload.contains("UID:\(uid)\r\n") && $0.id == $0.series }?.payload
    }

    func recordID(of uid: String) async -> String? {
        await upstream.live.first { $0.payload.contains("UID:\(uid)\r\n") && $0.id == $0.series }?.id
    }

    func status() async throws -> LinkStatus {
        guard let status = try await links.status(of: link.id) else { throw WorkbenchError.notStored }
        return status
    }
}

enum WorkbenchError: Error { case notStored }

/// A VCALENDAR with one event.
func event(_ uid: String, _ lines: String...) -> String {
    let all = ["UID:\(uid)", "DTSTAMP:20260101T000000Z"] + lines
    let start =
        lines.contains { $0.hasPrefix("DTSTART") } ? [] : ["DTSTART:20261121T090000Z", "DTEND:20261121T100000Z"]
    return
        (["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN", "BEGIN:VEVENT"] + all + start
        + ["END:VEVENT", "END:VCALENDAR", ""]).joined(separator: "\r\n")
}
