import Bridging
import ICalendar
import Store
import SyncTestSupport
import Synchronization
import Testing

@testable import Sync

@Suite("A first listing is carried out while it is being made")
struct FirstListingTests {
    private func record(_ id: String, _ text: String, series: String? = nil, at revision: Int = 1) -> UpstreamRecord {
        UpstreamRecord(id: id, series: series ?? id, revision: "r\(revision)", payload: text)
    }

    private func page(_ records: [UpstreamRecord], isLast: Bool = false) -> ListedPage {
        ListedPage(records: records, isLast: isLast)
    }

    /// A pass that is under way over a listing whose pages are still to come.
    private struct Listing {
        let bench: Workbench
        let pages: AsyncStream<ListedPage>.Continuation
        let report: Task<PassReport, any Error>
        let steps: AsyncStream<SyncProgress>.Continuation
        var told: AsyncStream<SyncProgress>.Iterator

        init() async throws {
            bench = try await Workbench()
            let (listed, pages) = AsyncStream<ListedPage>.makeStream()
            let (told, steps) = AsyncStream<SyncProgress>.makeStream()
            let pass = FirstListingTests.pass(bench, listed) { steps.yield($0) }
            report = Task {
                var pass = pass
                return try await pass.run()
            }
            (self.pages, self.steps, self.told) = (pages, steps, told.makeAsyncIterator())
        }

        /// The next step of its progress like that.
        mutating func step(where isWanted: (SyncProgress) -> Bool) async -> SyncProgress? {
            while let step = await told.next() {
                if isWanted(step) { return step }
            }
            return nil
        }
    }

    /// A pass over a listing of such pages, told of by whoever has the continuation.
    private static func pass(
        _ bench: Workbench,
        _ pages: AsyncStream<ListedPage>,
        failing failure: BridgeError? = nil,
        progress: @escaping @Sendable (SyncProgress) -> Void = { _ in }
    ) -> SyncPass {
        let bridge = StagedBridge(real: ScriptedBridge(upstream: bench.upstream), pages: pages, failure: failure)
        return SyncPass(
            of: bench.link,
            over: bridge,
            state: bench.links,
            configuration: SyncConfiguration(),
            clock: bench.clock,
            progress: progress
        )
    }

    /// A listing of these pages to its end, or up to where it breaks off.
    private func listing(of pages: ListedPage..., breaksOff: Bool = false) -> AsyncStream<ListedPage> {
        let (stream, continuation) = AsyncStream<ListedPage>.makeStream()
        for (number, page) in pages.enumerated() {
            var page = page
            page.isLast = !breaksOff && number == pages.count - 1
            continuation.yield(page)
        }
        continuation.finish()
        return stream
    }

    @Test func `the events of a page are here while the next one is on its way`() async throws {
        var listing = try await Listing()
        let bench = listing.bench
        listing.pages.yield(page([record("a", event("a")), record("b", event("b"))]))
        let first = await listing.step { $0.done == 2 }
        #expect(first == SyncProgress(done: 2, total: 2, isTotalKnown: false))
        #expect(try await bench.uids() == ["a", "b"])
        #expect(try await bench.status().lastSyncedAt == nil)
        listing.pages.yield(page([record("c", event("c"))]))
        let second = await listing.step { $0.done == 3 }
        #expect(second == SyncProgress(done: 3, total: 3, isTotalKnown: false))
        listing.pages.finish()
        #expect(try await listing.report.value.counts.pulled == 3)
        #expect(try await bench.uids() == ["a", "b", "c"])
        #expect(try await bench.status().lastSyncedAt != nil)
    }

    @Test func `until the last page is there, what was read so far is no total`() async throws {
        var listing = try await Listing()
        listing.pages.yield(page([record("a", event("a")), record("b", event("b"))]))
        // What was read is told before it is here.
        #expect(await listing.told.next() == SyncProgress(done: 0, total: 2, isTotalKnown: false))
        listing.pages.yield(page([record("c", event("c"))], isLast: true))
        let known = await listing.step { $0.isTotalKnown }
        #expect(known?.total == 3)
        listing.pages.finish()
        #expect(try await listing.report.value.counts.pulled == 3)
        listing.steps.finish()
        var last = known
        while let step = await listing.told.next() { last = step }
        #expect(last == SyncProgress(done: 3, total: 3))
    }

    private static let master = event("s", "RRULE:FREQ=DAILY;COUNT=3", "SUMMARY:Daily")
    private static let exception = event(
        "s",
        "RECURRENCE-ID:20261122T090000Z",
        "DTSTART:20261122T110000Z",
        "SUMMARY:Later"
    )

    @Test func `an exception on a later page comes to its series, which is there already`() async throws {
        var listing = try await Listing()
        let bench = listing.bench
        listing.pages.yield(page([record("s", Self.master), record("a", event("a"))]))
        let first = await listing.step { $0.done == 2 }
        #expect(first == SyncProgress(done: 2, total: 2, isTotalKnown: false))
        #expect(try await bench.text("s")?.contains("SUMMARY:Daily") == true)
        listing.pages.yield(page([record("s_1", Self.exception, series: "s")], isLast: true))
        listing.pages.finish()
        #expect(try await listing.report.value.counts.failed == 0)
        let text = try #require(try await bench.text("s"))
        #expect(text.contains("SUMMARY:Later") && text.contains("SUMMARY:Daily"))
        #expect(try await bench.status().pending == 0)
        #expect(await bench.upstream.performed.isEmpty)
    }

