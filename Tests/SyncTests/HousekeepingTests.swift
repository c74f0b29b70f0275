import Bridging
import ICalendar
import SQL
import SQLite
import Store
import Sync
import SyncTestSupport
import Testing

@Suite("What is written down, kept and forgotten")
struct HousekeepingTests {
    private static let day: Int64 = 86_400

    // MARK: Audit

    @Test func `every write upstream leaves a line with its link and its run`() async throws {
        let bench = try await Workbench()
        try await bench.put(event("e", "SUMMARY:E"))
        let run = try #require(try await bench.pass().run)
        try await bench.edit("e", "SUMMARY:E", "SUMMARY:F")
        try await bench.pass()
        try await bench.delete("e")
        try await bench.pass()
        let trail = try await bench.calendars.auditTrail(of: bench.owner).filter { $0.subject == "e" }
        #expect(trail.map(\.action) == [.upstreamDeleted, .upstreamUpdated, .upstreamCreated])
        #expect(trail.last?.run == run.rawValue && trail.last?.link == bench.link.id.rawValue)
        #expect(trail.allSatisfy { $0.actor == "link" })
    }

    @Test func `a refused write leaves a line too`() async throws {
        let bench = try await Workbench()
        try await bench.put(event("e", "SUMMARY:E"))
        await bench.upstream.setScript {
            $0.isWrite ? .refuse(.refused(Refusal(.item, code: "no", message: "Not here."))) : nil
        }
        try await bench.pass()
        let line = try await bench.calendars.auditTrail(of: bench.owner).first
        #expect(line?.action == .upstreamRefused && line?.detail == "upstream.created: Not here.")
    }

    @Test func `what is done to a link leaves a line with who did it`() async throws {
        let bench = try await Workbench(isStarted: false)
        let scheduler = bench.scheduler()
        try await AuditActor.$current.withValue("bob") {
            _ = try await scheduler.start(bench.link.id)
            var change = LinkChange()
            change.policy = .ask
            _ = try await scheduler.update(bench.link.id, change)
        }
        _ = try await scheduler.delete(bench.link.id, purge: .everything, by: Author(.client, name: "carol"))
        let trail = try await bench.calendars.auditTrail(of: bench.owner).filter { $0.link != nil }
        #expect(trail.map(\.action) == [.linkRemoved, .linkState, .linkChanged, .linkState, .linkCreated])
        #expect(trail.map(\.actor) == ["carol", "alice", "bob", "bob", "alice"])
        #expect(trail[2].detail == "conflicts newest → ask")
    }

    @Test func `a link that stops leaves one line, however often it fails`() async throws {
        let bench = try await Workbench()
        await bench.upstream.setScript { _ in .refuse(.authorizationRevoked("Withdrawn.")) }
        for _ in 0..<3 { _ = try await bench.scheduler().passOnce(bench.link.id) }
        let trail = try await bench.calendars.auditTrail(of: bench.owner).filter { $0.action == .linkState }
        #expect(trail.map(\.detail) == ["reconnect_required: Withdrawn.", "idle"])
    }

    // MARK: Retention

