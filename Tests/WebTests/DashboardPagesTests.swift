import Accounts
import Foundation
import SimulatorGoogle
import Store
import Testing

@testable import Web

@Suite("Dashboard: pages")
struct DashboardPagesTests {
    private typealias JSON = SimulatorGoogle.JSON

    @Test func `every page opens, with its title and without anything that hurts`() async throws {
        try await TestGateway.run { test in
            let hostile = "</title><script>alert(1)</script>\"'&{{csrf}}"
            let event = try await test.makeLunch(["summary": .string(hostile), "rrule": "FREQ=DAILY;COUNT=3"])
            let browser = try await Browser(test)
            let calendar = try #require(try await test.call("GET", "/calendars").items.first?["id"]?.number)
            let paths = [
                "/calendars", "/calendars/\(calendar)?at=2026-11", "/calendars/\(calendar)?at=2026-11&view=agenda",
                "/calendars/\(calendar)/new", "/events/\(event)", "/events/\(event)?occurrence=20261125T120000Z",
                "/events/\(event)/history", "/events/\(event)/explain", "/conflicts", "/conflicts?state=resolved",
                "/activity", "/audit", "/settings", "/client", "/connect/google", "/connect/notion",
            ]
            for path in paths {
                let page = try await browser.get(path)
                #expect(page.status == 200, "\(path)")
                #expect(page.text.contains("</html>"), "\(path)")
                #expect(!page.text.contains("<script>"), "\(path)")
                #expect(!page.text.contains("style="), "the policy forbids style attributes: \(path)")
                #expect(page.text.contains("<h1"), "\(path)")
                #expect(page["Content-Security-Policy"]?.contains("script-src 'self'") == true, "\(path)")
            }
            #expect(try await browser.get("/client/code.svg")["Content-Type"] == "image/svg+xml")
        }
    }

    @Test func `no page shows what programs say for nothing`() async throws {
        try await TestGateway.run { test in
            let conflict = try await test.makeConflict()
            let event = try await test.makeLunch()
            let browser = try await Browser(test)
            var pages = [try await test.send("GET", "/login", as: nil)]
            for route in PageRoute.pages {
                for name in ["1", "2", "\(conflict)", "\(event)", "google", "notion"] {
                    let segments = route.segments.map { $0 == "*" ? name : String($0) }
                    pages.append(try await browser.get("/" + segments.joined(separator: "/")))
                }
            }
            for page in pages where page["Content-Type"]?.hasPrefix("text/html") == true {
                for word in [">nil<", "Optional(", "(null)", "undefined", "{{"] {
                    #expect(!page.text.contains(word), "\(word) in \(page.text.prefix(4000))")
                }
            }
        }
    }

    @Test func `sides in step are not marked as different, however each writes the hour`() {
        let field: Web.JSON = [
            "dtend": ["base": "20261124T100000", "gateway": "20261124T100000", "upstream": "20261124T090000Z"],
            "dtstart": ["base": "20261124T090000", "gateway": "20261124T090000", "upstream": "20261124T080000Z"],
            "summary": ["base": "Talk", "gateway": "Talk", "upstream": "Talk"],
        ]
        let inStep = DashboardRoutes.fields(field, isInStep: true)
        #expect(inStep.compactMap { $0["label"] as? String } == ["Title", "Begins", "Ends"])
        #expect(inStep.allSatisfy { $0["theirsChanged"] as? Bool == false })
        #expect(DashboardRoutes.fields(field).contains { $0["theirsChanged"] as? Bool == true })
    }

