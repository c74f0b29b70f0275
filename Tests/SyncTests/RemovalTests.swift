import Bridging
import ICalendar
import Store
import SyncTestSupport
import Synchronization
import Testing

@testable import Sync

@Suite("What is left of a link that is removed")
struct RemovalTests {
    private let alice = Author(.client, name: "alice")

    @Test func `what another upstream had before stays here and there`() async throws {
        let bench = try await Workbench()
        let other = ScriptedUpstream(at: bench.time.now)
        await bench.putUpstream("a", event("common", "SUMMARY:Common"))
        await bench.putUpstream("b", event("theirs", "SUMMARY:Theirs"))
        await other.put("c", event("common", "SUMMARY:Common"))
        try await bench.pass()
        let second = try await bench.secondLink()
        try await bench.pass(second, over: other)
        let receipt = try #require(try await bench.scheduler().delete(bench.link.id, purge: .everything, by: alice))
        #expect(receipt.removedHere == 1 && receipt.keptHere == 1)
        #expect(receipt.sentence.contains("1 stay here"))
        try await bench.pass(second, over: other)
        #expect(try await bench.uids() == ["common"])
        #expect(await other.live.map(\.id) == ["c"])
    }

    /// How an event comes back.
    enum Return: CaseIterable {
        case undone, restored, storedAgain
    }

    @Test(arguments: [true, false], Return.allCases)
    func `what came from upstream and was brought back stays there`(_ goesHere: Bool, _ way: Return) async throws {
        let bench = try await Workbench()
        await bench.putUpstream("a", event("theirs", "SUMMARY:Theirs"))
        await bench.putUpstream("b", event("other", "SUMMARY:Other"))
        try await bench.put(event("ours", "SUMMARY:Ours"))
        try await bench.pass()
        let text = try #require(try await bench.text("theirs"))
        if goesHere { try await bench.delete("theirs") } else { await bench.deleteUpstream("a") }
        let run = try #require(try await bench.pass().run)
        #expect(try await bench.uids() == ["other", "ours"])
        switch way {
        case .undone: _ = try await bench.scheduler().undo(run, by: alice)
        case .restored:
            let object = try CalendarObject(parsing: text)
            _ = try await bench.links.bringBack(object, named: "theirs.ics", in: bench.calendar, by: alice)
        case .storedAgain: try await bench.put(text)
        }
        try await bench.pass()
        #expect(await bench.upstream.live.count == 3)
        let receipt = try #require(try await bench.scheduler().delete(bench.link.id, purge: .everything, by: alice))
        #expect(receipt.removedHere == 2 && receipt.removedUpstream == 1)
        #expect(try await bench.uids() == ["ours"])
        #expect(await bench.upstream.live.map { $0.payload.contains("SUMMARY:Ours") } == [false, false])
    }

