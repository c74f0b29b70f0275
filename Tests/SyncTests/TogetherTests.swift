import Bridging
import ICalendar
import Store
import SyncTestSupport
import Testing

@testable import Sync

@Suite("Bulk goes upstream in batches")
struct TogetherTests {
    private static let month = "DTSTART:20270301T090000Z"

    private func bench(waiting uids: [String]) async throws -> Workbench {
        let bench = try await Workbench()
        for uid in uids { try await bench.put(event(uid, Self.month, "SUMMARY:One")) }
        return bench
    }

    private func uids(_ numbers: Range<Int>) -> [String] { numbers.map { "e\($0 + 10)" } }

    @discardableResult
    private func pass(_ bench: Workbench, bell: EditBell = EditBell(), size: Int = 50) async throws -> PassReport {
        var bridge = ScriptedBridge(upstream: bench.upstream)
        bridge.batchSize = size
        return try await bench.pass(over: bridge, hearing: bell)
    }

    private func sizes(_ bench: Workbench) async -> [Int] { await bench.upstream.batches.map(\.count) }

    private let no = BridgeError.refused(Refusal(.item, code: "no", message: "Not here."))

    @Test func `more writes than a person makes go together, as many as the upstream takes`() async throws {
        let bench = try await bench(waiting: uids(0..<21))
        try await pass(bench, size: 8)
        #expect(await sizes(bench) == [8, 8, 5])
        #expect(await bench.upstream.live.count == 21)
        #expect(try await bench.status().pending == 0)
        try await pass(bench)
        #expect(await bench.upstream.performed.count == 21)
    }

    @Test func `a person's few edits go one by one`() async throws {
        let bench = try await bench(waiting: uids(0..<20))
        try await pass(bench)
        #expect(await sizes(bench).isEmpty)
        #expect(await bench.upstream.live.count == 20)
    }

    @Test func `creations, changes and deletions go together and settle`() async throws {
        let bench = try await bench(waiting: uids(0..<24))
        try await pass(bench)
        for uid in uids(0..<12) { try await bench.edit(uid, "SUMMARY:One", "SUMMARY:Two") }
        for uid in uids(12..<17) { try await bench.delete(uid) }
        for uid in uids(30..<40) { try await bench.put(event(uid, Self.month, "SUMMARY:New")) }
        let report = try await pass(bench)
        // Deletions are more urgent than what is months away.
        #expect(await sizes(bench) == [24, 5, 22])
        #expect(report.counts.pushed == 22 && report.counts.deletedUpstream == 5)
        let payloads = await bench.upstream.live.map(\.payload)
        #expect(payloads.count { $0.contains("SUMMARY:Two") } == 12)
        #expect(payloads.count { $0.contains("SUMMARY:New") } == 10)
        #expect(payloads.count == 29)
        #expect(try await pass(bench).run == nil)
    }

    @Test func `a series with overrides goes alone, for its parts have an order`() async throws {
        let bench = try await bench(waiting: uids(0..<24))
        let override = [
            "BEGIN:VEVENT", "UID:series", "DTSTAMP:20260101T000000Z", "RECURRENCE-ID:20270302T090000Z",
            "DTSTART:20270302T110000Z", "SUMMARY:Two", "END:VEVENT", "END:VCALENDAR",
        ]
        let series = event("series", Self.month, "RRULE:FREQ=DAILY;COUNT=3", "SUMMARY:One")
        try await bench.put(series.replacing("END:VCALENDAR", with: override.joined(separator: "\r\n")))
        try await pass(bench)
        #expect(await sizes(bench) == [24])
        #expect(await bench.upstream.live.count == 26)
    }

    @Test func `what fails in a batch fails alone, waits like any other, and goes alone then`() async throws {
        let bench = try await bench(waiting: uids(0..<24))
        await bench.upstream.setScript { [no] call in
            if case .write(.create(let creation)) = call, creation.uid == "e15" { return .refuse(no) }
            return nil
        }
        let report = try await pass(bench)
        #expect(report.counts.pushed == 23 && report.counts.failed == 1)
        #expect(try await bench.links.queue(of: bench.owner).map(\.uid) == ["e15"])
        await bench.upstream.setScript(nil)
        bench.time.advance(4000)
        for uid in uids(40..<64) { try await bench.put(event(uid, Self.month, "SUMMARY:New")) }
        try await pass(bench)
        #expect(await sizes(bench) == [24, 24])
        #expect(await bench.payload(of: "e15") != nil)
    }

    @Test func `an event that changed upstream meanwhile is compared again, the rest of the batch is not`() async throws
    {
        let bench = try await bench(waiting: uids(0..<24))
        try await pass(bench)
        for uid in uids(0..<24) { try await bench.edit(uid, "SUMMARY:One", "SUMMARY:Two") }
        let id = try #require(await bench.recordID(of: "e10"))
        await bench.upstream.interruptNextPull {
            await bench.editUpstream(id, "SUMMARY:One", "LOCATION:Roof\r\nSUMMARY:One")
        }
        let report = try await pass(bench)
        #expect(report.outcomes.filter { $0.value == .again }.keys.sorted() == ["e10"])
        #expect(report.counts.pushed == 23)
        try await pass(bench)
        let merged = try #require(await bench.payload(of: "e10"))
        #expect(merged.contains("LOCATION:Roof") && merged.contains("SUMMARY:Two"))
    }

