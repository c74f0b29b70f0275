import Bridging
import SQL
import Store
import Testing

@testable import Sync

@Suite("Events that only an upstream may change, in a calendar with several")
struct ProtectionTests {
    /// A bridge to an upstream whose events may be locked.
    private struct LockingBridge: RelayingBridge, ProtectingBridge {
        var real: ScriptedBridge

        func protection(of series: [UpstreamRecord]) -> String? {
            series.contains { $0.payload.contains("COMMENT:LOCKED") } ? "It is locked there." : nil
        }
    }

    private func pass(_ bench: Workbench, _ link: Link, over upstream: ScriptedUpstream) async throws {
        try await bench.pass(link, over: LockingBridge(real: ScriptedBridge(upstream: upstream)))
    }

    private func protected(_ bench: Workbench) async throws -> [String] {
        try await bench.database.read { try bench.calendars.protected(in: bench.calendar, $0) }
    }

    private func remove(_ link: Link, from bench: Workbench, _ purge: LinkPurge = .nothing) async throws {
        _ = try await bench.scheduler().delete(link.id, purge: purge, by: Author(.client, name: "alice"))
    }

    /// A calendar whose one locked event the other upstream has a copy of.
    private func bench() async throws -> (Workbench, Link) {
        let bench = try await Workbench()
        let other = ScriptedUpstream(at: bench.time.now)
        let second = try await bench.secondLink()
        await bench.putUpstream("a", event("e", "SUMMARY:Birthday", "COMMENT:LOCKED"))
        try await pass(bench, bench.link, over: bench.upstream)
        try await pass(bench, second, over: other)
        // The copy comes to be known, and is compared on its own.
        bench.time.advance(10)
        await other.setTime(bench.time.now)
        await other.edit(try #require(await other.live.first).id) { $0.replacing("Birthday", with: "A birthday") }
        try await pass(bench, second, over: other)
        return (bench, second)
    }

    @Test func `another upstream's copy of it unlocks nothing`() async throws {
        let (bench, _) = try await bench()
        #expect(try await bench.text("e")?.contains("A birthday") == true)
        #expect(try await protected(bench) == ["e"])
    }

    @Test(arguments: [LinkPurge.nothing, .copies])
    func `removing another link unlocks nothing`(_ purge: LinkPurge) async throws {
        let (bench, second) = try await bench()
        try await remove(second, from: bench, purge)
        #expect(try await protected(bench) == ["e"])
    }

    @Test func `removing the link itself unlocks it`() async throws {
        let (bench, _) = try await bench()
        try await remove(bench.link, from: bench)
        #expect(try await protected(bench) == [])
        #expect(try await bench.uids() == ["e"])
    }

    @Test func `what the upstream itself unlocks is unlocked`() async throws {
        let (bench, _) = try await bench()
        await bench.editUpstream("a", "COMMENT:LOCKED", "LOCATION:Here")
        try await pass(bench, bench.link, over: bench.upstream)
        #expect(try await protected(bench) == [])
    }
}
