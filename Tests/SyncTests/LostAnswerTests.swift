import Bridging
import ICalendar
import Store
import Testing

@testable import Sync

@Suite("A write that was carried out, and of which the answer was lost")
struct LostAnswerTests {
    private static let author = Author(.restore, name: "alice")

    /// A bench with events that both sides have, of which one has been changed and the answer to that lost.
    private func bench(
        _ change: WriteTrailTests.Change,
        batchSize: Int = 1,
        policy: ConflictPolicy = .newest
    ) async throws -> Workbench {
        let bench = try await Workbench(policy: policy)
        for uid in ["old", "other"] { try await bench.put(event(uid, "RRULE:FREQ=DAILY;COUNT=5", "SUMMARY:Old")) }
        try await bench.pass()
        try await change.make(on: bench)
        if batchSize > 1 { try await bench.edit("other", "SUMMARY:Old", "SUMMARY:Other") }
        await bench.upstream.setScript { call in
            // The last write of each: an override comes after its series.
            guard case .write(let write) = call, change != .override || write.recordID.hasSuffix("Z") else {
                return nil
            }
            return .loseAnswer
        }
        try await pass(bench, batchSize: batchSize)
        await bench.upstream.setScript(nil)
        return bench
    }

    private func pass(_ bench: Workbench, batchSize: Int = 1) async throws {
        var configuration = SyncConfiguration()
        configuration.writesMakingBulk = 1
        var bridge = ScriptedBridge(upstream: bench.upstream)
        bridge.batchSize = batchSize
        try await bench.pass(over: bridge, configuration)
    }

    private func lines(_ bench: Workbench, of uid: String = "old") async throws -> [AuditEntry] {
        try await bench.calendars.auditTrail(of: bench.owner)
            .filter { $0.action.kind == "upstream" && $0.subject == uid }
    }

    private func latestRun(_ bench: Workbench) async throws -> (row: RunRow, items: [RunItem]) {
        let row = try #require(try await bench.links.runs(of: bench.owner).first)
        return try #require(try await bench.links.run(row.id))
    }

    private func undoLatestRun(_ bench: Workbench) async throws -> UndoneRun? {
        try await bench.scheduler().undo(try await latestRun(bench).row.id, by: Self.author)
    }

    @Test(arguments: WriteTrailTests.Change.allCases, [1, 4])
    func `its line stays open until the next pass finds it written, and says so`(
        _ change: WriteTrailTests.Change,
        _ batchSize: Int
    ) async throws {
        let bench = try await bench(change, batchSize: batchSize)
        let uid = change == .creation ? "new" : "old"
        let begun = try #require(try await lines(bench, of: uid).first)
        #expect(begun.action == .upstreamBegun)
        #expect(begun.detail == "\(change.action.rawValue): no answer was noted")
        try await pass(bench)
        let found = try #require(try await lines(bench, of: uid).first)
        #expect(found.id == begun.id && found.action == change.action)
        #expect(found.detail == "no answer was noted, and a later pass found it written")
    }

    @Test(arguments: [WriteTrailTests.Change.update, .deletion, .override], [1, 4])
    func `it is in the run that finds it, and undoing that brings back what was before`(
        _ change: WriteTrailTests.Change,
        _ batchSize: Int
    ) async throws {
        let bench = try await bench(change, batchSize: batchSize)
        try await pass(bench)
        let run = try await latestRun(bench)
        #expect(run.row.outcome == .done)
        let counts = (run.row.counts.pushed, run.row.counts.deletedUpstream, run.row.counts.failed)
        let others = batchSize > 1 && change != .override ? 1 : 0
        #expect(counts == (change == .deletion ? (others, 1, 0) : (1 + others, 0, 0)))
        #expect(run.items.first { $0.uid == "old" }?.outcome == "done")
        #expect(try await bench.scheduler().undo(run.row.id, by: Self.author)?.restored.contains("old") == true)
        try await pass(bench)
        let text = try #require(try await bench.text("old"))
        #expect(text.contains("SUMMARY:Old") && !text.contains("SUMMARY:Later"))
        let live = await bench.upstream.live.map(\.payload)
        #expect(live.contains { $0.contains("UID:old\r\n") && $0.contains("SUMMARY:Old") })
        #expect(!live.contains { $0.contains("SUMMARY:Later") || $0.contains("SUMMARY:Changed") })
        #expect(try await bench.status().pending == 0)
    }

