import Bridging
import ICalendar
import Store
import SyncTestSupport
import Testing

@testable import Sync

@Suite("Edits go before the rest of a pass")
struct EditsFirstTests {
    /// A pass before whose listing looks somebody edits an event, which goes upstream, and somebody acts there.
    private func pass(
        _ bench: Workbench,
        editingBeforeLook uid: String,
        then act: @escaping @Sendable () async -> Void
    ) async throws -> PassReport {
        let bell = EditBell()
        var bridge = StagedBridge(real: ScriptedBridge(upstream: bench.upstream))
        bridge.beforeLook = {
            do {
                try await bench.edit(uid, "SUMMARY:One", "SUMMARY:Two")
                await bell.ringAndWait()
                await act()
            } catch {
                Issue.record(error)
            }
        }
        return try await bench.pass(over: bridge, hearing: bell)
    }

    /// A bench with agreed events, whose next listing is a whole one.
    private func bench(_ uids: [String]) async throws -> Workbench {
        let bench = try await Workbench()
        for uid in uids { try await bench.put(event(uid, "SUMMARY:One")) }
        try await bench.pass()
        await bench.putUpstream("a", event("there", "SUMMARY:There"))
        await bench.upstream.forgetCursors()
        return bench
    }

    @Test func `an edit goes upstream while a listing is under way, which does not take it back`() async throws {
        let bench = try await bench(["e"])
        let bell = EditBell()
        await bench.upstream.interruptNextPull {
            do {
                try await bench.edit("e", "SUMMARY:One", "SUMMARY:Two")
                bell.ring()
                await bench.upstream.untilPerformed(2)
            } catch {
                Issue.record(error)
            }
        }
        _ = try await bench.pass(over: ScriptedBridge(upstream: bench.upstream), hearing: bell)
        #expect(await bench.payload(of: "e")?.contains("SUMMARY:Two") == true)
        #expect(try await bench.text("e")?.contains("SUMMARY:Two") == true)
        #expect(try await bench.uids() == ["e", "there"])
        try await bench.pass()
        #expect(await bench.upstream.performed.count == 2)
    }

    @Test func `what changed upstream after an edit went first is seen by the listing under way`() async throws {
        let bench = try await bench(["e"])
        let id = try #require(await bench.recordID(of: "e"))
        let report = try await pass(bench, editingBeforeLook: "e") {
            await bench.editUpstream(id, "SUMMARY:Two", "SUMMARY:Two\r\nLOCATION:Roof")
        }
        #expect(await bench.payload(of: "e")?.contains("SUMMARY:Two") == true)
        #expect(try await bench.text("e")?.contains("LOCATION:Roof") == true)
        #expect(!report.wantsAnother)
    }

    @Test func `what a listing of everything lacks is not kept for good because it was written meanwhile`() async throws
    {
        let bench = try await bench(["e"])
        let id = try #require(await bench.recordID(of: "e"))
        _ = try await pass(bench, editingBeforeLook: "e") { await bench.deleteUpstream(id) }
        #expect(await bench.upstream.performed.count == 2)
        try await bench.pass()
        #expect(try await bench.uids() == ["there"])
        // Now it is known, and asked for changes only.
        try await bench.pass()
        #expect(try await bench.links.cursor(of: bench.link.id) != nil)
    }

