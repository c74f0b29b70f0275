import ICalendar
import SimulatorGoogle
import Store
import Sync
import Testing

@Suite("Who is mailed about what is written to Google")
struct MailTests {
    private struct Table {
        let clock = WorldClock()
        let side: GoogleSide
        let world: World
        private let author = Author(.client, name: "alice")

        /// A calendar of ours, linked so that nothing was listed yet.
        init(notifiesGuests: Bool) async throws {
            let words = Words()
            side = await GoogleSide(seed: 1, clock: clock, words: words)
            world = try await World(seed: 1, clock, words, policy: .newest, [side])
            var change = LinkChange()
            change.notifiesGuests = notifiesGuests
            _ = try await world.links.update(world.spokes[0].link.id, change)
        }

        /// An event with two guests, Alice not among them.
        func put(_ uid: String, _ day: String = "20261123", _ lines: String...) async throws {
            let guests = ["ATTENDEE:mailto:bob@example.org", "ATTENDEE:mailto:carol@example.org"]
            let times = ["DTSTART;VALUE=DATE:\(day)", "SUMMARY:\(uid)", "UID:\(uid)", "DTSTAMP:20261101T000000Z"]
            let head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN", "BEGIN:VEVENT"]
            let text = (head + times + guests + lines + ["END:VEVENT", "END:VCALENDAR", ""]).joined(separator: "\r\n")
            clock.advance(60)
            _ = try await world.calendars.put(
                CalendarObject(parsing: text),
                named: "\(uid).ics",
                in: world.calendar,
                if: .always,
                by: author
            )
        }

        func delete(_ uid: String) async throws {
            clock.advance(60)
            _ = try await world.calendars.delete(
                named: "\(uid).ics",
                in: world.calendar,
                if: .always,
                by: author
            )
        }

        /// Runs a pass, and answers who was mailed in it.
        func pass() async throws -> [String] {
            let before = await side.mails()
            try await world.pass(of: world.spokes[0])
            return await side.simulator.mails.dropFirst(before).map(\.recipient).sorted()
        }

        /// How many guests Google has of an event.
        func guests(of uid: String) async -> Int? {
            let events = await side.simulator.events(in: side.calendarIdentifier)
            let living = events.filter { $0["status"]?.text != "cancelled" }
            return living.first { $0["summary"]?.text == uid }.map { $0["attendees"]?.elements?.count ?? 0 }
        }
    }

    private static let both = ["bob@example.org", "carol@example.org"]

    @Test func `the first pass of a link mails nobody about what was here before it`() async throws {
        let table = try await Table(notifiesGuests: true)
        try await table.put("before")
        #expect(try await table.pass() == [])
        #expect(await table.guests(of: "before") == 2)
        try await table.put("after")
        #expect(try await table.pass() == Self.both)
    }

    @Test func `nobody is mailed about what is over`() async throws {
        let table = try await Table(notifiesGuests: true)
        _ = try await table.pass()
        try await table.put("over", "20261109")
        #expect(try await table.pass() == [])
        #expect(await table.guests(of: "over") == 2)
        try await table.delete("over")
        #expect(try await table.pass() == [])
        #expect(await table.guests(of: "over") == nil)
    }

    @Test func `what goes together is mailed about event by event`() async throws {
        let table = try await Table(notifiesGuests: true)
        _ = try await table.pass()
        for number in 1...3 { try await table.put("over \(number)", "20261109") }
        for number in 1...3 { try await table.put("to come \(number)") }
        #expect(try await table.pass().count == 6)
    }

    @Test func `an event that asks for it has its guests mailed over a link that mails nobody`() async throws {
        let table = try await Table(notifiesGuests: false)
        _ = try await table.pass()
        try await table.put("plain")
        try await table.put("asking", "20261123", "X-KALENDS-NOTIFY-GUESTS:TRUE")
        #expect(try await table.pass() == Self.both)
        #expect(await table.guests(of: "plain") == 0)
        #expect(await table.guests(of: "asking") == 2)
        #expect(try await table.pass() == [])
        try await table.delete("asking")
        #expect(try await table.pass() == Self.both)
    }

    @Test func `an event that asks for it later has its guests invited then`() async throws {
        let table = try await Table(notifiesGuests: false)
        _ = try await table.pass()
        try await table.put("lunch")
        #expect(try await table.pass() == [])
        try await table.put("lunch", "20261123", "X-KALENDS-NOTIFY-GUESTS:TRUE")
        #expect(try await table.pass() == Self.both)
        #expect(await table.guests(of: "lunch") == 2)
    }
}
