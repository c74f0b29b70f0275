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

    @Test(arguments: ["/dav/calendars/alice/default/", "/dav/calendars/alice/"], [3, 2])
    func `a query tells so many matches and no more`(_ path: String, _ maximum: Int) async throws {
        let test = try await TestServer(maximumMatches: maximum)
        #expect(try await test.send("MKCALENDAR", "/dav/calendars/alice/other/").status == 201)
        for name in ["a", "b", "c"] {
            let text = event(["DTSTART:20260101T090000Z"]).replacing("UID:a", with: "UID:\(name)")
            // Two of them in another calendar, where it is the home that is asked.
            let place = path == calendar || name == "a" ? calendar : "/dav/calendars/alice/other/"
            #expect(try await test.send("PUT", place + "\(name).ics", body: text).status == 201)
        }
        let query = """
            <C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><D:getetag/></D:prop>\
            <C:filter><C:comp-filter name="VCALENDAR"/></C:filter></C:calendar-query>
            """
        let reply = try await test.send("REPORT", path, depth: "1", body: query)
        let root = try Document(parsing: await reply.whole().octets).root
        guard maximum < 3 else {
            #expect(reply.status == 207 && root.all(.dav("response")).count == 3)
            return
        }
        #expect(reply.status == 507)
        #expect(root.first(.dav("number-of-matches-within-limits")) != nil)
        // What a filter takes away before the answer begins does not count.
        let narrower = query.replacing(
            #"<C:comp-filter name="VCALENDAR"/>"#,
            with: """
                <C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"><C:prop-filter name="UID">\
                <C:text-match collation="i;octet">b</C:text-match></C:prop-filter></C:comp-filter></C:comp-filter>
                """
        )
        #expect(try await test.send("REPORT", path, depth: "1", body: narrower).status == 207)
    }

    private func patch(_ value: String) -> String {
        """
        <D:propertyupdate xmlns:D="DAV:"><D:set><D:prop>\(value)</D:prop></D:set></D:propertyupdate>
        """
    }

    /// The status that a PROPPATCH tells of its first property.
    private func status(_ reply: DAVResponse) throws -> String? {
        try Document(parsing: reply.body).root.first(.dav("response"))?.first(.dav("propstat"))?
            .first(.dav("status"))?.text
    }

    @Test(arguments: [0, 1])
    func `a property has so many octets and no more`(_ more: Int) async throws {
        let test = try await TestServer()
        #expect(try await test.send("PUT", calendar + "a.ics", body: event(["DTSTART:20260101T090000Z"])).status == 201)
        let expected = more == 0 ? "HTTP/1.1 200 OK" : "HTTP/1.1 507 Insufficient Storage"
        let frame = Element(Name("urn:x", "dead"), text: "x").serialized().utf8.count - 1
        let text = String(repeating: "x", count: 65_536 - frame + more)
        for path in [calendar, calendar + "a.ics"] {
            let reply = try await test.send("PROPPATCH", path, body: patch(#"<dead xmlns="urn:x">\#(text)</dead>"#))
            #expect(try status(reply) == expected)
        }
        let name = String(repeating: "x", count: 16_384 + more)
        let reply = try await test.send("PROPPATCH", calendar, body: patch("<D:displayname>\(name)</D:displayname>"))
        #expect(try status(reply) == expected)
    }

    @Test func `the properties of all objects of a calendar have so many characters and no more`() async throws {
        let test = try await TestServer()
        #expect(try await test.send("PUT", calendar + "a.ics", body: event(["DTSTART:20260101T090000Z"])).status == 201)
        let text = String(repeating: "x", count: 65_000)
        var told: [String?] = []
        for number in 0..<65 {
            let value = "<dead\(number) xmlns=\"urn:x\">\(text)</dead\(number)>"
            told.append(try status(await test.send("PROPPATCH", calendar + "a.ics", body: patch(value))))
        }
        #expect(told.prefix(64).allSatisfy { $0 == "HTTP/1.1 200 OK" })
        #expect(told.last == "HTTP/1.1 507 Insufficient Storage")
    }

    @Test(arguments: [0, 1])
    func `the owner of a lock has so many octets and no more`(_ more: Int) async throws {
        let test = try await TestServer()
        #expect(try await test.send("PUT", calendar + "a.ics", body: event(["DTSTART:20260101T090000Z"])).status == 201)
        let frame = Element(.dav("owner"), text: "x").serialized().utf8.count - 1
        let owner = String(repeating: "x", count: 4_096 - frame + more)
        let lock = """
            <lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope><locktype><write/></locktype>\
            <owner>\(owner)</owner></lockinfo>
            """
        let reply = try await test.send("LOCK", calendar + "a.ics", depth: "0", body: lock)
        #expect(reply.status == (more == 0 ? 200 : 400))
    }

    @Test(arguments: [0, 1])
    func `an ACL has so many entries and no more`(_ more: Int) async throws {
        let test = try await TestServer()
        let entry = """
            <ace><principal><href>/dav/principals/bob/</href></principal><grant><privilege><read/></privilege></grant></ace>
            """
        let acl = #"<acl xmlns="DAV:">"# + String(repeating: entry, count: 100 + more) + "</acl>"
        let reply = try await test.send("ACL", calendar, body: acl)
        let expected = more == 0 ? "need-privileges" : "limited-number-of-aces"
        #expect(reply.status == 403)
        #expect(try Document(parsing: reply.body).root.first(.dav(expected)) != nil)
    }
}
