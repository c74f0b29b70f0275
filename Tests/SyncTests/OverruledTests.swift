import Store
import Testing

@testable import Sync

@Suite("What lost in a conflict")
struct OverruledTests {
    private let alice = Author(.client, name: "alice")

    /// Both sides give one event another name.
    private func disagree(_ bench: Workbench) async throws {
        try await bench.put(event("e", "SUMMARY:Lunch"))
        try await bench.pass()
        try await bench.edit("e", "Lunch", "Ours")
        await bench.editUpstream(try #require(await bench.recordID(of: "e")), "Lunch", "Theirs")
        try await bench.pass()
    }

    private func overruled(_ bench: Workbench) async throws -> [Version] {
        try await bench.calendars.versions(uid: "e", in: bench.calendar).filter { $0.kind == .overruled }
    }

    @Test func `what an upstream lost with is a version of the event`() async throws {
        let bench = try await Workbench(policy: .gateway)
        try await disagree(bench)
        let versions = try await overruled(bench)
        #expect(versions.map { $0.text.contains("SUMMARY:Theirs") } == [true])
        let present = try #require(try await bench.calendars.object(uid: "e", in: bench.calendar))
        #expect(versions.map(\.object) == [present.id])
        #expect(present.text.contains("SUMMARY:Ours"))
        #expect(await bench.payload(of: "e")?.contains("Ours") == true)
        try await bench.pass()
        #expect(try await overruled(bench) == versions)
    }

    @Test func `an edit there that lost against a deletion here is a version of what was deleted`() async throws {
        let bench = try await Workbench(policy: .gateway)
        try await bench.put(event("e", "SUMMARY:Lunch"))
        try await bench.pass()
        let id = try #require(try await bench.calendars.object(uid: "e", in: bench.calendar)).id
        try await bench.delete("e")
        await bench.editUpstream(try #require(await bench.recordID(of: "e")), "Lunch", "Theirs")
        try await bench.pass()
        #expect(await bench.upstream.live.isEmpty)
        let versions = try await overruled(bench)
        #expect(versions.map { $0.text.contains("SUMMARY:Theirs") } == [true])
        #expect(versions.map(\.object) == [id])
    }

    @Test func `what an upstream won with is no version that lost`() async throws {
        let bench = try await Workbench(policy: .upstream)
        try await disagree(bench)
        #expect(try await bench.text("e")?.contains("Theirs") == true)
        #expect(try await overruled(bench).isEmpty)
    }

    @Test(arguments: [ConflictPolicy.upstream, .gateway])
    func `a conflict that waits is decided by the policy that is chosen instead`(_ policy: ConflictPolicy) async throws
    {
        let bench = try await Workbench(policy: .ask)
        try await disagree(bench)
        var change = LinkChange()
        change.policy = policy
        _ = try await bench.scheduler().update(bench.link.id, change)
        try await bench.pass()
        let rows = try await bench.links.conflicts(of: bench.owner, nil)
        #expect(rows.map(\.state) == [.resolved])
        #expect(rows.first?.resolution?.rawValue == policy.rawValue)
        #expect(rows.first?.resolvedBy == policy.rawValue)
        #expect(rows.first?.resolvedAt != nil)
        #expect(try await overruled(bench).count == (policy == .gateway ? 1 : 0))
    }

    @Test(arguments: [ConflictDecision.gateway, .merged(["summary": "Both"]), .upstream, .both])
    func `a person's decision keeps what it goes against`(_ decision: ConflictDecision) async throws {
        let bench = try await Workbench(policy: .ask)
        try await disagree(bench)
        #expect(try await overruled(bench).isEmpty)
        let conflict = try #require(try await bench.links.conflicts(of: bench.owner, .open).first)
        #expect(try await bench.links.resolve(conflict.id, decision, by: alice) == .resolved)
        switch decision {
        case .gateway, .merged, .mergedText:
            #expect(try await overruled(bench).map { $0.text.contains("SUMMARY:Theirs") } == [true])
        case .upstream, .both:
            #expect(try await overruled(bench).isEmpty)
        }
    }

    @Test func `what nobody has decided is a version once the link is gone`() async throws {
        let bench = try await Workbench(policy: .ask)
        try await disagree(bench)
        let before = try await bench.text("e")
        _ = try await bench.scheduler().delete(bench.link.id, purge: .nothing, by: alice)
        #expect(try await overruled(bench).map { $0.text.contains("SUMMARY:Theirs") } == [true])
        #expect(try await bench.text("e") == before)
    }

    @Test func `a person's value of a field that only the upstream had changed is no new conflict`() async throws {
        let bench = try await Workbench(policy: .ask)
        try await bench.put(event("e", "SUMMARY:Lunch", "LOCATION:Roof"))
        try await bench.pass()
        try await bench.edit("e", "Lunch", "Ours")
        let id = try #require(await bench.recordID(of: "e"))
        await bench.editUpstream(id, "Lunch", "Theirs")
        await bench.editUpstream(id, "Roof", "Hall")
        try await bench.pass()
        let row = try #require(try await bench.links.conflicts(of: bench.owner, .open).first)
        let values = ConflictDecision.merged(["summary": "Both", "location": "Cellar"])
        #expect(try await bench.scheduler().resolve(row.id, values, by: alice) == .resolved)
        for _ in 0..<2 { try await bench.pass() }
        #expect(try await bench.links.conflicts(of: bench.owner, .open).isEmpty)
        for text in [try await bench.text("e"), await bench.payload(of: "e")] {
            #expect(text?.contains("SUMMARY:Both") == true && text?.contains("LOCATION:Cellar") == true)
        }
    }
}
