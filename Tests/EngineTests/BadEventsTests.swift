import Foundation
import ICalendar
import SimulatorGoogle
import Store
import Sync
import Testing

@Suite("Events of Google that are no good events")
struct BadEventsTests {
    struct Linked {
        let side: GoogleSide
        let world: World
        var spoke: World.Spoke { world.spokes[0] }

        init(policy: ConflictPolicy = .newest) async throws {
            let clock = WorldClock()
            let words = Words()
            side = await GoogleSide(seed: 1, clock: clock, words: words)
            world = try await World(seed: 1, clock, words, policy: policy, [side])
            try await make("Good", "2026-11-23")
            try await make("Odd", "2026-11-30")
        }

        /// With an invitation of the account and of somebody else, brought here over a link that mails nobody.
        static func invitation(answered answer: String) async throws -> Self {
            let linked = try await Self()
            try await linked.make("Lunch", "2026-11-23", guests(answer))
            try await linked.world.pass(of: linked.spoke)
            return linked
        }

        /// The account with its answer, and somebody who has not answered.
        static func guests(_ answer: String) -> JSON {
            [
                "attendees": [
                    ["email": "alice@example.com", "responseStatus": .string(answer)],
                    ["email": "bob@example.org", "responseStatus": "needsAction"],
                ]
            ]
        }

        @discardableResult
        func make(_ summary: String, _ day: String, _ more: JSON = [:]) async throws -> JSON {
            var event: JSON = ["summary": .string(summary), "start": ["date": .string(day)]]
            event["end"] = ["date": day.hasSuffix("30") ? "2026-12-01" : "2026-11-24"]
            for (name, value) in more.members ?? [:] { event[name] = value }
            return try await side.simulator.createEvent(event, in: side.calendarIdentifier)
        }

        func summaries() async throws -> [String] {
            try await world.calendars.all(in: world.calendar)
                .map { try $0.object().master?.first("SUMMARY")?.text ?? "" }.sorted()
        }

        func quarantine() async throws -> [QuarantineRow] { try await world.links.quarantine(of: spoke.link.principal) }
    }

    @Test(arguments: [
        (#""start":{"date":"2026-11-30"}"#, #""begin":{"date":"2026-11-30"}"#),
        (#""start":{"date":"2026-11-30"}"#, #""start":{"date":"2026-13-45"}"#),
        (#""start":{"date":"2026-11-30"}"#, #""start":null"#),
        (#""start":{"date":"2026-11-30"}"#, #""start":"tomorrow""#),
    ])
    func `an event without a readable start is quarantined, and the others go on`(
        _ from: String,
        _ to: String
    ) async throws {
        let linked = try await Linked()
        linked.side.tampering.set { $0.replacing(from, with: to) }
        try await linked.world.pass(of: linked.spoke)
        #expect(try await linked.summaries() == ["Good"])
        #expect(try await linked.quarantine().count == 1)
        try await linked.make("Later", "2026-11-23")
        try await linked.world.pass(of: linked.spoke)
        #expect(try await linked.summaries() == ["Good", "Later"])
    }

    @Test(arguments: ["RRULE:FREQ=SOMETIMES", "RRULE:", "NONSENSE", "RRULE:FREQ=DAILY;COUNT=-1"])
    func `an event that becomes unreadable stays as it was`(_ rule: String) async throws {
        let linked = try await Linked()
        let made = try await linked.make("Series", "2026-11-23", ["recurrence": ["RRULE:FREQ=DAILY;COUNT=3"]])
        try await linked.world.pass(of: linked.spoke)
        let before = try await linked.world.calendars.all(in: linked.world.calendar).map(\.text)
        linked.side.tampering.set { $0.replacing("RRULE:FREQ=DAILY;COUNT=3", with: rule) }
        let id = try #require(made["id"]?.text)
        try await linked.side.simulator.editEvent(id, ["location": "Here"], in: linked.side.calendarIdentifier)
        try await linked.world.pass(of: linked.spoke)
        let after = try await linked.world.calendars.all(in: linked.world.calendar).map(\.text)
        let isShown = try await linked.quarantine().count == 1
        #expect(isShown && after == before, "\(after.filter { !before.contains($0) })")
    }

    @Test func `members that nobody knows are left alone`() async throws {
        let linked = try await Linked()
        linked.side.tampering.set {
            $0.replacing(#""summary":"Odd""#, with: #""novelty":{"of":[1,2,{"deep":null}]},"summary":"Odd""#)
        }
        try await linked.world.pass(of: linked.spoke)
        #expect(try await linked.summaries() == ["Good", "Odd"])
        try await linked.world.pass(of: linked.spoke)
        #expect(try await linked.quarantine().isEmpty)
    }

    @Test func `an identifier that is listed twice is one event`() async throws {
        let linked = try await Linked()
        linked.side.tampering.set { body in
            guard let start = body.range(of: #""items":["#), let end = body.range(of: "]", options: .backwards),
                body.contains(#""summary":"Odd""#)
            else { return body }
            let items = body[start.upperBound..<end.lowerBound]
            return body.replacingCharacters(in: start.upperBound..<end.lowerBound, with: items + "," + items)
        }
        try await linked.world.pass(of: linked.spoke)
        #expect(try await linked.summaries() == ["Good", "Odd"])
    }

    @Test func `a page that comes again and again is no listing, and takes nothing away`() async throws {
        let linked = try await Linked()
        try await linked.world.pass(of: linked.spoke)
        await linked.side.forget()
        linked.side.tampering.set {
            $0.replacing(#/"nextSyncToken":"[^"]*"/#, with: #""nextPageToken":"again""#)
        }
        await #expect(throws: (any Error).self) { try await linked.world.pass(of: linked.spoke) }
        #expect(try await linked.summaries() == ["Good", "Odd"])
    }
}
