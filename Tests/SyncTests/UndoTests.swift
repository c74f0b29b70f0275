import Bridging
import ICalendar
import Store
import SyncTestSupport
import Testing

@testable import Sync

@Suite("Undoing what a run made")
struct UndoTests {
    private func undo(_ run: RunID, _ bench: Workbench) async throws -> UndoneRun? {
        try await bench.scheduler().undo(run, by: Author(.restore, name: "alice"))
    }

    /// A run that brought two events here and took two there.
    private func run(_ bench: Workbench) async throws -> RunID {
        await bench.putUpstream("a", event("there1", "SUMMARY:A"))
        await bench.putUpstream("b", event("there2", "SUMMARY:B"))
        try await bench.put(event("here1", "SUMMARY:C"))
        try await bench.put(event("here2", "SUMMARY:D"))
        return try #require(try await bench.pass().run)
    }

    private func upstream(_ bench: Workbench) async -> Int { await bench.upstream.live.count }

    @Test func `what a run made is gone again on the side where it made it, and stays on the other`() async throws {
        let bench = try await Workbench()
        let run = try await run(bench)
        let undone = try #require(try await undo(run, bench))
        #expect(undone.removed == ["here1", "here2", "there1", "there2"])
        #expect(try await bench.uids() == ["here1", "here2"])
        #expect(Set(await bench.upstream.live.map(\.id)) == ["a", "b"])
    }

    @Test func `what was undone is left alone in later passes`() async throws {
        let bench = try await Workbench()
        _ = try await undo(try await run(bench), bench)
        await bench.editUpstream("a", "SUMMARY:A", "SUMMARY:AA")
        for _ in 0..<2 { try await bench.pass() }
        #expect(try await bench.uids() == ["here1", "here2"])
        #expect(Set(await bench.upstream.live.map(\.id)) == ["a", "b"])
        #expect(try await bench.status().pending == 0)
        #expect(try await bench.links.skipped(by: bench.link.id) == ["here1", "here2", "there1", "there2"])
    }

