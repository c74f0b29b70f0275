import CalDAV
import HTTPTypes
import ICalendar
import SQL
import SQLite
import Store
import Synchronization
import TestSupport
import Testing
import WebDAV
import XML

@Suite("The server as a whole")
struct ServerTests {
    private let calendar = "/dav/calendars/alice/default/"

    @Test func `calendar data keeps its carriage returns inside XML`() async throws {
        let test = try await TestServer()
        let text =
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//F//EN\r\nBEGIN:VEVENT\r\nUID:a\r\n"
            + "DTSTAMP:20261101T000000Z\r\nDTSTART:20261121T090000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        let put = try await test.send("PUT", calendar + "a.ics", body: text)
        #expect(put.status == 201)
        let multiget = """
            <C:calendar-multiget xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">\
            <D:prop><C:calendar-data/></D:prop><D:href>\(calendar)a.ics</D:href></C:calendar-multiget>
            """
        let reply = try await test.send("REPORT", calendar, body: multiget)
        let root = try Document(parsing: reply.body).root
        let prop = root.first(.dav("response"))?.first(.dav("propstat"))?.first(.dav("prop"))
        #expect(prop?.first(.calDAV("calendar-data"))?.text == text)
    }

    @Test(arguments: ["PUT", "DELETE"])
    func `an object that no client may change is refused with the privilege that is missing`(
        _ method: String
    ) async throws {
        let test = try await TestServer()
        let alice = try #require(await test.calendars.principal(named: "alice"))
        let collection = try #require(await test.calendars.calendar(named: "default", of: alice.id))
        func text(_ summary: String) -> String {
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//F//EN\r\nBEGIN:VEVENT\r\nUID:a\r\nDTSTAMP:20261101T000000Z\r\n"
                + "DTSTART:20261121T090000Z\r\nSUMMARY:\(summary)\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        }
        #expect(try await test.send("PUT", calendar + "a.ics", body: text("One")).status == 201)
        let calendars = test.calendars
        try await calendars.database.write { transaction in
            try calendars.protect(uid: "a", in: collection.id, because: "It is another's.", transaction)
        }
        let reply = try await test.send(method, calendar + "a.ics", body: method == "PUT" ? text("Two") : "")
        #expect(reply.status == 403)
        let root = try Document(parsing: reply.body).root
        let resource = root.first(.dav("need-privileges"))?.first(.dav("resource"))
        #expect(resource?.first(.dav("href"))?.text == calendar + "a.ics")
        #expect(try await test.send("GET", calendar + "a.ics", body: "").status == 200)
        // That an alarm was seen is for the client itself.
        let seen = text("One").replacing("SUMMARY", with: "X-MOZ-LASTACK:20261121T080000Z\r\nSUMMARY")
        #expect(try await test.send("PUT", calendar + "a.ics", body: seen).status == 204)
    }

    @Test func `a broken database is 500 without detail, and logged`() async throws {
        let log = Log()
        let (server, alice, database) = try await failing(log, isOverload: false)
        await database.close()
        let response = await server.respond(to: DAVRequest(method: "PROPFIND", path: calendar, principal: alice))
        #expect(response.status == 500)
        #expect(!String(decoding: response.body, as: UTF8.self).lowercased().contains("sql"))
        #expect(log.lines.withLock { $0.count } == 1)
    }

    @Test func `a busy database is 503 and never 4xx`() async throws {
        let log = Log()
        let (server, alice, database) = try await failing(log, isOverload: true)
        await database.close()
        let response = await server.respond(to: DAVRequest(method: "PROPFIND", path: calendar, principal: alice))
        #expect(response.status == 503)
        #expect(response.headers[.retryAfter] != nil)
        #expect(log.lines.withLock { $0.isEmpty })
    }

    @Test func `two thousand etags are listed at once`() async throws {
        let test = try await TestServer()
        let alice = try #require(await test.calendars.principal(named: "alice"))
        let collection = try #require(await test.calendars.calendar(named: "default", of: alice.id))
        let objects = try (0..<2_000).map { number in
            try CalendarObject(
                parsing: "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//F//EN\r\nBEGIN:VEVENT\r\nUID:uid-\(number)\r\n"
                    + "DTSTAMP:20261101T000000Z\r\nDTSTART:20261121T090000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
            )
        }
        let calendars = test.calendars
        try await calendars.database.write { transaction in
            for object in objects {
                _ = try calendars.put(
                    object,
                    named: object.uid + ".ics",
                    in: collection.id,
                    if: .always,
                    by: Author(.client, name: "test"),
                    transaction
                )
            }
        }
        let body = #"<propfind xmlns="DAV:"><prop><resourcetype/><getcontenttype/><getetag/></prop></propfind>"#
        let reply = try await test.send("PROPFIND", calendar, depth: "1", body: body)
        #expect(reply.status == 207)
        let root = try Document(parsing: await reply.whole().octets).root
        #expect(root.all(.dav("response")).count == 2_001)
    }

    @Test func `a fold inside a character is stored moved, and so without telling an ETag`() async throws {
        let test = try await TestServer()
        let lines = [
            "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//F//EN", "BEGIN:VEVENT", "UID:fold", "DTSTAMP:20261101T000000Z",
            "DTSTART:20261121T090000Z", "SUMMARY:caf", "END:VEVENT", "END:VCALENDAR", "",
        ]
        var body: [UInt8] = []
        for line in lines {
            body += line.utf8
            if line == "SUMMARY:caf" { body += [0xC3, 13, 10, 32, 0xA9] }
            if !line.isEmpty { body += [13, 10] }
        }
        let reply = try await test.send("PUT", calendar + "fold.ics", octets: body)
        #expect(reply.status == 201)
        #expect(reply.headers[.eTag] == nil)
        let stored = try await test.send("GET", calendar + "fold.ics")
        #expect(try CalendarObject(octets: stored.body).master?.first("SUMMARY")?.text == "café")
    }

    @Test(arguments: ["/dav", "/dav/", "/dav/calendars/alice/x.ics", "/.well-known/caldav"])
    func `the server serves every method below its root`(_ path: String) {
        #expect(CalDAVServer.serves(method: "GET", path: path))
        #expect(CalDAVServer.serves(method: "PROPFIND", path: path))
    }

    @Test func `at the bare root only DAV methods are for the server`() {
        #expect(CalDAVServer.serves(method: "PROPFIND", path: "/"))
        #expect(CalDAVServer.serves(method: "PUT", path: "/"))
        #expect(!CalDAVServer.serves(method: "GET", path: "/"))
        #expect(!CalDAVServer.serves(method: "PROPFIND", path: "/davos"))
        #expect(!CalDAVServer.serves(method: "PROPFIND", path: "/api/v1/events"))
    }

    @Test func `ranges are limited as dates are`() {
        #expect(UTCRange.earliest == CalendarLimits.minimumDate.seconds)
        #expect(UTCRange.latest == CalendarLimits.maximumDate.seconds)
    }

    private func failing(
        _ log: Log,
        isOverload: Bool
    ) async throws -> (CalDAVServer, Principal, SQLiteDatabase) {
        let now: @Sendable () -> Instant = { Instant(seconds: 0) }
        let database = try SQLiteDatabase.inMemory()
        try await migrate(database, CalendarStore.migrations)
        let calendars = CalendarStore(database: database, now: now)
        let alice = try #require(
            await calendars.addPrincipal(name: "alice", email: nil, displayName: nil, isAdmin: false)
        )
        let server = CalDAVServer(
            calendars: calendars,
            now: now,
            isOverload: { _ in isOverload },
            log: { line in log.lines.withLock { $0.append(line) } }
        )
        return (server, alice, database)
    }
}

/// What a server logged.
private final class Log: Sendable {
    let lines = Mutex<[String]>([])
}

extension TestServer {
    /// Sends a request of alice's.
    func send(_ method: String, _ path: String, depth: String? = nil, body: String) async throws -> DAVResponse {
        try await send(method, path, depth: depth, octets: Array(body.utf8))
    }

    func send(
        _ method: String,
        _ path: String,
        depth: String? = nil,
        octets: [UInt8] = []
    ) async throws -> DAVResponse {
        var headers = HTTPFields()
        if let depth, let name = HTTPField.Name("Depth") { headers[name] = depth }
        return await server.respond(
            to: DAVRequest(
                method: method,
                path: path,
                headers: headers,
                body: octets,
                principal: try await calendars.principal(named: "alice")
            )
        )
    }
}
