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
        let author = Author(.client, name: "alice")

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

    @Test func `an event that asks for none has its guests invited unmailed over any link`() async throws {
        let table = try await Table(notifiesGuests: true)
        _ = try await table.pass()
        try await table.put("quiet", "20261123", "X-KALENDS-NOTIFY-GUESTS:FALSE")
        #expect(try await table.pass() == [])
        #expect(await table.guests(of: "quiet") == 2)
        try await table.delete("quiet")
        #expect(try await table.pass() == [])
        #expect(await table.guests(of: "quiet") == nil)
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

    // MARK: Taking away

    /// Removes the link and what it made, and answers who was mailed.
    private func purge(_ table: Table) async throws -> [String] {
        let before = await table.side.mails()
        let spoke = table.world.spokes[0]
        let scheduler = table.world.scheduler(of: spoke)
        let receipt = try await scheduler.delete(spoke.link.id, purge: .everything, by: table.author)
        #expect(receipt?.leftUpstream == 0)
        return await table.side.simulator.mails.dropFirst(before).map(\.recipient).sorted()
    }

    /// Undoes a run, and answers who was mailed.
    private func undo(_ run: RunID?, _ table: Table) async throws -> [String] {
        let before = await table.side.mails()
        let scheduler = table.world.scheduler(of: table.world.spokes[0])
        #expect(try await scheduler.undo(#require(run), by: table.author) != nil)
        return await table.side.simulator.mails.dropFirst(before).map(\.recipient).sorted()
    }

    @Test func `purging a link mails nobody`() async throws {
        let table = try await Table(notifiesGuests: true)
        try await table.put("before")
        _ = try await table.pass()
        try await table.put("over", "20261109")
        try await table.put("to come")
        #expect(try await table.pass() == Self.both)
        #expect(try await purge(table) == [])
        #expect(await table.guests(of: "to come") == nil)
        #expect(await table.guests(of: "over") == nil)
    }

    @Test func `undoing a run tells those whom the run told, and nobody of what is over`() async throws {
        let table = try await Table(notifiesGuests: true)
        try await table.put("before")
        let first = try await table.world.pass(of: table.world.spokes[0]).run
        #expect(try await undo(first, table) == [])
        #expect(await table.guests(of: "before") == nil)
        try await table.put("over", "20261109")
        try await table.put("to come")
        let second = try await table.world.pass(of: table.world.spokes[0]).run
        #expect(try await undo(second, table) == Self.both)
        #expect(await table.guests(of: "to come") == nil)
        #expect(await table.guests(of: "over") == nil)
    }
}
