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
        #expect(found.first?.detail == "found written after a restart")
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
}