    @Test(arguments: [true, false])
    func `a batch without an answer makes nothing twice, whether it was done or not`(_ isDone: Bool) async throws {
        let bench = try await bench(waiting: uids(0..<40))
        await bench.upstream.setScript { call in
            guard case .batch = call else { return nil }
            return isDone ? .loseAnswer : .refuse(.unreachable("No answer."))
        }
        await #expect(throws: BridgeError.self) { try await pass(bench, size: 10) }
        #expect(await sizes(bench) == [10])
        #expect(await bench.upstream.live.count == (isDone ? 10 : 0))
        await bench.upstream.setScript(nil)
        for _ in 0..<3 {
            bench.time.advance(4000)
            try await pass(bench, size: 10)
        }
        #expect(await bench.upstream.live.count == 40)
        #expect(Set(await bench.upstream.live.map { $0.payload }).count == 40)
        #expect(try await bench.status().pending == 0)
        // Those of the lost batch went alone.
        #expect(await sizes(bench) == [10, 10, 10, 10])
    }

    @Test func `a limit met inside a batch ends the pass, and what was done is settled`() async throws {
        let bench = try await bench(waiting: uids(0..<24))
        let limited = Set(uids(0..<9))
        await bench.upstream.setScript { call in
            guard case .write(.create(let creation)) = call, limited.contains(creation.uid) else { return nil }
            return .refuse(.throttled(retryAfter: 9))
        }
        await #expect(throws: BridgeError.throttled(retryAfter: 9)) { try await pass(bench) }
        #expect(await bench.upstream.live.count == 15)
        #expect(try await bench.links.queue(of: bench.owner).isEmpty)
        await bench.upstream.setScript(nil)
        try await pass(bench)
        #expect(await bench.upstream.live.count == 24)
        #expect(await bench.upstream.performed.count == 24)
    }

    @Test func `three parts in a row without an answer tell that the upstream is out of reach`() async throws {
        let bench = try await bench(waiting: uids(0..<24))
        let silent = Set(uids(3..<6))
        await bench.upstream.setScript { call in
            guard case .write(.create(let creation)) = call, silent.contains(creation.uid) else { return nil }
            return .refuse(.unreachable("No answer."))
        }
        await #expect(throws: BridgeError.self) { try await pass(bench) }
        #expect(await bench.upstream.live.count == 21)
    }

    @Test func `the most urgent goes first, and batches do not mix urgencies`() async throws {
        let bench = try await bench(waiting: uids(0..<22))
        // The bench's clock stands on 2026-11-18, 11:06.
        for number in 0..<3 {
            try await bench.put(event("soon\(number)", "DTSTART:20261118T11300\(number)Z", "SUMMARY:Soon"))
        }
        try await pass(bench)
        #expect(await sizes(bench) == [3, 22])
        let first = await bench.upstream.performed.prefix(3).map(\.auditedUID).sorted()
        #expect(first == ["soon0", "soon1", "soon2"])
    }

    @Test func `an edit goes between two batches`() async throws {
        let bench = try await bench(waiting: ["agreed"])
        try await bench.pass()
        for uid in uids(0..<30) { try await bench.put(event(uid, Self.month, "SUMMARY:One")) }
        let bell = EditBell()
        await bench.upstream.interruptNextWrite {
            do {
                try await bench.edit("agreed", "SUMMARY:One", "SUMMARY:Two")
                bell.ring()
            } catch {
                Issue.record(error)
            }
        }
        try await pass(bench, bell: bell, size: 10)
        #expect(await sizes(bench) == [10, 10, 10])
        let performed = await bench.upstream.performed
        #expect(performed[11].auditedUID == (await bench.recordID(of: "agreed")))
    }

    @Test func `a link that is paused sends no further batch`() async throws {
        let bench = try await bench(waiting: uids(0..<30))
        await bench.upstream.interruptNextWrite {
            do { _ = try await bench.scheduler().pause(bench.link.id) } catch { Issue.record(error) }
        }
        try await pass(bench, size: 10)
        #expect(await sizes(bench) == [10])
        #expect(await bench.upstream.live.count == 10)
    }

    @Test func `every write of a batch has its line in the audit trail`() async throws {
        let bench = try await bench(waiting: uids(0..<24))
        await bench.upstream.setScript { [no] call in
            if case .write(.create(let creation)) = call, creation.uid == "e15" { return .refuse(no) }
            return nil
        }
        try await pass(bench)
        let trail = try await bench.calendars.auditTrail(of: bench.owner, limit: 200)
        #expect(trail.count { $0.action == .upstreamCreated } == 23)
        #expect(trail.filter { $0.action == .upstreamRefused }.map(\.subject) == ["e15"])
    }

    @Test func `an event edited while its batch is under way goes up once more`() async throws {
        let bench = try await bench(waiting: uids(0..<24))
        await bench.upstream.interruptNextWrite {
            do { try await bench.edit("e20", "SUMMARY:One", "SUMMARY:Two") } catch { Issue.record(error) }
        }
        try await pass(bench)
        #expect(try await bench.status().pending == 1)
        try await pass(bench)
        #expect(await bench.payload(of: "e20")?.contains("SUMMARY:Two") == true)
        #expect(await bench.upstream.live.count == 24)
    }
}

extension RecordWrite {
    /// What the write is about: the UID of a creation, else the record.
    fileprivate var auditedUID: String {
        if case .create(let creation) = self { return creation.uid }
        return recordID
    }
}