    @Test func `an occurrence without a record of its own is written only once the listing is there`() async throws {
        let bench = try await bench([])
        try await bench.put(event("e", "RRULE:FREQ=DAILY;COUNT=3", "SUMMARY:One"))
        try await bench.pass()
        await bench.deleteUpstream(try #require(await bench.recordID(of: "e")))
        await bench.upstream.forgetCursors()
        let override = [
            "BEGIN:VEVENT", "UID:e", "DTSTAMP:20260101T000000Z", "RECURRENCE-ID:20261122T090000Z",
            "DTSTART:20261122T110000Z", "SUMMARY:Two", "END:VEVENT", "END:VCALENDAR",
        ]
        try await bench.edit("e", "END:VCALENDAR", override.joined(separator: "\r\n"))
        let bell = EditBell()
        let bridge = StagedBridge(real: ScriptedBridge(upstream: bench.upstream), afterLook: bell.ringAndWait)
        _ = try await bench.pass(over: bridge, hearing: bell)
        // The series is gone there, and the later edit brings it back whole; before, its occurrence alone went up.
        let writes = await bench.upstream.performed.dropFirst()
        #expect(writes.first?.isCreation == true)
        try await bench.pass()
        #expect(try await bench.uids() == ["e", "there"])
        #expect(try await bench.text("e")?.contains("SUMMARY:Two") == true)
    }

    @Test func `an event deleted while a listing is under way does not come back with it`() async throws {
        let bench = try await bench(["e", "f"])
        let bell = EditBell()
        await bench.upstream.interruptNextPull {
            do {
                try await bench.delete("e")
                bell.ring()
                await bench.upstream.untilPerformed(3)
            } catch {
                Issue.record(error)
            }
        }
        _ = try await bench.pass(over: ScriptedBridge(upstream: bench.upstream), hearing: bell)
        try await bench.pass()
        #expect(try await bench.uids() == ["f", "there"])
        #expect(await bench.payload(of: "e") == nil)
    }

    @Test func `an edit of what changed upstream meanwhile waits for the listing, and both are kept`() async throws {
        let bench = try await bench(["e"])
        let id = try #require(await bench.recordID(of: "e"))
        await bench.editUpstream(id, "SUMMARY:One", "SUMMARY:One\r\nLOCATION:Roof")
        let bell = EditBell()
        await bench.upstream.interruptNextPull {
            do {
                try await bench.edit("e", "SUMMARY:One", "SUMMARY:Two")
                bell.ring()
            } catch {
                Issue.record(error)
            }
        }
        _ = try await bench.pass(over: ScriptedBridge(upstream: bench.upstream), hearing: bell)
        let payload = try #require(await bench.payload(of: "e"))
        #expect(payload.contains("SUMMARY:Two") && payload.contains("LOCATION:Roof"))
        #expect(try await bench.text("e")?.contains("LOCATION:Roof") == true)
    }

    @Test func `a new event waits for the listing and is made once`() async throws {
        let bench = try await bench(["e"])
        let bell = EditBell()
        await bench.upstream.interruptNextPull {
            do {
                try await bench.put(event("there", "SUMMARY:Accepted on both sides"))
                bell.ring()
            } catch {
                Issue.record(error)
            }
        }
        _ = try await bench.pass(over: ScriptedBridge(upstream: bench.upstream), hearing: bell)
        try await bench.pass()
        #expect(await bench.upstream.live.count == 2)
        #expect(try await bench.uids() == ["e", "there"])
    }

    @Test func `an edit goes before what waits to be pushed`() async throws {
        let bench = try await bench(["e"])
        for number in 0..<10 { try await bench.put(event("new-\(number)", "SUMMARY:New")) }
        let bell = EditBell()
        await bench.upstream.interruptNextWrite {
            do {
                try await bench.edit("e", "SUMMARY:One", "SUMMARY:Two")
                bell.ring()
            } catch {
                Issue.record(error)
            }
        }
        let report = try await bench.pass(over: ScriptedBridge(upstream: bench.upstream), hearing: bell)
        let writes = await bench.upstream.performed.dropFirst()
        guard case .update(_, _, _, let payload) = try #require(writes.dropFirst().first) else {
            Issue.record("the edit was not next")
            return
        }
        #expect(payload.contains("SUMMARY:Two"))
        #expect(writes.count == 11 && report.counts.pushed == 11)
        #expect(!report.wantsAnother)
        #expect(try await bench.status().pending == 0)
    }

