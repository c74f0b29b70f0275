import Bridging
import ICalendar
import Store
import Testing

@testable import Sync

@Suite("What a write did that was not answered")
struct UnansweredWriteTests {
    private static let policies: [ConflictPolicy] = [.newest, .upstream, .gateway, .ask]

    /// A bench whose event the upstream was told, without our hearing so, to be called `summary`.
    private func bench(_ policy: ConflictPolicy, told summary: String) async throws -> Workbench {
        let bench = try await Workbench(policy: policy)
        try await bench.put(event("e", "SUMMARY:First", "LOCATION:Here"))
        try await bench.pass()
        try await bench.edit("e", "SUMMARY:First", "SUMMARY:\(summary)")
        await bench.upstream.setScript { $0.isWrite ? .loseAnswer : nil }
        try await bench.pass()
        await bench.upstream.setScript(nil)
        return bench
    }

    /// Whether everything is in step: further passes write nothing, and nobody was in conflict.
    private func isInStep(_ bench: Workbench) async throws -> Bool {
        let writes = await bench.upstream.performed.count
        for _ in 0..<2 {
            bench.time.advance(400)
            try await bench.pass()
        }
        let conflicts = try await bench.links.conflicts(of: bench.owner, nil)
        let pending = try await bench.status().pending
        return await bench.upstream.performed.count == writes && conflicts.isEmpty && pending == 0
    }

    @Test(arguments: policies, ["Second", "  Second  "])
    func `our own write is no edit of the upstream's when we edit again`(
        _ policy: ConflictPolicy,
        _ second: String
    ) async throws {
        let bench = try await bench(policy, told: second)
        try await bench.edit("e", "SUMMARY:\(second)", "SUMMARY:Third")
        try await bench.pass()
        #expect(try await bench.text("e")?.contains("SUMMARY:Third") == true)
        #expect(await bench.payload(of: "e")?.contains("SUMMARY:Third") == true)
        #expect(try await isInStep(bench))
    }

    // Where the upstream is always right, what is deleted here comes back in any case.
    @Test(arguments: policies.filter { $0 != .upstream })
    func `an event that is deleted after a write of ours is not brought back by it`(_ policy: ConflictPolicy)
        async throws
    {
        let bench = try await bench(policy, told: "Second")
        try await bench.delete("e")
        try await bench.pass()
        #expect(try await bench.uids().isEmpty)
        #expect(await bench.upstream.live.isEmpty)
        #expect(try await isInStep(bench))
    }

    @Test(arguments: policies)
    func `what is there as it was meant is agreed on`(_ policy: ConflictPolicy) async throws {
        let bench = try await bench(policy, told: "  Second  ")
        try await bench.pass()
        #expect(try await bench.text("e")?.contains("SUMMARY:  Second") == true)
        #expect(try await isInStep(bench))
        // Taken back here, it is an edit like any other.
        try await bench.edit("e", "SUMMARY:  Second  ", "SUMMARY:First")
        try await bench.pass()
        #expect(await bench.payload(of: "e")?.contains("SUMMARY:First") == true)
    }

