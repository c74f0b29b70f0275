import Bridging
import ICalendar
import Store
import SyncTestSupport
import Testing

@testable import Sync

@Suite("A pass meets failures")
struct FailureTests {
    @Test func `one refused event stops only itself`() async throws {
        let bench = try await Workbench()
        for name in ["a", "b", "c"] { try await bench.put(event(name, "SUMMARY:Event \(name)")) }
        await bench.upstream.setScript { call in
            guard case .write(.create(let creation)) = call, creation.uid == "b" else { return nil }
            return .refuse(.refused(Refusal(.item, code: "forbidden", message: "No.")))
        }
        let report = try await bench.pass()
        #expect(report.counts.pushed == 2 && report.counts.failed == 1)
        let queue = try await bench.links.queue(of: bench.owner)
        #expect(queue.map(\.uid) == ["b"])
        #expect(queue.first?.lastError.code == "forbidden")
        #expect(queue.first?.dueAt == bench.time.now + 60)
        #expect(try await bench.status().pending == 1)
    }

    /// What may be left of a calendar that is carried over.
    enum Rest: CaseIterable {
        case refusal, conflict, heldDeletions
    }

    @Test(arguments: Rest.allCases)
    func `what waits does not make the rest look as if it stood still`(_ rest: Rest) async throws {
        let bench = try await Workbench(policy: .ask)
        for number in 0..<20 { try await bench.put(event("e\(number)", "SUMMARY:Event")) }
        try await bench.pass()
        let before = try #require(try await bench.status().lastSyncedAt)
        switch rest {
        case .refusal:
            await bench.upstream.setScript { call in
                guard call.isWrite else { return nil }
                return .refuse(.refused(Refusal(.item, code: "forbidden", message: "No.")))
            }
            try await bench.edit("e0", "Event", "Ours")
        case .conflict:
            try await bench.edit("e0", "Event", "Ours")
            await bench.editUpstream(try #require(await bench.recordID(of: "e0")), "Event", "Theirs")
        case .heldDeletions:
            for number in 0..<15 {
                await bench.deleteUpstream(try #require(await bench.recordID(of: "e\(number)")))
            }
        }
        for _ in 0..<2 {
            await bench.putUpstream("new", event("new", "SUMMARY:At \(bench.time.now.seconds)"))
            try await bench.pass()
            let status = try await bench.status()
            #expect(status.lastSyncedAt == bench.time.now && status.lastSyncedAt != before)
            #expect(status.pending > 0 || status.state == .needsApproval)
        }
    }

    @Test func `a listing that fails is no sync`() async throws {
        let bench = try await Workbench()
        try await bench.put(event("a"))
        try await bench.pass()
        let before = try await bench.status().lastSyncedAt
        bench.time.advance(60)
        await bench.upstream.setScript { $0.isWrite ? nil : .refuse(.unreachable("gone")) }
        _ = try await bench.scheduler().passOnce(bench.link.id)
        #expect(try await bench.status().lastSyncedAt == before)
        #expect(try await bench.status().lastError?.code == "upstream_unreachable")
    }

    @Test func `while the upstream takes no writes, a pass that leaves one is no sync`() async throws {
        let bench = try await Workbench()
        try await bench.put(event("a", "SUMMARY:A"))
        try await bench.pass()
        await bench.upstream.setScript { $0.isWrite ? .refuse(.writesPaused(seconds: 3600)) : nil }
        try await bench.edit("a", "SUMMARY:A", "SUMMARY:B")
        _ = try await bench.scheduler().passOnce(bench.link.id)
        let before = try await bench.status().lastSyncedAt
        bench.time.advance(60)
        try await bench.pass()
        #expect(try await bench.status().lastSyncedAt == before)
        #expect(try await bench.status().pending == 1)
        try await bench.edit("a", "SUMMARY:B", "SUMMARY:A")
        try await bench.pass()
        #expect(try await bench.status().lastSyncedAt == bench.time.now)
    }

    @Test func `a failed event waits longer each time and then is let alone until it is due`() async throws {
        let bench = try await Workbench()
        try await bench.put(event("b", "SUMMARY:B"))
        await bench.upstream.setScript {
            $0.isWrite ? .refuse(.refused(Refusal(.item, code: "no", message: "No."))) : nil
        }
        for wait in [60, 300, 900, 3600, 3600] as [Int64] {
            try await bench.pass()
            let row = try #require(try await bench.links.queue(of: bench.owner).first)
            #expect(row.dueAt == bench.time.now + wait)
            let early = try await bench.pass()
            #expect(early.outcomes["b"] == .notDue)
            bench.time.advance(wait)
        }
        await bench.upstream.setScript(nil)
        try await bench.pass()
        #expect(try await bench.links.queue(of: bench.owner).isEmpty)
        #expect(await bench.upstream.live.count == 1)
    }

    @Test func `a refusal of the whole calendar is shown with its own remedy`() async throws {
        let bench = try await Workbench()
        let refusal = Refusal(.calendar, code: "insufficientPermissions", message: "No.", remedy: "Connect again.")
        await bench.upstream.setScript { _ in .refuse(.refused(refusal)) }
        _ = try await bench.scheduler().passOnce(bench.link.id)
        let status = try await bench.status()
        #expect(status.state == .error && status.lastError?.remedy == "Connect again.")
    }

    @Test func `what is refused for good is not tried again unchanged`() async throws {
        let bench = try await Workbench()
        try await bench.put(event("e", "SUMMARY:E"))
        await bench.upstream.setScript {
            $0.isWrite ? .refuse(.refused(Refusal(.item, code: "invalid", message: "No.", isFinal: true))) : nil
        }
        try await bench.pass()
        let row = try #require(try await bench.links.queue(of: bench.owner).first)
        #expect(row.isFailed && row.attempts == 1 && row.lastError.code == "invalid")
        await bench.upstream.setScript(nil)
        bench.time.advance(86_400)
        try await bench.pass()
        #expect(await bench.upstream.live.isEmpty)
        try await bench.edit("e", "SUMMARY:E", "SUMMARY:F")
        try await bench.pass()
        #expect(await bench.upstream.live.count == 1)
        #expect(try await bench.links.queue(of: bench.owner).isEmpty)
    }

    @Test func `what was refused is tried again once the mapping is another`() async throws {
        let bench = try await Workbench()
        for name in ["e", "f"] { try await bench.put(event(name, "SUMMARY:E")) }
        await bench.upstream.setScript {
            $0.isWrite ? .refuse(.refused(Refusal(.item, code: "invalid", message: "No.", isFinal: true))) : nil
        }
        try await bench.pass()
        await bench.upstream.setScript(nil)
        let given = try #require(try await bench.links.queue(of: bench.owner).first { $0.uid == "f" })
        #expect(try await bench.links.dismiss(given.id))
        var change = LinkChange()
        change.notifiesGuests = true
        _ = try await bench.links.update(bench.link.id, change)
        try await bench.pass()
        #expect(await bench.upstream.live.isEmpty, "that changes nothing about it")
        change = LinkChange()
        change.mapping = #"{"repeats":"Repeats"}"#
        _ = try await bench.links.update(bench.link.id, change)
        try await bench.pass()
        #expect(await bench.upstream.live.count == 1, "what was given up stays so")
        #expect(try await bench.links.queue(of: bench.owner).isEmpty)
    }

    @Test func `an account that has written too much goes on reading, and writes when its hours are over`() async throws
    {
        let bench = try await Workbench()
        for name in ["a", "b"] { try await bench.put(event(name, "SUMMARY:Mine")) }
        await bench.upstream.setScript { $0.isWrite ? .refuse(.writesPaused(seconds: 10_800, isTold: true)) : nil }
        let scheduler = bench.scheduler()
        _ = try await scheduler.passOnce(bench.link.id)
        // The next pass comes at once.
        #expect(try await bench.status().nextSyncAt == bench.time.now)
        await bench.upstream.setScript(nil)
        await bench.putUpstream("u", event("theirs", "SUMMARY:Theirs"))
        _ = try await scheduler.passOnce(bench.link.id)
        #expect(try await bench.text("theirs") != nil)
        #expect(await bench.upstream.performed.isEmpty)
        let status = try await bench.status()
        #expect(status.state == .waiting && status.pending == 2 && status.lastError?.code == "rate_limited")
        #expect(try await bench.links.queue(of: bench.owner).isEmpty)
        bench.time.advance(10_800)
        _ = try await scheduler.passOnce(bench.link.id)
        #expect(await bench.upstream.performed.count == 2)
        #expect(try await bench.status().lastError == nil)
    }

    @Test func `an account that has written too much writes over none of its links`() async throws {
        let bench = try await Workbench()
        let second = try await bench.secondLink()
        let other = ScriptedUpstream(at: bench.time.now)
        let credentials = CredentialStore(database: bench.database) { bench.time.now }
        for connection in [bench.link.connection, second.connection] {
            try await credentials.setConnectionLabel(connection, account: "alice@example.com")
        }
        try await bench.put(event("a", "SUMMARY:Mine"))
        await bench.upstream.setScript { $0.isWrite ? .refuse(.writesPaused(seconds: 10_800)) : nil }
        _ = try await bench.scheduler().passOnce(bench.link.id)
        try await bench.pass(second, over: other)
        #expect(await other.performed.isEmpty)
        bench.time.advance(10_800)
        try await bench.pass(second, over: other)
        #expect(await other.performed.count == 1)
    }

    @Test func `an edit does not go first while the account may not write`() async throws {
        let bench = try await Workbench()
        try await bench.put(event("a", "SUMMARY:Mine"))
        try await bench.pass()
        try await bench.edit("a", "SUMMARY:Mine", "SUMMARY:Ours")
        await bench.upstream.setScript { $0.isWrite ? .refuse(.writesPaused(seconds: 10_800)) : nil }
        let scheduler = bench.scheduler()
        _ = try await scheduler.passOnce(bench.link.id)
        await bench.upstream.setScript(nil)
        let bell = EditBell()
        let bridge = StagedBridge(
            real: ScriptedBridge(upstream: bench.upstream),
            beforeLook: bell.ringAndWait
        )
        var pass = SyncPass(
            of: bench.link,
            over: bridge,
            state: bench.links,
            configuration: SyncConfiguration(),
            clock: bench.clock
        )
        pass.edits = bell
        _ = try await pass.run()
        #expect(await bench.upstream.performed.count == 1)
    }

    @Test func `an event the upstream cannot hold waits for its next change`() async throws {
        let bench = try await Workbench()
        try await bench.put(event("e", "SUMMARY:Unsupported"))
        try await bench.pass()
        let row = try #require(try await bench.links.queue(of: bench.owner).first)
        #expect(row.dueAt == nil && row.lastError.code == "invalid_event")
        try await bench.edit("e", "Unsupported", "Supported")
        try await bench.pass()
        #expect(await bench.upstream.live.count == 1)
    }

    @Test func `a record that cannot be read is frozen on both sides`() async throws {
        let bench = try await Workbench()
        await bench.putUpstream("a", event("e", "SUMMARY:Readable"))
        try await bench.pass()
        await bench.editUpstream("a", "Readable", "UNREADABLE")
        try await bench.edit("e", "Readable", "Edited")
        try await bench.pass()
        #expect(try await bench.text("e")?.contains("Edited") == true)
        let row = try #require(try await bench.links.quarantine(of: bench.owner).first)
        #expect(row.uid == "e" && row.line == 3 && row.raw.contains("UNREADABLE"))
        await bench.editUpstream("a", "UNREADABLE", "Readable")
        try await bench.pass()
        #expect(await bench.payload(of: "e")?.contains("Edited") == true)
        #expect(try await bench.links.quarantine(of: bench.owner).isEmpty)
    }

    @Test func `a series that stops being an event goes here and keeps its UID when it is back`() async throws {
        let bench = try await Workbench()
        await bench.putUpstream("a", event("e", "SUMMARY:Dated"))
        try await bench.pass()
        await bench.editUpstream("a", "Dated", "NOT-AN-EVENT")
        try await bench.pass()
        #expect(try await bench.uids().isEmpty)
        #expect(await bench.upstream.live.count == 1)
        await bench.editUpstream("a", "NOT-AN-EVENT", "Dated")
        try await bench.pass()
        #expect(try await bench.uids() == ["e"])
    }

    @Test func `a change upstream during the pass is pulled and decided again`() async throws {
        let bench = try await Workbench()
        try await bench.put(event("e", "SUMMARY:Lunch", "LOCATION:Here"))
        try await bench.pass()
        let id = try #require(await bench.recordID(of: "e"))
        try await bench.edit("e", "LOCATION:Here", "LOCATION:Roof")
        await bench.upstream.interruptNextPull { await bench.editUpstream(id, "Lunch", "Dinner") }
        let report = try await bench.pass()
        #expect(report.wantsAnother)
        try await bench.pass()
        #expect(try await bench.text("e")?.contains("Dinner") == true)
        #expect(await bench.payload(of: "e")?.contains("Roof") == true)
    }

    @Test func `an expired cursor lists everything and finds what is gone`() async throws {
        let bench = try await Workbench()
        await bench.putUpstream("a", event("a", "SUMMARY:A"))
        await bench.putUpstream("b", event("b", "SUMMARY:B"))
        try await bench.pass()
        await bench.upstream.lose("a")
        try await bench.pass()
        #expect(try await bench.uids() == ["a", "b"])
        await bench.upstream.forgetCursors()
        await bench.putUpstream("c", event("c", "SUMMARY:C"))
        await bench.upstream.forgetCursors()
        try await bench.pass()
        #expect(try await bench.uids() == ["b", "c"])
    }

    @Test func `a partial listing proves no deletion`() async throws {
        let bench = try await Workbench()
        for name in ["a", "b", "c"] { await bench.putUpstream(name, event(name, "SUMMARY:\(name)")) }
        try await bench.pass()
        await bench.upstream.setListsPartially(true)
        await bench.upstream.forgetCursors()
        await bench.putUpstream("c", event("c", "SUMMARY:C"))
        await bench.upstream.forgetCursors()
        try await bench.pass()
        #expect(try await bench.uids() == ["a", "b", "c"])
    }

    @Test func `a failed listing deletes nothing`() async throws {
        let bench = try await Workbench()
        await bench.putUpstream("a", event("a", "SUMMARY:A"))
        try await bench.pass()
        await bench.upstream.setScript { _ in .refuse(.refused(Refusal(.calendar, code: "not_found", message: "Gone.")))
        }
        await #expect(throws: BridgeError.self) { try await bench.pass() }
        #expect(try await bench.uids() == ["a"])
    }

    @Test func `a deleted calendar of ours deletes nothing upstream`() async throws {
        let bench = try await Workbench()
        await bench.putUpstream("a", event("a", "SUMMARY:A"))
        try await bench.pass()
        _ = try await bench.calendars.deleteCalendar(bench.calendar)
        await #expect(throws: (any Error).self) { try await bench.pass() }
        #expect(await bench.upstream.live.count == 1)
    }

    @Test func `events of both sides with one UID become one event`() async throws {
        let bench = try await Workbench()
        try await bench.put(event("e", "SUMMARY:Lunch", "LOCATION:Here"))
        await bench.putUpstream("a", event("e", "SUMMARY:Lunch", "DESCRIPTION:There"))
        let report = try await bench.pass()
        #expect(report.counts.merged == 1)
        #expect(try await bench.text("e")?.contains("DESCRIPTION:There") == true)
        #expect(await bench.payload(of: "e")?.contains("LOCATION:Here") == true)
        #expect(await bench.upstream.live.count == 1)
    }

    @Test func `two series of one UID are two events`() async throws {
        let bench = try await Workbench()
        await bench.putUpstream("a", event("e", "SUMMARY:First"))
        await bench.putUpstream("b", event("e", "SUMMARY:Second"))
        try await bench.pass()
        #expect(try await bench.uids() == ["e", "e/b"])
        let report = try await bench.pass()
        #expect(report.outcomes.isEmpty)
        #expect(await bench.upstream.live.count == 2)
    }

    @Test func `any UID makes a safe name`() async throws {
        let bench = try await Workbench()
        await bench.putUpstream("a", event("../../etc/päss wd", "SUMMARY:A"))
        await bench.putUpstream("b", event("..", "SUMMARY:B"))
        try await bench.pass()
        let names = try await bench.calendars.entries(in: bench.calendar).map(\.name)
        #expect(names.count == 2)
        #expect(names.allSatisfy { !$0.contains("/") && !$0.hasPrefix(".") && $0.hasSuffix(".ics") })
    }

    @Test func `a name that is taken gives way to another`() async throws {
        let bench = try await Workbench()
        try await bench.put(event("mine", "SUMMARY:Mine"), named: "theirs.ics")
        await bench.putUpstream("a", event("theirs", "SUMMARY:Theirs"))
        try await bench.pass()
        #expect(try await bench.uids() == ["mine", "theirs"])
    }

    @Test func `three silences in a row end the pass`() async throws {
        let bench = try await Workbench()
        for name in ["a", "b", "c", "d"] { try await bench.put(event(name, "SUMMARY:\(name)")) }
        await bench.upstream.setScript { $0.isWrite ? .refuse(.unreachable("No answer.")) : nil }
        await #expect(throws: BridgeError.unreachable("No answer.")) { try await bench.pass() }
        #expect(try await bench.links.queue(of: bench.owner).count == 3)
    }

    @Test func `throttling ends the pass and loses nothing`() async throws {
        let bench = try await Workbench()
        for name in ["a", "b", "c"] { try await bench.put(event(name, "SUMMARY:\(name)")) }
        await bench.upstream.setScript { call in
            guard case .write(.create(let creation)) = call, creation.uid == "b" else { return nil }
            return .refuse(.throttled(retryAfter: 30))
        }
        await #expect(throws: BridgeError.throttled(retryAfter: 30)) { try await bench.pass() }
        await bench.upstream.setScript(nil)
        try await bench.pass()
        #expect(await bench.upstream.live.count == 3)
    }

    @Test func `to-dos stay on our side`() async throws {
        let bench = try await Workbench()
        let todo = event("t", "SUMMARY:Do it").replacing("VEVENT", with: "VTODO").replacing("DTEND", with: "DUE")
        try await bench.put(todo)
        let report = try await bench.pass()
        #expect(report.outcomes.isEmpty)
        #expect(await bench.upstream.live.isEmpty)
    }
}