    @Test func `edits of a link that is paused meanwhile wait, and so does what the pass had not begun`() async throws {
        let bench = try await bench(["e"])
        try await bench.put(event("new", "SUMMARY:New"))
        let bell = EditBell()
        await bench.upstream.interruptNextWrite {
            do {
                _ = try await bench.links.setState(.paused, of: bench.link.id)
                try await bench.edit("e", "SUMMARY:One", "SUMMARY:Two")
                bell.ring()
            } catch {
                Issue.record(error)
            }
        }
        try await bench.put(event("newer", "SUMMARY:New"))
        _ = try await bench.pass(over: ScriptedBridge(upstream: bench.upstream), hearing: bell)
        #expect(await bench.payload(of: "e")?.contains("SUMMARY:One") == true)
        #expect(await bench.payload(of: "new") != nil)
        #expect(await bench.payload(of: "newer") == nil)
        #expect(try await bench.status().pending == 2)

        _ = try await bench.links.setState(.idle, of: bench.link.id)
        _ = try await bench.pass(over: ScriptedBridge(upstream: bench.upstream), hearing: bell)
        #expect(await bench.payload(of: "e")?.contains("SUMMARY:Two") == true)
        #expect(await bench.payload(of: "newer") != nil)
    }

    @Test func `deletions that come one by one do not slip past the brake`() async throws {
        let uids = (0..<30).map { "e\($0)" }
        let bench = try await Workbench()
        for uid in uids { try await bench.put(event(uid, "SUMMARY:One")) }
        try await bench.pass()
        for uid in uids.prefix(12) {
            try await bench.delete(uid)
            let bell = EditBell()
            bell.ring()
            _ = try await bench.pass(over: ScriptedBridge(upstream: bench.upstream), hearing: bell)
        }
        #expect(await bench.upstream.live.count == 20)
        #expect(try await bench.status().state == .needsApproval)
        // Two minutes later it is another matter, but for what waits.
        bench.time.advance(MassDeletion.seconds)
        try await bench.delete("e20")
        try await bench.pass()
        #expect(await bench.upstream.live.count == 19)
        #expect(try await bench.status().state == .needsApproval)
    }

    @Test func `a deletion that had to wait for the listing counts once`() async throws {
        let uids = (0..<6).map { "e\($0)" }
        let bench = try await Workbench()
        for uid in uids { try await bench.put(event(uid, "RRULE:FREQ=DAILY;COUNT=3", "SUMMARY:One")) }
        try await bench.pass()
        for uid in uids { try await bench.delete(uid) }
        let bell = EditBell()
        bell.ring()
        _ = try await bench.pass(over: ScriptedBridge(upstream: bench.upstream), hearing: bell)
        #expect(await bench.upstream.live.isEmpty)
        #expect(try await bench.status().state == .idle)
    }

    @Test func `what a person has allowed is not held against what is deleted next`() async throws {
        let uids = (0..<30).map { "e\($0)" }
        let bench = try await Workbench()
        for uid in uids { try await bench.put(event(uid, "SUMMARY:One")) }
        try await bench.pass()
        for uid in uids.prefix(15) { try await bench.delete(uid) }
        try await bench.pass()
        #expect(await bench.upstream.live.count == 30)
        #expect(try await bench.scheduler().approve(bench.link.id) == 15)
        try await bench.pass()
        #expect(await bench.upstream.live.count == 15)
        try await bench.delete("e20")
        try await bench.pass()
        #expect(await bench.upstream.live.count == 14)
    }

    @Test func `deletions meanwhile do not slip past the brake`() async throws {
        let uids = (0..<30).map { "e\($0)" }
        let bench = try await bench(uids)
        let bell = EditBell()
        await bench.upstream.interruptNextPull {
            do {
                for uid in uids.prefix(12) { try await bench.delete(uid) }
                bell.ring()
            } catch {
                Issue.record(error)
            }
        }
        _ = try await bench.pass(over: ScriptedBridge(upstream: bench.upstream), hearing: bell)
        #expect(await bench.upstream.live.count == 31)
        #expect(try await bench.status().state == .needsApproval)
    }
}
