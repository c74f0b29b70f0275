import CalDAV
import HTTPTypes
import ICalendar
import SQLite
import Store
import StoreTestSupport
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
            perform: { try await server.calendars.perform($0) },
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
}
