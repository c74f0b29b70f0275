import Bridging
import ICalendar
import Store
@testable import Sync
import Testing

@Suite("The first pass of a link")
struct FirstLinkTests {
    /// A link in preview: a lunch that both sides know under different UIDs, and an event of each side.
    private func bench() async throws -> Workbench {
        let bench = try await Workbench(isStarted: false)
        try await bench.put(event("lunch-here", "SUMMARY:Lunch with Ann", "LOCATION:Roof"))
        try await bench.put(event("only-here", "SUMMARY:Dentist"))
        await bench.putUpstream("a", event("lunch-there", "SUMMARY:Lunch with Anne", "LOCATION:Roof"))
        await bench.putUpstream("b", event("only-there", "SUMMARY:Board meeting"))
        return bench
    }

    private func plan(_ bench: Workbench) async throws -> LinkPlan {
        try #require(try await bench.scheduler().plan(bench.link.id))
    }

    @Test func `events that say the same are proposed as one, with how sure that is`() async throws {
        let bench = try await bench()
        let plan = try await plan(bench)
        let merge = try #require(plan.merge.first)
        #expect(plan.merge.count == 1)
        #expect(merge.uid == "lunch-here" && merge.upstreamUID == "lunch-there")
        #expect(try #require(merge.confidence) > 0.85)
        #expect(plan.gateway.create.map(\.uid) == ["only-there"])
        #expect(plan.upstream.create.map(\.uid) == ["only-here"])
    }

    @Test func `the plan that was shown is the plan that runs`() async throws {
        let bench = try await bench()
        _ = try await plan(bench)
        _ = try await bench.scheduler().start(bench.link.id)
        let report = try await bench.pass()
        #expect(report.counts.pulled + report.counts.merged == 2 && report.counts.pushed == 1)
        #expect(try await bench.uids() == ["lunch-here", "only-here", "only-there"])
        #expect(await bench.upstream.live.count == 3)
        let writes = await bench.upstream.performed.count
        try await bench.pass()
        #expect(await bench.upstream.performed.count == writes)
        await bench.editUpstream("a", "SUMMARY:Lunch with Ann", "SUMMARY:Supper with Ann")
        try await bench.pass()
        #expect(try await bench.text("lunch-here")?.contains("Supper") == true)
    }

    @Test(arguments: [LinkDirection.pull, .push])
    func `a link of one direction doubles nothing either`(_ direction: LinkDirection) async throws {
        let bench = try await Workbench(direction: direction, isStarted: false)
        try await bench.put(event("lunch-here", "SUMMARY:Lunch with Ann", "LOCATION:Roof"))
        await bench.putUpstream("a", event("lunch-there", "SUMMARY:Lunch with Anne", "LOCATION:Roof"))
        #expect(try await plan(bench).merge.map(\.uid) == ["lunch-here"])
        _ = try await bench.scheduler().start(bench.link.id)
        try await bench.pass()
        #expect(try await bench.uids() == ["lunch-here"])
        #expect(await bench.upstream.live.map(\.id) == ["a"])
        let title = direction == .pull ? "Lunch with Anne" : "Lunch with Ann"
        #expect(try await bench.text("lunch-here")?.contains("SUMMARY:\(title)\r\n") == true)
        #expect(await bench.upstream.live.first?.payload.contains("SUMMARY:\(title)\r\n") == true)
    }

    @Test(arguments: LinkDirection.allCases)
    func `the same is what both sides have, and what only one has stays there or travels`(
        _ direction: LinkDirection
    ) async throws {
        let bench = try await Workbench(direction: direction, isStarted: false)
        for uid in ["both", "dentist", "yoga"] { try await bench.put(event(uid, "SUMMARY:\(uid)")) }
        for uid in ["both", "taxes", "piano", "meeting"] { await bench.putUpstream(uid, event(uid, "SUMMARY:\(uid)")) }
        let plan = try await plan(bench)
        #expect(plan.same == 1)
        #expect(plan.gateway.create.count == (direction == .push ? 0 : 3))
        #expect(plan.upstream.create.count == (direction == .pull ? 0 : 2))
        #expect(plan.stays.upstream == (direction == .push ? 3 : 0))
        #expect(plan.stays.gateway == (direction == .pull ? 2 : 0))
    }

