import ICalendar
import SimulatorGoogle
import Sync
import Testing

@Suite("Guests whom a link does not send")
struct UnsentGuestTests {
    /// An event of ours with a guest, whom Google was not told.
    private func linked() async throws -> BadEventsTests.Linked {
        let linked = try await BadEventsTests.Linked()
        try await linked.world.pass(of: linked.spoke)
        try await linked.change("Good") { event in
            event.set("ORGANIZER", Property("ORGANIZER", value: "mailto:alice@example.com"))
            event.set("ATTENDEE", Property("ATTENDEE", value: "mailto:Bob@example.org"))
        }
        try await linked.world.pass(of: linked.spoke)
        return linked
    }

    @Test func `that they are here alone is told, and why`() async throws {
        let linked = try await linked()
        let uid = try #require(try await linked.event("Good")?.first("UID")?.value)
        let told = try await linked.world.links.explain(uid: uid, in: linked.world.calendar).first?.sentence ?? ""
        #expect(told.contains("bob@example.org") && told.contains("sends no guests"), "\(told)")
        let other = try #require(try await linked.event("Odd")?.first("UID")?.value)
        let plain = try await linked.world.links.explain(uid: other, in: linked.world.calendar).first?.sentence
        #expect(plain == "Both sides say the same.")
    }

    @Test func `they stay when the guests change there, and who is removed there goes`() async throws {
        let linked = try await linked()
        let id = try #require(await linked.there("Good")?["id"]?.text)
        func invite(_ mails: String...) async throws -> [String] {
            let guests = mails.map { mail -> SimulatorGoogle.JSON in ["email": .string(mail)] }
            let change: SimulatorGoogle.JSON = ["attendees": .array(guests)]
            try await linked.side.simulator.editEvent(id, change, in: linked.side.calendarIdentifier)
            try await linked.world.pass(of: linked.spoke)
            let event = try #require(try await linked.event("Good"))
            #expect(event.first("ORGANIZER") != nil)
            return event.all("ATTENDEE").map { $0.value.lowercased() }.sorted()
        }
        #expect(try await invite("zoe@example.org", "max@example.org").count == 3)
        #expect(try await invite("zoe@example.org") == ["mailto:bob@example.org", "mailto:zoe@example.org"])
        #expect(try await invite() == ["mailto:bob@example.org"])
        #expect(try await linked.world.pass(of: linked.spoke).run == nil)
    }
}
