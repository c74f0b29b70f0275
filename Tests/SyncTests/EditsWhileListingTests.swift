import Bridging
import ICalendar
import Store
import SyncTestSupport
import Synchronization
import Testing

@testable import Sync

@Suite("Edits go before a listing of an upstream of which not everything is known")
struct EditsWhileListingTests {
    /// An upstream that only a sweep tells everything of, and that says what it can hold only when it is asked.
    private struct TableBridge: RelayingBridge, SweepingBridge, InquiringBridge, RecallingBridge, RereadingBridge {
        var real: ScriptedBridge
        var isKnown = Switch(false)
        var inquiries = Counter()
        var pulls = Counter()
        /// What happens while a listing is under way, before and after the upstream looks.
        var beforeLook: @Sendable () async -> Void = {}
        var afterLook: @Sendable () async -> Void = {}

        var fields: FieldSet {
            isKnown.value ? real.fields : FieldSet(writable: [.schedule, .summary], holdsOverrides: true)
        }

        func inquire() async throws(BridgeError) {
            _ = inquiries.next()
            isKnown.set(true)
        }

        func sweeping() -> any Bridge { self }

        func recall(_ records: [RecordMark]) async {}

        func called(about records: Set<String>) async {}

        func reread(_ records: [UpstreamRecord]) async throws(BridgeError) -> [UpstreamRecord]? {
            let current = await real.upstream.records
            return records.compactMap { current[$0.id] }
        }

        func pull(since cursor: SyncCursor?) async throws(BridgeError) -> PulledRecords {
            _ = pulls.next()
            isKnown.set(true)
            await beforeLook()
            let pulled = try await real.pull(since: cursor)
            await afterLook()
            return pulled
        }
    }

    /// Something that is so or not, behind a lock.
    private final class Switch: Sendable {
        private let stored: Mutex<Bool>

        init(_ value: Bool) { stored = Mutex(value) }

        var value: Bool { stored.withLock { $0 } }

        func set(_ value: Bool) { stored.withLock { $0 = value } }
    }

    private func table(_ bench: Workbench) -> TableBridge {
        TableBridge(real: ScriptedBridge(upstream: bench.upstream))
    }

    /// A pass during whose listing somebody does something, which is heeded before the listing goes on.
    private func pass(
        _ bench: Workbench,
        beforeLook isBefore: Bool = false,
        _ body: @escaping @Sendable () async throws -> Void
    ) async throws -> PassReport {
        let bell = EditBell()
        var bridge = table(bench)
        let act: @Sendable () async -> Void = {
            do {
                try await body()
                await bell.ringAndWait()
            } catch {
                Issue.record(error)
            }
        }
        if isBefore { bridge.beforeLook = act } else { bridge.afterLook = act }
        return try await bench.pass(over: bridge, hearing: bell)
    }

    /// A later listing changes nothing more.
    private func settle(_ bench: Workbench, writes: Int) async throws {
        for _ in 0..<2 { try await bench.pass(over: table(bench)) }
        #expect(await bench.upstream.performed.count == writes)
        #expect(try await bench.status().pending == 0)
    }

    // MARK: A first listing

