import CalDAV
import HTTPTypes
import ICalendar
import Store
import Testing
import WebDAV
import XML

/// What is too long to stand in a fixture.
@Suite("Requests within their size that ask for too much")
struct LimitTests {
    private let calendar = "/dav/calendars/alice/default/"

    private func event(_ lines: [String]) -> String {
        let lines =
            ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//F//EN", "BEGIN:VEVENT", "UID:a", "DTSTAMP:20261101T000000Z"]
            + lines + ["END:VEVENT", "END:VCALENDAR", ""]
        return lines.joined(separator: "\r\n")
    }

    @Test func `a long event is not repeated for thousands of occurrences`() async throws {
        let test = try await TestServer()
        let description = "DESCRIPTION:" + String(repeating: "a", count: 100_000)
        let text = event(["DTSTART:20260101T090000Z", "RRULE:FREQ=DAILY", description])
        #expect(try await test.send("PUT", calendar + "a.ics", body: text).status == 201)
        let multiget = """
            <C:calendar-multiget xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><C:calendar-data>\
            <C:expand start="20260101T000000Z" end="20270101T000000Z"/></C:calendar-data></D:prop>\
            <D:href>\(calendar)a.ics</D:href></C:calendar-multiget>
            """
        let reply = try await test.send("REPORT", calendar, body: multiget)
        let response = try Document(parsing: reply.body).root.first(.dav("response"))
        #expect(response?.first(.dav("error"))?.first(.calDAV("max-instances")) != nil)
        #expect(reply.body.count < 10_000)
    }

    @Test(arguments: [CalendarLimits.maximumAlarms, CalendarLimits.maximumAlarms + 1])
    func `alarms beyond what anybody sets are refused with a precondition`(_ count: Int) async throws {
        let test = try await TestServer()
        let alarm = ["BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT1M", "DESCRIPTION:a", "END:VALARM"]
        let text = event(["DTSTART:20260101T090000Z"] + (0..<count).flatMap { _ in alarm })
        let reply = try await test.send("PUT", calendar + "a.ics", body: text)
        guard count > CalendarLimits.maximumAlarms else {
            #expect(reply.status == 201)
            return
        }
        #expect(reply.status == 403)
        let error = try Document(parsing: reply.body).root
        #expect(error.first(.calDAV("valid-calendar-object-resource")) != nil)
    }

    @Test(arguments: [1_024, 1_025])
    func `a name has so many octets and no more`(_ count: Int) async throws {
        let test = try await TestServer()
        let reply = try await test.send("GET", calendar + String(repeating: "a", count: count))
        #expect(reply.status == (count > 1_024 ? 414 : 404))
    }

    @Test(arguments: [64, 65])
    func `an If header has so many lists and no more`(_ count: Int) async throws {
        let test = try await TestServer()
        let lists = String(repeating: "([\"a\"])", count: count)
        let field = try #require(HTTPField.Name("If"))
        let alice = try await test.calendars.principal(named: "alice")
        let request = DAVRequest(method: "GET", path: calendar + "a.ics", headers: [field: lists], principal: alice)
        let reply = await test.server.respond(to: request)
        #expect(reply.status == (count > 64 ? 400 : 412))
    }
}