    @Test func `what somebody changed since stays`() async throws {
        let bench = try await Workbench()
        let run = try await run(bench)
        try await bench.edit("there1", "SUMMARY:A", "SUMMARY:Mine")
        await bench.editUpstream(try #require(await bench.recordID(of: "here1")), "SUMMARY:C", "SUMMARY:Theirs")
        try await bench.pass()
        let undone = try #require(try await undo(run, bench))
        #expect(undone.removed == ["here2", "there2"])
        #expect(undone.kept == ["here1", "there1"])
        #expect(undone.sentence.contains("2 left as somebody has changed them since"))
        #expect(try await bench.text("there1")?.contains("Mine") == true)
        #expect(await bench.payload(of: "here1")?.contains("Theirs") == true)
    }

    @Test func `an upstream out of reach undoes nothing yet`() async throws {
        let bench = try await Workbench()
        let run = try await run(bench)
        await bench.upstream.setScript { $0.isWrite ? .refuse(.unreachable("No answer.")) : nil }
        await #expect(throws: BridgeError.self) { try await undo(run, bench) }
        #expect(try await bench.uids().count == 4)
        await bench.upstream.setScript(nil)
        #expect(try await undo(run, bench)?.removed.count == 4)
    }

    @Test func `what is taken up again is in step again`() async throws {
        let bench = try await Workbench()
        _ = try await undo(try await run(bench), bench)
        try await bench.leaveAlone(.exactly([]))
        try await bench.pass()
        #expect(try await bench.uids() == ["here1", "here2", "there1", "there2"])
        #expect(await upstream(bench) == 4)
    }

    @Test func `an event that is brought back leaves another its name`() async throws {
        let bench = try await Workbench()
        try await bench.put(event("e", "SUMMARY:Lunch"))
        try await bench.pass()
        await bench.deleteUpstream(try #require(await bench.recordID(of: "e")))
        let run = try #require(try await bench.pass().run)
        try await bench.put(event("other", "SUMMARY:Other"), named: "e.ics")
        #expect(try await undo(run, bench)?.restored == ["e"])
        #expect(try await bench.uids() == ["e", "other"])
    }

    @Test func `what somebody changed since stays, and the rest of the run is undone`() async throws {
        let bench = try await Workbench()
        for uid in ["e", "f", "g"] { try await bench.put(event(uid, "SUMMARY:Lunch", "LOCATION:Here")) }
        try await bench.pass()
        for uid in ["e", "f", "g"] {
            await bench.editUpstream(try #require(await bench.recordID(of: uid)), "Lunch", "Vandalised")
        }
        let run = try #require(try await bench.pass().run)
        try await bench.edit("e", "LOCATION:Here", "LOCATION:Roof")
        try await bench.edit("f", "Vandalised", "Mended")
        try await bench.delete("g")
        try await bench.pass()
        let undone = try #require(try await undo(run, bench))
        #expect(undone.restored == ["e"])
        #expect(undone.kept == ["f", "g"])
        try await bench.pass()
        let text = try #require(try await bench.text("e"))
        #expect(text.contains("SUMMARY:Lunch") && text.contains("LOCATION:Roof"))
        #expect(await bench.payload(of: "e")?.contains("SUMMARY:Lunch") == true)
        #expect(try await bench.text("f")?.contains("Mended") == true)
        #expect(try await bench.uids() == ["e", "f"])
    }

    @Test func `what somebody changed after it was pushed stays`() async throws {
        let bench = try await Workbench()
        try await bench.put(event("e", "SUMMARY:Lunch", "LOCATION:Here"))
        try await bench.pass()
        try await bench.edit("e", "Lunch", "Slip")
        let run = try #require(try await bench.pass().run)
        try await bench.edit("e", "LOCATION:Here", "LOCATION:Roof")
        try await bench.pass()
        #expect(try await undo(run, bench)?.restored == ["e"])
        let text = try #require(try await bench.text("e"))
        #expect(text.contains("SUMMARY:Lunch") && text.contains("LOCATION:Roof"))
    }

    @Test func `a deletion is not undone where the event was made anew`() async throws {
        let bench = try await Workbench()
        try await bench.put(event("e", "SUMMARY:Lunch"))
        try await bench.pass()
        await bench.deleteUpstream(try #require(await bench.recordID(of: "e")))
        let run = try #require(try await bench.pass().run)
        try await bench.put(event("e", "SUMMARY:New"))
        let undone = try #require(try await undo(run, bench))
        #expect(undone.restored.isEmpty && undone.kept == ["e"])
        #expect(try await bench.text("e")?.contains("SUMMARY:New") == true)
    }

    @Test func `a run that was cut off can be undone as far as it came`() async throws {
        let bench = try await Workbench()
        for number in 0..<5 { try await bench.put(event("e\(number)", "SUMMARY:Lunch")) }
        try await bench.pass()
        for number in 0..<5 { try await bench.edit("e\(number)", "Lunch", "Slip") }
        let written = Counter()
        await bench.upstream.setScript { step in
            step.isWrite && written.next() >= 3 ? .refuse(.authorizationRevoked("Withdrawn.")) : nil
        }
        var pass = SyncPass(
            of: bench.link,
            over: ScriptedBridge(upstream: bench.upstream),
            state: bench.links,
            configuration: SyncConfiguration(),
            clock: bench.clock
        )
        // The process dies: what the pass has in its memory is gone, and nothing ends its line.
        await #expect(throws: BridgeError.self) { try await pass.carryOutAll() }
        await bench.upstream.setScript(nil)
        try await bench.links.endInterruptedRuns()
        let run = try #require(try await bench.links.runs(of: bench.owner).first)
        #expect(run.outcome == .interrupted)
        #expect(try await undo(run.id, bench)?.restored == ["e0", "e1", "e2"])
    }
}
