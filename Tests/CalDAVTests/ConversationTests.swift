import CalDAV
import HTTPTypes
import ICalendar
import SQLite
import Store
import TestSupport
import Testing
import XML

@Suite("Conversations with clients")
struct ConversationTests {
    @Test(arguments: Fixture.all(in: "caldav", extension: "txt"))
    func `the server answers as written`(_ fixture: Fixture) async throws {
        let server = try await TestServer()
        let differences = try await Conversation(fixture.text).differences(
            send: { try await server.send($0) },
            perform: { try await server.perform($0) },
            compareXML: { expected, actual in
                try Document(parsing: Array(expected.utf8)).root.difference(to: Document(parsing: actual).root)
            }
        )
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
    }
}

/// The real server over the real store in memory, with the users alice and bob and a clock that stands.
struct TestServer: Sendable {
    let calendars: CalendarStore
    let server: CalDAVServer

    init(maximumMatches: Int = CalDAVServer.maximumQueryResults) async throws {
        let now: @Sendable () -> Instant = { Instant(seconds: 1_795_251_600) }
        let database = try SQLiteDatabase.inMemory()
        try await migrate(database, CalendarStore.migrations)
        calendars = CalendarStore(database: database, now: now)
        server = CalDAVServer(
            calendars: calendars,
            now: now,
            maximumMatches: maximumMatches,
            isOverload: { _ in false },
            log: { _ in }
        )
        let alice = try await calendars.addPrincipal(
            name: "alice",
            email: "alice@example.org",
            displayName: "Alice Liddell",
            isAdmin: false
        )
        let bob = try await calendars.addPrincipal(name: "bob", email: nil, displayName: nil, isAdmin: false)
        precondition(alice != nil && bob != nil, "the database is new")
    }

    func send(_ request: Conversation.Request) async throws -> Conversation.Reply {
        var headers = HTTPFields()
        for (name, value) in request.headers {
            guard let field = HTTPField.Name(name) else { preconditionFailure("\(name) is no field name") }
            headers.append(HTTPField(name: field, value: value))
        }
        var principal: Principal?
        if let user = request.user { principal = try await calendars.principal(named: user) }
        let davRequest = DAVRequest(
            method: request.method,
            path: String(request.path.prefix { $0 != "?" }),
            query: String(request.path.drop { $0 != "?" }.dropFirst()),
            headers: headers,
            body: request.body,
            principal: principal
        )
        // The web layer stops reading at the limit and lets the server word the refusal.
        let response =
            request.body.count > CalDAVServer.maximumBodyOctets
            ? server.refuseOversizedBody(of: davRequest) : await server.respond(to: davRequest)
        return Conversation.Reply(
            status: response.status,
            headers: response.headers.map { ($0.name.rawName, $0.value) },
            body: try await response.whole().octets
        )
    }

    /// What no client can do: `write-protect CALENDAR`, `edit-upstream CALENDAR`, and `purge`, which forgets every
    /// deletion there has been.
    func perform(_ action: String) async throws {
        if action == "purge" {
            _ = try await calendars.purge(changesBefore: Instant(seconds: .max), versionsBefore: Instant(seconds: 0))
            return
        }
        let words = action.split(separator: " ").map(String.init)
        guard words.count == 2, ["write-protect", "edit-upstream"].contains(words[0]),
            let alice = try await calendars.principal(named: "alice"),
            let calendar = try await calendars.calendar(named: words[1], of: alice.id)
        else { preconditionFailure("unknown action: \(action)") }
        if words[0] == "write-protect" {
            try await calendars.setWriteProtected(true, of: calendar.id)
        } else {
            try await calendars.editUpstream(in: calendar.id)
        }
    }
}

extension CalendarStore {
    /// An upstream's edit of the event `uid-a` in `a.ics`, as a pass writes it.
    func editUpstream(in calendar: CalendarID) async throws {
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
