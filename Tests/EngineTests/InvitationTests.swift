import ICalendar
import SimulatorGoogle
import Store
import Sync
import Testing

@Suite("Invitations of which a client, or another link, says nothing")
struct InvitationTests {
    private func invitation() async throws -> BadEventsTests.Linked {
        try await BadEventsTests.Linked.invitation(answered: "accepted")
    }

    /// What a client may do to the account's own entry without meaning anything by it.
    enum Loss: CaseIterable {
        case allGuests, ownEntry, answer, unknownAnswer

        func apply(to event: inout Component) {
            var guests = event.all("ATTENDEE")
            let isOwn = { (guest: Property) in guest.value.hasSuffix("alice@example.com") }
            switch self {
            case .allGuests:
                guests = []
                event.set("ORGANIZER", [])
            case .ownEntry: guests.removeAll(where: isOwn)
            case .answer, .unknownAnswer:
                for index in guests.indices where isOwn(guests[index]) {
                    guests[index].parameters = self == .answer ? [] : [Parameter("PARTSTAT", "DELEGATED")]
                }
            }
            event.set("ATTENDEE", guests)
        }
    }

    private func answerHere(_ linked: BadEventsTests.Linked, _ summary: String = "Lunch") async throws -> String? {
        let event = try #require(try await linked.event(summary))
        return event.all("ATTENDEE").first { $0.value.hasSuffix("alice@example.com") }?.parameter("PARTSTAT")
    }

    private func answersThere(_ linked: BadEventsTests.Linked, _ summary: String = "Lunch") async -> [String] {
        let guests = await linked.there(summary)?["attendees"]?.elements ?? []
        return guests.compactMap { $0["responseStatus"]?.text }
    }

    @Test(arguments: Loss.allCases, [false, true])
    func `what a client leaves out of its own entry is no answer, and comes back`(
        _ loss: Loss,
        _ isRenamed: Bool
    ) async throws {
        let linked = try await invitation()
        try await linked.change("Lunch") { event in
            loss.apply(to: &event)
            if isRenamed { event.set("SUMMARY", Property("SUMMARY", text: "Dinner")) }
        }
        let summary = isRenamed ? "Dinner" : "Lunch"
        try await linked.world.pass(of: linked.spoke)
        #expect(await answersThere(linked, summary) == ["accepted", "needsAction"])
        #expect(try await answerHere(linked, summary) == "ACCEPTED")
        #expect(try await linked.world.pass(of: linked.spoke).run == nil)
    }

    @Test func `an answer that is taken back in so many words is taken back there`() async throws {
        let linked = try await invitation()
        try await linked.change("Lunch") { event in
            var guests = event.all("ATTENDEE")
            for index in guests.indices { guests[index].parameters = [Parameter("PARTSTAT", "NEEDS-ACTION")] }
            event.set("ATTENDEE", guests)
        }
        try await linked.world.pass(of: linked.spoke)
        #expect(await answersThere(linked) == ["needsAction", "needsAction"])
        #expect(try await answerHere(linked) == "NEEDS-ACTION")
        #expect(try await linked.world.pass(of: linked.spoke).run == nil)
    }

    @Test func `an occurrence that a client describes without its guests keeps the answer`() async throws {
        let linked = try await BadEventsTests.Linked()
        var series = BadEventsTests.Linked.guests("accepted")
        series["recurrence"] = ["RRULE:FREQ=DAILY;COUNT=3"]
        try await linked.make("Lunch", "2026-11-23", series)
        try await linked.world.pass(of: linked.spoke)
        let stored = try #require(
            try await linked.world.calendars.all(in: linked.world.calendar).first { $0.text.contains("Lunch") }
        )
        var calendar = try stored.object().calendar
        var occurrence = try #require(try stored.object().master)
        for name in ["RRULE", "ATTENDEE", "ORGANIZER"] { occurrence.set(name, []) }
        let day = [Parameter("VALUE", "DATE")]
        for (name, value) in [("RECURRENCE-ID", "20261124"), ("DTSTART", "20261124"), ("DTEND", "20261125")] {
            occurrence.set(name, Property(name, parameters: day, value: value))
        }
        occurrence.set("SUMMARY", Property("SUMMARY", text: "Dinner"))
        calendar.append(occurrence)
        linked.world.clock.advance(60)
        _ = try await linked.world.calendars.put(
            CalendarObject(calendar),
            named: stored.name,
            in: linked.world.calendar,
            if: .always,
            by: Author(.client, name: "alice")
        )
        try await linked.world.pass(of: linked.spoke)
        #expect(await answersThere(linked, "Dinner") == ["accepted", "needsAction"])
        let text = try await linked.world.calendars.all(in: linked.world.calendar).first { $0.name == stored.name }?
            .text
        let override = try CalendarObject(parsing: #require(text)).overrides.first
        let own = override?.all("ATTENDEE").first { $0.value.hasSuffix("alice@example.com") }
        #expect(own?.parameter("PARTSTAT") == "ACCEPTED")
        #expect(try await linked.world.pass(of: linked.spoke).run == nil)
    }

    @Test func `who is invited no more is no guest here either`() async throws {
        let linked = try await invitation()
        let id = try #require(await linked.there("Lunch")?["id"]?.text)
        try await linked.side.simulator.editEvent(
            id,
            ["attendees": [["email": "bob@example.org"]]],
            in: linked.side.calendarIdentifier
        )
        try await linked.world.pass(of: linked.spoke)
        let event = try #require(try await linked.event("Lunch"))
        #expect(event.all("ATTENDEE").map(\.value) == ["mailto:bob@example.org"])
    }

    @Test func `two accounts invited to one event with a hidden list both keep their answers`() async throws {
        let clock = WorldClock()
        let words = Words()
        let mails = ["alice@example.com", "private@example.org"]
        var sides: [GoogleSide] = []
        for mail in mails {
            let side = await GoogleSide(seed: 1, clock: clock, words: words, account: mail)
            try await side.simulator.createEvent(
                [
                    "summary": "Council", "start": ["date": "2026-11-23"], "end": ["date": "2026-11-24"],
                    "iCalUID": "council@example.net",
                    "attendees": [
                        ["email": .string(mail), "responseStatus": "accepted"], ["email": "boss@example.net"],
                    ],
                ],
                in: mail
            )
            sides.append(side)
        }
        let world = try await World(seed: 1, clock, words, policy: .newest, sides)
        for _ in 0..<3 {
            for spoke in world.spokes { try await world.pass(of: spoke) }
        }
        for (side, mail) in zip(sides, mails) {
            let guests = await side.simulator.events(in: mail).first?["attendees"]?.elements ?? []
            #expect(guests.map { $0["responseStatus"]?.text } == ["accepted", "needsAction"])
        }
        let event = try #require(try await world.calendars.all(in: world.calendar).first?.object().master)
        let answers = event.all("ATTENDEE").map { "\($0.value) \($0.parameter("PARTSTAT") ?? "")" }
        #expect(Set(answers).isSuperset(of: mails.map { "mailto:\($0) ACCEPTED" }), "\(answers)")
        for spoke in world.spokes { #expect(try await world.pass(of: spoke).run == nil) }
    }
}
