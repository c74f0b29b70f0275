import ICalendar
import SimulatorGoogle
import Store
import Sync
import Testing

/// Ana's meeting, and the copy of it in the calendar of Bob, whom she invited; both are linked to one calendar here.
@Suite("Google: a meeting and a guest's copy of it")
struct GuestCopyTests {
    private static let (ana, bob) = ("ana@example.com", "bob@example.com")
    private let clock = WorldClock()
    private let sides: [GoogleSide]
    private let world: World
    private let copy: String

    init() async throws {
        let words = Words()
        let organizer = await GoogleSide(seed: 1, clock: clock, words: words, account: Self.ana)
        let guest = await GoogleSide(seed: 2, clock: clock, words: words, account: Self.bob)
        sides = [organizer, guest]
        let day: SimulatorGoogle.JSON = [
            "summary": "Board", "start": ["date": "2026-11-24"], "end": ["date": "2026-11-25"],
        ]
        var meeting = day
        meeting["attendees"] = [["email": .string(Self.bob)], ["email": "carl@example.org"]]
        let made = try await organizer.simulator.createEvent(meeting, in: Self.ana)
        copy = try await Self.invite(guest, by: Self.ana, uid: try #require(made["iCalUID"]?.text))
        world = try await World(seed: 1, clock, words, policy: .newest, sides)
        try await passes()
    }

    /// Puts the copy of a meeting that somebody else organises into a guest's calendar, and answers its identifier.
    private static func invite(_ guest: GoogleSide, by organizer: String, uid: String) async throws -> String {
        let account = guest.calendarIdentifier
        let invitation: SimulatorGoogle.JSON = [
            "summary": "Board", "start": ["date": "2026-11-24"], "end": ["date": "2026-11-25"],
            "iCalUID": .string(uid), "organizer": ["email": .string(organizer)],
            "attendees": [
                ["email": .string(account), "responseStatus": "needsAction"],
                ["email": .string(organizer), "responseStatus": "accepted"],
            ],
        ]
        let token = await guest.simulator.makeAccessToken(for: account)
        let reply = await guest.simulator.respond(
            to: APIRequest(
                method: "POST",
                path: "/calendar/v3/calendars/primary/events/import",
                headers: ["authorization": "Bearer \(token)", "content-type": "application/json"],
                body: Array(invitation.serialized.utf8)
            )
        )
        return try #require(try SimulatorGoogle.JSON(parsing: reply.body)["id"]?.text, "\(reply.status)")
    }

    private func passes() async throws {
        for _ in 0..<3 {
            for spoke in world.spokes {
                clock.advance(60)
                try await world.pass(of: spoke)
            }
        }
    }

    private func live(_ index: Int) async -> [SimulatorGoogle.JSON] {
        await sides[index].simulator.events(in: sides[index].calendarIdentifier).filter {
            $0["status"]?.text != "cancelled"
        }
    }

    private func here() async throws -> [StoredObject] { try await world.calendars.all(in: world.calendar) }

    @Test func `taken away by the guest, it stays the meeting of all others`() async throws {
        #expect(try await here().count == 1)
        try await sides[1].simulator.deleteEvent(copy, in: Self.bob)
        try await passes()
        #expect(await live(0).map { $0["attendees"]?.elements?.count } == [2])
        #expect(await live(1).isEmpty)
        #expect(try await here().count == 1)
        // Whoever organises it still takes it away for everybody.
        let meeting = try #require(await live(0).first?["id"]?.text)
        try await sides[0].simulator.deleteEvent(meeting, in: Self.ana)
        try await passes()
        #expect(try await here().isEmpty)
        for index in sides.indices { #expect(await sides[index].mails() == 0) }
    }

    @Test func `taken away by the guest while the organizer changes it, it does not come back`()
        async throws
    {
        try await sides[1].simulator.deleteEvent(copy, in: Self.bob)
        let meeting = try #require(await live(0).first?["id"]?.text)
        try await sides[0].simulator.editEvent(meeting, ["summary": "Board, later"], in: Self.ana)
        try await passes()
        #expect(await live(1).isEmpty)
        #expect(await live(0).map { $0["summary"]?.text } == ["Board, later"])
        #expect(try await here().map { $0.text.contains("Board\\, later") } == [true])
    }

    @Test func `taken away by the organizer while the guest notes something, it does not come back`() async throws {
        try await sides[1].simulator.editEvent(copy, ["description": "Ask for a raise"], in: Self.bob)
        let meeting = try #require(await live(0).first?["id"]?.text)
        try await sides[0].simulator.deleteEvent(meeting, in: Self.ana)
        try await passes()
        #expect(try await here().isEmpty)
        #expect(await live(0).isEmpty)
        #expect(await live(1).isEmpty)
    }

    @Test func `where both are guests of somebody else, the meeting is what its organizer makes of it`() async throws {
        let (clock, words) = (WorldClock(), Words())
        var sides: [GoogleSide] = []
        for (seed, account) in [(UInt64(3), "carl@example.com"), (4, "dora@example.com")] {
            sides.append(await GoogleSide(seed: seed, clock: clock, words: words, account: account))
        }
        var copies: [String] = []
        for side in sides {
            let id = try await Self.invite(side, by: "boss@example.com", uid: "meeting@example.com")
            copies.append(id)
        }
        let world = try await World(seed: 2, clock, words, policy: .newest, sides)
        func passes() async throws {
            for _ in 0..<3 {
                for spoke in world.spokes {
                    clock.advance(60)
                    try await world.pass(of: spoke)
                }
            }
        }
        try await passes()
        #expect(try await world.calendars.all(in: world.calendar).count == 1)
        for (side, copy) in zip(sides, copies) {
            try await side.simulator.editEvent(copy, ["summary": "Moved"], in: side.calendarIdentifier)
        }
        try await passes()
        #expect(try await world.calendars.all(in: world.calendar).first?.text.contains("SUMMARY:Moved") == true)
        for (side, copy) in zip(sides, copies) {
            try await side.simulator.deleteEvent(copy, in: side.calendarIdentifier)
        }
        try await passes()
        #expect(try await world.calendars.all(in: world.calendar).isEmpty)
    }

    @Test func `what the guest notes in the copy is nobody else's business, but the answer is`() async throws {
        let changes: SimulatorGoogle.JSON = [
            "description": "Ask for a raise",
            "attendees": [
                ["email": .string(Self.bob), "responseStatus": "tentative"],
                ["email": .string(Self.ana), "responseStatus": "accepted"],
            ],
        ]
        try await sides[1].simulator.editEvent(copy, changes, in: Self.bob)
        try await passes()
        #expect(await live(0).first?["description"] == nil)
        #expect(try await here().first?.text.contains("raise") == false)
        #expect(try await here().first?.text.contains("TENTATIVE") == true)
        #expect(await live(1).first?["description"]?.text == "Ask for a raise")
        try await sides[0].simulator.editEvent(
            #require(await live(0).first?["id"]?.text),
            ["summary": "Board, extraordinary"],
            in: Self.ana
        )
        try await passes()
        #expect(try await here().first?.text.contains("SUMMARY:Board\\, extraordinary") == true)
    }
}