    @Test func `a pair that a person takes apart stays two events`() async throws {
        let bench = try await bench()
        _ = try await plan(bench)
        _ = try await bench.scheduler().start(bench.link.id, StartChoices(separate: ["lunch-there"]))
        try await bench.pass()
        #expect(try await bench.uids() == ["lunch-here", "lunch-there", "only-here", "only-there"])
        #expect(await bench.upstream.live.count == 4)
    }

    @Test func `events a person leaves out stay where they are`() async throws {
        let bench = try await bench()
        _ = try await plan(bench)
        let choices = StartChoices(skip: ["only-there", "only-here", "lunch-here", "lunch-there"])
        _ = try await bench.scheduler().start(bench.link.id, choices)
        try await bench.pass()
        #expect(try await bench.uids() == ["lunch-here", "only-here"])
        #expect(await bench.upstream.live.count == 2)
        #expect(try await plan(bench).skipped == choices.skip.sorted())
    }

    @Test func `without a plan nothing is taken for the same`() async throws {
        let bench = try await bench()
        _ = try await bench.scheduler().start(bench.link.id)
        try await bench.pass()
        #expect(try await bench.uids().count == 4)
    }

    @Test func `a first pass that was cut off goes on where it stood`() async throws {
        let bench = try await Workbench()
        for number in 0..<30 { try await bench.put(event("e\(number)", "SUMMARY:Event \(number)")) }
        await bench.upstream.setScript { call in
            guard case .write(.create(let creation)) = call, creation.uid > "e2" else { return nil }
            return .refuse(.throttled(retryAfter: 60))
        }
        await #expect(throws: BridgeError.throttled(retryAfter: 60)) { try await bench.pass() }
        let before = await bench.upstream.performed.count
        #expect((1..<30).contains(before))
        await bench.upstream.setScript(nil)
        bench.time.advance(100)
        try await bench.pass()
        #expect(await bench.upstream.live.count == 30)
        #expect(await bench.upstream.performed.count == 30)
    }

    // MARK: Likeness

    @Test(arguments: [("", "abc", 3), ("abc", "abc", 0), ("kitten", "sitting", 3), ("flaw", "lawn", 2)])
    func `the distance of two texts is the number of edits between them`(_ a: String, _ b: String, _ edits: Int) {
        #expect(Similarity.distance(Array(a), Array(b)) == edits)
        #expect(Similarity.distance(Array(b), Array(a)) == edits)
    }

    @Test(arguments: [
        ("SUMMARY:Lunch", "SUMMARY:lunch ", true), ("SUMMARY:Lunch", "SUMMARY:Launch event", false),
        ("SUMMARY:Team meeting\r\nLOCATION:Berlin", "SUMMARY:Team meeting\r\nLOCATION:Tokyo", false),
        ("SUMMARY:Team meeting\r\nLOCATION:Berlin", "SUMMARY:Team meeting", true),
        ("SUMMARY:A", "DESCRIPTION:A", false), ("DESCRIPTION:A", "DESCRIPTION:A", false),
    ])
    func `a pair needs the same title and no other place`(_ a: String, _ b: String, _ isPair: Bool) throws {
        let left = try CalendarObject(parsing: event("a", a))
        let right = try CalendarObject(parsing: event("b", b))
        #expect((Similarity.confidence(left, right) > Similarity.threshold) == isPair)
    }

    @Test func `another start is another event`() async throws {
        let bench = try await Workbench(isStarted: false)
        try await bench.put(event("x", "SUMMARY:Lunch"))
        await bench.putUpstream("a", event("y", "SUMMARY:Lunch", "DTSTART:20261121T100000Z"))
        #expect(try await plan(bench).merge.isEmpty)
    }

    @Test func `each event is in one pair at most`() async throws {
        let bench = try await Workbench(isStarted: false)
        for uid in ["x1", "x2"] { try await bench.put(event(uid, "SUMMARY:Lunch")) }
        await bench.putUpstream("a", event("y", "SUMMARY:Lunch"))
        let plan = try await plan(bench)
        #expect(plan.merge.map(\.uid) == ["x1"])
        #expect(plan.upstream.create.map(\.uid) == ["x2"])
    }
}
