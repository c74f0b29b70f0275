import ICalendar
import SimulatorGoogle
import Store
import Sync
import Testing

@Suite("Descriptions in two forms, text and HTML, of Google's events")
struct GoogleDescriptionTests {
    private static let html = "<b>Soup</b> and bread"

    /// What became of an event whose description was edited here.
    private struct Outcome: Equatable {
        var there: String?
        var text: String?
        var html: String?
    }

    /// Edits the lines of an event that Google has with HTML, and runs two passes; the second writes nothing.
    private func edit(_ change: (inout Component) -> Void) async throws -> Outcome {
        let linked = try await BadEventsTests.Linked()
        try await linked.make("Lunch", "2026-11-23", ["description": .string(Self.html)])
        try await linked.world.pass(of: linked.spoke)
        try await linked.change("Lunch", change)
        try await linked.world.pass(of: linked.spoke)
        #expect(try await linked.world.pass(of: linked.spoke).run == nil)
        let event = try #require(try await linked.event("Lunch"))
        return Outcome(
            there: await linked.there("Lunch")?["description"]?.text,
            text: event.first("DESCRIPTION")?.text,
            html: event.first("X-ALT-DESC")?.text
        )
    }

    @Test func `a text that is changed beside its HTML replaces both`() async throws {
        let outcome = try await edit { $0.set("DESCRIPTION", Property("DESCRIPTION", text: "Only soup")) }
        #expect(outcome == Outcome(there: "Only soup", text: "Only soup", html: nil))
    }

    @Test func `HTML that is changed beside its text replaces both`() async throws {
        let outcome = try await edit { $0.set("X-ALT-DESC", Property("X-ALT-DESC", text: "<i>Fish</i>")) }
        #expect(outcome == Outcome(there: "<i>Fish</i>", text: "Fish", html: "<i>Fish</i>"))
    }

    @Test func `both forms changed alike go up as HTML`() async throws {
        let outcome = try await edit {
            $0.set("X-ALT-DESC", Property("X-ALT-DESC", text: "<i>Fish</i>"))
            $0.set("DESCRIPTION", Property("DESCRIPTION", text: "Fish"))
        }
        #expect(outcome == Outcome(there: "<i>Fish</i>", text: "Fish", html: "<i>Fish</i>"))
    }

    @Test func `HTML stays there where a client drops it here`() async throws {
        let outcome = try await edit {
            $0.set("X-ALT-DESC", [])
            $0.set("LOCATION", Property("LOCATION", text: "Here"))
        }
        #expect(outcome == Outcome(there: Self.html, text: "Soup and bread", html: nil))
    }
}

@Suite("Answers to invitations")
struct AnswerTests {
    private func invitation() async throws -> BadEventsTests.Linked {
        try await BadEventsTests.Linked.invitation(answered: "needsAction")
    }

    private func answer(_ linked: BadEventsTests.Linked, _ mail: String, _ answer: String) async throws {
        try await linked.change("Lunch") { event in
            var guests = event.all("ATTENDEE")
            for index in guests.indices where guests[index].value.hasSuffix(mail) {
                guests[index].parameters = [Parameter("PARTSTAT", answer)]
            }
            event.set("ATTENDEE", guests)
        }
    }

    private func answersThere(_ linked: BadEventsTests.Linked) async -> [String] {
        let guests = await linked.there("Lunch")?["attendees"]?.elements ?? []
        return guests.compactMap { $0["responseStatus"]?.text }
    }

    private func answersHere(_ linked: BadEventsTests.Linked) async throws -> [String] {
        let event = try #require(try await linked.event("Lunch"))
        return event.all("ATTENDEE").compactMap { $0.parameter("PARTSTAT") }
    }

    @Test func `an answer given here goes up over a link that mails nobody, and nobody else's does`() async throws {
        let linked = try await invitation()
        try await answer(linked, "alice@example.com", "ACCEPTED")
        try await answer(linked, "bob@example.org", "DECLINED")
        try await linked.world.pass(of: linked.spoke)
        #expect(await answersThere(linked) == ["accepted", "needsAction"])
        #expect(await linked.side.mails() == 0)
        #expect(try await linked.world.pass(of: linked.spoke).run == nil)
    }

    @Test func `an answer given here goes into the list that changed there meanwhile`() async throws {
        let linked = try await invitation()
        try await answer(linked, "alice@example.com", "TENTATIVE")
        let id = try #require(await linked.there("Lunch")?["id"]?.text)
        let change: SimulatorGoogle.JSON = [
            "attendees": [
                ["email": "alice@example.com", "responseStatus": "needsAction"],
                ["email": "bob@example.org"], ["email": "carol@example.org"],
            ]
        ]
        try await linked.side.simulator.editEvent(id, change, in: linked.side.calendarIdentifier)
        try await linked.world.pass(of: linked.spoke)
        #expect(await answersThere(linked) == ["tentative", "needsAction", "needsAction"])
        #expect(try await answersHere(linked) == ["TENTATIVE", "NEEDS-ACTION", "NEEDS-ACTION"])
        #expect(try await linked.world.pass(of: linked.spoke).run == nil)
    }

    @Test func `an answer given there comes here`() async throws {
        let linked = try await invitation()
        let id = try #require(await linked.there("Lunch")?["id"]?.text)
        let change: SimulatorGoogle.JSON = [
            "attendees": [["email": "alice@example.com", "responseStatus": "accepted"]]
        ]
        try await linked.side.simulator.editEvent(id, change, in: linked.side.calendarIdentifier)
        try await linked.world.pass(of: linked.spoke)
        #expect(try await answersHere(linked) == ["ACCEPTED"])
    }
}

extension BadEventsTests.Linked {
    /// The event of that title here.
    func event(_ summary: String) async throws -> Component? {
        try await world.calendars.all(in: world.calendar).compactMap { try $0.object().master }
            .first { $0.first("SUMMARY")?.text == summary }
    }

    /// The event of that title at Google.
    func there(_ summary: String) async -> SimulatorGoogle.JSON? {
        await side.simulator.events(in: side.calendarIdentifier).first { $0["summary"]?.text == summary }
    }

    /// Changes the event of that title as a client does.
    func change(_ summary: String, _ change: (inout Component) -> Void) async throws {
        for stored in try await world.calendars.all(in: world.calendar) {
            var calendar = try stored.object().calendar
            let isMeant = { (component: Component) in component.first("SUMMARY")?.text == summary }
            guard calendar.components.contains(where: isMeant) else { continue }
            calendar.updateComponents(where: isMeant, change)
            world.clock.advance(60)
            _ = try await world.calendars.put(
                CalendarObject(calendar),
                named: stored.name,
                in: world.calendar,
                if: .always,
                by: Author(.client, name: "alice")
            )
        }
    }
}
