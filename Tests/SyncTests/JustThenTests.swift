import Bridging
import ICalendar
import Store
import Testing

@testable import Sync

@Suite("Edits of people upstream in the moment of a write")
struct JustThenTests {
    /// An upstream that takes a write of some columns whatever the others say by now: a person has just edited them.
    private struct LenientBridge: RelayingBridge {
        var real: ScriptedBridge
        /// Makes what the write says what the upstream says after the person's edit.
        let edit: @Sendable (String) -> String

        func perform(_ write: RecordWrite) async throws(BridgeError) -> UpstreamRecord? {
            guard case .update(let id, let series, let revision, let payload) = write else {
                return try await real.perform(write)
            }
            return try await real.perform(.update(id: id, series: series, revision: revision, payload: edit(payload)))
        }
    }

    private func bench() async throws -> Workbench {
        let bench = try await Workbench(policy: .ask)
        try await bench.put(event("e", "SUMMARY:First", "LOCATION:Here"))
        try await bench.pass()
        return bench
    }

    @Test func `what a person edits while we write another field comes here at once`() async throws {
        let bench = try await bench()
        try await bench.edit("e", "SUMMARY:First", "SUMMARY:Second")
        let bridge = LenientBridge(real: ScriptedBridge(upstream: bench.upstream)) {
            $0.replacing("LOCATION:Here", with: "LOCATION:There")
        }
        #expect(try await bench.pass(over: bridge).wantsAnother)
        try await bench.pass()
        let text = try #require(try await bench.text("e"))
        #expect(text.contains("SUMMARY:Second") && text.contains("LOCATION:There"))
        #expect(await bench.payload(of: "e")?.contains("LOCATION:There") == true)
        #expect(try await bench.links.conflicts(of: bench.owner, nil).isEmpty)
        #expect(try await bench.status().pending == 0)
        let writes = await bench.upstream.performed.count
        #expect(try await !bench.pass().wantsAnother)
        #expect(await bench.upstream.performed.count == writes)
    }

    @Test func `what the upstream makes of a field that we write is what was agreed`() async throws {
        let bench = try await bench()
        try await bench.edit("e", "SUMMARY:First", "SUMMARY:  Second  ")
        #expect(try await !bench.pass().wantsAnother)
        try await bench.pass()
        #expect(try await bench.text("e")?.contains("SUMMARY:  Second  ") == true)
        #expect(await bench.upstream.performed.count == 2)
    }

    @Test func `an event that comes back upstream regains what only we had of it`() async throws {
        let bench = try await Workbench()
        try await bench.put(
            event(
                "e",
                "SUMMARY:First",
                "LOCATION:Here",
                "X-OURS:Kept",
                "BEGIN:VALARM",
                "ACTION:DISPLAY",
                "DESCRIPTION:Soon",
                "TRIGGER:-PT5M",
                "END:VALARM"
            )
        )
        try await bench.pass()
        let record = try #require(await bench.upstream.live.first)
        await bench.deleteUpstream(record.id)
        try await bench.pass()
        #expect(try await bench.uids().isEmpty)
        let restored = record.payload.replacing("SUMMARY:First", with: "SUMMARY:Again")
            .replacing("LOCATION:Here\r\n", with: "")
        await bench.putUpstream(record.id, restored)
        try await bench.pass()
        let text = try #require(try await bench.text("e"))
        #expect(text.contains("X-OURS:Kept") && text.contains("TRIGGER:-PT5M") && text.contains("SUMMARY:Again"))
        #expect(!text.contains("LOCATION"))
        let writes = await bench.upstream.performed.count
        try await bench.pass()
        #expect(await bench.upstream.performed.count == writes)
    }
}
