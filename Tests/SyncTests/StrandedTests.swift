import Bridging
import SQL
import SQLite
import Store
import Testing

@testable import Sync

@Suite("Edits that wait when the account loses the right to write")
struct StrandedTests {
    /// A link whose account wrote upstream, with an event that both sides have.
    private func bench() async throws -> Workbench {
        let bench = try await Workbench()
        try await bench.put(event("e", "SUMMARY:Lunch"))
        try await bench.pass()
        return bench
    }

    private func become(_ access: UpstreamCalendar.Access, _ bench: Workbench) async throws {
        let link = try #require(try await bench.links.link(bench.link.id))
        _ = try await bench.links.setAccess(access, of: link)
    }

    @Test(arguments: [false, true])
    func `they are told of, and go once it may write again`(_ isTried: Bool) async throws {
        let bench = try await bench()
        try await bench.edit("e", "Lunch", "Tea")
        if isTried {
            await bench.upstream.setScript { $0.isWrite ? .refuse(.unreachable("No answer.")) : nil }
            try await bench.pass()
            await bench.upstream.setScript(nil)
        }
        try await become(.reader, bench)
        for _ in 0..<3 { try await bench.pass() }
        let status = try await bench.status()
        #expect(status.pending == 1 && status.failed == 1)
        let row = try #require(try await bench.links.queue(of: bench.owner).first)
        #expect(row.isFailed && row.attempts <= 2 && row.lastError.code == "permission_denied")
        #expect(try await bench.links.explain(uid: "e", in: bench.calendar).first?.state == "pending")
        #expect(await bench.payload(of: "e")?.contains("SUMMARY:Lunch") == true)
        try await become(.writer, bench)
        try await bench.pass()
        #expect(await bench.payload(of: "e")?.contains("SUMMARY:Tea") == true)
        #expect(try await bench.links.queue(of: bench.owner).isEmpty)
        #expect(try await bench.status().failed == 0)
    }

    @Test func `what comes down meanwhile does not hide them`() async throws {
        let bench = try await bench()
        try await bench.edit("e", "Lunch", "Tea")
        try await become(.reader, bench)
        try await bench.pass()
        let record = try #require(await bench.recordID(of: "e"))
        await bench.editUpstream(record, "SUMMARY:Lunch", "SUMMARY:Lunch\r\nLOCATION:Roof")
        for _ in 0..<3 { try await bench.pass() }
        #expect(try await bench.text("e")?.contains("LOCATION:Roof") == true)
        #expect(try await bench.text("e")?.contains("SUMMARY:Tea") == true)
        #expect(try await bench.status().failed == 1)
        try await become(.owner, bench)
        try await bench.pass()
        #expect(await bench.payload(of: "e")?.contains("SUMMARY:Tea") == true)
        #expect(try await bench.status().pending == 0)
    }

    @Test func `what was here before a calendar that was always read-only is no such edit`() async throws {
        let bench = try await Workbench(access: .reader)
        await bench.putUpstream("a", event("a", "SUMMARY:A"))
        for _ in 0..<2 { try await bench.pass() }
        #expect(try await bench.status().failed == 0)
        #expect(try await bench.links.queue(of: bench.owner).isEmpty)
    }

    // MARK: Made and deleted here meanwhile

    /// A bench where everything is done here that can be, while the account may not even read or already only that.
    private func benchOfAll(_ isSeenGone: Bool) async throws -> Workbench {
        let bench = try await bench()
        try await bench.put(event("gone", "SUMMARY:Gone"))
        try await bench.pass()
        bench.time.advance(100)
        try await bench.put(event("made", "SUMMARY:Made"))
        try await bench.delete("gone")
        if isSeenGone {
            let lost = BridgeError.refused(Refusal(.calendar, code: "not_found", message: "It is gone."))
            await bench.upstream.setScript { _ in .refuse(lost) }
            await #expect(throws: lost) { try await bench.pass() }
            await bench.upstream.setScript(nil)
        }
        try await become(.reader, bench)
        return bench
    }

