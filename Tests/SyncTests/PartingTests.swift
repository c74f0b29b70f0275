import Bridging
import ICalendar
import Store
import SyncTestSupport
import Testing

@testable import Sync

@Suite("Undoing the run that brought both sides together")
struct PartingTests {
    /// An event that both sides have, each with a title of its own, under one UID or, as a pair, under two.
    private func bench(
        _ policy: ConflictPolicy = .newest,
        thereAs uid: String = "e",
        isNewerHere: Bool = false
    ) async throws -> Workbench {
        let bench = try await Workbench(policy: policy, isStarted: false)
        if isNewerHere { await bench.putUpstream("a", event(uid, "SUMMARY:Board meeting A", "LOCATION:Hall")) }
        try await bench.put(event("e", "SUMMARY:Board meeting B", "DESCRIPTION:Bring the figures"))
        if !isNewerHere { await bench.putUpstream("a", event(uid, "SUMMARY:Board meeting A", "LOCATION:Hall")) }
        _ = try await bench.scheduler().plan(bench.link.id)
        _ = try await bench.scheduler().start(bench.link.id)
        return bench
    }

    private func undo(_ run: RunID, _ bench: Workbench) async throws -> UndoneRun {
        try #require(try await bench.scheduler().undo(run, by: Author(.restore, name: "alice")))
    }

    private func there(_ bench: Workbench) async -> String? { await bench.upstream.live.first?.payload }

    @Test(arguments: [ConflictPolicy.newest, .gateway, .upstream], ["e", "another"])
    func `each side has again what it had, and keeps it`(_ policy: ConflictPolicy, _ uid: String) async throws {
        let bench = try await bench(policy, thereAs: uid)
        let before = (try await bench.text("e"), await there(bench))
        let run = try #require(try await bench.pass().run)
        let joined = (try await bench.text("e"), await there(bench))
        #expect(joined.0 != before.0 && joined.1 != before.1)
        let undone = try await undo(run, bench)
        #expect(undone.restored == ["e"] && undone.removed.isEmpty && undone.kept.isEmpty)
        for _ in 0..<2 {
            try await bench.pass()
            #expect(try await bench.uids() == ["e"])
            #expect(try await bench.text("e") == before.0)
            #expect(await bench.upstream.live.count == 1)
            #expect(await there(bench)?.contains("SUMMARY:Board meeting A\r\n") == true)
            #expect(await there(bench)?.contains("DESCRIPTION") == false)
            // A listing tells the upstream's own UID again.
            await bench.editUpstream("a", "LOCATION:Hall", "LOCATION:Great hall")
        }
        #expect(try await bench.status().pending == 0)
    }

    @Test func `what somebody changed since on either side stays as it is on both`() async throws {
        for isChangedHere in [true, false] {
            let bench = try await bench()
            let run = try #require(try await bench.pass().run)
            if isChangedHere {
                try await bench.edit("e", "SUMMARY:Board meeting A", "SUMMARY:Mine")
            } else {
                await bench.editUpstream("a", "SUMMARY:Board meeting A", "SUMMARY:Theirs")
            }
            try await bench.pass()
            let undone = try await undo(run, bench)
            #expect(undone.kept == ["e"] && undone.restored.isEmpty)
            let text = try #require(try await bench.text("e"))
            #expect(text.contains(isChangedHere ? "Mine" : "Theirs") && text.contains("Bring the figures"))
            #expect(await there(bench)?.contains(isChangedHere ? "Mine" : "Theirs") == true)
            try await bench.edit("e", "figures", "numbers")
            try await bench.pass()
            #expect(await there(bench)?.contains("numbers") == true)
        }
    }

