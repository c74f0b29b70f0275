import CalDAV
import Foundation
import ICalendar
import SQL
import Store
import Testing
import Web

@Suite("The server on the wire (RFC 9110, RFC 9112)")
struct ServerTests {
    private static let calendar = "/dav/calendars/alice/default/"

    private static let event =
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//F//EN\r\nBEGIN:VEVENT\r\nUID:a\r\n"
        + "DTSTAMP:20261101T000000Z\r\nDTSTART:20261121T090000Z\r\nSUMMARY:Lunch\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"

    @Test func `a client that waits to be told to continue is told so`() async throws {
        try await TestGateway.run { test in
            let connection = try RawConnection(port: test.port)
            let head = """
                PUT \(Self.calendar)a.ics HTTP/1.1\r\nHost: x\r\nAuthorization: \(test.basic("alice"))\r\n\
                Expect: 100-Continue\r\nContent-Length: \(Self.event.utf8.count)\r\nConnection: close\r\n\r\n
                """
            let told = try await connection.exchange(Array(head.utf8)) { $0.count >= 25 }
            #expect(String(decoding: told.received, as: UTF8.self).hasPrefix("HTTP/1.1 100 Continue\r\n"))
            let rest = try await connection.exchange(Array(Self.event.utf8))
            #expect(WireReply.all(in: rest.received).map(\.status) == [201])
        }
    }

    @Test(arguments: ["close", "Close", "keep-alive, CLOSE"])
    func `the connection ends when the client asks for it`(_ wish: String) async throws {
        try await TestGateway.run { test in
            let request = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: \(wish)\r\n\r\n"
            // A connection that stays open makes this fail by its silence.
            let talk = try await RawConnection(port: test.port).exchange(Array(request.utf8))
            let reply = try #require(WireReply.all(in: talk.received).first)
            #expect(reply.status == 200)
            #expect(reply["Connection"] == "close")
        }
    }

    @Test func `an upload without end is refused and costs nothing`() async throws {
        try await TestGateway.run { test in
            let head = "POST /api/v1/events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            let chunk = Array("10000\r\n".utf8) + Array(repeating: UInt8(ascii: "x"), count: 65_536) + [13, 10]
            let endless = Array(head.utf8) + Array(repeatElement(chunk, count: 512).joined())
            let talk = try await RawConnection(port: test.port).exchange(endless)
            #expect(WireReply.all(in: talk.received).first?.status == 401)
            #expect(talk.sent < endless.count)
        }
    }

    @Test func `a request that names no host is refused`() async throws {
        try await TestGateway.run { test in
            let talk = try await RawConnection(port: test.port)
                .exchange(Array("GET /dav/ HTTP/1.1\r\nConnection: close\r\n\r\n".utf8))
            #expect(WireReply.all(in: talk.received).first?.status == 400)
        }
    }

    @Test func `a calendar object beyond the limit is refused in the words of CalDAV`() async throws {
        try await TestGateway.run { test in
            let body = Array(repeating: UInt8(ascii: "x"), count: CalDAVServer.maximumBodyOctets + 1)
            let reply = try await test.send("PUT", Self.calendar + "big.ics", body: body)
            #expect(reply.status == 403 || reply.status == 413)
            #expect(reply.text.contains("max-resource-size"))
        }
    }

    @Test(
        arguments: [
            "/dav/calendars/alice/default/%zz.ics", "/dav/calendars/alice/default/a%00b.ics",
            "/dav/calendars/alice/default/%2e%2e/x.ics", "/dav/calendars/alice/../bob/default/",
            "/dav/calendars/alice/default/a%2Fb.ics", "/dav/calendars/alice/default/%ff.ics",
        ]
    )
    func `a path that cannot be read in one way is refused`(_ path: String) async throws {
        try await TestGateway.run { test in
            let reply = try await test.send("PUT", path, body: Array(Self.event.utf8))
            #expect((400..<500).contains(reply.status), "\(reply.status)")
            let entries = try await test.send("PROPFIND", Self.calendar, [("Depth", "1")])
            #expect(!entries.text.contains(".ics"))
        }
    }

    @Test(arguments: ["GET", "SEARCH", "PATCH"])
    func `a method that a resource does not know names those it does`(_ method: String) async throws {
        try await TestGateway.run { test in
            let reply = try await test.send(method, Self.calendar)
            #expect([405, 501].contains(reply.status), "\(reply.status)")
            #expect(reply["Allow"]?.contains("PROPFIND") == true)
        }
    }

