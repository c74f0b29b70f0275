import Bridging
import ICalendar
import Store
import SyncTestSupport
import Testing

@testable import Sync

@Suite("The audit trail of writes upstream, whatever becomes of the process")
struct WriteTrailTests {
    /// What somebody does here that is to be written upstream.
    enum Change: CaseIterable {
        case creation, update, deletion, override

        func make(on bench: Workbench) async throws {
            switch self {
            case .creation: try await bench.put(event("new", "SUMMARY:New"))
            case .update: try await bench.edit("old", "SUMMARY:Old", "SUMMARY:Changed")
            case .deletion: try await bench.delete("old")
            case .override:
                let override = [
                    "BEGIN:VEVENT", "UID:old", "DTSTAMP:20260101T000000Z", "RECURRENCE-ID:20261122T090000Z",
                    "DTSTART:20261122T110000Z", "SUMMARY:Later", "END:VEVENT", "END:VCALENDAR",
                ]
                try await bench.edit("old", "SUMMARY:Old", "SUMMARY:Changed")
                try await bench.edit("old", "END:VCALENDAR", override.joined(separator: "\r\n"))
            }
        }

        /// What the line says of the last write for it.
        var action: AuditEntry.Action {
            switch self {
            case .creation: .upstreamCreated
            case .update, .override: .upstreamUpdated
            case .deletion: .upstreamDeleted
            }
        }
    }

    /// A bench with one series that both sides have.
    private func bench() async throws -> Workbench {
        let bench = try await Workbench()
        try await bench.put(event("old", "RRULE:FREQ=DAILY;COUNT=5", "SUMMARY:Old"))
        try await bench.pass()
        return bench
    }

    /// A pass in a process that lives as long as `life`.
    private func pass(_ bench: Workbench, _ life: Life, batchSize: Int = 1) async {
        let time = bench.time
        let database = CrashingDatabase(real: bench.database, life: life)
        let links = LinkStore(calendars: CalendarStore(database: database) { time.now }) { time.now }
        var configuration = SyncConfiguration()
        configuration.writesMakingBulk = 1
        var real = ScriptedBridge(upstream: bench.upstream)
        real.batchSize = batchSize
        let bridge = StagedBridge(real: real, life: life)
        do {
            let link = try #require(try await bench.links.link(bench.link.id))
            var pass = SyncPass(of: link, over: bridge, state: links, configuration: configuration, clock: bench.clock)
            _ = try await pass.run()
        } catch {
            #expect(life.isOver, "\(error)")
        }
    }

    private func lines(_ bench: Workbench) async throws -> [AuditEntry] {
        try await bench.calendars.auditTrail(of: bench.owner).filter { $0.action.kind == "upstream" }
    }

    @Test(arguments: Change.allCases, [1, 4])
    func `wherever a process dies, every write that reached the upstream has its line`(
        _ change: Change,
        _ batchSize: Int
    ) async throws {
        for calls in 0..<40 {
            let bench = try await bench()
            try await change.make(on: bench)
            if batchSize > 1 { try await bench.put(event("other", "SUMMARY:Other")) }
            let life = Life(calls: calls)
            await pass(bench, life, batchSize: batchSize)
            let (writes, known) = (await bench.upstream.performed.count, try await lines(bench).count)
            #expect(known >= writes, "after \(calls) calls")
            for _ in 0..<3 { await pass(bench, Life(calls: .max)) }
            #expect(try await lines(bench).count >= bench.upstream.performed.count, "after \(calls) calls")
            guard life.isOver else { return }
        }
        Issue.record("The process never lived to its end.")
    }

    @Test(arguments: Change.allCases)
    func `a write whose answer nobody heard is told of as begun, and as found once it is seen`(
        _ change: Change
    ) async throws {
        let bench = try await bench()
        let before = try await lines(bench).count
        try await change.make(on: bench)
        let life = Life(calls: .max)
        await bench.upstream.setScript { call in
            // The last write of each: an override comes after its series.
            guard case .write(let write) = call, change != .override || write.recordID.hasSuffix("Z") else {
                return nil
            }
            life.end()
            return nil
        }
        await pass(bench, life)
        await bench.upstream.setScript(nil)
        let begun = try #require(try await lines(bench).first)
        #expect(begun.action == .upstreamBegun)
        #expect(begun.detail == "\(change.action.rawValue): no answer was noted")
        await pass(bench, Life(calls: .max))
        let found = try await lines(bench)
        #expect(found.first?.id == begun.id && found.first?.action == change.action)
        #expect(found.first?.detail == "no answer was noted, and a later pass found it written")
        #expect(found.count == before + (change == .override ? 2 : 1))
    }

