import ICalendar
import Store
import TestSupport
import Testing
import Web
import XML

@Suite("Conversations with clients, over the socket", .serialized)
struct ConversationTests {
    /// Methods that the HTTP parser does not know are 400 before the gateway sees them.
    private static let beyondTheParser = ["a-method-that-is-not-known-says-which-are"]

    private static let fixtures = Fixture.all(in: "caldav", extension: "txt").filter { fixture in
        !beyondTheParser.contains(fixture.name)
    }

    @Test(arguments: fixtures)
    func `the gateway answers as written`(_ fixture: Fixture) async throws {
        try await TestGateway.run(now: { Instant(seconds: 1_795_251_600) }) { test in
            let differences = try await Conversation(fixture.text).differences(
                send: { try await test.send($0) },
                perform: { try await test.perform($0) },
                compareXML: { expected, actual in
                    try Document(parsing: Array(expected.utf8)).root.difference(to: Document(parsing: actual).root)
                }
            )
            #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
        }
    }
}

extension TestGateway {
    fileprivate func send(_ request: Conversation.Request) async throws -> Conversation.Reply {
        let reply = try await send(
            request.method,
            request.path,
            as: request.user,
            request.headers.map { ($0.name, $0.value) },
            body: request.body
        )
        return Conversation.Reply(status: reply.status, headers: reply.headers, body: reply.body)
    }

    /// What no client can do: `write-protect CALENDAR`, `edit-upstream CALENDAR`, and `purge`, which forgets every
    /// deletion there has been.
    fileprivate func perform(_ action: String) async throws {
        if action == "purge" {
            let calendars = gateway.calendars
            _ = try await calendars.purge(changesBefore: Instant(seconds: .max), versionsBefore: Instant(seconds: 0))
            return
        }
        let words = action.split(separator: " ").map(String.init)
        try #require(words.count == 2 && ["write-protect", "edit-upstream"].contains(words[0]))
        let alice = try #require(await gateway.calendars.principal(named: "alice"))
        let calendar = try #require(await gateway.calendars.calendar(named: words[1], of: alice.id))
        if words[0] == "write-protect" {
            try await gateway.calendars.setWriteProtected(true, of: calendar.id)
        } else {
            try await gateway.calendars.editUpstream(in: calendar.id)
        }
    }
}

extension CalendarStore {
    /// An upstream's edit of the event `uid-a` in `a.ics`, as a pass writes it.
    fileprivate func editUpstream(in calendar: CalendarID) async throws {
        let text = """
            BEGIN:VCALENDAR\r
            VERSION:2.0\r
            PRODID:-//Upstream//EN\r
            BEGIN:VEVENT\r
            UID:uid-a\r
            DTSTAMP:20261101T000000Z\r
            DTSTART:20261122T090000Z\r
            SUMMARY:Edited upstream\r
            END:VEVENT\r
            END:VCALENDAR\r

            """
        let object = try CalendarObject(parsing: text)
        _ = try await put(object, named: "a.ics", in: calendar, if: .always, by: Author(.link, name: "1"))
    }
}