    @Test(arguments: [1, 4]) func `undoing a creation takes it away upstream`(_ batchSize: Int) async throws {
        let bench = try await bench(.creation, batchSize: batchSize)
        try await pass(bench)
        let run = try await latestRun(bench)
        #expect(run.items.first { $0.uid == "new" }?.action == "create-upstream")
        #expect(run.row.counts.pushed == (batchSize > 1 ? 2 : 1) && run.row.outcome == .done)
        #expect(try await undoLatestRun(bench)?.removed == ["new"])
        #expect(await bench.payload(of: "new") == nil)
        #expect(try await bench.uids().contains("new"))
    }

    @Test func `a creation that was edited here since is undone with its edit`() async throws {
        let bench = try await bench(.creation)
        try await bench.edit("new", "SUMMARY:New", "SUMMARY:Newer")
        try await pass(bench)
        #expect(await bench.payload(of: "new")?.contains("SUMMARY:Newer") == true)
        #expect(try await lines(bench, of: "new").map(\.action) == [.upstreamUpdated, .upstreamCreated])
        #expect(try await undoLatestRun(bench)?.removed == ["new"])
        #expect(await bench.payload(of: "new") == nil)
    }

    @Test func `what somebody edited there since is not taken away with a creation`() async throws {
        let bench = try await bench(.creation)
        await bench.editUpstream(try #require(await bench.recordID(of: "new")), "SUMMARY:New", "SUMMARY:Theirs")
        try await pass(bench)
        #expect(try await undoLatestRun(bench)?.removed == [])
        #expect(await bench.payload(of: "new") != nil)
    }

    @Test func `an event that somebody else made there is none of ours`() async throws {
        let bench = try await Workbench()
        try await bench.put(event("new", "SUMMARY:New"))
        await bench.upstream.setScript { $0.isWrite ? .refuse(.unreachable("Cut off.")) : nil }
        try await pass(bench)
        await bench.upstream.setScript(nil)
        await bench.putUpstream("theirs", event("new", "SUMMARY:Theirs"))
        for _ in 0..<2 { try await pass(bench) }
        for run in try await bench.links.runs(of: bench.owner) {
            #expect(try await bench.scheduler().undo(run.id, by: Self.author)?.removed.isEmpty != false)
        }
        #expect(await bench.upstream.live.map(\.id) == ["theirs"])
    }

    @Test func `a deletion long after an undoing that was cut off is the upstream's own`() async throws {
        let bench = try await Workbench()
        for uid in ["e", "f"] { try await bench.put(event(uid, "SUMMARY:Lunch")) }
        let run = try #require(try await bench.pass().run)
        await bench.upstream.setScript { $0.isWrite ? .refuse(.unreachable("Cut off.")) : nil }
        await #expect(throws: BridgeError.self) { try await bench.scheduler().undo(run, by: Self.author) }
        await bench.upstream.setScript(nil)
        for _ in 0..<2 { try await bench.pass() }
        await bench.deleteUpstream(try #require(await bench.recordID(of: "e")))
        try await bench.pass()
        #expect(try await bench.uids() == ["f"])
        #expect(try await bench.links.skipped(by: bench.link.id).isEmpty)
    }

    // MARK: Edited since

    @Test(arguments: [false, true])
    func `an edit that follows it goes in the same run, and both are undone`(_ isUndoneLater: Bool) async throws {
        let bench = try await bench(.update)
        try await bench.edit("old", "SUMMARY:Changed", "SUMMARY:Changed\r\nLOCATION:Roof")
        try await pass(bench)
        let run = try await latestRun(bench)
        #expect(run.items.map(\.fields) == [["location", "summary"]])
        #expect(await bench.payload(of: "old")?.contains("LOCATION:Roof") == true)
        if isUndoneLater { try await bench.edit("old", "END:VEVENT", "X-OWN:1\r\nEND:VEVENT") }
        #expect(try await undoLatestRun(bench)?.restored == ["old"])
        let text = try #require(try await bench.text("old"))
        #expect(text.contains("SUMMARY:Old") && !text.contains("LOCATION"))
        #expect(text.contains("X-OWN") == isUndoneLater)
    }

    @Test func `an edit that follows it and fails leaves it to be undone`() async throws {
        let bench = try await bench(.update)
        try await bench.edit("old", "SUMMARY:Changed", "SUMMARY:Changed\r\nLOCATION:Roof")
        let no = BridgeError.refused(Refusal(.item, code: "no", message: "Not here.", isFinal: true))
        await bench.upstream.setScript { $0.isWrite ? .refuse(no) : nil }
        try await pass(bench)
        await bench.upstream.setScript(nil)
        let run = try await latestRun(bench)
        #expect(run.row.counts.pushed == 1 && run.row.counts.failed == 1)
        #expect(try await undoLatestRun(bench)?.restored == ["old"])
        let text = try #require(try await bench.text("old"))
        #expect(text.contains("SUMMARY:Old") && text.contains("LOCATION:Roof"))
    }

    @Test func `what was deleted here after it comes back as it was before both`() async throws {
        let bench = try await bench(.update)
        try await bench.delete("old")
        try await pass(bench)
        #expect(await bench.payload(of: "old") == nil)
        #expect(try await undoLatestRun(bench)?.restored == ["old"])
        #expect(try await bench.text("old")?.contains("SUMMARY:Old") == true)
    }

    // MARK: What did not arrive, and what was refused

    @Test(arguments: WriteTrailTests.Change.allCases)
    func `what did not arrive is told as never done, and tried again`(_ change: WriteTrailTests.Change) async throws {
        let bench = try await Workbench()
        try await bench.put(event("old", "RRULE:FREQ=DAILY;COUNT=5", "SUMMARY:Old"))
        try await pass(bench)
        try await change.make(on: bench)
        await bench.upstream.setScript { $0.isWrite ? .refuse(.unreachable("Cut off.")) : nil }
        try await pass(bench)
        await bench.upstream.setScript(nil)
        let uid = change == .creation ? "new" : "old"
        let begun = try #require(try await lines(bench, of: uid).first)
        try await pass(bench)
        let line = try #require(try await lines(bench, of: uid).first { $0.id == begun.id })
        #expect(line.action == .upstreamBegun)
        #expect(line.detail?.hasSuffix("no answer was noted, and the next pass did not find it written") == true)
        #expect(try await bench.status().pending == 1)
        bench.time.advance(400)
        try await pass(bench)
        #expect(try await bench.status().pending == 0)
        #expect(try await lines(bench, of: uid).first?.action == change.action)
    }

    @Test func `a write that was refused for certain stays refused`() async throws {
        let bench = try await Workbench()
        try await bench.put(event("e", "SUMMARY:Lunch"))
        let no = BridgeError.refused(Refusal(.item, code: "no", message: "Not here.", isFinal: true))
        await bench.upstream.setScript { $0.isWrite ? .refuse(no) : nil }
        for _ in 0..<2 { try await pass(bench) }
        #expect(try await lines(bench, of: "e").map(\.detail) == ["upstream.created: Not here."])
        #expect(try await lines(bench, of: "e").map(\.action) == [.upstreamRefused])
    }

    @Test func `a series that was deleted there after a change of one of its days is not made again`() async throws {
        // With another policy the change would count for more than the deletion.
        let bench = try await bench(.override, policy: .upstream)
        try await pass(bench)
        let master = event("old", "RRULE:FREQ=DAILY;COUNT=5", "SUMMARY:Changed")
        try await bench.put(master)
        await bench.upstream.setScript { call in
            guard case .write(.delete) = call else { return nil }
            return .loseAnswer
        }
        try await pass(bench)
        await bench.upstream.setScript(nil)
        await bench.deleteUpstream(try #require(await bench.recordID(of: "old")))
        for _ in 0..<2 { try await pass(bench) }
        #expect(try await bench.uids() == ["other"])
        #expect(await bench.payload(of: "old") == nil)
    }

    @Test func `an event that undoing took away without our hearing so stays here`() async throws {
        let bench = try await Workbench()
        try await bench.put(event("e", "SUMMARY:Lunch"))
        try await pass(bench)
        await bench.upstream.setScript { $0.isWrite ? .loseAnswer : nil }
        await #expect(throws: BridgeError.self) { try await undoLatestRun(bench) }
        await bench.upstream.setScript(nil)
        for _ in 0..<2 { try await pass(bench) }
        #expect(await bench.upstream.live.isEmpty)
        #expect(try await bench.uids() == ["e"])
    }
}