    @Test func `a write that did not arrive stays one that was begun, and the next has its own line`() async throws {
        let bench = try await bench()
        try await Change.update.make(on: bench)
        let life = Life(calls: .max)
        await bench.upstream.setScript { call in
            guard call.isWrite else { return nil }
            life.end()
            return .refuse(.unreachable("Cut off."))
        }
        await pass(bench, life)
        await bench.upstream.setScript(nil)
        await pass(bench, Life(calls: .max))
        let trail = try await lines(bench)
        #expect(trail.map(\.action) == [.upstreamUpdated, .upstreamBegun, .upstreamCreated])
        #expect(trail[1].detail == "upstream.updated: no answer was noted, and the next pass did not find it written")
    }

    // MARK: Deletions of which nobody heard the answer

    /// Does something in a process that ends over the first deletion that it asks for.
    private func dying(_ bench: Workbench, _ work: (Life) async throws -> Void) async throws {
        let life = Life(calls: .max)
        await bench.upstream.setScript { call in
            guard case .write(.delete) = call else { return nil }
            life.end()
            return nil
        }
        try await work(life)
        await bench.upstream.setScript(nil)
        #expect(await bench.upstream.live.isEmpty)
        try await bench.links.endInterruptedRuns()
    }

    @Test func `a deletion that a process died over has its line in a run, and can be undone`() async throws {
        let bench = try await bench()
        try await bench.delete("old")
        try await dying(bench) { await pass(bench, $0) }
        await pass(bench, Life(calls: .max))
        let runs = try await bench.links.runs(of: bench.owner)
        let run = try #require(runs.first { $0.counts.deletedUpstream == 1 })
        let items = try #require(try await bench.links.run(run.id)).items
        #expect(items.map { "\($0.action) \($0.summary ?? "") \($0.outcome)" } == ["push-deletion Old done"])
        #expect(try await bench.scheduler().undo(run.id, by: Author(.restore, name: "alice"))?.restored == ["old"])
        await pass(bench, Life(calls: .max))
        #expect(await bench.payload(of: "old")?.contains("Old") == true)
    }

    @Test func `what was brought back here after that is brought back there`() async throws {
        let bench = try await bench()
        let text = try #require(try await bench.text("old"))
        try await bench.delete("old")
        try await dying(bench) { await pass(bench, $0) }
        try await bench.put(text)
        for _ in 0..<2 { await pass(bench, Life(calls: .max)) }
        #expect(try await bench.uids() == ["old"])
        #expect(await bench.payload(of: "old")?.contains("Old") == true)
    }

    @Test func `what a purge took away as the process died stays here`() async throws {
        let bench = try await bench()
        try await dying(bench) { life in
            let time = bench.time
            let database = CrashingDatabase(real: bench.database, life: life)
            let links = LinkStore(calendars: CalendarStore(database: database) { time.now }) { time.now }
            let bridge = StagedBridge(real: ScriptedBridge(upstream: bench.upstream), life: life)
            let scheduler = SyncScheduler(
                links: links,
                makeBridge: { _ in bridge },
                configuration: SyncConfiguration(),
                clock: bench.clock
            )
            await #expect(throws: (any Error).self) {
                try await scheduler.delete(bench.link.id, purge: .everything, by: Author(.client, name: "alice"))
            }
        }
        _ = try await bench.links.setState(.idle, of: bench.link.id)
        for _ in 0..<2 { await pass(bench, Life(calls: .max)) }
        #expect(try await bench.uids() == ["old"])
        #expect(await bench.upstream.live.isEmpty)
        #expect(try await bench.links.explain(uid: "old", in: bench.calendar).first?.state == "left_alone")
    }

    @Test func `a run that was cut off counts what it did`() async throws {
        let bench = try await bench()
        for number in 0..<3 { try await bench.put(event("e\(number)", "SUMMARY:E")) }
        let life = Life(calls: .max)
        let written = Counter()
        await bench.upstream.setScript { call in
            if call.isWrite, written.next() == 2 { life.end() }
            return nil
        }
        await pass(bench, life)
        await bench.upstream.setScript(nil)
        try await bench.links.endInterruptedRuns()
        let run = try #require(try await bench.links.runs(of: bench.owner).first)
        #expect(run.outcome == .interrupted)
        #expect(run.counts.pushed == 2)
    }
}
