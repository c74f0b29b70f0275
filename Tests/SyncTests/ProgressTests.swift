import Bridging
import ICalendar
import Store
import Synchronization
import Testing

@testable import Sync

@Suite("How far a pass is")
struct ProgressTests {
    private let start = Instant(seconds: 1_000)

    @Test func `the end is told from the quota before the first write`() {
        var meter = ProgressMeter(secondsPerWrite: 0.5)
        meter.expect(20)
        meter.expectWrites(100)
        meter.finish(20)
        #expect(meter.progress(at: start) == SyncProgress(done: 20, total: 120, estimatedEnd: start + 50))
    }

    @Test func `an upstream slower than its quota moves the end`() {
        var meter = ProgressMeter(secondsPerWrite: 0.5)
        meter.expectWrites(100)
        for second in 0...10 { meter.finishWrite(at: start + Int64(second * 2)) }
        #expect(meter.progress(at: start + 20) == SyncProgress(done: 11, total: 100, estimatedEnd: start + 198))
    }

    @Test func `what needs no upstream has no end to wait for`() {
        var meter = ProgressMeter(before: 5, secondsPerWrite: 0.5)
        meter.expect(10)
        meter.finish(3)
        #expect(meter.progress(at: start) == SyncProgress(done: 8, total: 15))
    }

    @Test func `before anything is counted no progress is shown`() async throws {
        let bench = try await Workbench()
        await bench.putUpstream("a", event("a", "SUMMARY:A"))
        let scheduler = bench.scheduler()
        let seen = Mutex<LinkStatus?>(nil)
        await bench.upstream.interruptNextPull {
            let status = try? await scheduler.status(of: bench.link.id)
            seen.withLock { $0 = status }
        }
        _ = try await scheduler.passOnce(bench.link.id)
        let status = try #require(seen.withLock { $0 })
        #expect(status.state == .syncing && status.progress == nil)
    }

    @Test func `a first sync that was interrupted counts on from where it was`() async throws {
        let bench = try await Workbench()
        for number in 0..<8 { try await bench.put(event("here-\(number)", "SUMMARY:Here")) }
        let writes = Mutex(0)
        await bench.upstream.setScript { call in
            guard call.isWrite else { return nil }
            let count = writes.withLock { count in
                count += 1
                return count
            }
            return count > 3 ? .refuse(.throttled(retryAfter: 1)) : nil
        }
        await #expect(throws: BridgeError.throttled(retryAfter: 1)) { try await bench.pass() }
        await bench.upstream.setScript(nil)
        let told = Mutex<[SyncProgress]>([])
        var pass = SyncPass(
            of: bench.link,
            over: ScriptedBridge(upstream: bench.upstream),
            state: bench.links,
            configuration: SyncConfiguration(),
            clock: bench.clock,
            progress: { step in told.withLock { $0.append(step) } }
        )
        _ = try await pass.run()
        #expect(told.withLock { $0.map(\.done) } == [4, 5, 6, 7, 8])
        #expect(told.withLock { $0.map(\.total) } == [8, 8, 8, 8, 8])
    }
}
