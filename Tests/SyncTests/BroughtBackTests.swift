import Bridging
import Store
import SyncTestSupport
import Testing

@testable import Sync

@Suite("Events that are deleted here and come back")
struct BroughtBackTests {
    private static let start = "DTSTART:20261121T090000Z\r\nDTEND:20261121T100000Z"
    private static let alarm = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT10M\r\nDESCRIPTION:Soon\r\nEND:VALARM"

    /// Thirty agreed events, twelve of them deleted here, which waits for approval.
    private func holding(_ filters: String? = nil) async throws -> Workbench {
        let bench = try await Workbench()
        var change = LinkChange()
        change.filters = .some(filters)
        _ = try await bench.links.update(bench.link.id, change)
        for number in 10..<40 {
            try await bench.put(
                event("e\(number)", "SUMMARY:Lunch \(number)", "LOCATION:Roof", "X-MINE:kept", Self.start, Self.alarm)
            )
        }
        try await bench.pass()
        for number in 10..<22 { try await bench.delete("e\(number)") }
        #expect(try await bench.pass().isHeld)
        return bench
    }

    @Test(arguments: [nil, #"{"busy_only":true}"#])
    func `they keep what the upstream cannot hold or may not see`(_ filters: String?) async throws {
        let bench = try await holding(filters)
        _ = try await bench.scheduler().reject(bench.link.id)
        try await bench.pass()
        for number in 10..<22 {
            let text = try #require(try await bench.text("e\(number)"))
            for line in ["SUMMARY:Lunch \(number)", "LOCATION:Roof", "X-MINE:kept", "TRIGGER:-PT10M"] {
                #expect(text.contains(line), "\(line) is gone")
            }
        }
        #expect(await bench.upstream.live.count == 30)
    }

    @Test func `another upstream of the calendar loses nothing by it`() async throws {
        let bench = try await holding()
        let other = ScriptedUpstream(at: bench.time.now)
        _ = try await bench.scheduler().approve(bench.link.id)
        try await bench.pass()
        try await bench.put(event("e", "SUMMARY:Lunch", "X-MINE:kept", Self.start, Self.alarm))
        let second = try await bench.secondLink()
        try await bench.pass()
        try await bench.pass(second, over: other)
        let before = try await bench.text("e")
        try await bench.delete("e")
        await bench.editUpstream(try #require(await bench.recordID(of: "e")), "Lunch", "Dinner")
        try await bench.pass()
        try await bench.pass(second, over: other)
        let text = try #require(try await bench.text("e"))
        #expect(text.contains("SUMMARY:Dinner") && text.contains("X-MINE:kept") && text.contains("TRIGGER:-PT10M"))
        #expect(before?.contains("TRIGGER:-PT10M") == true)
        let there = await other.live.map(\.payload).filter { $0.contains("UID:e\r\n") }
        #expect(there.count == 1 && there.allSatisfy { $0.contains("SUMMARY:Dinner") })
    }

    @Test func `a time moved there comes back with everything of ours`() async throws {
        let bench = try await holding(#"{"busy_only":true}"#)
        let id = try #require(await bench.recordID(of: "e30"))
        await bench.editUpstream(id, "20261121T", "20261224T")
        try await bench.delete("e30")
        try await bench.pass()
        let text = try #require(try await bench.text("e30"))
        #expect(text.contains("20261224") && text.contains("SUMMARY:Lunch 30") && text.contains("X-MINE:kept"))
    }
}
