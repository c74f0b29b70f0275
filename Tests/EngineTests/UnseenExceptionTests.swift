import ICalendar
import SimulatorGoogle
import Store
@testable import Sync
import SyncTestSupport
import Testing

/// A series of six days, one day of which a person edits at Google, unseen: the next listing would tell.
@Suite("Google: an occurrence that was edited there and not seen yet")
struct UnseenExceptionTests {
    private static let edited = [
        "BEGIN:VEVENT", "UID:%UID", "DTSTAMP:20261101T000000Z", "RECURRENCE-ID;VALUE=DATE:20261126",
        "DTSTART;VALUE=DATE:20261126", "DTEND;VALUE=DATE:20261127", "SUMMARY:Ours", "END:VEVENT", "END:VCALENDAR",
    ]
    .joined(separator: "\r\n")

    private let world: World
    private let side: GoogleSide
    private let instance: String
    private var spoke: World.Spoke { world.spokes[0] }

    init() async throws {
        let (clock, words) = (WorldClock(), Words())
        side = await GoogleSide(seed: 1, clock: clock, words: words)
        world = try await World(seed: 1, clock, words, policy: .ask, [side])
        let event: JSON = [
            "summary": "Series", "start": ["date": "2026-11-23"], "end": ["date": "2026-11-24"],
            "recurrence": ["RRULE:FREQ=DAILY;COUNT=6"],
        ]
        let made = try await side.simulator.createEvent(event, in: side.calendarIdentifier)
        instance = try #require(made["id"]?.text) + "_20261126"
        try await world.pass(of: world.spokes[0])
    }

    private func object() async throws -> StoredObject {
        try #require(try await world.calendars.all(in: world.calendar).first)
    }

    private func edit(_ change: (String) -> String) async throws {
        let stored = try await object()
        _ = try await world.calendars.put(
            CalendarObject(parsing: change(stored.text)),
            named: stored.name,
            in: world.calendar,
            if: .always,
            by: Author(.client, name: "test")
        )
    }

    /// A pass into which somebody's edit here rings, before its listing is there.
    private func pass() async throws {
        world.clock.advance(60)
        var process = Process()
        process.isNew = false
        process.bell.ring()
        try await world.pass(of: spoke, in: process)
    }

    private func isKept() async throws -> Bool {
        let events = await side.simulator.events(in: side.calendarIdentifier)
        let exception = events.first { $0["id"]?.text == instance }
        return exception?["summary"]?.text == "Theirs" && exception?["status"]?.text == "confirmed"
    }

    private func conflicts() async throws -> Int {
        try await world.links.conflicts(of: spoke.link.principal, .open).count
    }

    @Test(arguments: ["override", "exclusion", "deletion"])
    func `is not written over, and the person is asked`(_ what: String) async throws {
        try await side.simulator.editEvent(instance, ["summary": "Theirs"], in: side.calendarIdentifier)
        world.clock.advance(60)
        switch what {
        case "override":
            let uid = try await object().uid
            let ours = Self.edited.replacing("%UID", with: uid)
            try await edit { $0.replacing("END:VCALENDAR", with: ours) }
        case "exclusion":
            try await edit { $0.replacing("RRULE:", with: "EXDATE;VALUE=DATE:20261126\r\nRRULE:") }
        case _:
            _ = try await world.calendars.delete(
                named: object().name,
                in: world.calendar,
                if: .always,
                by: Author(.client, name: "test")
            )
        }
        try await pass()
        #expect(try await isKept())
        #expect(try await conflicts() == 1)
        try await pass()
        #expect(try await isKept())
    }

    @Test func `holds up no edit of the series' own texts`() async throws {
        try await side.simulator.editEvent(instance, ["summary": "Theirs"], in: side.calendarIdentifier)
        try await edit { $0.replacing("SUMMARY:Series", with: "SUMMARY:Series\r\nLOCATION:Roof") }
        try await pass()
        #expect(try await isKept())
        #expect(try await conflicts() == 0)
        let events = await side.simulator.events(in: side.calendarIdentifier)
        #expect(events.contains { $0["location"]?.text == "Roof" && $0["summary"]?.text == "Series" })
    }

    /// A pass after whose listing, before its first write, a person changes an occurrence at Google.
    private func passWhileTheyWrite(_ place: Int = 1) async throws {
        world.clock.advance(60)
        var process = Process()
        process.isNew = false
        let calls = Counter()
        let (side, instance) = (side, instance)
        process.meanwhile = {
            guard calls.next() == place else { return }
            do {
                try await side.simulator.editEvent(instance, ["summary": "Theirs"], in: side.calendarIdentifier)
            } catch {
                Issue.record("the person could not write: \(error)")
            }
        }
        try await world.pass(of: spoke, in: process)
    }