    /// A link with a run, a conflict, a former version and a deleted series.
    private func lived() async throws -> Workbench {
        let bench = try await Workbench()
        try await bench.put(event("e", "SUMMARY:E"))
        await bench.putUpstream("gone", event("gone", "SUMMARY:G"))
        try await bench.pass()
        try await bench.edit("e", "SUMMARY:E", "SUMMARY:Ours")
        await bench.editUpstream(try #require(await bench.recordID(of: "e")), "SUMMARY:E", "SUMMARY:Theirs")
        await bench.deleteUpstream("gone")
        try await bench.pass()
        return bench
    }

    @Test func `runs, conflicts and the trail go after ninety days, versions after a year`() async throws {
        let bench = try await lived()
        bench.time.advance(89 * Self.day)
        #expect(try await bench.links.purge(Retention()).runs == 0)
        bench.time.advance(2 * Self.day)
        let report = try await bench.links.purge(Retention())
        #expect(report.runs == 2 && report.conflicts == 1 && report.auditLines > 0)
        #expect(report.store.versions == 0)
        bench.time.advance(280 * Self.day)
        #expect(try await bench.links.purge(Retention()).store.versions > 0)
        #expect(try await bench.text("e")?.contains("Theirs") == true)
    }

    @Test func `an open conflict is kept`() async throws {
        let bench = try await Workbench(policy: .ask)
        try await bench.put(event("e", "SUMMARY:E"))
        try await bench.pass()
        try await bench.edit("e", "SUMMARY:E", "SUMMARY:Ours")
        await bench.editUpstream(try #require(await bench.recordID(of: "e")), "SUMMARY:E", "SUMMARY:Theirs")
        try await bench.pass()
        bench.time.advance(400 * Self.day)
        try await bench.links.purge(Retention())
        #expect(try await bench.links.conflicts(of: bench.owner, .open).count == 1)
    }

    @Test func `what was left alone is forgotten once it is gone on both sides, and only after a sync`() async throws {
        let bench = try await Workbench()
        try await bench.put(event("here", "SUMMARY:Here"))
        await bench.putUpstream("there", event("there", "SUMMARY:There"))
        try await bench.leaveAlone(.exactly(["here", "there", "nowhere"]))
        try await bench.links.purge(Retention())
        #expect(try await bench.links.skipped(by: bench.link.id).count == 3)
        try await bench.pass()
        try await bench.links.purge(Retention())
        #expect(try await bench.links.skipped(by: bench.link.id) == ["here", "there"])
        try await bench.delete("here")
        await bench.deleteUpstream("there")
        try await bench.pass()
        try await bench.links.purge(Retention())
        #expect(try await bench.links.skipped(by: bench.link.id).isEmpty)
        // What comes again is a new event.
        await bench.putUpstream("there", event("there", "SUMMARY:There again"))
        try await bench.pass()
        #expect(try await bench.text("there")?.contains("There again") == true)
    }

    @Test func `a connection that was never completed goes after a month, a linked one stays`() async throws {
        let bench = try await Workbench()
        let credentials = CredentialStore(database: bench.database) { bench.time.now }
        _ = try await credentials.addConnection(provider: "google", of: bench.owner, state: .awaitingAuthorization)
        let linked = bench.link.connection
        try await credentials.setConnectionState(linked, state: .awaitingAuthorization, error: nil)
        bench.time.advance(29 * Self.day)
        #expect(try await bench.links.purge(Retention()).connections == 0)
        bench.time.advance(2 * Self.day)
        #expect(try await bench.links.purge(Retention()).connections == 1)
        #expect(try await credentials.connections(of: bench.owner).map(\.id) == [linked])
    }

    @Test func `a purge changes nothing that the next pass would see`() async throws {
        let bench = try await lived()
        bench.time.advance(400 * Self.day)
        try await bench.links.purge(Retention())
        let writes = await bench.upstream.performed.count
        let report = try await bench.pass()
        #expect(report.outcomes.isEmpty)
        #expect(await bench.upstream.performed.count == writes)
        #expect(try await bench.uids() == ["e"])
    }

    @Test func `the gateway tidies up by itself once a day`() async throws {
        let bench = try await lived()
        let time = bench.time
        let clock = SyncClock(
            now: { time.now },
            sleep: { until in
                // Time jumps to whatever is waited for, day after day, until what is old is gone.
                time.advance(max(0, until - time.now))
                await Task.yield()
                try Task.checkCancellation()
            },
            random: { 0 }
        )
        let upstream = bench.upstream
        let scheduler = SyncScheduler(
            links: bench.links,
            makeBridge: { _ in ScriptedBridge(upstream: upstream) },
            configuration: SyncConfiguration(),
            clock: clock
        )
        let task = Task { try await scheduler.run() }
        let deadline = ContinuousClock.now + .seconds(900)
        while try await !bench.links.runs(of: bench.owner).isEmpty, ContinuousClock.now < deadline {
            await Task.yield()
        }
        task.cancel()
        _ = await task.result
        #expect(try await bench.links.runs(of: bench.owner).isEmpty)
    }

    // MARK: Quarantine

    @Test func `an event of ours that no longer parses is told, left alone, and goes on once it does`() async throws {
        let bench = try await Workbench()
        try await bench.put(event("e", "SUMMARY:E"))
        try await bench.put(event("f", "SUMMARY:F"))
        try await bench.pass()
        let damaged = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x\r\nBEGIN:VEVENT\r\nNONSENSE\r\nEND:VEVENT\r\n"
        try await bench.database.write { transaction in
            try transaction.run("UPDATE version SET text = \(.text(damaged)) WHERE uid = 'e'")
            try transaction.run("UPDATE calendar SET revision = revision + 1")
            try transaction.run(
                "UPDATE object SET etag = 'damaged', revision = (SELECT MAX(revision) FROM calendar) WHERE uid = 'e'"
            )
        }
        try await bench.edit("f", "SUMMARY:F", "SUMMARY:FF")
        for _ in 0..<2 { try await bench.pass() }
        let rows = try await bench.links.quarantine(of: bench.owner)
        #expect(rows.map(\.uid) == ["e"] && rows.first?.raw == damaged)
        #expect(try await bench.status().pending == 1)
        #expect(await bench.payload(of: "e")?.contains("SUMMARY:E") == true)
        #expect(await bench.payload(of: "f")?.contains("SUMMARY:FF") == true)
        try await bench.put(event("e", "SUMMARY:Mended"))
        try await bench.pass()
        #expect(try await bench.links.quarantine(of: bench.owner).isEmpty)
        #expect(await bench.payload(of: "e")?.contains("Mended") == true)
        #expect(try await bench.status().pending == 0)
    }

    // MARK: Order and batches

    @Test func `what a person would miss first goes upstream first`() async throws {
        let bench = try await Workbench()
        try await bench.put(event("z-gone", "SUMMARY:Gone"))
        try await bench.pass()
        try await bench.delete("z-gone")
        // The bench's clock stands on 2026-11-18, 11:06.
        for (uid, start) in [
            ("a-later", "20270301T090000Z"), ("b-week", "20261122T090000Z"), ("c-day", "20261118T200000Z"),
            ("d-hour", "20261118T113000Z"),
        ] {
            try await bench.put(event(uid, "DTSTART:\(start)", "SUMMARY:X"))
        }
        try await bench.put(event("e-series", "DTSTART:20200101T113000Z", "RRULE:FREQ=DAILY", "SUMMARY:X"))
        let before = await bench.upstream.performed.count
        try await bench.pass()
        let order = await bench.upstream.performed.dropFirst(before).map { write -> String in
            switch write {
            case .create(let creation): creation.uid
            case .update(let id, _, _, _), .delete(let id, _, _): id
            }
        }
        #expect(order.dropFirst() == ["d-hour", "e-series", "c-day", "b-week", "a-later"])
        guard case .delete? = await bench.upstream.performed.dropFirst(before).first else {
            Issue.record("the deletion does not come first")
            return
        }
    }

    @Test func `what was to begin soon and is put off goes before what begins this week`() async throws {
        let bench = try await Workbench()
        try await bench.put(event("z", "DTSTART:20261118T113000Z", "DTEND:20261118T123000Z", "SUMMARY:X"))
        try await bench.pass()
        try await bench.edit("z", "20261118T1", "20270301T1")
        try await bench.put(event("a", "DTSTART:20261122T090000Z", "SUMMARY:X"))
        let before = await bench.upstream.performed.count
        try await bench.pass()
        let writes = await bench.upstream.performed.dropFirst(before)
        let creations = writes.map { if case .create = $0 { true } else { false } }
        #expect(creations == [false, true])
    }

    @Test func `a large pull is written in few transactions`() async throws {
        let bench = try await Workbench()
        for number in 0..<450 { await bench.upstream.put("u\(number)", event("u\(number)", "SUMMARY:\(number)")) }
        let life = Life(calls: .max)
        let counting = CrashingDatabase(real: bench.database, life: life)
        let time = bench.time
        let links = LinkStore(calendars: CalendarStore(database: counting) { time.now }) { time.now }
        var bridge = ScriptedBridge(upstream: bench.upstream)
        bridge.pageSize = 250
        var pass = SyncPass(
            of: bench.link,
            over: bridge,
            state: links,
            configuration: SyncConfiguration(),
            clock: bench.clock
        )
        #expect(try await pass.run().counts.pulled == 450)
        #expect(life.spent < 30)
    }

    // MARK: Mending

    private var mending: SyncConfiguration {
        var configuration = SyncConfiguration()
        configuration.mendedProviders = ["scripted"]
        return configuration
    }

    @Test func `a record that lacks something of ours is completed once it was read`() async throws {
        let bench = try await Workbench()
        // Written by hand: the upstream's own form has one blank.
        await bench.putUpstream("a", event("e", "SUMMARY:Two  blanks"))
        try await bench.pass(nil, mending)
        #expect(await bench.upstream.performed.count == 1)
        #expect(await bench.payload(of: "e")?.contains("SUMMARY:Two blanks") == true)
        #expect(try await bench.uids() == ["e"])
        try await bench.pass(nil, mending)
        #expect(await bench.upstream.performed.count == 1)
    }

    @Test func `a record that cannot be completed waits in the queue, and its event is here all the same`() async throws
    {
        let bench = try await Workbench()
        await bench.putUpstream("a", event("e", "SUMMARY:Two  blanks"))
        await bench.upstream.setScript {
            $0.isWrite ? .refuse(.refused(Refusal(.item, code: "no", message: "Not here."))) : nil
        }
        try await bench.pass(nil, mending)
        #expect(try await bench.status().pending == 1)
        #expect(try await bench.uids() == ["e"])
    }

    @Test func `an item that fails again and again is given up until a person retries it`() async throws {
        let bench = try await Workbench()
        try await bench.put(event("e", "SUMMARY:E"))
        await bench.upstream.setScript {
            $0.isWrite ? .refuse(.refused(Refusal(.item, code: "no", message: "Not here."))) : nil
        }
        for _ in 0..<12 {
            try await bench.pass()
            bench.time.advance(4000)
        }
        let row = try #require(try await bench.links.queue(of: bench.owner).first)
        #expect(row.isFailed && row.attempts == 12)
        await bench.upstream.setScript(nil)
        bench.time.advance(Self.day)
        try await bench.pass()
        #expect(await bench.upstream.live.isEmpty)
        _ = try await bench.scheduler().retry(row.id)
        try await bench.pass()
        #expect(await bench.upstream.live.count == 1)
    }

    @Test func `what collects while a link is paused is counted`() async throws {
        let bench = try await Workbench()
        try await bench.put(event("e", "SUMMARY:E"))
        try await bench.pass()
        _ = try await bench.scheduler().pause(bench.link.id)
        try await bench.edit("e", "SUMMARY:E", "SUMMARY:F")
        try await bench.put(event("f", "SUMMARY:F"))
        #expect(try await bench.status().pending == 2)
        _ = try await bench.scheduler().resume(bench.link.id)
        #expect(try await bench.status().pending == 2)
        try await bench.pass()
        #expect(try await bench.status().pending == 0)
    }

    @Test func `a name that comes to hold another event is a deletion and a creation`() async throws {
        let bench = try await Workbench()
        try await bench.put(event("a", "SUMMARY:A"), named: "x.ics")
        try await bench.put(event("z", "SUMMARY:Z"))
        for _ in 0..<2 { try await bench.pass() }
        try await bench.put(event("b", "SUMMARY:B"), named: "x.ics")
        try await bench.pass()
        #expect(await bench.payload(of: "a") == nil)
        #expect(await bench.payload(of: "b") != nil)
        #expect(await bench.payload(of: "z") != nil)
        try await bench.delete("z")
        try await bench.pass()
        #expect(await bench.upstream.live.count == 1)
    }
}
