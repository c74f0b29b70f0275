import Bridging
import ICalendar
import SyncTestSupport
import Testing

@testable import Sync

/// What a person can do about a wait, and what it costs to try.
@Suite("What waits for time, and who may end it")
struct WritePauseTests {
    @Test func `a pass that a person forces makes the wait after a failure no longer`() async throws {
        let bench = try await Workbench()
        await bench.upstream.setScript { _ in .refuse(.unreachable("No answer.")) }
        let scheduler = bench.scheduler()
        let begun = bench.time.now
        for _ in 0..<8 {
            _ = try await scheduler.passOnce(bench.link.id)
            #expect(try await bench.status().nextSyncAt == begun + 30)
        }
        bench.time.advance(30)
        _ = try await scheduler.passOnce(bench.link.id)
        #expect(try await bench.status().nextSyncAt == bench.time.now + 60)
    }

    @Test func `trying again what a person must mend lengthens no wait`() async throws {
        let bench = try await Workbench()
        await bench.upstream.setScript { _ in .refuse(.authorizationRevoked("Withdrawn.")) }
        let scheduler = bench.scheduler()
        for _ in 0..<8 { _ = try await scheduler.passOnce(bench.link.id) }
        await bench.upstream.setScript { _ in .refuse(.unreachable("No answer.")) }
        _ = try await scheduler.passOnce(bench.link.id)
        let next = try #require(try await bench.status().nextSyncAt)
        #expect(next <= bench.time.now + 60)
    }
}