    @Test(arguments: [false, true])
    func `what was made and deleted here is told of, too, and goes once it may`(_ isSeenGone: Bool) async throws {
        let bench = try await benchOfAll(isSeenGone)
        for _ in 0..<3 { try await bench.pass() }
        let rows = try await bench.links.queue(of: bench.owner).sorted { $0.uid < $1.uid }
        #expect(rows.map { "\($0.uid) \($0.action)" } == ["gone push-deletion", "made create-upstream"])
        #expect(rows.allSatisfy { $0.isFailed && $0.attempts == 1 && $0.lastError.code == "permission_denied" })
        let status = try await bench.status()
        #expect(status.pending == 2 && status.failed == 2)
        for uid in ["gone", "made"] {
            let explanation = try await bench.links.explain(uid: uid, in: bench.calendar).first
            #expect(explanation?.state == "pending" && explanation?.error?.code == "permission_denied")
        }
        #expect(await bench.payload(of: "gone") != nil)
        #expect(await bench.payload(of: "made") == nil)
        try await become(.writer, bench)
        try await bench.pass()
        #expect(await bench.payload(of: "gone") == nil)
        #expect(await bench.payload(of: "made") != nil)
        #expect(try await bench.links.queue(of: bench.owner).isEmpty)
        #expect(try await bench.status().pending == 0)
    }

    @Test func `what the upstream brings back or brings itself is told of no longer`() async throws {
        let bench = try await benchOfAll(false)
        try await bench.pass()
        await bench.deleteUpstream(try #require(await bench.recordID(of: "gone")))
        await bench.putUpstream("theirs", event("made", "SUMMARY:Made"))
        for _ in 0..<2 { try await bench.pass() }
        #expect(try await bench.links.queue(of: bench.owner).isEmpty)
        #expect(try await bench.status().pending == 0)
    }

    @Test func `what was made and is deleted again is told of no longer`() async throws {
        let bench = try await benchOfAll(false)
        try await bench.pass()
        try await bench.delete("made")
        try await bench.pass()
        #expect(try await bench.links.queue(of: bench.owner).map(\.uid) == ["gone"])
    }

    @Test func `where the upstream is right, what was deleted here comes back instead`() async throws {
        let bench = try await Workbench(policy: .upstream)
        try await bench.put(event("e", "SUMMARY:Lunch"))
        try await bench.pass()
        try await bench.delete("e")
        try await become(.reader, bench)
        for _ in 0..<2 { try await bench.pass() }
        #expect(try await bench.uids() == ["e"])
        #expect(try await bench.links.queue(of: bench.owner).isEmpty)
    }

    @Test func `events of our own beside a calendar that was always read-only are no such creations`() async throws {
        let bench = try await Workbench(access: .reader)
        try await bench.put(event("before", "SUMMARY:Before"))
        await bench.putUpstream("a", event("a", "SUMMARY:A"))
        for _ in 0..<2 { try await bench.pass() }
        try await bench.edit("before", "Before", "Still ours")
        try await bench.delete("a")
        for _ in 0..<2 { try await bench.pass() }
        let status = try await bench.status()
        #expect(status.failed == 0 && status.pending == 0)
        #expect(try await bench.links.queue(of: bench.owner).isEmpty)
    }

    @Test func `what a filter keeps here is no such creation`() async throws {
        let bench = try await bench()
        let filters = #"{"except_categories":["Private"]}"#
        try await bench.database.write { try $0.run("UPDATE link SET filters = \(.text(filters))") }
        try await bench.put(event("kept", "SUMMARY:Kept", "CATEGORIES:Private"))
        try await bench.pass()
        try await become(.reader, bench)
        for _ in 0..<2 { try await bench.pass() }
        #expect(try await bench.links.queue(of: bench.owner).isEmpty)
    }

    @Test func `an edit that is taken back is none any more`() async throws {
        let bench = try await bench()
        try await bench.edit("e", "Lunch", "Tea")
        try await become(.reader, bench)
        try await bench.pass()
        try await become(.writer, bench)
        try await bench.edit("e", "Tea", "Lunch")
        try await become(.reader, bench)
        try await bench.pass()
        #expect(try await bench.status().failed == 0)
        #expect(try await bench.status().pending == 0)
    }
}

@Suite("What a person does about the queue")
struct QueueTrailTests {
    @Test func `trying again and giving up are in the audit trail`() async throws {
        let bench = try await Workbench()
        try await bench.put(event("e", "SUMMARY:Lunch"))
        await bench.upstream.setScript {
            $0.isWrite ? .refuse(.refused(Refusal(.item, code: "invalid", message: "No.", isFinal: true))) : nil
        }
        try await bench.pass()
        let row = try #require(try await bench.links.queue(of: bench.owner).first)
        #expect(try await bench.scheduler().retry(row.id))
        #expect(try await bench.links.dismiss(row.id))
        let trail = try await bench.calendars.auditTrail(of: bench.owner)
        let lines = trail.filter { $0.action.kind == "queue" }
        #expect(lines.map(\.action) == [.queueDismissed, .queueRetried])
        #expect(lines.allSatisfy { $0.subject == "e" && $0.actor == "alice" && $0.link == bench.link.id.rawValue })
        #expect(lines.first?.detail?.contains("Lunch: No.") == true)
    }
}
