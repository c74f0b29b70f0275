import SimulatorGoogle
import Testing

@Suite("REST")
struct RESTTests {
    private typealias JSON = SimulatorGoogle.JSON

    @Test func `every refusal is a problem document with a code and a remedy`() async throws {
        try await TestGateway.run { test in
            let event = try await test.makeLunch()
            let refusals: [(String, String, JSON?, Int)] = [
                ("GET", "/nothing", nil, 404), ("GET", "/events/99999", nil, 404), ("GET", "/events/x", nil, 404),
                ("PUT", "/events/\(event)", nil, 405), ("POST", "/calendars", ["name": "No Good!"], 400),
                ("POST", "/calendars", ["name": "default"], 409), ("POST", "/events", [:], 400),
                ("POST", "/events", ["calendar": 1, "start": "yesterday"], 400), ("POST", "/links", [:], 400),
                ("POST", "/connections", ["provider": "icq"], 400), ("GET", "/events?start=soon", nil, 400),
                ("POST", "/events/\(event)/restore", ["version": 999_999], 404), ("POST", "/tokens", [:], 400),
            ]
            for (method, path, body, status) in refusals {
                let answer = try await test.call(method, path, body)
                #expect(answer.status == status, "\(method) \(path)")
                #expect(answer.problem != nil, "\(method) \(path): \(answer.reply.text)")
            }
            let garbage = try await test.send("POST", "/api/v1/events", body: Array("{".utf8))
            #expect(garbage.status == 400)
            #expect(garbage["Content-Type"] == "application/problem+json")
        }
    }

    @Test func `a body beyond the limit is a problem document too`() async throws {
        try await TestGateway.run { test in
            let answer = try await test.call(
                "POST",
                "/events",
                ["summary": .string(String(repeating: "x", count: 300_000))]
            )
            #expect(answer.status == 413)
            #expect(answer.problem == "invalid_request")
        }
    }

    @Test func `a search looks at words, not at the names of properties`() async throws {
        try await TestGateway.run { test in
            _ = try await test.makeLunch()
            let window = "start=2026-01-01T00:00:00Z&end=2027-12-31T00:00:00Z"
            let found = try await test.call("GET", "/events?\(window)&q=lunch")
            #expect(found.body["items"]?.elements?.isEmpty == false)
            let none = try await test.call("GET", "/events?\(window)&q=summary")
            #expect(none.body["items"]?.elements?.isEmpty == true)
        }
    }

    @Test func `HEAD is answered as GET, without the body`() async throws {
        try await TestGateway.run { test in
            let found = try await test.send("HEAD", "/api/v1/calendars")
            #expect(found.status == 200)
            let missing = try await test.send("HEAD", "/api/v1/events/99999")
            #expect(missing.status == 404)
        }
    }