    @Test(arguments: policies)
    func `another field that a person has edited since comes here`(_ policy: ConflictPolicy) async throws {
        let bench = try await bench(policy, told: "Second")
        await bench.editUpstream(try #require(await bench.recordID(of: "e")), "LOCATION:Here", "LOCATION:There")
        try await bench.edit("e", "SUMMARY:Second", "SUMMARY:Third")
        try await bench.pass()
        let text = try #require(try await bench.text("e"))
        #expect(text.contains("LOCATION:There") && text.contains("SUMMARY:Third"))
        #expect(await bench.payload(of: "e")?.contains("SUMMARY:Third") == true)
        #expect(try await isInStep(bench))
    }

    @Test(arguments: [ConflictPolicy.newest, .upstream])
    func `what a person made of our write stands`(_ policy: ConflictPolicy) async throws {
        let bench = try await bench(policy, told: "Second")
        bench.time.advance(10)
        await bench.upstream.setTime(bench.time.now)
        await bench.editUpstream(try #require(await bench.recordID(of: "e")), "SUMMARY:Second", "SUMMARY:Theirs")
        bench.time.advance(400)
        try await bench.pass()
        #expect(try await bench.text("e")?.contains("SUMMARY:Theirs") == true)
        #expect(await bench.payload(of: "e")?.contains("SUMMARY:Theirs") == true)
    }

    // MARK: Several writes

    /// A series of which the title went up, and the occurrence that was changed with it did not.
    private func halfWritten(_ policy: ConflictPolicy, _ failure: BridgeError) async throws -> Workbench {
        let bench = try await Workbench(policy: policy)
        try await bench.put(event("e", "RRULE:FREQ=DAILY;COUNT=5", "SUMMARY:First"))
        try await bench.pass()
        let override = [
            "BEGIN:VEVENT", "UID:e", "DTSTAMP:20260101T000000Z", "RECURRENCE-ID:20261122T090000Z",
            "DTSTART:20261122T110000Z", "SUMMARY:Late", "END:VEVENT", "END:VCALENDAR",
        ]
        try await bench.edit("e", "SUMMARY:First", "SUMMARY:Second")
        try await bench.edit("e", "END:VCALENDAR", override.joined(separator: "\r\n"))
        await bench.upstream.setScript { call in
            guard case .write(.update(let id, let series, _, _)) = call, id != series else { return nil }
            return .refuse(failure)
        }
        try await bench.pass()
        return bench
    }

    private static let failures: [BridgeError] = [
        .unreachable("No answer."), .refused(Refusal(.item, code: "no", message: "Not here.")),
    ]

    @Test(arguments: policies, failures)
    func `while the rest waits, an edit of the upstream's is its edit`(
        _ policy: ConflictPolicy,
        _ failure: BridgeError
    ) async throws {
        let bench = try await halfWritten(policy, failure)
        await bench.editUpstream(
            (try #require(await bench.upstream.live.first { $0.id == $0.series })).id,
            "SUMMARY:Second",
            "SUMMARY:Theirs"
        )
        try await bench.pass()
        await bench.upstream.setScript(nil)
        bench.time.advance(400)
        try await bench.pass()
        #expect(try await bench.text("e")?.contains("SUMMARY:Theirs") == true)
        #expect(await bench.upstream.live.contains { $0.payload.contains("SUMMARY:Late") })
        #expect(await bench.upstream.live.contains { $0.payload.contains("SUMMARY:Theirs") })
        #expect(try await isInStep(bench))
    }

    @Test(arguments: failures)
    func `while the rest waits, a deletion upstream is one where the upstream is right`(_ failure: BridgeError)
        async throws
    {
        let bench = try await halfWritten(.upstream, failure)
        await bench.deleteUpstream(try #require(await bench.upstream.live.first).id)
        try await bench.pass()
        #expect(try await bench.uids().isEmpty)
        await bench.upstream.setScript(nil)
        bench.time.advance(400)
        try await bench.pass()
        #expect(await bench.upstream.live.isEmpty)
    }

    @Test(arguments: policies, failures)
    func `while the rest waits, what we take back is taken back`(
        _ policy: ConflictPolicy,
        _ failure: BridgeError
    ) async throws {
        let bench = try await halfWritten(policy, failure)
        try await bench.put(event("e", "RRULE:FREQ=DAILY;COUNT=5", "SUMMARY:First"))
        await bench.upstream.setScript(nil)
        bench.time.advance(400)
        try await bench.pass()
        #expect(await bench.upstream.live.count == 1)
        #expect(await bench.payload(of: "e")?.contains("SUMMARY:First") == true)
        #expect(try await isInStep(bench))
    }

    @Test(arguments: policies, failures)
    func `an event that was made without its occurrences is changed like any other`(
        _ policy: ConflictPolicy,
        _ failure: BridgeError
    ) async throws {
        let bench = try await Workbench(policy: policy)
        let override = [
            "BEGIN:VEVENT", "UID:e", "DTSTAMP:20260101T000000Z", "RECURRENCE-ID:20261122T090000Z",
            "DTSTART:20261122T110000Z", "SUMMARY:Late", "END:VEVENT", "END:VCALENDAR",
        ]
        let series = event("e", "RRULE:FREQ=DAILY;COUNT=5", "SUMMARY:First")
        try await bench.put(series.replacing("END:VCALENDAR", with: override.joined(separator: "\r\n")))
        await bench.upstream.setScript { call in
            guard case .write(.update(let id, let series, _, _)) = call, id != series else { return nil }
            return .refuse(failure)
        }
        try await bench.pass()
        await bench.editUpstream("made-e", "SUMMARY:First", "SUMMARY:Theirs")
        try await bench.pass()
        await bench.upstream.setScript(nil)
        bench.time.advance(400)
        try await bench.pass()
        #expect(try await bench.text("e")?.contains("SUMMARY:Theirs") == true)
        #expect(await bench.upstream.live.contains { $0.payload.contains("SUMMARY:Late") })
        #expect(try await isInStep(bench))
    }
}