    @Test(arguments: ["override", "exclusion", "both", "series"], [1, 2])
    func `is not written over after the listing, either`(_ what: String, _ place: Int) async throws {
        let ours = Self.edited.replacing("%UID", with: try await object().uid)
        let before = { (text: String) in
            text.replacing(
                "END:VCALENDAR",
                with: ours.replacing("20261126", with: "20261125")
                    .replacing("20261127", with: "20261126")
            )
        }
        try await edit { text in
            switch what {
            case "override": text.replacing("END:VCALENDAR", with: ours)
            case "exclusion": text.replacing("RRULE:", with: "EXDATE;VALUE=DATE:20261126\r\nRRULE:")
            case "both": before(text.replacing("RRULE:", with: "EXDATE;VALUE=DATE:20261126\r\nRRULE:"))
            case _:
                text.replacing("SUMMARY:Series", with: "SUMMARY:Series\r\nLOCATION:Roof")
                    .replacing("END:VCALENDAR", with: ours)
            }
        }
        try await passWhileTheyWrite(place)
        #expect(try await isKept())
        try await pass()
        #expect(try await isKept())
        #expect(try await conflicts() == 1)
    }

    @Test(arguments: ["moved", "cut"])
    func `does not lose its place to a series that is rescheduled after the listing`(_ what: String) async throws {
        try await edit { text in
            switch what {
            case "moved":
                text.replacing("DTEND;VALUE=DATE:20261124", with: "DTEND;VALUE=DATE:20270124")
                    .replacing("DTSTART;VALUE=DATE:20261123", with: "DTSTART;VALUE=DATE:20270123")
            case _: text.replacing("COUNT=6", with: "COUNT=2")
            }
        }
        try await passWhileTheyWrite()
        #expect(try await isKept())
        try await pass()
        #expect(try await isKept())
        #expect(try await conflicts() == 1)
    }

    @Test func `is in no conflict with what is done here to other days`() async throws {
        try await side.simulator.editEvent(instance, ["summary": "Theirs"], in: side.calendarIdentifier)
        let ours = Self.edited.replacing("%UID", with: try await object().uid)
            .replacing("20261126", with: "20261124").replacing("20261127", with: "20261125")
        try await edit { text in
            text.replacing("RRULE:", with: "EXDATE;VALUE=DATE:20261125\r\nRRULE:").replacing(
                "END:VCALENDAR",
                with: ours
            )
        }
        try await pass()
        #expect(try await conflicts() == 0)
        #expect(try await isKept())
        let here = try await object().text
        #expect(here.contains("SUMMARY:Theirs") && here.contains("SUMMARY:Ours"))
        let events = await side.simulator.events(in: side.calendarIdentifier)
        #expect(events.contains { $0["summary"]?.text == "Ours" })
        #expect(events.contains { $0["id"]?.text?.hasSuffix("20261125") == true && $0["status"]?.text == "cancelled" })
    }

    @Test func `of many that are changed here at once none goes over it`() async throws {
        let head = Self.edited.replacing("%UID", with: try await object().uid)
            .replacing("\r\nEND:VCALENDAR", with: "")
        let days = (23...27).map { day in
            head.replacing("20261127", with: "202611\(day + 1)").replacing("20261126", with: "202611\(day)")
        }
        try await edit { $0.replacing("END:VCALENDAR", with: (days + ["END:VCALENDAR"]).joined(separator: "\r\n")) }
        try await passWhileTheyWrite()
        #expect(try await isKept())
        #expect(try await conflicts() == 0)
        try await pass()
        #expect(try await conflicts() == 1)
        #expect(try await isKept())
    }

    @Test func `what a fault let go up in part is undone as a whole`() async throws {
        let before = try await object().text
        let ours = Self.edited.replacing("%UID", with: try await object().uid)
        try await edit { text in
            text.replacing("END:VCALENDAR", with: ours).replacing("SUMMARY:Series", with: "SUMMARY:Renamed")
        }
        await side.simulator.add(Fault(.failBefore(status: 503), method: "PATCH", skip: 1))
        world.clock.advance(60)
        let first = try await world.pass(of: spoke)
        #expect(first.counts.failed == 1)
        world.clock.advance(3600)
        let second = try await world.pass(of: spoke)
        #expect(second.counts.pushed == 1)
        let there = await side.simulator.events(in: side.calendarIdentifier)
        #expect(Set(there.compactMap { $0["summary"]?.text }) == ["Renamed", "Ours"])
        let scheduler = world.scheduler(of: spoke)
        for run in [second.run, first.run] {
            _ = try await scheduler.undo(#require(run), by: Author(.restore, name: "alice"))
        }
        #expect(!before.contains("Ours"))
        #expect(try await object().text.contains("SUMMARY:Ours") == false)
        #expect(try await object().text.contains("SUMMARY:Series"))
        for _ in 0..<2 { try await world.pass(of: spoke) }
        let after = await side.simulator.events(in: side.calendarIdentifier)
        #expect(Set(after.compactMap { $0["summary"]?.text }) == ["Series"])
    }

    @Test func `an occurrence that nobody changed is written at the revision it has`() async throws {
        let ours = Self.edited.replacing("%UID", with: try await object().uid)
        try await edit { $0.replacing("END:VCALENDAR", with: ours) }
        world.clock.advance(60)
        try await world.pass(of: spoke)
        let events = await side.simulator.events(in: side.calendarIdentifier)
        #expect(events.contains { $0["id"]?.text == instance && $0["summary"]?.text == "Ours" })
        let requests = await side.simulator.requests
        let write = try #require(requests.last { $0.method == "PATCH" })
        #expect(write.headers["if-match"] != nil)
    }
}
