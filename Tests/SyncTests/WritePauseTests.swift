import Bridging
import ICalendar
import SyncTestSupport
import Testing

@testable import Sync

/// What a person can do about a wait, and what it costs to try.
@Suite("What waits for time, and who may end it")
struct WritePauseTests {
    /// What a person does to have a link go on.
    enum Door: CaseIterable {
        case syncNow, command, resume, reconnect

        func open(_ scheduler: SyncScheduler, _ link: Link) async throws {
            switch self {
            case .syncNow: _ = try await scheduler.syncNow(link.id)
            case .command: _ = try await scheduler.passOnce(link.id)
            case .resume:
                _ = try await scheduler.pause(link.id)
                _ = try await scheduler.resume(link.id)
            case .reconnect: try await scheduler.connectionMended(link.connection)
            }
        }
    }

    /// A link that had its first write refused, with the account to write nothing for hours.
    private func paused(_ error: BridgeError = .writesPaused(seconds: 10_800)) async throws -> Workbench {
        let bench = try await Workbench()
        try await bench.put(event("a", "SUMMARY:Mine"))
        await bench.upstream.setScript { $0.isWrite ? .refuse(error) : nil }
        _ = try await bench.scheduler().passOnce(bench.link.id)
        await bench.upstream.setScript(nil)
        return bench
    }

    @Test(arguments: Door.allCases)
    func `a pause of writes that nobody named ends when a person asks for a pass`(_ door: Door) async throws {
        let bench = try await paused()
        try await bench.pass()
        #expect(await bench.upstream.performed.isEmpty)
        try await door.open(bench.scheduler(), bench.link)
        try await bench.pass()
        #expect(await bench.upstream.performed.count == 1)
        #expect(try await bench.status().lastError == nil)
    }

    @Test(arguments: Door.allCases)
    func `a pause that the upstream named holds, whoever asks`(_ door: Door) async throws {
        let bench = try await paused(.writesPaused(seconds: 10_800, isTold: true))
        try await door.open(bench.scheduler(), bench.link)
        try await bench.pass()
        #expect(await bench.upstream.performed.isEmpty)
        #expect(try await bench.status().writesResumeAt != nil)
        bench.time.advance(10_800)
        try await bench.pass()
        #expect(await bench.upstream.performed.count == 1)
    }

    @Test func `while changes wait to be written the link waits, and says until when`() async throws {
        let bench = try await paused()
        let end = bench.time.now + 10_800
        try await bench.pass()
        let status = try await bench.status()
        #expect(status.state == .waiting && status.pending == 1)
        #expect(status.writesResumeAt == end)
        try await bench.delete("a")
        try await bench.pass()
        #expect(try await bench.status().state == .idle)
        #expect(try await bench.status().lastError == nil, "nothing waits any more")
    }

    @Test func `what waited to be written goes when the pause ends, and not at the next poll`() async throws {
        let bench = try await paused()
        let end = bench.time.now + 10_800
        bench.time.advance(10_500)
        let readiness = try #require(try await bench.links.readiness(of: bench.link.id))
        #expect(try await bench.scheduler().pass(readiness, PassReason()) == end)
    }

    @Test func `a day's quota that is spent is asked for again when a person says so`() async throws {
        let bench = try await Workbench()
        await bench.upstream.setScript { _ in .refuse(.throttled(retryAfter: nil, guess: 3600)) }
        _ = try await bench.scheduler().passOnce(bench.link.id)
        let readiness = try #require(try await bench.links.readiness(of: bench.link.id))
        #expect(readiness.wait(isInsistent: false, at: bench.time.now)?.until == bench.time.now + 3600)
        #expect(readiness.wait(isInsistent: true, at: bench.time.now) == nil)
    }

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

    @Test func `deletions that wait for a person say how many and what to do`() async throws {
        let bench = try await Workbench()
        for number in 0..<30 { try await bench.put(event("e\(number)", "SUMMARY:Lunch")) }
        try await bench.pass()
        for number in 0..<12 { try await bench.delete("e\(number)") }
        try await bench.pass()
        let status = try await bench.status()
        #expect(status.state == .needsApproval && status.lastError?.code == "needs_approval")
        #expect(status.lastError?.message.contains("12 deletions") == true)
        #expect(status.lastError?.remedy.isEmpty == false)
        _ = try await bench.scheduler().approve(bench.link.id)
        try await bench.pass()
        #expect(try await bench.status().lastError == nil)
    }
}
