import ICalendar
import Store
import Testing

@testable import Sync

@Suite("What a person decides while a pass runs")
struct MeanwhileTests {
    /// A pass that pushes an event, during which a person does something.
    private func pass(_ bench: Workbench, meanwhile: @escaping @Sendable () async throws -> Void) async throws {
        try await bench.put(event("another", "SUMMARY:\(bench.time.now.seconds)", "CATEGORIES:Work"))
        await bench.upstream.interruptNextWrite {
            do { try await meanwhile() } catch { Issue.record(error) }
        }
        try await bench.pass()
    }

    private func conflict(_ bench: Workbench) async throws -> ConflictRow {
        try await bench.put(event("e", "SUMMARY:Event"))
        try await bench.pass()
        try await bench.edit("e", "Event", "Ours")
        await bench.editUpstream(try #require(await bench.recordID(of: "e")), "Event", "Theirs")
        try await bench.pass()
        return try #require(try await bench.links.conflicts(of: bench.owner, .open).first)
    }

    @Test func `what is taken up again while a pass runs is in step after the next`() async throws {
        let bench = try await Workbench()
        try await bench.leaveAlone(.exactly(["e"]))
        try await bench.put(event("e", "SUMMARY:Left out"))
        try await bench.pass()
        try await pass(bench) { try await bench.leaveAlone(.exactly([])) }
        #expect(await bench.payload(of: "e") == nil)
        try await bench.pass()
        #expect(await bench.payload(of: "e") != nil)
        try await bench.pass()
        #expect(try await bench.status().pending == 0)
    }

    @Test func `a filter changed while a pass runs is asked in the next`() async throws {
        let bench = try await Workbench()
        var change = LinkChange()
        change.filters = #"{"categories":["Work"]}"#
        _ = try await bench.links.update(bench.link.id, change)
        try await bench.put(event("e", "SUMMARY:Private"))
        try await bench.pass()
        try await pass(bench) {
            var change = LinkChange()
            change.filters = .some(nil)
            _ = try await bench.links.update(bench.link.id, change)
        }
        try await bench.pass()
        #expect(await bench.payload(of: "e") != nil)
    }

    @Test func `a conflict decided while a pass runs is carried out by the next`() async throws {
        let bench = try await Workbench(policy: .ask)
        let row = try await conflict(bench)
        try await pass(bench) {
            let outcome = try await bench.links.resolve(row.id, .upstream, by: Author(.client, name: "alice"))
            #expect(outcome == .resolved)
        }
        try await bench.pass()
        #expect(try await bench.text("e")?.contains("Theirs") == true)
        #expect(try await bench.links.conflicts(of: bench.owner, .open).isEmpty)
    }

    @Test func `a link is not told to be in step by a pass during which somebody decided something`() async throws {
        let bench = try await Workbench()
        try await bench.pass()
        let before = try await bench.status().lastSyncedAt
        try await pass(bench) { try await bench.leaveAlone(.exactly(["e"])) }
        #expect(try await bench.status().lastSyncedAt == before)
        try await bench.pass()
        #expect(try await bench.status().lastSyncedAt == bench.time.now)
    }

    @Test(arguments: [ConflictDecision.gateway, .upstream])
    func `a side chosen in a conflict counts though it was put back since`(_ decision: ConflictDecision) async throws {
        let bench = try await Workbench(policy: .ask)
        let row = try await conflict(bench)
        // Nobody has looked since.
        if decision == .gateway {
            try await bench.edit("e", "Ours", "Event")
        } else {
            await bench.editUpstream(try #require(await bench.recordID(of: "e")), "Theirs", "Event")
        }
        _ = try await bench.links.resolve(row.id, decision, by: Author(.client, name: "alice"))
        for _ in 0..<3 { try await bench.pass() }
        #expect(try await bench.text("e")?.contains("SUMMARY:Event") == true)
        #expect(await bench.payload(of: "e")?.contains("SUMMARY:Event") == true)
        #expect(try await bench.status().pending == 0)
    }
}
