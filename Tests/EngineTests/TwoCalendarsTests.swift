import ICalendar
import SimulatorGoogle
import Store
import Sync
import Testing

/// One calendar here, linked to two of Google that both may mail guests.
@Suite("Who is mailed about an event that two calendars of Google have", .serialized)
struct TwoCalendarsTests {
    private struct Table {
        let clock = WorldClock()
        let sides: [GoogleSide]
        let world: World
        private let author = Author(.client, name: "alice")

        init(isOneAccount: Bool, notifiesGuests: Bool = true) async throws {
            let words = Words()
            let first = await GoogleSide(seed: 1, clock: clock, words: words)
            let second =
                isOneAccount
                ? await GoogleSide(beside: first)
                : await GoogleSide(seed: 2, clock: clock, words: words, account: "alice@example.net")
            sides = [first, second]
            world = try await World(seed: 1, clock, words, policy: .newest, sides)
            var change = LinkChange()
            change.notifiesGuests = notifiesGuests
            for spoke in world.spokes { _ = try await world.links.update(spoke.link.id, change) }
            _ = try await passes()
        }

        func put(_ lines: String...) async throws {
            let guests = ["ATTENDEE:mailto:bob@example.org", "ATTENDEE:mailto:carol@example.org"]
            let head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN", "BEGIN:VEVENT"]
            let times = ["DTSTART;VALUE=DATE:20261123", "UID:lunch", "DTSTAMP:20261101T000000Z"]
            let tail = ["END:VEVENT", "END:VCALENDAR", ""]
            clock.advance(60)
            _ = try await world.calendars.put(
                CalendarObject(parsing: (head + times + guests + lines + tail).joined(separator: "\r\n")),
                named: "lunch.ics",
                in: world.calendar,
                if: .always,
                by: author
            )
        }

        func delete() async throws {
            clock.advance(60)
            let stored = try #require(try await world.calendars.all(in: world.calendar).first)
            _ = try await world.calendars.delete(named: stored.name, in: world.calendar, if: .always, by: author)
        }

        /// Three rounds of passes, in either order; answers who was mailed.
        func passes(secondFirst: Bool = false) async throws -> [String] {
            let before = await mails().count
            for _ in 0..<3 {
                for spoke in secondFirst ? world.spokes.reversed() : world.spokes {
                    clock.advance(60)
                    try await world.pass(of: spoke)
                }
            }
            return await mails().dropFirst(before).sorted()
        }

        private func mails() async -> [String] {
            var mails = await sides[0].simulator.mails.map(\.recipient)
            if sides[1].simulator !== sides[0].simulator { mails += await sides[1].simulator.mails.map(\.recipient) }
            return mails
        }

        /// How many guests each calendar has of the event; nil where it is not there.
        func guests() async -> [Int?] {
            var counts: [Int?] = []
            for side in sides {
                let events = await side.simulator.events(in: side.calendarIdentifier)
                let event = events.first { $0["status"]?.text != "cancelled" }
                counts.append(event.map { $0["attendees"]?.elements?.count ?? 0 })
            }
            return counts
        }

        func guestsHere() async throws -> Int {
            try await world.calendars.all(in: world.calendar).first?.object().master?.all("ATTENDEE").count ?? 0
        }
    }

    private static let both = ["bob@example.org", "carol@example.org"]

    @Test(arguments: [true, false], [true, false])
    func `guests are invited, told and uninvited once`(_ isOneAccount: Bool, _ secondFirst: Bool) async throws {
        let table = try await Table(isOneAccount: isOneAccount)
        try await table.put("SUMMARY:Lunch")
        #expect(try await table.passes(secondFirst: secondFirst) == Self.both)
        #expect(await table.guests() == [2, 0])
        #expect(try await table.guestsHere() == 2)
        try await table.put("SUMMARY:Dinner")
        #expect(try await table.passes(secondFirst: secondFirst) == Self.both)
        #expect(await table.guests() == [2, 0])
        try await table.delete()
        #expect(try await table.passes(secondFirst: secondFirst) == Self.both)
        #expect(await table.guests() == [nil, nil])
    }

    @Test(arguments: [true, false])
    func `whom Google invited itself the other calendar does not invite again`(_ isOneAccount: Bool) async throws {
        let table = try await Table(isOneAccount: isOneAccount)
        let event: SimulatorGoogle.JSON = [
            "summary": "Lunch", "start": ["date": "2026-11-23"], "end": ["date": "2026-11-24"],
            "attendees": [["email": "bob@example.org"]],
        ]
        let side = table.sides[1]
        try await side.simulator.createEvent(event, in: side.calendarIdentifier)
        #expect(try await table.passes() == [])
        #expect(await table.guests() == [0, 1])
        #expect(try await table.guestsHere() == 1)
    }

    @Test func `while the first link rests the second invites, and the first does not do so again`() async throws {
        let table = try await Table(isOneAccount: false)
        let first = table.world.spokes[0].link.id
        _ = try await table.world.scheduler(of: table.world.spokes[0]).pause(first)
        try await table.put("SUMMARY:Lunch")
        #expect(try await table.passes() == Self.both)
        _ = try await table.world.scheduler(of: table.world.spokes[0]).resume(first)
        #expect(try await table.passes() == [])
        #expect(await table.guests() == [0, 2])
    }

    @Test func `an event that asks for it has its guests mailed once over two links that mail nobody`() async throws {
        let table = try await Table(isOneAccount: true, notifiesGuests: false)
        try await table.put("SUMMARY:Lunch", "X-KALENDS-NOTIFY-GUESTS:TRUE")
        #expect(try await table.passes() == Self.both)
        #expect(await table.guests() == [2, 0])
        #expect(try await table.passes() == [])
    }

    @Test func `a link that may not show an event to its calendar leaves the inviting to the other`() async throws {
        let table = try await Table(isOneAccount: false)
        var change = LinkChange()
        change.filters = .some(#"{"categories":["Work"]}"#)
        _ = try await table.world.links.update(table.world.spokes[0].link.id, change)
        try await table.put("SUMMARY:Lunch")
        #expect(try await table.passes() == Self.both)
        #expect(await table.guests() == [nil, 2])
    }
}
