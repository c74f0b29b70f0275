import CalDAV
import ICalendar
import SQLite
import Store
import Testing
import XML

@Suite("RFC 4331 §6: a user without room")
struct QuotaTests {
    @Test func `a client without room is told so`() async throws {
        let now: @Sendable () -> Instant = { Instant(seconds: 1_795_251_600) }
        let database = try SQLiteDatabase.inMemory()
        try await migrate(database, CalendarStore.migrations)
        let calendars = CalendarStore(database: database, quota: 100, now: now)
        let alice = try #require(
            await calendars.addPrincipal(name: "alice", email: nil, displayName: nil, isAdmin: false)
        )
        let server = CalDAVServer(calendars: calendars, now: now, isOverload: { _ in false }, log: { _ in })
        let text =
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//F//EN\r\nBEGIN:VEVENT\r\nUID:a\r\n"
            + "DTSTAMP:20261101T000000Z\r\nDTSTART:20261121T090000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        let response = await server.respond(
            to: DAVRequest(
                method: "PUT",
                path: "/dav/calendars/alice/default/a.ics",
                body: Array(text.utf8),
                principal: alice
            )
        )
        #expect(response.status == 507)
        #expect(try Document(parsing: response.body).root.first(Name("DAV:", "quota-not-exceeded")) != nil)
        #expect(try await calendars.usage(of: alice.id).used == 0)
    }
}
