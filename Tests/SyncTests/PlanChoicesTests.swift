import Bridging
import SQL
import SQLite
import Store
@testable import Sync
import Testing

@Suite("What a person chooses of a plan")
struct PlanChoicesTests {
    /// A link in preview: a lunch that both sides know under different UIDs, with a place that only one side knows of.
    private func bench(_ policy: ConflictPolicy = .newest) async throws -> Workbench {
        let bench = try await Workbench(policy: policy, isStarted: false)
        try await bench.put(event("lunch-here", "SUMMARY:Lunch with Ann", "LOCATION:Roof"))
        await bench.putUpstream("a", event("lunch-there", "SUMMARY:Lunch with Anne", "LOCATION:Roof"))
        return bench
    }

    private func plan(_ bench: Workbench) async throws -> LinkPlan {
        try #require(try await bench.scheduler().plan(bench.link.id))
    }

    @Test(arguments: ["lunch-here", "lunch-there"])
    func `a pair of which one half is left alone stays as it is on both sides`(_ half: String) async throws {
        let bench = try await bench()
        _ = try await plan(bench)
        _ = try await bench.scheduler().start(bench.link.id, StartChoices(skip: [half]))
        try await bench.pass()
        #expect(try await bench.uids() == ["lunch-here"])
        #expect(await bench.upstream.live.map(\.id) == ["a"])
        #expect(try await bench.links.skipped(by: bench.link.id) == ["lunch-here", "lunch-there"])
    }

    @Test(arguments: ["lunch-here", "lunch-there"], [false, true])
    func `a pair that was left alone is one event once it is taken up, whichever half is named`(
        _ half: String,
        _ isEdited: Bool
    ) async throws {
        let bench = try await bench()
        _ = try await plan(bench)
        _ = try await bench.scheduler().start(bench.link.id, StartChoices(skip: ["lunch-here"]))
        try await bench.pass()
        if isEdited {
            await bench.editUpstream("a", "LOCATION:Roof", "LOCATION:Cellar")
            try await bench.pass()
        }
        try await bench.leaveAlone(.removing([half]))
        for _ in 0..<2 { try await bench.pass() }
        #expect(try await bench.uids() == ["lunch-here"])
        #expect(await bench.upstream.live.map(\.id) == ["a"])
        #expect(try await bench.links.skipped(by: bench.link.id).isEmpty)
        #expect(try await bench.status().pending == 0)
    }

    @Test func `a pair that differs is shown as waiting for a decision where the link asks`() async throws {
        let bench = try await bench(.ask)
        let shown = try await plan(bench)
        #expect(shown.merge.isEmpty)
        #expect(shown.conflicts.map(\.uid) == ["lunch-here"])
        _ = try await bench.scheduler().start(bench.link.id)
        try await bench.pass()
        #expect(try await bench.links.conflicts(of: bench.owner, .open).map(\.uid) == ["lunch-here"])
    }

    @Test func `a pair tells what each side says, and what would change where`() async throws {
        let merge = try #require(try await plan(bench()).merge.first)
        #expect(merge.gateway?.summary == "Lunch with Ann" && merge.upstream?.summary == "Lunch with Anne")
        #expect(merge.gateway?.location == "Roof" && merge.upstream?.start == merge.start)
        #expect(merge.changes.gateway == ["summary"] && merge.changes.upstream.isEmpty)
    }

    @Test func `what waits for a decision says about what`() async throws {
        let shown = try await plan(bench(.ask))
        #expect(shown.conflicts.first?.changes.disputed == ["summary"])
        #expect(shown.conflicts.first?.upstreamUID == "lunch-there")
    }

    @Test(arguments: ["lunch-here", "lunch-there"])
    func `a pair that was parted is two events in every later plan and in the pass, until it is taken back`(
        _ half: String
    ) async throws {
        let bench = try await bench()
        _ = try await plan(bench)
        var change = LinkChange()
        change.separate = .adding([half])
        _ = try await bench.links.update(bench.link.id, change)
        let parted = try await plan(bench)
        #expect(parted.merge.isEmpty && parted.separated.map(\.uids) == [["lunch-here", "lunch-there"]])
        #expect(parted.gateway.create.map(\.uid) == ["lunch-there"])
        #expect(parted.upstream.create.map(\.uid) == ["lunch-here"])

        change.separate = .removing([half])
        _ = try await bench.links.update(bench.link.id, change)
        #expect(try await plan(bench).merge.map(\.uid) == ["lunch-here"])

        change.separate = .adding([half])
        _ = try await bench.links.update(bench.link.id, change)
        _ = try await plan(bench)
        _ = try await bench.scheduler().start(bench.link.id)
        try await bench.pass()
        #expect(try await bench.uids() == ["lunch-here", "lunch-there"])
        #expect(await bench.upstream.live.count == 2)
    }

    @Test func `what is left alone before any plan is left alone in pairs by the plan`() async throws {
        let bench = try await bench()
        var change = LinkChange()
        change.skip = .exactly(["lunch-here"])
        _ = try await bench.links.update(bench.link.id, change)
        let shown = try await plan(bench)
        #expect(shown.leftAlone.map(\.uids) == [["lunch-here", "lunch-there"]])
        #expect(shown.merge.isEmpty && shown.gateway.create.isEmpty && shown.upstream.create.isEmpty)
        _ = try await bench.scheduler().start(bench.link.id)
        try await bench.pass()
        #expect(try await bench.uids() == ["lunch-here"])
        #expect(await bench.upstream.live.count == 1)
    }

