import Bridging
import Store
import Testing

@testable import Sync

@Suite("What is asked about the other links of a calendar")
struct OtherLinksTests {
    private struct Table {
        let bench: Workbench
        let second: Link

        init() async throws {
            bench = try await Workbench()
            second = try await bench.secondLink()
        }

        /// The other links that were asked about each event.
        func asked(_ providers: Set<String>) async throws -> [String: Set<LinkID>] {
            let fields = ScriptedBridge(upstream: bench.upstream).fields
            let snapshot = try await bench.links.snapshot(
                of: bench.link,
                fields: fields,
                telling: providers,
                .everything
            )
            return snapshot.items.mapValues { Set($0.elsewhere.keys) }
        }
    }

    private static let guest = "ATTENDEE:mailto:bob@example.org"

    @Test func `only events with guests are asked about, on either side`() async throws {
        let table = try await Table()
        try await table.bench.put(event("plain"))
        try await table.bench.put(event("here", Self.guest))
        await table.bench.putUpstream("a", event("there", Self.guest))
        try await table.bench.pass()
        let second: Set = [table.second.id]
        #expect(try await table.asked(["scripted"]) == ["plain": [], "here": second, "there": second])
    }

    @Test(arguments: ["attendee:mailto:bob@example.org", "ATTEN\r\n DEE:mailto:bob@example.org"])
    func `guests are seen however their lines are written`(_ line: String) async throws {
        let table = try await Table()
        try await table.bench.put(event("here", line))
        #expect(try await table.asked(["scripted"]) == ["here": [table.second.id]])
    }

    @Test func `an event is asked about that had guests when both sides agreed`() async throws {
        let table = try await Table()
        try await table.bench.put(event("here", Self.guest))
        try await table.bench.pass()
        try await table.bench.edit("here", "\(Self.guest)\r\n", "")
        let record = try #require(await table.bench.recordID(of: "here"))
        await table.bench.upstream.edit(record) { $0.replacing("\(Self.guest)\r\n", with: "") }
        #expect(try await table.asked(["scripted"]) == ["here": [table.second.id]])
    }

    @Test func `links that mail nobody are not asked about`() async throws {
        let table = try await Table()
        try await table.bench.put(event("here", Self.guest))
        #expect(try await table.asked([]) == ["here": []])
        #expect(try await table.asked(["google"]) == ["here": []])
    }
}