    @Test func `the audit page names events by their titles, and filters before it counts`() async throws {
        try await TestGateway.run { test in
            _ = try await test.linkGoogle()
            let event = try await test.makeLunch(["summary": "Board & lodging"])
            let browser = try await Browser(test)
            try await eventually("the event went upstream") {
                try await browser.get("/audit?action=upstream").text.contains("upstream created")
            }
            let page = try await browser.get("/audit?action=upstream").text
            #expect(page.contains("/events/\(event)\"") && page.contains(">Board &amp; lodging</a>"))
            #expect(page.contains("format=csv&amp;kind=upstream"))
            #expect(!page.contains("connection added"))
            let table = try await test.send("GET", "/api/v1/audit?format=csv&kind=link")
            let actions = table.text.split(separator: "\r\n").dropFirst().map { $0.split(separator: ",")[3] }
            #expect(!actions.isEmpty && actions.allSatisfy { $0.hasPrefix("link.") }, "\(actions)")
        }
    }

    @Test func `a page of the past leads to the latest, and to an older one where there is one`() async throws {
        try await TestGateway.run { test in
            let browser = try await Browser(test)
            let calendar = "/calendars/\(try await test.calendar())"
            func rename(_ name: String) async throws {
                let renamed = try await test.call("PATCH", calendar, ["display_name": .string(name)])
                #expect(renamed.status == 200, "\(renamed.reply.text)")
            }
            let known = try await test.call("GET", "/audit").items.count
            for number in known..<TablePage.rows { try await rename("Name \(number)") }
            #expect(try await test.call("GET", "/audit").items.count == TablePage.rows)
            #expect(try await !browser.get("/audit").text.contains(#"rel="next""#))
            try await rename("One more")
            let latest = try await browser.get("/audit").text
            #expect(latest.contains(#"rel="next""#) && !latest.contains(">Latest<"))
            let link = try #require(latest.components(separatedBy: "?before=").dropFirst().first)
            for older in [String(link.prefix { $0 != "\"" }), "0"] {
                let page = try await browser.get("/audit?before=\(older)").text
                #expect(page.contains(">Latest<") && !page.contains(#"rel="next""#), "\(older)")
            }
            #expect(try await browser.get(calendar + "?deleted=1").text.contains("The latest"))
            for query in ["deleted=zzz", "deleted=", "at=9999-12", "at=9999-12&view=agenda", "at=0001-01", "at=zzz"] {
                #expect(try await browser.get(calendar + "?" + query).status == 200, "\(query)")
            }
        }
    }

    @Test func `an event is made, changed and removed in forms`() async throws {
        try await TestGateway.run { test in
            let browser = try await Browser(test)
            let calendar = try #require(try await test.call("GET", "/calendars").items.first?["id"]?.number)
            let made = try await browser.post(
                "/calendars/\(calendar)/events",
                [
                    "summary": "Tea", "start_date": "2026-11-24", "start_time": "16:00", "end_date": "2026-11-24",
                    "end_time": "17:00", "time_zone": "Europe/Berlin", "rrule": "FREQ=DAILY", "custom_rule": "",
                ]
            )
            #expect(made.status == 303)
            let window = "/events?start=2026-11-24T00:00:00Z&end=2026-11-27T00:00:00Z"
            var rows = try await test.call("GET", window).items
            #expect(rows.map { $0["start"]?.text } == (24...26).map { "2026-11-\($0)T15:00:00Z" })
            let id = try #require(rows.first?["id"]?.number)
            let one = try #require(rows[1]["occurrence"]?.text)
            let page = try await browser.get("/events/\(id)?occurrence=\(one)")
            #expect(page.text.contains("Remove the whole series"))
            var fields = [
                "etag": try #require(rows.first?["etag"]?.text), "occurrence": one, "summary": "Late tea",
                "start_date": "2026-11-25", "start_time": "18:00", "end_date": "2026-11-25", "end_time": "19:00",
                "time_zone": "Europe/Berlin",
            ]
            #expect(try await browser.post("/events/\(id)", fields).status == 303)
            rows = try await test.call("GET", window).items
            #expect(rows.map { $0["summary"]?.text } == ["Tea", "Late tea", "Tea"])
            #expect(rows[1]["start"]?.text == "2026-11-25T17:00:00Z")
            // The form was shown before the last change.
            #expect(try await browser.post("/events/\(id)", fields.merging(["summary": "Lost"]) { $1 }).status == 412)
            fields = ["occurrence": one]
            #expect(try await browser.post("/events/\(id)/delete", fields).status == 303)
            #expect(try await test.call("GET", window).items.count == 2)
            #expect(try await browser.post("/events/\(id)/delete").status == 303)
            #expect(try await test.call("GET", window).items.isEmpty)
        }
    }

