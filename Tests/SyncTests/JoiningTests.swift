import Bridging
import SyncTestSupport
import Testing

@testable import Sync

@Suite("A record that becomes one of a series")
struct JoiningTests {
    @Test(arguments: [false, true])
    func `is no event of its own any more`(_ isComplete: Bool) async throws {
        let bench = try await Workbench()
        let bridge = ScriptedBridge(upstream: bench.upstream)
        let alone = UpstreamRecord(id: "x", series: "x", revision: "1", payload: event("x", "SUMMARY:Alone"))
        let master = UpstreamRecord(
            id: "s",
            series: "s",
            revision: "1",
            payload: event("s", "RRULE:FREQ=DAILY;COUNT=3", "SUMMARY:Daily")
        )
        let exception = event("s", "RECURRENCE-ID:20261122T090000Z", "DTSTART:20261122T110000Z", "SUMMARY:Later")
        let joined = UpstreamRecord(id: "x", series: "s", revision: "2", payload: exception)
        func pull(_ records: [UpstreamRecord], isComplete: Bool) async throws -> Set<String> {
            let pulled = PulledRecords(records: records, isComplete: isComplete, cursor: nil)
            return try await bench.links.mirror(pulled, translatedBy: bridge, of: bench.link.id)
        }
        #expect(try await pull([alone], isComplete: true) == ["x"])
        let changed = try await pull([master, joined], isComplete: isComplete)
        #expect(changed == ["s", "x"])
        #expect(try await bench.links.records(of: "x", bench.link.id).isEmpty)
        #expect(try await bench.links.records(of: "s", bench.link.id).map(\.id) == ["s", "x"])
    }
}