    @Test func `an upstream out of reach parts nothing yet`() async throws {
        let bench = try await bench(.gateway)
        let run = try #require(try await bench.pass().run)
        let text = try await bench.text("e")
        await bench.upstream.setScript { $0.isWrite ? .refuse(.unreachable("No answer.")) : nil }
        await #expect(throws: BridgeError.self) { try await undo(run, bench) }
        #expect(try await bench.text("e") == text)
        await bench.upstream.setScript(nil)
        #expect(try await undo(run, bench).restored == ["e"])
        #expect(await there(bench)?.contains("SUMMARY:Board meeting A\r\n") == true)
    }

    @Test func `a pair of which only our side was changed is one event again once it is taken up`() async throws {
        let bench = try await Workbench(policy: .upstream, isStarted: false)
        try await bench.put(event("e", "SUMMARY:Board meeting B"))
        await bench.putUpstream("a", event("another", "SUMMARY:Board meeting A"))
        _ = try await bench.scheduler().plan(bench.link.id)
        _ = try await bench.scheduler().start(bench.link.id)
        let run = try #require(try await bench.pass().run)
        #expect(try await bench.text("e")?.contains("meeting A") == true)
        #expect(try await undo(run, bench).restored == ["e"])
        #expect(try await bench.links.skipped(by: bench.link.id) == ["another", "e"])
        try await bench.leaveAlone(.removing(["e"]))
        #expect(try await bench.links.skipped(by: bench.link.id).isEmpty)
        for _ in 0..<2 { try await bench.pass() }
        #expect(try await bench.uids() == ["e"])
        #expect(await bench.upstream.live.count == 1)
        #expect(try await bench.status().pending == 0)
    }

    @Test(arguments: [ConflictPolicy.newest, .gateway])
    func `what a person edited while the run was under way stays as it is on both`(_ policy: ConflictPolicy)
        async throws
    {
        let bench = try await bench(policy)
        for uid in ["y", "z"] { try await bench.put(event(uid, "DTSTART:20270901T090000Z", "SUMMARY:Later")) }
        let bell = EditBell()
        var bridge = WatchedBridge(real: ScriptedBridge(upstream: bench.upstream))
        bridge.beforeWrite = { write in
            guard case .create(let creation) = write, creation.uid == "y" else { return }
            do {
                try await bench.edit("e", "SUMMARY:Board meeting", "SUMMARY:Mine, board meeting")
                bell.ring()
            } catch {
                Issue.record(error)
            }
        }
        let run = try #require(try await bench.pass(over: bridge, hearing: bell).run)
        #expect(await bench.payload(of: "e")?.contains("Mine") == true)
        let undone = try await undo(run, bench)
        #expect(undone.kept == ["e"] && undone.removed == ["y", "z"])
        try await bench.pass()
        #expect(try await bench.text("e")?.contains("Mine") == true)
        #expect(await bench.payload(of: "e")?.contains("Mine") == true)
    }

    @Test(arguments: [false, true])
    func `what is taken up again is brought together again`(_ isEdited: Bool) async throws {
        let bench = try await bench(.newest, thereAs: "another")
        let run = try #require(try await bench.pass().run)
        _ = try await undo(run, bench)
        if isEdited {
            await bench.editUpstream("a", "LOCATION:Hall", "LOCATION:Great hall")
            try await bench.pass()
        }
        try await bench.leaveAlone(.removing(["e"]))
        for _ in 0..<2 { try await bench.pass() }
        #expect(await bench.upstream.live.count == 1)
        #expect(try await bench.uids() == ["e"])
        #expect(try await bench.links.skipped(by: bench.link.id).isEmpty)
        #expect(try await bench.text("e")?.contains("SUMMARY:Board meeting A\r\n") == true)
        #expect(await there(bench)?.contains("Bring the figures") == true)
    }
}

/// A bridge before whose writes something happens.
private struct WatchedBridge: RelayingBridge {
    var real: ScriptedBridge
    var beforeWrite: @Sendable (RecordWrite) async -> Void = { _ in }

    func perform(_ write: RecordWrite) async throws(BridgeError) -> UpstreamRecord? {
        await beforeWrite(write)
        return try await real.perform(write)
    }
}