    @Test func `a form that changes nothing writes nothing`() async throws {
        try await TestGateway.run { test in
            let id = try await test.makeLunch(["description": "one\ntwo", "location": "Café"])
            let before = try await test.call("GET", "/events/\(id)").reply["ETag"]
            let same = [
                "summary": "Lunch", "start_date": "2026-11-24", "start_time": "12:00", "end_date": "2026-11-24",
                "end_time": "13:00", "time_zone": "UTC", "rrule": "", "custom_rule": "", "location": "Café",
                "description": "one\r\ntwo", "url": "",
            ]
            #expect(try await Browser(test).post("/events/\(id)", same).status == 303)
            #expect(try await test.call("GET", "/events/\(id)").reply["ETag"] == before)
        }
    }

    @Test func `a whole day ends on the day the form says`() async throws {
        try await TestGateway.run { test in
            let browser = try await Browser(test)
            let calendar = try #require(try await test.call("GET", "/calendars").items.first?["id"]?.number)
            _ = try await browser.post(
                "/calendars/\(calendar)/events",
                ["summary": "Fair", "all_day": "yes", "start_date": "2026-11-24", "end_date": "2026-11-25"]
            )
            let row = try await test.call("GET", "/events?start=2026-11-24&end=2026-11-25").items.first
            #expect(row?["start"]?.text == "2026-11-24")
            #expect(row?["end"]?.text == "2026-11-26")
            let page = try await browser.get("/events/\(row?["id"]?.number ?? 0)")
            #expect(page.text.contains(#"name="end_date" value="2026-11-25""#))
        }
    }

    @Test func `an old version becomes the present one at the press of a button`() async throws {
        try await TestGateway.run { test in
            let id = try await test.makeLunch()
            _ = try await test.call("PATCH", "/events/\(id)", ["summary": "Dinner"])
            let versions = try await test.call("GET", "/events/\(id)/history").items
            let first = try #require(versions.first?["version"]?.number)
            let browser = try await Browser(test)
            let page = try await browser.get("/events/\(id)/history")
            #expect(page.text.contains("SUMMARY:Dinner"))
            #expect(try await browser.post("/events/\(id)/restore", ["version": "\(first)"]).status == 303)
            #expect(try await test.call("GET", "/events/\(id)").body["summary"]?.text == "Lunch")
        }
    }

    @Test func `what is secret is shown once`() async throws {
        try await TestGateway.run { test in
            let browser = try await Browser(test)
            let made = try await browser.post("/settings/tokens", ["label": "agent", "write": "yes"])
            let token = try #require(made.text.components(separatedBy: #"id="new-token">"#).dropFirst().first)
                .prefix { $0 != "<" }
            let bearer = [("Authorization", "Bearer \(token)")]
            #expect(try await test.send("GET", "/api/v1/calendars", as: nil, bearer).status == 200)
            #expect(try await !browser.get("/settings").text.contains(token))
            let id = try #require(try await test.call("GET", "/tokens").items.first?["id"]?.number)
            #expect(try await browser.post("/settings/tokens/\(id)/delete").status == 303)
            #expect(try await test.send("GET", "/api/v1/calendars", as: nil, bearer).status == 401)
        }
    }