    @Test func `an exception waits for its series`() async throws {
        let bench = try await Workbench()
        let pages = listing(
            of: page([record("s_1", Self.exception, series: "s"), record("a", event("a"))]),
            page([record("s", Self.master)])
        )
        var pass = Self.pass(bench, pages)
        #expect(try await pass.run().counts.pulled == 2)
        #expect(try await bench.text("s")?.contains("SUMMARY:Later") == true)
        let stored = try #require(try await bench.calendars.object(uid: "s", in: bench.calendar))
        #expect(try await bench.calendars.versions(of: stored.id).count == 1)
    }

    @Test func `a listing without a last page loses nothing`() async throws {
        let bench = try await Workbench()
        let series = record("s", event("s", "RRULE:FREQ=DAILY"))
        let pages = listing(of: page([record("a", event("a")), series]), breaksOff: true)
        var pass = Self.pass(bench, pages)
        #expect(try await pass.run().counts.pulled == 2)
        #expect(try await bench.uids() == ["a", "s"])
    }

    @Test func `a listing that breaks off brings what was ready, and nothing of what was not`() async throws {
        let bench = try await Workbench()
        let series = record("s_1", Self.exception, series: "s")
        let pages = listing(of: page([record("a", event("a")), series]), breaksOff: true)
        var first = Self.pass(bench, pages, failing: .unreachable("gone"))
        await #expect(throws: BridgeError.unreachable("gone")) { try await first.run() }
        #expect(try await bench.uids() == ["a"])
        #expect(try await bench.status().lastSyncedAt == nil)
        #expect(try await bench.links.runs(of: bench.owner).first?.counts.pulled == 1)
        await bench.upstream.put("a", event("a"))
        await bench.upstream.put("s", event("s", "RRULE:FREQ=DAILY"))
        try await bench.pass()
        #expect(try await bench.uids() == ["a", "s"])
        let stored = try #require(try await bench.calendars.object(uid: "a", in: bench.calendar))
        #expect(try await bench.calendars.versions(of: stored.id).count == 1)
    }

    @Test func `an event that is listed twice is here as it was listed last`() async throws {
        let bench = try await Workbench()
        let pages = listing(
            of: page([record("a", event("a", "SUMMARY:Early"))]),
            page([record("a", event("a", "SUMMARY:Late"), at: 2)])
        )
        var pass = Self.pass(bench, pages)
        _ = try await pass.run()
        #expect(try await bench.text("a")?.contains("SUMMARY:Late") == true)
        #expect(try await bench.status().pending == 0)
    }

    @Test func `what cannot be read is in quarantine and stops nothing`() async throws {
        let bench = try await Workbench()
        let bad = record("bad", event("bad", "COMMENT:UNREADABLE"))
        var pass = Self.pass(bench, listing(of: page([bad, record("a", event("a"))])))
        _ = try await pass.run()
        #expect(try await bench.uids() == ["a"])
        #expect(try await bench.links.quarantine(of: bench.owner, link: bench.link.id).map(\.series) == ["bad"])
    }

    @Test func `two series of one UID are two events`() async throws {
        let bench = try await Workbench()
        let pages = listing(of: page([record("a", event("one"))]), page([record("b", event("one", "SUMMARY:Other"))]))
        var pass = Self.pass(bench, pages)
        _ = try await pass.run()
        #expect(try await bench.uids() == ["one", "one/b"])
    }

    @Test func `an event that both sides have is merged, and not made twice`() async throws {
        let bench = try await Workbench()
        try await bench.put(event("a", "SUMMARY:Lunch", "LOCATION:Roof"))
        try await bench.put(event("mine", "SUMMARY:Only here"))
        await bench.upstream.put("x", event("a", "SUMMARY:Lunch"))
        await bench.upstream.put("y", event("y"))
        let report = try await bench.pass()
        #expect(try await bench.uids() == ["a", "mine", "y"])
        #expect(try await bench.text("a")?.contains("LOCATION:Roof") == true)
        #expect(await bench.payload(of: "mine") != nil)
        #expect(report.counts.pulled == 1)
    }

    @Test func `an event that a client makes under the same UID meanwhile is not written over`() async throws {
        var listing = try await Listing()
        let bench = listing.bench
        listing.pages.yield(page([record("a", event("a"))]))
        _ = await listing.step { $0.done == 1 }
        try await bench.put(event("b", "SUMMARY:Mine", "LOCATION:Roof"))
        listing.pages.yield(page([record("b", event("b", "SUMMARY:Mine"))]))
        listing.pages.finish()
        _ = try await listing.report.value
        #expect(try await bench.text("b")?.contains("LOCATION:Roof") == true)
        #expect(try await bench.uids() == ["a", "b"])
    }

    @Test func `what the run brought can be undone`() async throws {
        let bench = try await Workbench()
        for name in ["a", "b"] { await bench.upstream.put(name, event(name)) }
        let run = try #require(try await bench.pass().run)
        let items = try #require(try await bench.links.run(run)?.items)
        #expect(items.map(\.uid) == ["a", "b"])
        #expect(try await bench.links.runs(of: bench.owner).first?.counts.pulled == 2)
    }

    @Test func `filters keep out what is listed first, too`() async throws {
        var bench = try await Workbench()
        bench.link.filters = #"{"from": "2026-12-01"}"#
        let late = event("late", "DTSTART:20261205T090000Z", "DTEND:20261205T100000Z")
        var pass = Self.pass(bench, listing(of: page([record("a", event("a")), record("late", late)])))
        _ = try await pass.run()
        #expect(try await bench.uids() == ["late"])
    }
}