    @Test func `what was the upstream's own comes home in full over a link that shows times only`() async throws {
        let bench = try await Workbench()
        var change = LinkChange()
        change.filters = .some(#"{"busy_only":true}"#)
        _ = try await bench.links.update(bench.link.id, change)
        await bench.putUpstream("a", event("theirs", "SUMMARY:Theirs"))
        try await bench.pass()
        try await bench.delete("theirs")
        let run = try #require(try await bench.pass().run)
        _ = try await bench.scheduler().undo(run, by: alice)
        for _ in 0..<2 { try await bench.pass() }
        #expect(await bench.upstream.live.map { $0.payload.contains("SUMMARY:Theirs") } == [true])
        #expect(try await bench.text("theirs")?.contains("SUMMARY:Theirs") == true)
    }

    @Test(arguments: [LinkDirection.both, .pull], [false, true])
    func `what was edited here and is not upstream stays here`(_ direction: LinkDirection, _ isTried: Bool) async throws
    {
        let bench = try await Workbench(direction: direction)
        await bench.putUpstream("a", event("edited", "SUMMARY:Lunch"))
        await bench.putUpstream("b", event("untouched", "SUMMARY:Lunch"))
        try await bench.pass()
        await bench.upstream.setScript { step in
            step.isWrite ? .refuse(.refused(Refusal(.item, code: "invalid_event", message: "No."))) : nil
        }
        try await bench.edit("edited", "Lunch", "Tea")
        if isTried { for _ in 0..<2 { try await bench.pass() } }
        let receipt = try #require(try await bench.scheduler().delete(bench.link.id, purge: .everything, by: alice))
        #expect(receipt.removedHere == 1 && receipt.keptHere == 1)
        #expect(receipt.sentence.contains("1 stay here, for they were changed here"))
        #expect(try await bench.uids() == ["edited"])
    }

    @Test func `what was changed upstream and nobody has decided about stays there`() async throws {
        let bench = try await Workbench(policy: .ask)
        for uid in ["disputed", "agreed"] { try await bench.put(event(uid, "SUMMARY:Lunch")) }
        try await bench.pass()
        try await bench.edit("disputed", "Lunch", "Ours")
        await bench.editUpstream(try #require(await bench.recordID(of: "disputed")), "Lunch", "Theirs")
        try await bench.pass()
        let receipt = try #require(try await bench.scheduler().delete(bench.link.id, purge: .everything, by: alice))
        #expect(receipt.removedUpstream == 1 && receipt.leftUpstream == 1)
        #expect(await bench.upstream.live.map { $0.payload.contains("SUMMARY:Theirs") } == [true])
        #expect(try await bench.uids() == ["agreed", "disputed"])
    }

    @Test func `a removal that was cut off deletes nothing here when the link goes on`() async throws {
        let bench = try await Workbench()
        for number in 0..<4 { try await bench.put(event("e\(number)", "SUMMARY:Lunch")) }
        try await bench.pass()
        let written = Counter()
        await bench.upstream.setScript { step in
            step.isWrite && written.next() >= 2 ? .refuse(.unreachable("No answer.")) : nil
        }
        await #expect(throws: BridgeError.self) {
            try await bench.scheduler().delete(bench.link.id, purge: .everything, by: alice)
        }
        await bench.upstream.setScript(nil)
        #expect(try await bench.scheduler().resume(bench.link.id))
        try await bench.pass()
        #expect(try await bench.uids() == ["e0", "e1", "e2", "e3"])
        #expect(await bench.upstream.live.count == 2)
    }

    // MARK: Connections

    /// Another link of the same calendar over the same connection.
    private func sibling(in bench: Workbench) async throws -> Link {
        let new = NewLink(
            principal: bench.owner,
            calendar: bench.calendar,
            connection: bench.link.connection,
            provider: "scripted",
            upstreamCalendar: "sibling",
            upstreamName: "sibling"
        )
        let link = try #require(try await bench.links.create(new))
        _ = try await bench.scheduler().start(link.id)
        return link
    }

    @Test func `no link of a connection takes what goes with another one of it for deletions`() async throws {
        let bench = try await Workbench()
        let second = try await sibling(in: bench)
        await bench.putUpstream("a", event("theirs", "SUMMARY:Theirs"))
        try await bench.pass()
        // A pass of the other one that still runs when the connection is to go.
        let seen = Mutex<[[String]]>([])
        let place = Mutex<SyncScheduler?>(nil)
        let time = bench.time
        let scheduler = SyncScheduler(
            links: bench.links,
            makeBridge: { _ in ScriptedBridge(upstream: bench.upstream) },
            configuration: SyncConfiguration(),
            clock: SyncClock(
                now: { time.now },
                sleep: { _ in
                    let uids = try await bench.uids()
                    seen.withLock { $0.append(uids) }
                    await place.withLock { $0 }?.release(second.id)
                },
                random: { 0 }
            )
        )
        place.withLock { $0 = scheduler }
        #expect(await scheduler.claim(second.id))
        let receipts = try await scheduler.delete(over: bench.link.connection, purge: .copies, by: alice)
        #expect(seen.withLock { $0 } == [["theirs"]])
        #expect(receipts.map(\.removedHere) == [1, 0])
        #expect(try await bench.uids() == [])
        #expect(try await bench.links.links(over: bench.link.connection).isEmpty)
    }

    @Test func `with a connection goes no copy that the upstream of another one has got`() async throws {
        let bench = try await Workbench()
        let other = ScriptedUpstream(at: bench.time.now)
        await bench.putUpstream("a", event("theirs", "SUMMARY:Theirs"))
        try await bench.pass()
        let second = try await bench.secondLink()
        try await bench.pass(second, over: other)
        #expect(await other.live.count == 1)
        let scheduler = bench.scheduler()
        let receipts = try await scheduler.delete(over: bench.link.connection, purge: .copies, by: alice)
        #expect(receipts.map(\.sharedHere) == [1])
        try await bench.pass(second, over: other)
        #expect(await other.live.count == 1)
        #expect(try await bench.uids() == ["theirs"])
    }

    @Test func `a removal that finds access lost removes nothing, and says so`() async throws {
        let bench = try await Workbench()
        try await bench.put(event("ours", "SUMMARY:Ours"))
        await bench.putUpstream("a", event("theirs", "SUMMARY:Theirs"))
        try await bench.pass()
        let lost = BridgeError.refused(Refusal(.calendar, code: "not_found", message: "The calendar is gone."))
        await bench.upstream.setScript { step in step.isWrite ? .refuse(lost) : nil }
        await #expect(throws: BridgeError.self) {
            try await bench.scheduler().delete(bench.link.id, purge: .everything, by: alice)
        }
        #expect(try await bench.uids() == ["ours", "theirs"])
        let trail = try await bench.calendars.auditTrail(of: bench.owner)
        #expect(!trail.contains { $0.action == .upstreamDeleted || $0.action == .linkRemoved })
    }

    @Test func `every write upstream of a removal or an undoing is in the audit trail`() async throws {
        let bench = try await Workbench()
        try await bench.put(event("e", "SUMMARY:Lunch"))
        let run = try #require(try await bench.pass().run)
        _ = try await bench.scheduler().undo(run, by: alice)
        try await bench.put(event("f", "SUMMARY:Tea"))
        try await bench.pass()
        _ = try await bench.scheduler().delete(bench.link.id, purge: .everything, by: alice)
        let trail = try await bench.calendars.auditTrail(of: bench.owner)
        let deletions = trail.filter { $0.action == .upstreamDeleted }
        #expect(deletions.map(\.subject) == ["f", "e"])
        #expect(deletions.allSatisfy { $0.actor == "alice" })
        #expect(trail.first { $0.action == .runUndone }?.run == run.rawValue)
    }
}
