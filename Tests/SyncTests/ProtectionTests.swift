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

    private func undo(_ run: RunID?, _ bench: Workbench) async throws -> UndoneRun {
        let run = try #require(run)
        let person = Author(.client, name: "alice", principal: bench.owner)
        return try #require(try await bench.scheduler().undo(run, by: person))
    }

    @Test func `undone by a person, a run's locked events go here, and stay upstream`() async throws {
        let bench = try await Workbench()
        await bench.putUpstream("a", event("e", "SUMMARY:Birthday", "COMMENT:LOCKED"))
        await bench.putUpstream("b", event("f", "SUMMARY:Lunch"))
        let bridge = LockingBridge(real: ScriptedBridge(upstream: bench.upstream))
        let undone = try await undo(bench.pass(over: bridge).run, bench)
        #expect(undone.removed == ["e", "f"] && undone.kept.isEmpty)
        try await bench.pass(over: bridge)
        #expect(try await bench.uids().isEmpty)
        #expect(await bench.upstream.live.count == 2)
    }

    @Test func `what the upstream changed of a locked event stays when its run is undone`() async throws {
        let bench = try await Workbench()
        await bench.putUpstream("a", event("e", "SUMMARY:Birthday", "COMMENT:LOCKED"))
        await bench.putUpstream("b", event("f", "SUMMARY:Lunch"))
        let bridge = LockingBridge(real: ScriptedBridge(upstream: bench.upstream))
        try await bench.pass(over: bridge)
        for id in ["a", "b"] { await bench.editUpstream(id, "SUMMARY:", "SUMMARY:Second ") }
        let undone = try await undo(bench.pass(over: bridge).run, bench)
        #expect(undone.restored == ["f"] && undone.kept == ["e"])
        try await bench.pass(over: bridge)
        #expect(try await bench.text("e")?.contains("Second Birthday") == true)
        #expect(await bench.payload(of: "f")?.contains("SUMMARY:Lunch") == true)
        #expect(try await bench.status().pending == 0)
    }

    @Test func `what the upstream itself unlocks is unlocked`() async throws {
        let (bench, _) = try await bench()
        await bench.editUpstream("a", "COMMENT:LOCKED", "LOCATION:Here")
        try await pass(bench, bench.link, over: bench.upstream)
        #expect(try await protected(bench) == [])
    }
}
