import Bridging
import ICalendar
import Store
import Sync
import Testing

@Suite("What a person decides")
struct PeopleTests {
    /// A bench with `count` events in step on both sides.
    private func bench(_ count: Int, policy: ConflictPolicy = .newest) async throws -> Workbench {
        let bench = try await Workbench(policy: policy)
        for number in 0..<count { try await bench.put(event("e\(number)", "SUMMARY:Event \(number)")) }
        try await bench.pass()
        return bench
    }

    private func conflict(_ bench: Workbench) async throws -> ConflictRow {
        try await bench.edit("e0", "Event 0", "Ours")
        await bench.editUpstream(try #require(await bench.recordID(of: "e0")), "Event 0", "Theirs")
        try await bench.pass()
        return try #require(try await bench.links.conflicts(of: bench.owner, .open).first)
    }

    private func resolve(_ bench: Workbench, _ row: ConflictRow, _ decision: ConflictDecision) async throws {
        let author = Author(.client, name: "alice")
        #expect(try await bench.scheduler().resolve(row.id, decision, by: author) == .resolved)
        try await bench.pass()
        try await bench.pass()
        #expect(try await bench.status().pending == 0)
        #expect(try await bench.links.conflicts(of: bench.owner, .open).isEmpty)
    }

    // MARK: Deletions

    @Test func `many deletions here wait, and go on once approved`() async throws {
        let bench = try await bench(30)
        for number in 0..<12 { try await bench.delete("e\(number)") }
        try await bench.edit("e20", "Event 20", "Edited")
        let report = try await bench.pass()
        #expect(report.counts.held == 12)
        #expect(try await bench.status().state == .needsApproval)
        #expect(await bench.upstream.live.count == 30)
        #expect(await bench.payload(of: "e20")?.contains("Edited") == true)
        #expect(try await bench.scheduler().approve(bench.link.id) == 12)
        try await bench.pass()
        #expect(await bench.upstream.live.count == 18)
        #expect(try await bench.status().state == .idle)
    }

    @Test func `many deletions there wait, and are restored there once rejected`() async throws {
        let bench = try await bench(30)
        for record in await bench.upstream.live.prefix(12) { await bench.deleteUpstream(record.id) }
        try await bench.pass()
        #expect(try await bench.uids().count == 30)
        #expect(try await bench.links.held(bench.link.id).map(\.side) == Array(repeating: .gateway, count: 12))
        #expect(try await bench.scheduler().reject(bench.link.id) == 12)
        try await bench.pass()
        #expect(await bench.upstream.live.count == 30)
        #expect(try await bench.uids().count == 30)
        #expect(try await bench.status().state == .idle)
    }

    @Test func `many deletions here are restored here once rejected`() async throws {
        let bench = try await bench(30)
        for number in 0..<12 { try await bench.delete("e\(number)") }
        try await bench.pass()
        _ = try await bench.scheduler().reject(bench.link.id)
        try await bench.pass()
        #expect(try await bench.uids().count == 30)
        #expect(await bench.upstream.live.count == 30)
    }

    @Test func `held deletions stay held in later passes`() async throws {
        let bench = try await bench(30)
        for number in 0..<12 { try await bench.delete("e\(number)") }
        try await bench.pass()
        try await bench.pass()
        #expect(await bench.upstream.live.count == 30)
        #expect(try await bench.links.held(bench.link.id).count == 12)
    }

    @Test(arguments: [(10, 10, false), (11, 30, true), (20, 100, false), (21, 100, true)])
    func `ten deletions, or a fifth, go without asking`(_ deletions: Int, _ items: Int, _ isHeld: Bool) async throws {
        let bench = try await bench(items)
        for number in 0..<deletions { try await bench.delete("e\(number)") }
        let report = try await bench.pass()
        #expect(report.isHeld == isHeld)
    }

    // MARK: Conflicts

    @Test func `a conflict waits for the person and the rest goes on`() async throws {
        let bench = try await bench(2, policy: .ask)
        try await bench.edit("e1", "Event 1", "Edited")
        let row = try await conflict(bench)
        #expect(row.baseText?.contains("Event 0") == true)
        #expect(row.fields.first?.name == "summary")
        #expect(row.fields.first?.gateway == "Ours" && row.fields.first?.upstream == "Theirs")
        #expect(try await bench.text("e0")?.contains("Ours") == true)
        #expect(await bench.payload(of: "e0")?.contains("Theirs") == true)
        #expect(await bench.payload(of: "e1")?.contains("Edited") == true)
        #expect(try await bench.status().conflicts == 1)
    }

    @Test func `a held conflict is found once`() async throws {
        let bench = try await bench(1, policy: .ask)
        _ = try await conflict(bench)
        let runs = try await bench.links.runs(of: bench.owner).count
        try await bench.pass()
        #expect(try await bench.links.conflicts(of: bench.owner, nil).count == 1)
        #expect(try await bench.links.runs(of: bench.owner).count == runs)
    }

    @Test func `ours is kept`() async throws {
        let bench = try await bench(1, policy: .ask)
        try await resolve(bench, try await conflict(bench), .gateway)
        #expect(await bench.payload(of: "e0")?.contains("Ours") == true)
        #expect(try await bench.text("e0")?.contains("Ours") == true)
    }

    @Test func `theirs is kept`() async throws {
        let bench = try await bench(1, policy: .ask)
        try await resolve(bench, try await conflict(bench), .upstream)
        #expect(try await bench.text("e0")?.contains("Theirs") == true)
    }

    @Test func `both are kept as two events`() async throws {
        let bench = try await bench(1, policy: .ask)
        try await resolve(bench, try await conflict(bench), .both)
        #expect(try await bench.uids().count == 2)
        let summaries = await bench.upstream.live.map { $0.payload.contains("Ours") ? "Ours" : "Theirs" }
        #expect(summaries.sorted() == ["Ours", "Theirs"])
    }

    @Test func `merged values go to both sides`() async throws {
        let bench = try await bench(1, policy: .ask)
        let row = try await conflict(bench)
        try await resolve(bench, row, .merged(["summary": "Both, of us", "dtstart": "2026-11-21T08:00:00Z"]))
        #expect(try await bench.text("e0")?.contains("Both\\, of us") == true)
        #expect(await bench.payload(of: "e0")?.contains("Both\\, of us") == true)
        #expect(await bench.payload(of: "e0")?.contains("20261121T080000Z") == true)
    }

    @Test func `a merged text goes to both sides`() async throws {
        let bench = try await bench(1, policy: .ask)
        let row = try await conflict(bench)
        try await resolve(bench, row, .mergedText(event("e0", "SUMMARY:Whole", "LOCATION:New")))
        #expect(try await bench.text("e0")?.contains("Whole") == true)
        #expect(await bench.payload(of: "e0")?.contains("LOCATION:New") == true)
    }

    @Test func `a merged value that cannot be is refused and the conflict stays`() async throws {
        let bench = try await bench(1, policy: .ask)
        let row = try await conflict(bench)
        let outcome = try await bench.scheduler().resolve(
            row.id,
            .merged(["dtstart": "soon"]),
            by: Author(.client, name: "alice")
        )
        guard case .invalid = outcome else {
            Issue.record("it was accepted")
            return
        }
        #expect(try await bench.links.conflicts(of: bench.owner, .open).count == 1)
    }

    @Test(arguments: [ConflictDecision.gateway, .upstream])
    func `what only one side changed besides is kept whoever wins`(_ decision: ConflictDecision) async throws {
        let bench = try await bench(1, policy: .ask)
        try await bench.edit("e0", "END:VEVENT", "LOCATION:Here\r\nEND:VEVENT")
        await bench.editUpstream(
            try #require(await bench.recordID(of: "e0")),
            "END:VEVENT",
            "DESCRIPTION:There\r\nEND:VEVENT"
        )
        try await resolve(bench, try await conflict(bench), decision)
        let ours = try #require(try await bench.text("e0"))
        let theirs = try #require(await bench.payload(of: "e0"))
        for text in [ours, theirs] { #expect(text.contains("LOCATION:Here") && text.contains("DESCRIPTION:There")) }
    }

    @Test func `a deletion against an edit is decided either way`() async throws {
        for keepsOurs in [true, false] {
            let bench = try await bench(1, policy: .ask)
            await bench.deleteUpstream(try #require(await bench.recordID(of: "e0")))
            try await bench.edit("e0", "Event 0", "Ours")
            try await bench.pass()
            let row = try #require(try await bench.links.conflicts(of: bench.owner, .open).first)
            #expect(row.upstreamText == nil)
            try await resolve(bench, row, keepsOurs ? .gateway : .upstream)
            #expect(try await bench.uids().isEmpty == !keepsOurs)
            #expect(await bench.upstream.live.isEmpty == !keepsOurs)
        }
    }

    @Test func `a conflict that both sides settled is closed`() async throws {
        let bench = try await bench(1, policy: .ask)
        _ = try await conflict(bench)
        try await bench.edit("e0", "Ours", "Theirs")
        try await bench.pass()
        #expect(try await bench.links.conflicts(of: bench.owner, .open).isEmpty)
        #expect(try await bench.status().pending == 0)
    }

    // MARK: Queue, runs, links

    @Test func `a dismissed entry is let alone until the event changes`() async throws {
        let bench = try await bench(0)
        try await bench.put(event("e", "SUMMARY:E"))
        await bench.upstream.setScript {
            $0.isWrite ? .refuse(.refused(Refusal(.item, code: "no", message: "No."))) : nil
        }
        try await bench.pass()
        let row = try #require(try await bench.links.queue(of: bench.owner).first)
        #expect(try await bench.links.dismiss(row.id))
        await bench.upstream.setScript(nil)
        bench.time.advance(100_000)
        try await bench.pass()
        #expect(await bench.upstream.live.isEmpty)
        try await bench.edit("e", "SUMMARY:E", "SUMMARY:F")
        try await bench.pass()
        #expect(await bench.upstream.live.count == 1)
    }

    private func undo(_ run: RunID, _ bench: Workbench) async throws -> UndoneRun? {
        try await bench.scheduler().undo(run, by: Author(.restore, name: "alice"))
    }

    @Test func `undoing a run brings back what it changed and deleted, upstream too`() async throws {
        let bench = try await bench(2)
        await bench.editUpstream(try #require(await bench.recordID(of: "e0")), "Event 0", "Vandalised")
        await bench.deleteUpstream(try #require(await bench.recordID(of: "e1")))
        let run = try #require(try await bench.pass().run)
        #expect(try await undo(run, bench)?.restored == ["e0", "e1"])
        try await bench.pass()
        #expect(await bench.payload(of: "e0")?.contains("Event 0") == true)
        #expect(await bench.payload(of: "e1") != nil)
        #expect(try await undo(run, bench) == nil)
    }

    @Test func `undoing a run that pushed deletions brings the events back`() async throws {
        let bench = try await bench(2)
        try await bench.delete("e0")
        let run = try #require(try await bench.pass().run)
        #expect(try await undo(run, bench)?.restored == ["e0"])
        try await bench.pass()
        #expect(await bench.payload(of: "e0") != nil)
    }

    @Test func `purging removes what the link brought and what it made, and nothing else`() async throws {
        let bench = try await Workbench()
        try await bench.put(event("ours", "SUMMARY:Ours"))
        try await bench.put(event("common", "SUMMARY:Common"))
        await bench.putUpstream("a", event("theirs", "SUMMARY:Theirs"))
        await bench.putUpstream("b", event("common", "SUMMARY:Common"))
        try await bench.pass()
        let alice = Author(.client, name: "alice")
        let receipt = try await bench.scheduler().delete(bench.link.id, purge: .everything, by: alice)
        #expect(receipt?.removedHere == 1 && receipt?.removedUpstream == 1 && receipt?.leftUpstream == 0)
        #expect(try await bench.uids() == ["common", "ours"])
        #expect(await bench.upstream.live.map(\.id) == ["a", "b"])
        #expect(try await bench.links.link(bench.link.id) == nil)
    }

    @Test func `deleting a link without purging touches neither side`() async throws {
        let bench = try await bench(2)
        let alice = Author(.client, name: "alice")
        let receipt = try await bench.scheduler().delete(bench.link.id, purge: .nothing, by: alice)
        #expect(receipt == LinkReceipt(link: bench.link.id, name: "upstream"))
        #expect(try await bench.uids().count == 2)
        #expect(await bench.upstream.live.count == 2)
        #expect(try await bench.scheduler().delete(bench.link.id, purge: .nothing, by: alice) == nil)
    }

    @Test func `taking away the copies touches nothing upstream`() async throws {
        let bench = try await Workbench()
        try await bench.put(event("ours", "SUMMARY:Ours"))
        await bench.putUpstream("a", event("theirs", "SUMMARY:Theirs"))
        try await bench.pass()
        let alice = Author(.client, name: "alice")
        let receipt = try await bench.scheduler().delete(bench.link.id, purge: .copies, by: alice)
        #expect(receipt?.removedHere == 1 && receipt?.removedUpstream == 0)
        #expect(try await bench.uids() == ["ours"])
        #expect(await bench.upstream.live.count == 2)
    }

    @Test func `a receipt counts what stays upstream because it was changed there`() async throws {
        let bench = try await bench(2)
        await bench.upstream.edit(try #require(await bench.recordID(of: "e0"))) { $0 + "X-TOUCHED:1\r\n" }
        let alice = Author(.client, name: "alice")
        let receipt = try #require(try await bench.scheduler().delete(bench.link.id, purge: .everything, by: alice))
        #expect(receipt.removedUpstream == 1 && receipt.leftUpstream == 1)
        let line = try await bench.calendars.auditTrail(of: bench.owner).first
        #expect(line?.action == .linkRemoved && line?.detail == receipt.sentence)
        #expect(receipt.sentence.contains("1 upstream") && receipt.sentence.contains("changed there since"))
    }

    @Test func `a calendar one may only read is read-only here until the link is gone`() async throws {
        let bench = try await Workbench(access: .reader)
        #expect(try await bench.calendars.calendar(bench.calendar)?.isWriteProtected == true)
        await bench.putUpstream("a", event("a", "SUMMARY:A"))
        try await bench.pass()
        #expect(try await bench.uids() == ["a"])
        _ = try await bench.scheduler().delete(bench.link.id, purge: .nothing, by: Author(.client, name: "alice"))
        #expect(try await bench.calendars.calendar(bench.calendar)?.isWriteProtected == false)
    }

    @Test func `a plan tells what the first pass does and writes nothing`() async throws {
        let bench = try await Workbench(isStarted: false)
        try await bench.put(event("ours", "SUMMARY:Ours"))
        try await bench.put(event("common", "SUMMARY:Common", "LOCATION:Here"))
        await bench.putUpstream("a", event("theirs", "SUMMARY:Theirs"))
        await bench.putUpstream("b", event("common", "SUMMARY:Common"))
        let plan = try #require(try await bench.scheduler().plan(bench.link.id))
        #expect(plan.gateway.create.map(\.summary) == ["Theirs"])
        #expect(plan.upstream.create.map(\.summary) == ["Ours"])
        #expect(plan.upstream.update.map(\.uid) == ["common"])
        #expect(try await bench.uids() == ["common", "ours"])
        #expect(await bench.upstream.performed.isEmpty)
        _ = try await bench.scheduler().start(bench.link.id)
        let report = try await bench.pass()
        #expect(report.counts.pulled == 1 && report.counts.pushed == 2)
    }

    @Test func `edits made while a link is paused count as pending`() async throws {
        let bench = try await bench(1)
        _ = try await bench.scheduler().pause(bench.link.id)
        try await bench.pass()
        try await bench.put(event("new", "SUMMARY:New"))
        #expect(try await bench.status().pending == 1)
        #expect(try await bench.status().state == .paused)
    }

    @Test func `a link that only pulls keeps our edits here`() async throws {
        let bench = try await Workbench(direction: .pull)
        await bench.putUpstream("a", event("e", "SUMMARY:Theirs", "LOCATION:There"))
        try await bench.pass()
        try await bench.edit("e", "Theirs", "Ours")
        try await bench.put(event("mine", "SUMMARY:Mine"))
        try await bench.pass()
        #expect(await bench.upstream.performed.isEmpty)
        await bench.editUpstream("a", "LOCATION:There", "LOCATION:Elsewhere")
        try await bench.pass()
        let text = try #require(try await bench.text("e"))
        #expect(text.contains("Ours") && text.contains("Elsewhere"))
        var change = LinkChange()
        change.direction = .both
        _ = try await bench.scheduler().update(bench.link.id, change)
        try await bench.pass()
        #expect(await bench.payload(of: "e")?.contains("Ours") == true)
        #expect(await bench.payload(of: "mine") != nil)
    }

    @Test func `two links of one calendar carry an event across without an echo`() async throws {
        let bench = try await Workbench()
        let second = try await bench.secondLink()
        let other = ScriptedUpstream(at: bench.time.now)
        await bench.putUpstream("a", event("e", "SUMMARY:Two  blanks"))
        try await bench.pass()
        try await bench.pass(second, over: other)
        // One further pass was enough, and all that follow find nothing to do.
        #expect(await other.live.count == 1)
        for _ in 0..<3 {
            try await bench.pass()
            try await bench.pass(second, over: other)
        }
        #expect(await other.performed.count == 1)
        #expect(await bench.upstream.performed.isEmpty)
        await bench.editUpstream("a", "Two  blanks", "Three")
        try await bench.pass()
        try await bench.pass(second, over: other)
        #expect(await other.live.first?.payload.contains("SUMMARY:Three") == true)
        #expect(await other.performed.count == 2)
        await other.setTime(bench.time.now + 20)
        bench.time.advance(20)
        await other.delete(try #require(await other.live.first?.id))
        try await bench.pass(second, over: other)
        try await bench.pass()
        #expect(await bench.upstream.live.isEmpty)
        #expect(try await bench.uids().isEmpty)
    }

    @Test func `an event explains itself`() async throws {
        let bench = try await bench(1)
        let explanation = try #require(try await bench.links.explain(uid: "e0", in: bench.calendar).first)
        #expect(explanation.state == "in_step")
        try await bench.edit("e0", "Event 0", "Edited")
        #expect(try await bench.links.explain(uid: "e0", in: bench.calendar).first?.state == "pending")
    }
}
