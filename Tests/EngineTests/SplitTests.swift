import ICalendar
import SimulatorGoogle
import Store
import Sync
import Testing

@Suite("“This and following” in Google")
struct SplitTests {
    private struct Shown: Hashable, Comparable {
        var start: Instant
        var summary: String

        static func < (left: Shown, right: Shown) -> Bool { left.start < right.start }
    }

    /// A series of six days, brought here.
    private func series() async throws -> (linked: BadEventsTests.Linked, id: String) {
        let linked = try await BadEventsTests.Linked()
        let rule: SimulatorGoogle.JSON = ["recurrence": ["RRULE:FREQ=DAILY;COUNT=6"]]
        let made = try await linked.make("Series", "2026-11-23", rule)
        try await linked.world.pass(of: linked.spoke)
        return (linked, try #require(made["id"]?.text))
    }

    /// Every occurrence here but those of the two other events.
    private func occurrences(_ world: World) async throws -> [Shown] {
        try await world.calendars.all(in: world.calendar).flatMap { stored -> [Shown] in
            let object = try stored.object()
            let summary = object.master?.first("SUMMARY")?.text ?? ""
            guard !["Good", "Odd"].contains(summary) else { return [] }
            return try object.recurrenceSet().occurrences(in: World.window, limit: 100).map {
                Shown(start: $0.start, summary: summary)
            }
        }
        .sorted()
    }

    @Test func `a series that is split there is one run here, and no occurrence is lost or doubled`() async throws {
        let (linked, id) = try await series()
        let before = try await occurrences(linked.world)
        #expect(before.count == 6)
        let calendar = linked.side.calendarIdentifier
        try await linked.side.simulator.splitSeries(at: id + "_20261126", ["summary": "From now on"], in: calendar)
        let run = try #require(try await linked.world.pass(of: linked.spoke).run)
        let items = try #require(try await linked.world.links.run(run)?.items)
        #expect(items.map(\.action).sorted() == ["create", "pull"])
        let after = try await occurrences(linked.world)
        #expect(after.map(\.start) == before.map(\.start))
        #expect(after.prefix(3).allSatisfy { $0.summary == "Series" })
        #expect(after.suffix(3).allSatisfy { $0.summary == "From now on" })
        #expect(try await linked.world.pass(of: linked.spoke).run == nil)
    }

    @Test func `undoing that run brings the whole series back, on both sides`() async throws {
        let (linked, id) = try await series()
        let before = try await occurrences(linked.world)
        let calendar = linked.side.calendarIdentifier
        try await linked.side.simulator.splitSeries(at: id + "_20261126", ["summary": "From now on"], in: calendar)
        let run = try #require(try await linked.world.pass(of: linked.spoke).run)
        let now = linked.world.clock.now
        let bridge = linked.side.bridge(to: linked.spoke.link.upstream, in: Process())
        let scheduler = SyncScheduler(
            links: linked.world.links,
            makeBridge: { _ in bridge },
            configuration: SyncConfiguration(),
            clock: SyncClock(now: { now }, sleep: { _ in }, random: { 0 })
        )
        #expect(try await scheduler.undo(run, by: Author(.restore, name: "alice")) != nil)
        #expect(try await occurrences(linked.world) == before)
        try await linked.world.pass(of: linked.spoke)
        let there = await linked.side.simulator.events(in: calendar).first { $0["id"]?.text == id }
        #expect(there?["recurrence"] == ["RRULE:FREQ=DAILY;COUNT=6"])
        #expect(try await occurrences(linked.world) == before)
    }
}
