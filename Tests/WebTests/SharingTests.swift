import ICalendar
import SimulatorGoogle
import Store
import Synchronization
import Testing

@testable import Web

@Suite("Shares and secret links")
struct SharingTests {
    private typealias JSON = SimulatorGoogle.JSON

    /// Alice's first calendar, given to bob; answers the ids of calendar and share.
    private func share(_ test: TestGateway, _ access: String) async throws -> (calendar: Int, share: Int) {
        let calendar = try #require(await test.call("GET", "/calendars").items.first?["id"]?.number)
        let wish: JSON = ["user": "bob", "access": .string(access)]
        let made = try await test.call("POST", "/calendars/\(calendar)/shares", wish)
        #expect([200, 201].contains(made.status), "\(made.reply.text)")
        return (calendar, try #require(made.body["id"]?.number))
    }

    private func lunch(in calendar: Int) -> JSON {
        [
            "calendar": .integer(Int64(calendar)), "start": "2026-11-24T12:00:00Z",
            "end": "2026-11-24T13:00:00Z", "summary": "Lunch",
        ]
    }

    @Test func `a calendar given for writing is the other's to read and write`() async throws {
        try await TestGateway.run { test in
            let (calendar, share) = try await share(test, "write")
            let seen = try await test.call("GET", "/calendars", as: "bob").items.first {
                $0["id"]?.number == calendar
            }
            #expect(seen?["access"]?.text == "write" && seen?["owner"]?.text == "alice")
            #expect(seen?["href"]?.text == "/dav/calendars/bob/alice-default/")
            let made = try await test.call("POST", "/events", lunch(in: calendar), as: "bob")
            #expect(made.status == 201, "\(made.reply.text)")
            let id = try #require(made.body["id"]?.number)
            #expect(try await test.call("GET", "/events/\(id)").body["summary"]?.text == "Lunch")
            #expect(try await test.call("PATCH", "/events/\(id)", ["summary": "Supper"], as: "bob").status == 200)
            #expect(try await test.call("GET", "/events/\(id)/history", as: "bob").items.count == 2)
            let rows = try await test.call("GET", "/calendars/\(calendar)/shares").items
            #expect(rows.map { $0["id"]?.number } == [share] && rows[0]["state"]?.text == "accepted")
            #expect(try await test.call("GET", "/calendars/\(calendar)").body["shared"]?.flag == true)
        }
    }

    @Test func `who may only read is refused by the server, and taking back is at once`() async throws {
        try await TestGateway.run { test in
            let (calendar, share) = try await share(test, "write")
            let id = try #require(
                await test.call("POST", "/events", lunch(in: calendar), as: "bob").body["id"]?.number
            )
            let path = "/calendars/\(calendar)/shares/\(share)"
            #expect(try await test.call("PATCH", path, ["access": "read"]).body["access"]?.text == "read")
            let refused = try await test.call("POST", "/events", lunch(in: calendar), as: "bob")
            #expect(refused.status == 403 && refused.problem == "permission_denied")
            #expect(try await test.call("DELETE", "/events/\(id)", as: "bob").status == 403)
            #expect(try await test.call("GET", "/events/\(id)", as: "bob").status == 200)
            #expect(try await test.call("GET", "/events/\(id)/history", as: "bob").status == 404)
            #expect(try await test.call("GET", "/events/\(id)/explain", as: "bob").status == 404)
            #expect(try await test.call("GET", "/calendars/\(calendar)", as: "bob").body["access"]?.text == "read")
            #expect(try await test.call("DELETE", path).status == 204)
            #expect(try await test.call("GET", "/events/\(id)", as: "bob").status == 404)
            #expect(try await test.call("GET", "/calendars/\(calendar)", as: "bob").status == 404)
            #expect(try await test.call("POST", "/events", lunch(in: calendar), as: "bob").status == 404)
            #expect(try await test.call("DELETE", path).status == 404)
        }
    }

