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
    private func series(
        _ policy: ConflictPolicy = .newest
    ) async throws -> (linked: BadEventsTests.Linked, id: String) {
        let linked = try await BadEventsTests.Linked(policy: policy)
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

    /// An override of the whole-day series.
    private static func override(of day: Int, _ uid: String, _ summary: String) -> String {
        [
            "BEGIN:VEVENT", "UID:\(uid)", "DTSTAMP:20261101T000000Z", "RECURRENCE-ID;VALUE=DATE:202611\(day)",
            "DTSTART;VALUE=DATE:202611\(day)", "DTEND;VALUE=DATE:202611\(day + 1)", "SUMMARY:\(summary)", "END:VEVENT",
            "END:VCALENDAR",
        ]
        .joined(separator: "\r\n")
    }

    @Test(arguments: [ConflictPolicy.newest, .gateway, .upstream], [24, 27])
    func `an occurrence that was edited here meanwhile brings no day back that was split off`(
        _ policy: ConflictPolicy,
        _ day: Int
    ) async throws {
        let (linked, id) = try await series(policy)
        let before = try await occurrences(linked.world)
        let calendar = linked.side.calendarIdentifier
        try await linked.side.simulator.splitSeries(at: id + "_20261126", ["summary": "From now on"], in: calendar)
        linked.world.clock.advance(120)
        let stored = try #require(
            try await linked.world.calendars.all(in: linked.world.calendar).first { $0.text.contains("RRULE") }
        )
        let edited = Self.override(of: day, stored.entry.uid, "Ours")
        _ = try await linked.world.calendars.put(
            CalendarObject(parsing: stored.text.replacing("END:VCALENDAR", with: edited)),
            named: stored.name,
            in: linked.world.calendar,
            if: .always,
            by: Author(.client, name: "test")
        )
        for _ in 0..<3 {
            linked.world.clock.advance(60)
            try await linked.world.pass(of: linked.spoke)
        }
        let after = try await occurrences(linked.world)
        #expect(after.map(\.start) == before.map(\.start))
        let isInFirstHalf = day < 26
        let here = try await linked.world.calendars.all(in: linked.world.calendar)
        #expect(here.contains { $0.text.contains("SUMMARY:Ours") } == isInFirstHalf)
        let there = await linked.side.simulator.events(in: calendar)
        #expect(there.contains { $0["summary"]?.text == "Ours" } == isInFirstHalf)
        let overruled = try await linked.world.links.conflicts(of: linked.spoke.link.principal, nil)
        #expect(overruled.count == (isInFirstHalf ? 0 : 1))
        #expect(try await linked.world.pass(of: linked.spoke).run == nil)
    }

    /// A series that is split there while a client moves the whole of it by a day.
    private func movedWhileSplit(_ policy: ConflictPolicy) async throws -> (BadEventsTests.Linked, before: [Shown]) {
        let (linked, id) = try await series(policy)
        let before = try await occurrences(linked.world)
        let calendar = linked.side.calendarIdentifier
        try await linked.side.simulator.splitSeries(at: id + "_20261126", ["summary": "From now on"], in: calendar)
        linked.world.clock.advance(120)
        let stored = try #require(
            try await linked.world.calendars.all(in: linked.world.calendar).first { $0.text.contains("RRULE") }
        )
        let moved = stored.text.replacing("DTEND;VALUE=DATE:20261124", with: "DTEND;VALUE=DATE:20261125")
            .replacing("DTSTART;VALUE=DATE:20261123", with: "DTSTART;VALUE=DATE:20261124")
        #expect(moved != stored.text)
        _ = try await linked.world.calendars.put(
            CalendarObject(parsing: moved),
            named: stored.name,
            in: linked.world.calendar,
            if: .always,
            by: Author(.client, name: "test")
        )
        for _ in 0..<3 {
            linked.world.clock.advance(60)
            try await linked.world.pass(of: linked.spoke)
        }
        return (linked, before)
    }

    @Test(arguments: [ConflictPolicy.newest, .gateway, .upstream])
    func `a series that was moved here meanwhile stays split, and no day is doubled`(
        _ policy: ConflictPolicy
    ) async throws {
        let (linked, before) = try await movedWhileSplit(policy)
        #expect(try await occurrences(linked.world).map(\.start) == before.map(\.start))
        let overruled = try await linked.world.links.conflicts(of: linked.spoke.link.principal, nil)
        #expect(overruled.count == 1 && overruled[0].state == .resolved)
        #expect(try await linked.world.pass(of: linked.spoke).run == nil)
    }

    @Test func `while a person is asked about a series that was split, its new part waits too`() async throws {
        let (linked, before) = try await movedWhileSplit(.ask)
        let moved = before.map { Shown(start: $0.start + 86_400, summary: $0.summary) }
        #expect(try await occurrences(linked.world) == moved)
        let open = try await linked.world.links.conflicts(of: linked.spoke.link.principal, .open)
        #expect(open.count == 1)
        #expect(try await linked.world.pass(of: linked.spoke).run == nil)
        let scheduler = linked.world.scheduler(of: linked.spoke)
        _ = try await scheduler.resolve(open[0].id, .upstream, by: Author(.client, name: "alice"))
        for _ in 0..<2 { try await linked.world.pass(of: linked.spoke) }
        #expect(try await occurrences(linked.world).map(\.start) == before.map(\.start))
    }

    @Test func `where a person keeps the series as it is here, its new part goes`() async throws {
        let (linked, before) = try await movedWhileSplit(.ask)
        let open = try await linked.world.links.conflicts(of: linked.spoke.link.principal, .open)
        let scheduler = linked.world.scheduler(of: linked.spoke)
        _ = try await scheduler.resolve(#require(open.first).id, .gateway, by: Author(.client, name: "alice"))
        for _ in 0..<2 {
            linked.world.clock.advance(60)
            try await linked.world.pass(of: linked.spoke)
        }
        let moved = before.map { Shown(start: $0.start + 86_400, summary: $0.summary) }
        #expect(try await occurrences(linked.world) == moved)
        let there = await linked.side.simulator.events(in: linked.side.calendarIdentifier)
        let titles = there.filter { $0["status"]?.text != "cancelled" }.compactMap { $0["summary"]?.text }
        #expect(titles.contains("Series") && !titles.contains("From now on"))
        #expect(try await linked.world.pass(of: linked.spoke).run == nil)
    }

    @Test func `a part of a series that was here stays here, though it begins outside the window`() async throws {
        let (linked, id) = try await series()
        let before = try await occurrences(linked.world)
        var change = LinkChange()
        // The window ends after the second day of the series.
        change.filters = .some(#"{"future_days":6}"#)
        _ = try await linked.world.links.update(linked.spoke.link.id, change)
        try await linked.world.pass(of: linked.spoke)
        let calendar = linked.side.calendarIdentifier
        try await linked.side.simulator.splitSeries(at: id + "_20261127", ["summary": "From now on"], in: calendar)
        for _ in 0..<2 { try await linked.world.pass(of: linked.spoke) }
        #expect(try await occurrences(linked.world).map(\.start) == before.map(\.start))
        #expect(try await linked.world.pass(of: linked.spoke).run == nil)
    }

    /// A series that was split there, and the run that brought it.
    private struct Split {
        let linked: BadEventsTests.Linked
        let id: String
        let run: RunID
        let before: [Shown]
        var world: World { linked.world }
        var calendar: String { linked.side.calendarIdentifier }
        var rest: String { id + "_R20261126" }

        func undo(_ run: RunID? = nil) async throws -> UndoneRun {
            let author = Author(.restore, name: "alice")
            return try #require(try await world.scheduler(of: linked.spoke).undo(run ?? self.run, by: author))
        }

        /// Some passes, each of which may answer to the one before; the first run is answered.
        func passes() async throws -> RunID? {
            var first: RunID?
            for _ in 0..<3 {
                let run = try await world.pass(of: linked.spoke).run
                first = first ?? run
            }
            return first
        }

        /// The recurrence of what is left of the series there, by identifier.
        func there() async -> [String: SimulatorGoogle.JSON] {
            let events = await linked.side.simulator.events(in: calendar)
            let live = events.filter { $0["status"]?.text != "cancelled" && $0["recurrence"] != nil }
            return Dictionary(uniqueKeysWithValues: live.map { ($0["id"]?.text ?? "", $0["recurrence"] ?? .null) })
        }

        func uid(_ id: String) -> String { id + "@google.com" }

        func put(_ uid: String, _ from: String, _ to: String) async throws {
            let stored = try #require(try await world.calendars.all(in: world.calendar).first { $0.uid == uid })
            let object = try CalendarObject(parsing: stored.text.replacing(from, with: to))
            world.clock.advance(60)
            let author = Author(.client, name: "alice")
            _ = try await world.calendars.put(object, named: stored.name, in: world.calendar, if: .always, by: author)
        }
    }

    private func split(guests: Bool = false, _ direction: LinkDirection = .both) async throws -> Split {
        let (linked, id) = try await series()
        if guests {
            let bob: SimulatorGoogle.JSON = ["attendees": [["email": "bob@example.org"]]]
            try await linked.side.simulator.editEvent(id, bob, in: linked.side.calendarIdentifier)
        }
        var change = LinkChange()
        change.direction = direction
        _ = try await linked.world.links.update(linked.spoke.link.id, change)
        try await linked.world.pass(of: linked.spoke)
        let before = try await occurrences(linked.world)
        let calendar = linked.side.calendarIdentifier
        try await linked.side.simulator.splitSeries(at: id + "_20261126", ["summary": "From now on"], in: calendar)
        let run = try #require(try await linked.world.pass(of: linked.spoke).run)
        return Split(linked: linked, id: id, run: run, before: before)
    }

    private static let whole: SimulatorGoogle.JSON = ["RRULE:FREQ=DAILY;COUNT=6"]

    @Test func `undoing that run brings the whole series back, on both sides`() async throws {
        let split = try await split(guests: true)
        let undone = try await split.undo()
        #expect(undone.restored == [split.uid(split.id)] && undone.removed == [split.uid(split.rest)])
        #expect(undone.kept.isEmpty)
        #expect(try await occurrences(split.world) == split.before)
        _ = try await split.passes()
        #expect(await split.there() == [split.id: Self.whole])
        #expect(try await occurrences(split.world) == split.before)
        #expect(await split.linked.side.mails() == 0)
        #expect(try await split.world.links.skipped(by: split.linked.spoke.link.id).isEmpty)
    }

    @Test func `where one part alone is as it was, the other is named and stays`() async throws {
        let split = try await split()
        func calendar() async throws -> [StoredObject] { try await split.world.calendars.all(in: split.world.calendar) }
        let first = try #require(try await calendar().first { $0.uid == split.uid(split.id) })
        #expect(try await split.world.calendars.doubles(of: first.id).isEmpty)
        let whole = try #require(try await split.world.calendars.versions(of: first.id).first)
        _ = try await split.world.calendars.put(
            CalendarObject(parsing: whole.text),
            named: first.name,
            in: split.world.calendar,
            if: .always,
            by: Author(.client, name: "alice")
        )
        #expect(try await split.world.calendars.doubles(of: first.id).map(\.uid) == [split.uid(split.rest)])
        #expect(try await calendar().contains { $0.uid == split.uid(split.rest) })
    }

    @Test func `undoing the undoing brings both parts back`() async throws {
        let split = try await split()
        let after = try await occurrences(split.world)
        _ = try await split.undo()
        let run = try #require(try await split.passes())
        #expect(try await split.undo(run).restored.count == 2)
        #expect(try await occurrences(split.world) == after)
        _ = try await split.passes()
        #expect(try await occurrences(split.world) == after)
        #expect(await split.there().count == 2)
        #expect(await split.there()[split.id] != Self.whole)
    }

    @Test(arguments: [true, false])
    func `where a part was changed since, all parts stay`(_ isChangedHere: Bool) async throws {
        let split = try await split()
        if isChangedHere {
            try await split.put(split.uid(split.rest), "From now on", "Ours")
        } else {
            // Nothing has told of it yet.
            try await split.linked.side.simulator.editEvent(split.rest, ["summary": "Theirs"], in: split.calendar)
        }
        let undone = try await split.undo()
        #expect(undone.restored.isEmpty && undone.removed.isEmpty)
        #expect(undone.kept == [split.uid(split.id), split.uid(split.rest)])
        #expect(undone.sentence.contains("2 left"))
        _ = try await split.passes()
        let shown = try await occurrences(split.world)
        #expect(shown.map(\.start) == split.before.map(\.start))
        #expect(shown.suffix(3).allSatisfy { $0.summary == (isChangedHere ? "Ours" : "Theirs") })
        #expect(await split.there().count == 2)
    }

    @Test func `a part that was taken away since is no reason to leave the other`() async throws {
        let split = try await split()
        try await split.linked.side.simulator.deleteEvent(split.rest, in: split.calendar)
        try await split.world.pass(of: split.linked.spoke)
        #expect(try await split.undo().restored == [split.uid(split.id)])
        _ = try await split.passes()
        #expect(try await occurrences(split.world) == split.before)
        #expect(await split.there() == [split.id: Self.whole])
    }

    @Test func `over a link that writes nothing there, the series is whole here`() async throws {
        let split = try await split(.pull)
        #expect(try await split.undo().removed == [split.uid(split.rest)])
        _ = try await split.passes()
        #expect(await split.there().count == 2)
        let rest = split.uid(split.rest)
        #expect(try await split.world.calendars.all(in: split.world.calendar).allSatisfy { $0.uid != rest })
    }
}
