import Bridging
import SQL
import SQLite
import Store
import Testing

@testable import Sync

@Suite("What a pass looks at")
struct SnapshotScopeTests {
    private func scope(_ bench: Workbench) async throws -> Set<String>? {
        let place = try #require(try await bench.links.place(of: bench.link))
        let scope = place.scope(at: place.mark, [])
        let link = bench.link
        return try await bench.database.read { try scope.uids(of: link, $0) }
    }

    @Test func `what the last pass wrote itself is no news to the next`() async throws {
        let bench = try await Workbench()
        for number in 0..<20 { await bench.putUpstream("a\(number)", event("there-\(number)", "SUMMARY:There")) }
        try await bench.put(event("here", "SUMMARY:Here"))
        try await bench.pass()
        #expect(try await bench.uids().count == 21)
        #expect(try await scope(bench) == [])
    }

    @Test func `a client's edit after a first sync is all that is looked at`() async throws {
        let bench = try await Workbench()
        for number in 0..<20 { await bench.putUpstream("a\(number)", event("there-\(number)", "SUMMARY:There")) }
        try await bench.pass()
        try await bench.edit("there-3", "SUMMARY:There", "SUMMARY:Edited")
        #expect(try await scope(bench) == ["there-3"])
    }

    @Test func `an event that got another UID is looked at under both`() async throws {
        let bench = try await Workbench()
        try await bench.put(event("former", "SUMMARY:Here"), named: "event.ics")
        try await bench.pass()
        try await bench.put(event("latter", "SUMMARY:Here"), named: "event.ics")
        #expect(try await scope(bench) == ["former", "latter"])
    }

    @Test func `an event deleted here is looked at`() async throws {
        let bench = try await Workbench()
        await bench.putUpstream("a", event("there", "SUMMARY:There"))
        try await bench.pass()
        try await bench.delete("there")
        #expect(try await scope(bench) == ["there"])
    }
}