    @Test func `the first user is made by the link in the log, and only the first`() async throws {
        try await TestGateway.run(configure: { $0.setupToken = "right" }) { test in
            // Alice and Bob are there already.
            #expect(try await test.send("GET", "/setup?token=right", as: nil).status == 404)
            for user in try await test.gateway.accounts.users() { try await test.gateway.accounts.removeUser(user) }
            #expect(try await test.send("GET", "/setup?token=wrong", as: nil).status == 404)
            #expect(try await test.send("GET", "/setup", as: nil).status == 404)
            let form = "token=right&user=root&password=correct+horse&again="
            let differing = try await test.send("POST", "/setup", as: nil, body: Array((form + "other").utf8))
            #expect(differing.status == 422)
            let made = try await test.send("POST", "/setup", as: nil, body: Array((form + "correct+horse").utf8))
            #expect(made.status == 303)
            #expect(made["Set-Cookie"]?.hasPrefix("kalends_session=") == true)
            #expect(try await test.gateway.accounts.users().map(\.isAdmin) == [true])
            let again = try await test.send("POST", "/setup", as: nil, body: Array((form + "correct+horse").utf8))
            #expect(again.status == 404)
        }
    }

    @Test func `a month of a thousand events stays small`() async throws {
        try await TestGateway.run { test in
            for day in 1...25 {
                let start = "2026-11-\(day < 10 ? "0" : "")\(day)T09:00:00Z"
                let rule: JSON = "FREQ=MINUTELY;INTERVAL=10;COUNT=40"
                _ = try await test.makeLunch(["start": .string(start), "end": .string(start), "rrule": rule])
            }
            let calendar = try #require(try await test.call("GET", "/calendars").items.first?["id"]?.number)
            let browser = try await Browser(test)
            let month = try await browser.get("/calendars/\(calendar)?at=2026-11")
            #expect(month.text.components(separatedBy: "class=\"ev\"").count == 1001)
            #expect(month.body.count < 200_000)
            #expect(try await browser.get("/calendars/\(calendar)?at=2026-11&view=agenda").body.count < 200_000)
        }
    }

    @Test func `a conflict is shown side by side and merged field by field`() async throws {
        try await TestGateway.run { test in
            let conflict = try await test.makeConflict()
            let browser = try await Browser(test)
            #expect(try await browser.get("/conflicts").text.contains("/conflicts/\(conflict)"))
            let page = try await browser.get("/conflicts/\(conflict)")
            #expect(page.text.contains("Ours") && page.text.contains("Theirs"))
            let settled = try await browser.post(
                "/conflicts/\(conflict)",
                ["keep": "merged", "from.summary": "typed", "merged.summary": "Both of us"]
            )
            #expect(settled.status == 303)
            #expect(try await test.call("GET", "/conflicts/\(conflict)").body["resolution"]?.text == "merged")
            try await eventually("the merged title is here") {
                try await test.call("GET", "/events?start=2026-01-01&end=2027-12-31").items
                    .contains { $0["summary"]?.text == "Both of us" }
            }
        }
    }
}

@Suite("QR codes (ISO/IEC 18004)")
struct QRCodeTests {
    @Test func `a code is as large as its text needs, and no text is too long for words`() {
        #expect(QRCode("x")?.size == 21)
        #expect(QRCode(String(repeating: "x", count: 14))?.size == 21)
        #expect(QRCode(String(repeating: "x", count: 15))?.size == 25)
        #expect(QRCode(String(repeating: "x", count: 213))?.size == 57)
        #expect(QRCode(String(repeating: "x", count: 214)) == nil)
    }

    @Test func `the three eyes look as they must`() throws {
        let code = try #require(QRCode("caldavs://alice@calendar.example.org/dav/"))
        for (row, column) in [(0, 0), (0, code.size - 7), (code.size - 7, 0)] {
            for place in 0..<7 {
                #expect(code[row, column + place] && code[row + 6, column + place])
                #expect(code[row + place, column] && code[row + place, column + 6])
            }
            #expect(code[row + 3, column + 3] && !code[row + 1, column + 1])
        }
        #expect(code.svg.hasPrefix("<svg "))
    }
}