    @Test func `only its owner gives a calendar, and only to somebody else who is here`() async throws {
        try await TestGateway.run { test in
            let (calendar, share) = try await share(test, "write")
            let path = "/calendars/\(calendar)/shares"
            let again = try await test.call("POST", path, ["user": "bob", "access": "read"])
            #expect(again.status == 200 && again.body["id"]?.number == share)
            let wishes: [(JSON, Int)] = [
                (["user": "nobody", "access": "read"], 422), (["email": "nobody@example.org", "access": "read"], 422),
                (["user": "alice", "access": "read"], 422), (["email": "alice@example.org", "access": "read"], 422),
                (["user": "bob", "access": "own"], 400), (["user": "bob"], 400), (["access": "read"], 422),
            ]
            for (wish, status) in wishes {
                let answer = try await test.call("POST", path, wish)
                #expect(answer.status == status && answer.problem != nil, "\(answer.reply.text)")
            }
            #expect(try await test.call("GET", path, as: "bob").status == 403)
            #expect(
                try await test.call("POST", path, ["email": "alice@example.org", "access": "read"], as: "bob").status
                    == 403
            )
            #expect(
                try await test.call("POST", "/calendars/\(calendar)/feeds", ["label": "x"], as: "bob").status == 403
            )
            let his = try #require(
                await test.call("GET", "/calendars", as: "bob").items.first { $0["name"]?.text == "default" }
            )
            let foreign = "/calendars/\(his["id"]?.number ?? 0)/shares"
            #expect(try await test.call("GET", foreign).status == 404)
            #expect(try await test.call("POST", foreign, ["user": "alice", "access": "write"]).status == 404)
        }
    }

    @Test func `a sharee declines, accepts again, and names the calendar for itself`() async throws {
        try await TestGateway.run { test in
            let (calendar, share) = try await share(test, "read")
            let path = "/calendars/\(calendar)/shares/\(share)"
            #expect(try await test.call("POST", path + "/decline").status == 404)
            #expect(try await test.call("POST", path + "/decline", as: "bob").body["state"]?.text == "declined")
            #expect(try await test.call("GET", "/calendars/\(calendar)", as: "bob").status == 404)
            #expect(try await test.call("GET", path).body["state"]?.text == "declined")
            #expect(try await test.call("GET", "/shares", as: "bob").items.map { $0["owner"]?.text } == ["alice"])
            #expect(try await test.call("POST", path + "/accept", as: "bob").body["state"]?.text == "accepted")
            let change: JSON = ["display_name": "Hers"]
            #expect(try await test.call("PATCH", "/calendars/\(calendar)", change, as: "bob").status == 200)
            #expect(
                try await test.call("GET", "/calendars/\(calendar)", as: "bob").body["display_name"]?.text == "Hers"
            )
            #expect(try await test.call("GET", "/calendars/\(calendar)").body["display_name"]?.text != "Hers")
            #expect(try await test.call("DELETE", "/calendars/\(calendar)", as: "bob").status == 204)
            #expect(try await test.call("GET", "/calendars/\(calendar)").status == 200)
            #expect(try await test.call("GET", path).body["state"]?.text == "declined")
        }
    }

    @Test func `a subscription of a client is no calendar of the gateway`() async throws {
        try await TestGateway.run { test in
            let alice = try #require(await test.gateway.calendars.principal(named: "alice"))
            let subscription = try #require(
                await test.gateway.calendars.createCalendar(
                    named: "holidays",
                    of: alice.id,
                    properties: .init(displayName: "Holidays", source: "https://example.org/h.ics")
                )
            )
            let path = "/calendars/\(subscription.id.rawValue)"
            #expect(try await test.call("GET", "/calendars").items.count == 1)
            for method in ["GET", "DELETE"] { #expect(try await test.call(method, path).status == 404) }
            #expect(try await test.call("POST", path + "/feeds", ["label": "x"]).status == 404)
            #expect(try await test.call("POST", path + "/shares", ["user": "bob", "access": "read"]).status == 404)
            let event = try await test.call("POST", "/events", lunch(in: Int(subscription.id.rawValue)))
            #expect(event.status == 404)
            #expect(try await !Browser(test).get("/").text.contains("Holidays"))
        }
    }

    // MARK: Secret links

    private func link(_ test: TestGateway, _ wish: JSON) async throws -> (path: String, feeds: String, id: Int) {
        let calendar = try #require(await test.call("GET", "/calendars").items.first?["id"]?.number)
        let path = "/calendars/\(calendar)/feeds"
        let made = try await test.call("POST", path, wish)
        #expect(made.status == 201, "\(made.reply.text)")
        let url = try #require(made.body["url"]?.text)
        #expect(url.hasPrefix(TestGateway.publicURL + "/feeds/") && url.hasSuffix(".ics"))
        return (String(url.dropFirst(TestGateway.publicURL.count)), path, try #require(made.body["id"]?.number))
    }

    @Test func `a secret link shows the calendar without a login, and the address is told once`() async throws {
        try await TestGateway.run { test in
            let id = try await test.makeLunch()
            let (path, feeds, feed) = try await link(test, ["label": "Phone", "privacy": "full", "expires_at": .null])
            let reply = try await test.send("GET", path, as: nil)
            #expect(reply.status == 200 && reply["Content-Type"] == "text/calendar; charset=utf-8")
            #expect(reply["Cache-Control"] == "private, no-cache" && reply["Referrer-Policy"] == "no-referrer")
            let calendar = try Component(parsing: reply.text)
            #expect(calendar.components("VEVENT").count == 1 && calendar.first("X-WR-CALNAME") != nil)
            let row = try #require(await test.call("GET", feeds).items.first)
            #expect(row["url"] == nil && row["label"]?.text == "Phone" && row["last_used_at"]?.text != nil)
            #expect(try await test.call("GET", feeds + "/\(feed)").body["url"] == nil)
            _ = try await test.call("PATCH", "/events/\(id)", ["summary": "Supper"])
            #expect(try await test.send("GET", path, as: nil).text.contains("Supper"))
            #expect(try await test.send("POST", path, as: nil).status == 405)
        }
    }

    @Test func `what has not changed is not sent again, and HEAD sends nothing`() async throws {
        try await TestGateway.run { test in
            _ = try await test.makeLunch()
            let (path, _, _) = try await link(test, ["label": "Phone"])
            let first = try await test.send("GET", path, as: nil)
            let etag = try #require(first["ETag"])
            for condition in [etag, "W/" + etag, "\"x\", " + etag, "*"] {
                let reply = try await test.send("GET", path, as: nil, [("If-None-Match", condition)])
                #expect(reply.status == 304 && reply.body.isEmpty && reply["ETag"] == etag)
            }
            let head = try await test.send("HEAD", path, as: nil)
            #expect(head.status == 200 && head.body.isEmpty && head["ETag"] == etag)
            _ = try await test.makeLunch()
            let changed = try await test.send("GET", path, as: nil, [("If-None-Match", etag)])
            #expect(changed.status == 200 && changed["ETag"] != etag)
        }
    }

    @Test func `a link that is unknown, expired or revoked is nothing at all, with one and the same answer`()
        async throws
    {
        let clock = Mutex(Int64(1_795_251_600))
        try await TestGateway.run(now: { Instant(seconds: clock.withLock { $0 }) }) { test in
            let soon = Instant(seconds: 1_795_251_660).rfc3339
            let (expiring, feeds, _) = try await link(test, ["label": "Guest", "expires_at": .string(soon)])
            let (revoked, _, id) = try await link(test, ["label": "Phone", "privacy": "busy"])
            #expect(try await test.send("GET", expiring, as: nil).status == 200)
            #expect(try await test.call("DELETE", feeds + "/\(id)").status == 204)
            clock.withLock { $0 += 60 }
            let answers = try await [expiring, revoked, "/feeds/unknown.ics", "/feeds/", "/feeds/x"].asyncMap {
                try await test.send("GET", $0, as: nil)
            }
            #expect(answers.allSatisfy { $0.status == 404 && $0.body == answers[0].body })
            for time in ["yesterday", soon] {
                let refused = try await test.call("POST", feeds, ["label": "x", "expires_at": .string(time)])
                #expect(refused.status == 400 && refused.problem != nil)
            }
        }
    }

    @Test func `a calendar of many objects is written in pieces and read whole`() async throws {
        try await TestGateway.run { test in
            for _ in 0..<450 { _ = try await test.makeLunch() }
            let (path, _, _) = try await link(test, ["label": "Phone", "privacy": "titles"])
            let calendar = try Component(parsing: try await test.send("GET", path, as: nil).text)
            #expect(calendar.components("VEVENT").count == 450)
        }
    }

    // MARK: The dashboard

    @Test func `the page of a calendar gives it, changes what one may, and takes it back`() async throws {
        try await TestGateway.run { test in
            let browser = try await Browser(test)
            let id = try #require(await test.call("GET", "/calendars").items.first?["id"]?.number)
            let page = "/calendars/\(id)/share"
            #expect(try await browser.get("/").text.contains("href=\"\(page)\""))
            let given = try await browser.post("/calendars/\(id)/shares", ["who": "bob", "access": "write"])
            #expect(given.status == 303 && given["Location"] == page)
            let share = try #require(await test.call("GET", "/calendars/\(id)/shares").items.first?["id"]?.number)
            #expect(try await browser.get(page).text.contains("/calendars/\(id)/shares/\(share)/delete"))
            let path = "/calendars/\(id)/shares/\(share)"
            #expect(try await browser.post(path + "/access", ["access": "read"]).status == 303)
            #expect(try await test.call("GET", path).body["access"]?.text == "read")
            #expect(try await browser.post("/calendars/\(id)/shares", ["who": "nobody@example.org"]).status == 422)
            #expect(try await browser.post(path + "/delete", csrf: nil).status == 403)
            #expect(try await browser.post(path + "/delete").status == 303)
            #expect(try await test.call("GET", "/calendars/\(id)/shares").items.isEmpty)
        }
    }

    @Test func `the page of a calendar makes links that it shows once, and revokes them`() async throws {
        try await TestGateway.run { test in
            let browser = try await Browser(test)
            let id = try #require(await test.call("GET", "/calendars").items.first?["id"]?.number)
            let form = ["label": "<b>Hall</b>", "privacy": "busy", "expires": ""]
            let made = try await browser.post("/calendars/\(id)/feeds", form).text
            let found = try #require(made.firstMatch(of: /\/feeds\/[A-Za-z0-9_-]{43}\.ics/))
            let link = String(found.output)
            #expect(try await test.send("GET", link, as: nil).status == 200)
            let page = try await browser.get("/calendars/\(id)/share").text
            #expect(!page.contains(link) && page.contains("&lt;b&gt;Hall") && !page.contains("<b>Hall"))
            let late = ["label": "x", "privacy": "busy", "expires": "2001-01-01"]
            #expect(try await browser.post("/calendars/\(id)/feeds", late).status == 400)
            let feed = try #require(await test.call("GET", "/calendars/\(id)/feeds").items.first?["id"]?.number)
            #expect(try await browser.post("/calendars/\(id)/feeds/\(feed)/delete").status == 303)
            #expect(try await test.send("GET", link, as: nil).status == 404)
        }
    }

    @Test func `what was given to one is let go of and taken back with a button`() async throws {
        try await TestGateway.run { test in
            let his = try #require(await test.call("GET", "/calendars", as: "bob").items.first?["id"]?.number)
            let wish: JSON = ["email": "alice@example.org", "access": "read"]
            #expect(try await test.call("POST", "/calendars/\(his)/shares", wish, as: "bob").status == 201)
            let browser = try await Browser(test)
            let page = "/calendars/\(his)/share"
            #expect(try await browser.get("/").text.contains("from bob"))
            #expect(try await browser.get(page).text.contains("Let go of it"))
            #expect(try await browser.post(page + "/decline").status == 303)
            #expect(try await test.call("GET", "/calendars/\(his)").status == 404)
            #expect(try await browser.get(page).text.contains("Take it back"))
            #expect(try await browser.post(page + "/accept").status == 303)
            #expect(try await test.call("GET", "/calendars/\(his)").status == 200)
            #expect(try await browser.post("/calendars/\(his)/shares", ["who": "alice"]).status == 404)
        }
    }

    @Test func `the log never names a secret link`() {
        #expect(FeedRoute.logged("/feeds/secret.ics") == "/feeds/…")
        #expect(FeedRoute.logged("/dav/") == "/dav/")
    }
}

extension Sequence {
    fileprivate func asyncMap<Value>(_ transform: (Element) async throws -> Value) async rethrows -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await transform(element)) }
        return values
    }
}