    @Test func `a page of another site cannot write with remembered credentials`() async throws {
        try await TestGateway.run { test in
            let body = Array(#"{"name":"stolen"}"#.utf8)
            let foreign = [("Origin", "https://evil.example"), ("Content-Type", "text/plain")]
            let refused = try await test.send("POST", "/api/v1/calendars", foreign, body: body)
            #expect(refused.status == 403)
            let own = [("Origin", "http://127.0.0.1"), ("Content-Type", "application/json")]
            let taken = try await test.send("POST", "/api/v1/calendars", own, body: body)
            #expect(taken.status == 201)
        }
    }

    @Test func `what is not in the queue or among the runs is not found`() async throws {
        try await TestGateway.run { test in
            for (method, path) in [("DELETE", "/queue/1"), ("POST", "/queue/1/retry"), ("POST", "/runs/1/undo")] {
                let answer = try await test.call(method, path)
                #expect(answer.status == 404, "\(path)")
            }
        }
    }

    @Test func `calendars are made, renamed and removed`() async throws {
        try await TestGateway.run { test in
            let made = try await test.call("POST", "/calendars", ["name": "work", "display_name": "Work"])
            #expect(made.status == 201)
            #expect(made.body["href"]?.text == "/dav/calendars/alice/work/")
            let id = try #require(made.body["id"]?.number)
            let renamed = try await test.call("PATCH", "/calendars/\(id)", ["display_name": "Job"])
            #expect(renamed.body["display_name"]?.text == "Job")
            #expect(try await test.call("DELETE", "/calendars/\(id)").status == 204)
            #expect(try await test.call("GET", "/calendars/\(id)").problem == "not_found")
        }
    }

    @Test func `an event is made, read, changed and removed`() async throws {
        try await TestGateway.run { test in
            let id = try await test.makeLunch(["location": "Café <Ü>"])
            let read = try await test.call("GET", "/events/\(id)")
            #expect(read.body["location"]?.text == "Café <Ü>")
            #expect(read.body["start"]?.text == "2026-11-24T12:00:00Z")
            let etag = try #require(read.reply["ETag"])
            let changed = try await test.call("PATCH", "/events/\(id)", ["summary": "Late lunch"], [("If-Match", etag)])
            #expect(changed.status == 200)
            #expect(changed.body["summary"]?.text == "Late lunch")
            #expect(changed.body["location"]?.text == "Café <Ü>")
            let late = try await test.call("PATCH", "/events/\(id)", ["summary": "Lost"], [("If-Match", etag)])
            #expect(late.status == 412)
            #expect(late.problem == "conflict")
            #expect(try await test.call("DELETE", "/events/\(id)").status == 204)
            #expect(try await test.call("GET", "/events/\(id)").problem == "not_found")
        }
    }

    @Test func `a floating time is told as the calendar's zone reads it`() async throws {
        try await TestGateway.run { test in
            let zone =
                "<D:propertyupdate xmlns:D='DAV:' xmlns:C='urn:ietf:params:xml:ns:caldav'><D:set><D:prop>"
                + "<C:calendar-timezone-id>Europe/Berlin</C:calendar-timezone-id></D:prop></D:set></D:propertyupdate>"
            let set = try await test.send("PROPPATCH", "/dav/calendars/alice/default/", body: Array(zone.utf8))
            #expect(set.status == 207 && set.text.contains("200 OK"), "\(set.text)")
            let lines = [
                "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN", "BEGIN:VEVENT", "UID:float",
                "DTSTAMP:20261101T000000Z", "DTSTART:20261201T003000", "DTEND:20261201T013000",
                "RRULE:FREQ=DAILY;COUNT=2", "SUMMARY:Float", "END:VEVENT", "END:VCALENDAR", "",
            ]
            let path = "/dav/calendars/alice/default/float.ics"
            let body = Array(lines.joined(separator: "\r\n").utf8)
            #expect(try await test.send("PUT", path, [("Content-Type", "text/calendar")], body: body).status == 201)
            // In UTC it begins the day before.
            let window = "/events?start=2026-11-30T23:00:00Z&end=2026-12-01T00:00:00Z"
            let row = try #require(try await test.call("GET", window).items.first)
            #expect(row["start"]?.text == "2026-11-30T23:30:00Z" && row["end"]?.text == "2026-12-01T00:30:00Z")
            #expect(row["time_zone"] == .null && row["occurrence"]?.text == "20261201T003000")
            let id = try #require(row["id"]?.number)
            for address in ["/events/\(id)", "/events/\(id)?occurrence=20261201T003000"] {
                #expect(try await test.call("GET", address).body["start"]?.text == "2026-11-30T23:30:00Z")
            }
            let moved = try await test.call("PATCH", "/events/\(id)", ["summary": "Still there"])
            #expect(moved.status == 200 && moved.body["start"]?.text == "2026-11-30T23:30:00Z")
            #expect(try await test.object("Still there")?.text.contains("DTSTART:20261201T003000\r\n") == true)
            let later: JSON = ["start": "2026-12-01T08:00:00Z", "end": "2026-12-01T09:00:00Z"]
            #expect(try await test.call("PATCH", "/events/\(id)", later).body["start"]?.text == "2026-12-01T08:00:00Z")
            #expect(try await test.object("Still there")?.text.contains("DTSTART:20261201T090000\r\n") == true)
        }
    }

    @Test func `what belongs to a value that is changed goes with it`() async throws {
        try await TestGateway.run { test in
            let lines = [
                "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN", "BEGIN:VEVENT", "UID:lunch",
                "DTSTAMP:20261101T000000Z", "DTSTART:20261124T120000Z", "DTEND:20261124T130000Z", "SUMMARY:Lunch",
                "LOCATION:Old Cafe", "GEO:52.5;13.4", "X-APPLE-STRUCTURED-LOCATION;VALUE=URI:geo:52.5,13.4",
                "DESCRIPTION:Soup", "X-ALT-DESC;FMTTYPE=text/html:<b>Soup</b>", "END:VEVENT", "END:VCALENDAR", "",
            ]
            let path = "/dav/calendars/alice/default/lunch.ics"
            let body = Array(lines.joined(separator: "\r\n").utf8)
            #expect(try await test.send("PUT", path, [("Content-Type", "text/calendar")], body: body).status == 201)
            func details() async throws -> [String] {
                let text = try #require(try await test.object("Lunch")).text
                return ["GEO", "X-APPLE-STRUCTURED-LOCATION", "X-ALT-DESC"].filter { text.contains("\r\n\($0)") }
            }
            let rows = try await test.call("GET", "/events?start=2026-11-24T00:00:00Z&end=2026-11-25T00:00:00Z").items
            let id = try #require(rows.first?["id"]?.number)
            let same: JSON = ["location": "Old Cafe", "description": "Soup", "url": "https://example.com/"]
            #expect(try await test.call("PATCH", "/events/\(id)", same).status == 200)
            #expect(try await details() == ["GEO", "X-APPLE-STRUCTURED-LOCATION", "X-ALT-DESC"])
            #expect(try await test.call("PATCH", "/events/\(id)", ["location": "New Bar"]).status == 200)
            #expect(try await details() == ["X-ALT-DESC"])
            #expect(try await test.call("PATCH", "/events/\(id)", ["description": "Salad"]).status == 200)
            #expect(try await details() == [])
        }
    }

    @Test func `an event says for itself whether its guests are mailed`() async throws {
        try await TestGateway.run { test in
            let id = try await test.makeLunch(["notify_guests": true])
            func wish() async throws -> String? {
                let versions = try await test.call("GET", "/events/\(id)/history").items
                let last = versions.max { ($0["version"]?.number ?? 0) < ($1["version"]?.number ?? 0) }
                let lines = try #require(last?["ics"]?.text).split(separator: "\r\n")
                let line = lines.first { $0.hasPrefix("X-KALENDS-NOTIFY-GUESTS:") }
                return line.map { String($0.dropFirst("X-KALENDS-NOTIFY-GUESTS:".count)) }
            }
            #expect(try await wish() == "TRUE")
            #expect(try await test.call("PATCH", "/events/\(id)", ["summary": "Supper"]).status == 200)
            #expect(try await wish() == "TRUE")
            #expect(try await test.call("PATCH", "/events/\(id)", ["notify_guests": false]).status == 200)
            #expect(try await wish() == "FALSE")
            #expect(try await test.call("PATCH", "/events/\(id)", ["notify_guests": .null]).status == 200)
            #expect(try await wish() == nil)
        }
    }

    @Test func `a window lists every occurrence in it`() async throws {
        try await TestGateway.run { test in
            let id = try await test.makeLunch(["rrule": "FREQ=DAILY;COUNT=10"])
            let window = "/events?start=2026-11-25T00:00:00Z&end=2026-11-28T00:00:00Z"
            let rows = try await test.call("GET", window).items
            #expect(rows.map { $0["start"]?.text?.prefix(10) } == ["2026-11-25", "2026-11-26", "2026-11-27"])
            #expect(rows.allSatisfy { $0["id"]?.number == id && $0["occurrence"]?.text != nil })
            #expect(try await test.call("GET", window + "&q=lunch").items.count == 3)
            #expect(try await test.call("GET", window + "&q=dinner").items.isEmpty)
        }
    }

    @Test func `one occurrence is changed or removed and the others stay`() async throws {
        try await TestGateway.run { test in
            let id = try await test.makeLunch(["rrule": "FREQ=DAILY;COUNT=3"])
            let one = "/events/\(id)?occurrence=20261125T120000Z"
            #expect(try await test.call("PATCH", one, ["summary": "Dinner"]).status == 200)
            let window = "/events?start=2026-11-24T00:00:00Z&end=2026-11-30T00:00:00Z"
            var rows = try await test.call("GET", window).items
            #expect(rows.map { $0["summary"]?.text } == ["Lunch", "Dinner", "Lunch"])
            #expect(try await test.call("DELETE", one).status == 200)
            rows = try await test.call("GET", window).items
            #expect(rows.map { $0["start"]?.text?.prefix(10) } == ["2026-11-24", "2026-11-26"])
        }
    }

    @Test func `an occurrence that is none is not found and nothing is changed`() async throws {
        try await TestGateway.run { test in
            let id = try await test.makeLunch(["rrule": "FREQ=DAILY;COUNT=3"])
            let before = try await test.call("GET", "/events/\(id)").reply["ETag"]
            for stray in ["20300101T120000Z", "20261125T130000Z", "nonsense"] {
                let path = "/events/\(id)?occurrence=\(stray)"
                #expect(try await test.call("DELETE", path).problem == "not_found", "\(stray)")
                #expect(try await test.call("PATCH", path, ["summary": "x"]).problem == "not_found", "\(stray)")
            }
            #expect(try await test.call("GET", "/events/\(id)").reply["ETag"] == before)
        }
    }

    @Test func `every version is kept, and a deleted event comes back`() async throws {
        try await TestGateway.run { test in
            let id = try await test.makeLunch()
            #expect(try await test.call("PATCH", "/events/\(id)", ["summary": "Supper"]).status == 200)
            #expect(try await test.call("DELETE", "/events/\(id)").status == 204)
            let history = try await test.call("GET", "/events/\(id)/history").items
            #expect(Set(history.compactMap { $0["kind"]?.text }) == ["created", "changed", "deleted"])
            let first = try #require(history.first { $0["kind"]?.text == "created" }?["version"])
            #expect(try await test.call("POST", "/events/\(id)/restore", ["version": first]).status == 200)
            #expect(try await test.object("Lunch") != nil)
        }
    }

    @Test func `an event that comes back leaves another its name`() async throws {
        try await TestGateway.run { test in
            let id = try await test.makeLunch()
            let old = try #require(try await test.object("Lunch"))
            #expect(try await test.call("DELETE", "/events/\(id)").status == 204)
            let other = old.text.replacing("UID:", with: "UID:other-").replacing("Lunch", with: "Other")
            let type = [("Content-Type", "text/calendar")]
            #expect(try await test.send("PUT", old.href, type, body: Array(other.utf8)).status == 201)
            let first = try #require(try await test.call("GET", "/events/\(id)/history").items.first?["version"])
            #expect(try await test.call("POST", "/events/\(id)/restore", ["version": first]).status == 200)
            #expect(try await test.object("Lunch") != nil)
            #expect(try await test.object("Other") != nil)
        }
    }

    @Test func `a link shows its plan, then does exactly that`() async throws {
        try await TestGateway.run { test in
            try await test.upstreams.makeEvent("Theirs")
            _ = try await test.makeLunch()
            let link = try await test.linkGoogle(start: false)
            #expect(try await test.row(link)["state"]?.text == "preview")
            let plan = try await test.call("GET", "/links/\(link.id)/plan").body
            #expect(plan["gateway"]?["create"]?.elements?.map { $0["summary"]?.text } == ["Theirs"])
            #expect(plan["upstream"]?["create"]?.elements?.map { $0["summary"]?.text } == ["Lunch"])
            #expect(try await test.object("Theirs") == nil)
            #expect(try await test.call("POST", "/links/\(link.id)/start").status == 200)
            try await eventually("the plan is carried out") {
                let isThere = try await test.upstreams.event("Lunch") != nil
                return try await test.object("Theirs") != nil && isThere
            }
        }
    }

    @Test func `a paused link waits, and goes on where it was`() async throws {
        try await TestGateway.run { test in
            let link = try await test.linkGoogle()
            try await test.sync(link)
            #expect(try await test.call("POST", "/links/\(link.id)/pause").body["state"]?.text == "paused")
            #expect(try await test.call("POST", "/links/\(link.id)/sync").body["run"]?.isNull == true)
            _ = try await test.makeLunch()
            #expect(try await test.upstreams.event("Lunch") == nil)
            #expect(try await test.call("POST", "/links/\(link.id)/resume").status == 200)
            try await eventually("Lunch goes out") { try await test.upstreams.event("Lunch") != nil }
        }
    }

    @Test func `passes, their queue and the state of all links are told`() async throws {
        try await TestGateway.run { test in
            _ = try await test.makeLunch()
            let link = try await test.linkGoogle()
            try await test.sync(link)
            let runs = try await test.call("GET", "/runs?link=\(link.id)").items
            #expect(runs.contains { ($0["pushed"]?.number ?? 0) > 0 }, "\(runs)")
            for path in ["/queue", "/quarantine", "/conflicts"] {
                let answer = try await test.call("GET", path)
                #expect(answer.status == 200)
                #expect(answer.items.isEmpty, "\(path)")
            }
            let states = try await test.call("GET", "/sync-status").items
            #expect(states.map { $0["id"]?.number } == [link.id])
            #expect(try await test.call("POST", "/sync").status == 202)
        }
    }

    @Test func `an event that Google refuses waits in the queue with the reason`() async throws {
        try await TestGateway.run { test in
            let link = try await test.linkGoogle()
            try await test.sync(link)
            await test.upstreams.googleService.add(Fault(.failBefore(status: 400), method: "POST", path: "*/events*"))
            _ = try await test.makeLunch()
            try await eventually("it is in the queue or went out") {
                let waits = try await !test.call("GET", "/queue").items.isEmpty
                let isThere = try await test.upstreams.event("Lunch") != nil
                return waits || isThere
            }
            guard let item = try await test.call("GET", "/queue").items.first else { return }
            #expect(item["last_error"]?["message"]?.text?.isEmpty == false)
            #expect(try await test.call("POST", "/queue/\(item["id"]?.number ?? 0)/retry").status == 202)
            try await eventually("it goes out") { try await test.upstreams.event("Lunch") != nil }
        }
    }

    @Test(arguments: ["gateway", "upstream"])
    func `under ask a person decides`(_ side: String) async throws {
        try await TestGateway.run { test in
            let id = try await test.makeLunch()
            let link = try await test.linkGoogle(start: true, ["conflicts": "ask"])
            try await eventually("Lunch goes out") { try await test.upstreams.event("Lunch") != nil }
            try await test.sync(link)
            #expect(try await test.call("POST", "/links/\(link.id)/pause").status == 200)
            #expect(try await test.call("PATCH", "/events/\(id)", ["summary": "Ours"]).status == 200)
            let there = try #require(try await test.upstreams.event("Lunch")?["id"]?.text)
            let service = test.upstreams.googleService
            try await service.editEvent(there, ["summary": "Theirs"], in: TestUpstreams.account)
            #expect(try await test.call("POST", "/links/\(link.id)/resume").status == 200)
            try await eventually("the conflict is told") {
                try await test.call("GET", "/conflicts?state=open").items.count == 1
            }
            let conflict = try #require(await test.call("GET", "/conflicts?state=open").items.first)
            let number = conflict["id"]?.number ?? 0
            let field = conflict["fields"]?.members?.values.first
            #expect(field?["gateway"]?.text == "Ours")
            #expect(field?["upstream"]?.text == "Theirs")
            #expect(try await test.call("POST", "/conflicts/\(number)", ["keep": "neither"]).status == 400)
            #expect(try await test.call("POST", "/conflicts/\(number)", ["keep": .string(side)]).status == 200)
            let kept = side == "gateway" ? "Ours" : "Theirs"
            try await eventually("\(kept) is on both sides") {
                let isThere = try await test.upstreams.event(kept) != nil
                return try await test.object(kept) != nil && isThere
            }
            #expect(try await test.call("POST", "/conflicts/\(number)", ["keep": .string(side)]).problem == "conflict")
        }
    }
}
