import Bridging
import Store
import SyncTestSupport
import Synchronization
import Testing

@testable import Sync

@Suite("Completing what came from upstream")
struct MendingTests {
    private var mending: SyncConfiguration {
        var configuration = SyncConfiguration()
        configuration.mendedProviders = ["scripted"]
        return configuration
    }

    /// Five events written by hand: the upstream's own form has one blank.
    private func bench() async throws -> Workbench {
        let bench = try await Workbench()
        for name in ["a", "b", "c", "d", "e"] { await bench.putUpstream(name, event(name, "SUMMARY:Two  blanks")) }
        return bench
    }

    private func leftToMend(_ bench: Workbench) async -> Int {
        await bench.upstream.live.count { $0.payload.contains("Two  blanks") }
    }

    @Test func `mending that was throttled on the way goes on in the next pass`() async throws {
        let bench = try await bench()
        let writes = Mutex(0)
        await bench.upstream.setScript { call in
            guard call.isWrite else { return nil }
            let number = writes.withLock { count in
                count += 1
                return count
            }
            return number > 2 ? .refuse(.throttled(retryAfter: 30)) : nil
        }
        await #expect(throws: BridgeError.self) { try await bench.pass(nil, mending) }
        #expect(try await bench.uids().count == 5)
        #expect(await leftToMend(bench) == 3)
        await bench.upstream.setScript(nil)
        bench.time.advance(60)
        try await bench.pass(nil, mending)
        #expect(await leftToMend(bench) == 0)
        #expect(await bench.upstream.performed.count == 5)
        try await bench.pass(nil, mending)
        #expect(await bench.upstream.performed.count == 5)
    }

    @Test func `a link that is paused is completed no further, and goes on when it is resumed`() async throws {
        let bench = try await bench()
        let scheduler = bench.scheduler(nil, mending)
        let link = bench.link.id
        await bench.upstream.interruptNextWrite { _ = try? await scheduler.pause(link) }
        try await bench.pass(nil, mending)
        #expect(await bench.upstream.performed.count == 1)
        #expect(await leftToMend(bench) == 4)
        _ = try await scheduler.resume(link)
        bench.time.advance(60)
        try await bench.pass(nil, mending)
        #expect(await leftToMend(bench) == 0)
        #expect(await bench.upstream.performed.count == 5)
    }

    @Test func `what lacks nothing is looked at once`() async throws {
        let bench = try await Workbench()
        await bench.putUpstream("a", event("a", "SUMMARY:One blank"))
        try await bench.pass(nil, mending)
        #expect(try await bench.links.seriesToBeMended(of: bench.link).isEmpty)
    }

    @Test func `an upstream that is never completed leaves no notes`() async throws {
        let bench = try await bench()
        try await bench.pass()
        #expect(try await bench.links.seriesToBeMended(of: bench.link).isEmpty)
    }
}