    @Test(arguments: [true, false])
    func `an event made during a first listing goes first, and once`(_ isBefore: Bool) async throws {
        let bench = try await Workbench()
        await bench.putUpstream("a", event("there", "SUMMARY:There"))
        let report = try await pass(bench, beforeLook: isBefore) {
            try await bench.put(event("new", "SUMMARY:New"))
        }
        let seen = await bench.upstream.performed
        guard case .create(let creation) = try #require(seen.first) else {
            Issue.record("it was not made")
            return
        }
        #expect(creation.isUnlisted && seen.count == 1)
        #expect(report["new"] == .done)
        #expect(try await bench.uids() == ["new", "there"])
        try await settle(bench, writes: 1)
        #expect(await bench.upstream.live.count == 2)
        #expect(try await bench.links.cursor(of: bench.link.id) != nil)
    }

    @Test func `one that somebody made there before, under its UID, waits for the listing and stays one`()
        async throws
    {
        let bench = try await Workbench()
        await bench.putUpstream("a", event("both", "SUMMARY:There"))
        _ = try await pass(bench) { try await bench.put(event("both", "SUMMARY:Here")) }
        #expect(await bench.upstream.live.count == 1)
        #expect(try await bench.uids() == ["both"])
        #expect(await bench.payload(of: "both")?.contains("SUMMARY:Here") == true)
        try await settle(bench, writes: 1)
    }

    @Test func `what our calendar had before waits for the first listing, though it is edited meanwhile`()
        async throws
    {
        let bench = try await Workbench()
        try await bench.put(event("both", "SUMMARY:Here"))
        await bench.putUpstream("a", event("both", "SUMMARY:There"))
        _ = try await pass(bench) {
            #expect(await bench.upstream.performed.isEmpty)
            try await bench.edit("both", "Here", "Here again")
        }
        #expect(await bench.upstream.performed.count == 1)
        #expect(await bench.upstream.live.count == 1)
        try await settle(bench, writes: 1)
    }

    @Test func `an event of a first listing is edited and deleted upstream while the next pages are on their way`()
        async throws
    {
        let bench = try await Workbench()
        for uid in ["a", "b", "c"] { await bench.putUpstream(uid, event(uid, "SUMMARY:One")) }
        let records = await bench.upstream.live
        let bell = EditBell()
        let (steps, step) = AsyncStream<SyncProgress>.makeStream()
        let (pages, next) = AsyncStream<ListedPage>.makeStream()
        let bridge = StagedBridge(real: ScriptedBridge(upstream: bench.upstream), pages: pages)
        var pass = SyncPass(
            of: bench.link,
            over: bridge,
            state: bench.links,
            configuration: SyncConfiguration(),
            clock: bench.clock
        ) { step.yield($0) }
        pass.edits = bell
        async let report = pass.run()
        var told = steps.makeAsyncIterator()
        next.yield(ListedPage(records: Array(records[...1]), isLast: false))
        while let step = await told.next(), step.done < 2 {}
        try await bench.edit("a", "One", "Two")
        try await bench.delete("b")
        await bell.ringAndWait()
        #expect(await bench.payload(of: "a")?.contains("SUMMARY:Two") == true)
        #expect(await bench.upstream.live.map(\.id) == ["a", "c"])
        // What was listed before is listed once more, as it was then.
        next.yield(ListedPage(records: records, isLast: true))
        next.finish()
        _ = try await report
        #expect(try await bench.uids() == ["a", "c"])
        #expect(try await bench.text("a")?.contains("SUMMARY:Two") == true)
        for _ in 0..<2 { try await bench.pass() }
        #expect(try await bench.uids() == ["a", "c"])
        #expect(await bench.upstream.performed.count == 2)
    }

    // MARK: Another listing of everything

    /// A bench with agreed events, whose next listing is a whole one.
    private func agreed(_ uids: [String]) async throws -> Workbench {
        let bench = try await Workbench()
        for uid in uids { try await bench.put(event(uid, "SUMMARY:One")) }
        try await bench.pass(over: table(bench))
        await bench.upstream.forgetCursors()
        return bench
    }

    @Test func `edits go first after a change of what is compared`() async throws {
        let bench = try await agreed(["e", "f"])
        var change = LinkChange()
        change.policy = .gateway
        _ = try await bench.links.update(bench.link.id, change)
        _ = try await pass(bench) {
            try await bench.edit("e", "One", "Two")
            try await bench.delete("f")
            try await bench.put(event("new", "SUMMARY:New"))
        }
        // All three went while the listing was under way.
        #expect(await bench.upstream.performed.count == 5)
        #expect(try await bench.uids() == ["e", "new"])
        try await settle(bench, writes: 5)
        #expect(await bench.upstream.live.count == 2)
    }

    @Test func `an edit of an event that reads otherwise by a new mapping waits for the listing`() async throws {
        let bench = try await agreed(["e"])
        var change = LinkChange()
        change.mapping = "other"
        _ = try await bench.links.update(bench.link.id, change)
        let bell = EditBell()
        var bridge = OtherReading(real: table(bench))
        bridge.real.beforeLook = {
            do {
                try await bench.edit("e", "SUMMARY:One", "SUMMARY:Two")
                await bell.ringAndWait()
                #expect(await bench.upstream.performed.count == 1)
            } catch {
                Issue.record(error)
            }
        }
        try await bench.pass(over: bridge, hearing: bell)
        #expect(await bench.payload(of: "e")?.contains("SUMMARY:Two") == true)
    }

    /// A bridge that finds a place on every record.
    private struct OtherReading: RelayingBridge, SweepingBridge {
        var real: TableBridge

        var fields: FieldSet { real.real.fields }

        func sweeping() -> any Bridge { self }

        func object(from series: [UpstreamRecord]) throws(TranslationError) -> CalendarObject {
            let placed = series.map { record in
                var record = record
                record.payload = record.payload.replacing("SUMMARY:", with: "LOCATION:Roof\r\nSUMMARY:")
                return record
            }
            return try real.object(from: placed)
        }
    }

    @Test func `edits go first after a pass that died before it was in step`() async throws {
        let bench = try await agreed(["e"])
        await bench.putUpstream("a", event("there", "SUMMARY:There"))
        await bench.upstream.setScript { call in call.isWrite ? .refuse(.throttled(retryAfter: 5)) : nil }
        try await bench.put(event("waiting", "SUMMARY:Waiting"))
        await #expect(throws: BridgeError.self) { try await bench.pass(over: table(bench)) }
        await bench.upstream.setScript(nil)
        await bench.upstream.forgetCursors()
        _ = try await pass(bench) {
            let before = await bench.upstream.performed.count
            try await bench.edit("e", "One", "Two")
            #expect(await bench.upstream.performed.count == before)
        }
        guard case .update = try #require(await bench.upstream.performed.dropFirst().first) else {
            Issue.record("the edit was not first")
            return
        }
        try await settle(bench, writes: 3)
    }

    @Test func `an edit of what changed upstream since is merged with that, and goes first`() async throws {
        let bench = try await agreed(["e"])
        await bench.editUpstream(
            try #require(await bench.recordID(of: "e")),
            "SUMMARY:One",
            "SUMMARY:One\r\nLOCATION:Roof"
        )
        let bell = EditBell()
        var bridge = table(bench)
        bridge.beforeLook = {
            do {
                try await bench.edit("e", "SUMMARY:One", "SUMMARY:Two")
                await bell.ringAndWait()
                #expect(await bench.upstream.performed.count == 2)
            } catch {
                Issue.record(error)
            }
        }
        let report = try await bench.pass(over: bridge, hearing: bell)
        let writes = await bench.upstream.performed
        guard case .update(_, _, _, let payload) = try #require(writes.last), writes.count == 2 else {
            Issue.record("it was not written once")
            return
        }
        #expect(payload.contains("SUMMARY:Two") && payload.contains("LOCATION:Roof"))
        #expect(try await bench.text("e")?.contains("LOCATION:Roof") == true)
        #expect(report["e"] == .done && report.counts.merged == 1)
        try await settle(bench, writes: 2)
    }

    // MARK: After a restart

    @Test func `a new process asks what the upstream holds, and then edits go first as ever`() async throws {
        let bench = try await agreed(["e"])
        let bell = EditBell()
        var bridge = table(bench)
        bridge.beforeLook = {
            do {
                try await bench.edit("e", "SUMMARY:One", "SUMMARY:Two\r\nLOCATION:Roof")
                await bell.ringAndWait()
                // Everything the upstream can hold is there, and not only what a new process takes for that.
                #expect(await bench.payload(of: "e")?.contains("LOCATION:Roof") == true)
            } catch {
                Issue.record(error)
            }
        }
        try await bench.pass(over: bridge, hearing: bell)
        #expect(bridge.inquiries.next() == 1)
        try await settle(bench, writes: 2)
    }

    @Test func `who knows what the upstream holds does not ask`() async throws {
        let bench = try await agreed(["e"])
        var bridge = table(bench)
        bridge.isKnown = Switch(true)
        try await bench.pass(over: bridge)
        #expect(bridge.inquiries.next() == 0)
    }
}