    @Test(arguments: ["\u{16}\u{3}\u{1}\u{0}garbage\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "FOO\r\n\r\n"])
    func `what is no HTTP is refused and the server lives on`(_ octets: String) async throws {
        try await TestGateway.run { test in
            let talk = try await RawConnection(port: test.port).exchange(Array(octets.utf8))
            #expect(WireReply.all(in: talk.received).first.map { $0.status == 400 } ?? true)
            #expect(try await test.send("GET", "/healthz").status == 200)
        }
    }

    @Test(arguments: ["/login", "/healthz", "/assets/style.css", "/dav/calendars/alice/default/a.ics"])
    func `HEAD has the fields of GET and no body`(_ path: String) async throws {
        try await TestGateway.run { test in
            _ = try await test.send("PUT", Self.calendar + "a.ics", body: Array(Self.event.utf8))
            let fields = "Host: x\r\nAuthorization: \(test.basic("alice"))\r\n"
            let both =
                "HEAD \(path) HTTP/1.1\r\n\(fields)\r\nGET \(path) HTTP/1.1\r\n\(fields)Connection: close\r\n\r\n"
            let talk = try await RawConnection(port: test.port).exchange(Array(both.utf8))
            let text = String(decoding: talk.received, as: UTF8.self)
            // Right behind the head of the first answer stands the second.
            let parts = text.components(separatedBy: "\r\n\r\n")
            #expect(parts.count == 3, "\(text)")
            #expect(parts[1].hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test func `two requests sent at once get two answers in their order`() async throws {
        try await TestGateway.run { test in
            let two =
                "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
                + "GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            let talk = try await RawConnection(port: test.port).exchange(Array(two.utf8))
            #expect(WireReply.all(in: talk.received).map(\.status) == [200, 303])
        }
    }

    private static let query =
        "<C:calendar-query xmlns=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\"><prop><C:calendar-data/></prop>"
        + "<C:filter><C:comp-filter name=\"VCALENDAR\"/></C:filter></C:calendar-query>"

    /// Puts many events into alice's calendar.
    private func fill(_ test: TestGateway, _ count: Int) async throws {
        let calendars = test.gateway.calendars
        let alice = try #require(await calendars.principal(named: "alice"))
        let calendar = try #require(await calendars.calendar(named: "default", of: alice.id))
        for number in 0..<count {
            let event = try CalendarObject(parsing: Self.event.replacing("UID:a", with: "UID:\(number)"))
            let author = Author(.command, name: "test")
            _ = try await calendars.put(event, named: "\(number).ics", in: calendar.id, if: .always, by: author)
        }
    }

    @Test func `a long answer is sent in chunks, and the next request is answered behind it`() async throws {
        try await TestGateway.run { test in
            try await fill(test, 1_000)
            let fields = "Host: x\r\nAuthorization: \(test.basic("alice"))\r\n"
            let two =
                "REPORT \(Self.calendar) HTTP/1.1\r\n\(fields)Content-Length: \(Self.query.utf8.count)\r\n\r\n\(Self.query)"
                + "GET /healthz HTTP/1.1\r\n\(fields)Connection: close\r\n\r\n"
            let talk = try await RawConnection(port: test.port).exchange(Array(two.utf8))
            let replies = WireReply.all(in: talk.received)
            #expect(replies.map(\.status) == [207, 200])
            #expect(replies.first?["Transfer-Encoding"] == "chunked" && replies.first?["Content-Length"] == nil)
            #expect(replies.first?.text.hasSuffix("</D:multistatus>") == true)
            #expect(replies.first?.text.components(separatedBy: "BEGIN:VEVENT").count == 1_001)
        }
    }

    @Test func `an answer that fails in the middle ends the connection and is not taken for whole`() async throws {
        try await TestGateway.run { test in
            try await fill(test, 1_000)
            try await test.gateway.calendars.database.write { transaction in
                _ = try transaction.run("UPDATE version SET text = x'00' WHERE name = '99.ics'")
            }
            let request =
                "REPORT \(Self.calendar) HTTP/1.1\r\nHost: x\r\nAuthorization: \(test.basic("alice"))\r\n"
                + "Content-Length: \(Self.query.utf8.count)\r\n\r\n\(Self.query)"
            let talk = try await RawConnection(port: test.port).exchange(Array(request.utf8))
            let text = String(decoding: talk.received, as: UTF8.self)
            #expect(text.hasPrefix("HTTP/1.1 207") && text.contains("BEGIN:VEVENT"))
            #expect(!text.hasSuffix("0\r\n\r\n") && !text.contains("</D:multistatus>"))
        }
    }

    @Test func `discovery works at the bare root`() async throws {
        try await TestGateway.run { test in
            let root = try await test.send("PROPFIND", "/", [("Depth", "0")])
            #expect(root.status == 207)
            let options = try await test.send("OPTIONS", "/", as: nil)
            #expect(options["DAV"]?.contains("calendar-access") == true)
            let wellKnown = try await test.send("GET", "/.well-known/caldav", as: nil)
            #expect(wellKnown["Location"]?.hasSuffix("/dav/") == true)
        }
    }

    @Test func `a page of another origin is answered like anybody`() async throws {
        try await TestGateway.run { test in
            let reply = try await test.send("PROPFIND", "/dav/", [("Origin", "moz-extension://x"), ("Depth", "0")])
            #expect(reply.status == 207)
        }
    }

    @Test func `requests are counted for Prometheus`() async throws {
        try await TestGateway.run { test in
            _ = try await test.send("PROPFIND", "/dav/", [("Depth", "0")])
            let metrics = try await test.send("GET", "/metrics", as: nil)
            #expect(metrics.text.contains(#"kalends_requests_total{method="PROPFIND",status="207"} 1"#))
        }
    }

    @Test(arguments: ["/dav/", "/dav/?" + String(repeating: "x", count: 90_000)])
    func `a request line or a header field has so many octets and no more`(_ target: String) async throws {
        try await TestGateway.run { test in
            let field = String(repeating: "x", count: target == "/dav/" ? 90_000 : 1)
            let request = "OPTIONS \(target) HTTP/1.1\r\nHost: x\r\nX-Long: \(field)\r\n\r\n"
            let talk = try await RawConnection(port: test.port).exchange(Array(request.utf8))
            #expect(WireReply.all(in: talk.received).map(\.status) == [400])
        }
    }

    @Test func `a silent connection ends by itself`() async throws {
        try await TestGateway.run(silence: 1) { test in
            let request = Array("OPTIONS /dav/ HTTP/1.1\r\nHost: x\r\n\r\n".utf8)
            // One that stays open makes this fail by its silence.
            let talk = try await RawConnection(port: test.port).exchange(request)
            #expect(WireReply.all(in: talk.received).map(\.status) == [200])
        }
    }
}