    @Test func `what is chosen in several windows at once is all chosen`() async throws {
        let bench = try await bench()
        let uids = (0..<20).map { "event-\($0)" }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for uid in uids { group.addTask { try await bench.leaveAlone(.adding([uid])) } }
            try await group.waitForAll()
        }
        #expect(try await Set(bench.links.skipped(by: bench.link.id)) == Set(uids))
        try await bench.leaveAlone(.removing(["event-7"]))
        #expect(try await Set(bench.links.skipped(by: bench.link.id)) == Set(uids).subtracting(["event-7"]))
    }

    @Test func `a pair that the filters hide is two events still when they let it through`() async throws {
        let bench = try await bench()
        var change = LinkChange()
        change.filters = #"{"categories":["work"]}"#
        _ = try await bench.links.update(bench.link.id, change)
        let shown = try await plan(bench)
        #expect(shown.merge.isEmpty && shown.leftAlone.isEmpty)
        _ = try await bench.scheduler().start(bench.link.id)
        try await bench.pass()
        change.filters = .some(nil)
        _ = try await bench.links.update(bench.link.id, change)
        for _ in 0..<2 { try await bench.pass() }
        #expect(try await bench.uids() == ["lunch-here", "lunch-there"])
        #expect(await bench.upstream.live.count == 2)
    }

    @Test func `a plan of a link that has begun proposes no pairs`() async throws {
        let bench = try await bench()
        var change = LinkChange()
        change.filters = #"{"categories":["work"]}"#
        _ = try await bench.links.update(bench.link.id, change)
        _ = try await bench.scheduler().start(bench.link.id)
        try await bench.pass()
        change.filters = .some(nil)
        _ = try await bench.links.update(bench.link.id, change)
        #expect(try await plan(bench).merge.isEmpty)
        try await bench.leaveAlone(.adding(["nothing of these"]))
        for _ in 0..<2 { try await bench.pass() }
        #expect(try await bench.uids() == ["lunch-here", "lunch-there"])
        #expect(await bench.upstream.live.count == 2)
    }

    @Test func `what a plan sees of a link that has begun, the next pass looks at`() async throws {
        let bench = try await Workbench()
        try await bench.pass()
        await bench.putUpstream("a", event("e", "SUMMARY:Lunch"))
        #expect(try await plan(bench).gateway.create.map(\.uid) == ["e"])
        #expect(try await bench.uids().isEmpty)
        try await bench.pass()
        #expect(try await bench.uids() == ["e"])
    }

    @Test func `a pair of which a filter lets one half through is taken in as one event`() async throws {
        let bench = try await Workbench(isStarted: false)
        try await bench.put(event("here", "SUMMARY:Lunch", "CATEGORIES:Work"))
        await bench.putUpstream("a", event("there", "SUMMARY:Lunch"))
        var change = LinkChange()
        change.filters = #"{"categories":["work"]}"#
        _ = try await bench.links.update(bench.link.id, change)
        #expect(try await plan(bench).merge.map(\.uids) == [["here", "there"]])
        _ = try await bench.scheduler().start(bench.link.id)
        try await bench.pass()
        #expect(try await bench.uids() == ["here"])
        #expect(await bench.upstream.live.count == 1)
    }

    @Test func `a start that fails leaves the preview as it was chosen`() async throws {
        let bench = try await bench()
        _ = try await plan(bench)
        var change = LinkChange()
        change.separate = .adding(["lunch-here"])
        _ = try await bench.links.update(bench.link.id, change)
        let before = try await plan(bench)
        try await bench.database.write { transaction in
            try transaction.run(
                """
                CREATE TRIGGER full_disk BEFORE UPDATE OF state ON link BEGIN SELECT RAISE(ABORT, 'disk full'); END
                """
            )
        }
        await #expect(throws: (any Error).self) {
            _ = try await bench.scheduler().start(bench.link.id, StartChoices(skip: ["elsewhere"]))
        }
        try await bench.database.write { _ = try $0.run("DROP TRIGGER full_disk") }
        #expect(try await bench.status().state == .preview)
        #expect(try await plan(bench) == before)
        _ = try await bench.scheduler().start(bench.link.id)
        try await bench.pass()
        #expect(try await bench.uids() == ["lunch-here", "lunch-there"])
    }

    @Test func `pairs are chosen about in preview alone`() async throws {
        let bench = try await bench()
        _ = try await plan(bench)
        _ = try await bench.scheduler().start(bench.link.id)
        for choice in [ChosenEvents.exactly(["lunch-here"]), .adding(["lunch-here"]), .removing(["lunch-here"])] {
            var change = LinkChange()
            change.separate = choice
            change.policy = .ask
            await #expect(throws: LinkHasBegun.self) { _ = try await bench.links.update(bench.link.id, change) }
        }
        #expect(try await bench.links.link(bench.link.id)?.policy == .newest)
        await #expect(throws: LinkHasBegun.self) {
            _ = try await bench.scheduler().start(bench.link.id, StartChoices(separate: ["lunch-here"]))
        }
    }
}
