import Foundation
import SimulatorGoogle
import Testing

@Suite("Notion: linking a table, from end to end")
struct NotionLinkingTests {
    private typealias JSON = SimulatorGoogle.JSON

    private func link(
        _ connection: Int,
        _ upstream: String,
        _ test: TestGateway,
        _ more: [String: JSON] = [:]
    ) async throws -> (status: Int, body: JSON) {
        let wish: [String: JSON] = ["connection": .integer(Int64(connection)), "upstream_calendar": .string(upstream)]
        let made = try await test.call("POST", "/links", .object(wish.merging(more) { $1 }))
        return (made.status, made.body)
    }

    @Test func `a table that search does not list is linked by its pasted address`() async throws {
        try await TestGateway.run { test in
            let connection = try await test.connectNotion()
            let database = try await test.upstreams.makeDatabase()
            try await test.upstreams.inNotion("POST", "share", ["id": .string(database), "listed": false])
            #expect(try await test.call("GET", "/connections/\(connection)/calendars").items.isEmpty)
            let bare = database.filter { $0 != "-" }
            let made = try await link(connection, "https://www.notion.so/team/Calendar-\(bare)?v=1", test)
            #expect(made.status == 201, "\(made.body)")
            #expect(made.body["upstream_calendar"]?.text == database)
            #expect(made.body["upstream_name"]?.text == "Team calendar")
            let nothing = try await link(connection, String(repeating: "0", count: 32), test)
            #expect(nothing.status == 422)
            #expect(nothing.body["code"]?.text == "not_found")
        }
    }

    @Test func `a table that was just made is linked though search is late`() async throws {
        try await TestGateway.run { test in
            let connection = try await test.connectNotion()
            try await test.upstreams.inNotion("POST", "settings", ["lists_new_sources": false])
            let parent = try #require(try await test.upstreams.inNotion("POST", "parents", [:])["id"]?.text)
            let path = "/connections/\(connection)/calendars"
            let made = try await test.call("POST", path, ["name": "Plans", "parent": .string(parent)])
            #expect(made.status == 201, "\(made.reply.text)")
            let linked = try await link(connection, try #require(made.body["id"]?.text), test)
            #expect(linked.status == 201, "\(linked.body)")

            let browser = try await Browser(test)
            let form = ["name": "More plans", "parent": parent]
            let shown = try await browser.post("/connections/\(connection)/databases", form)
            let address = try #require(shown["Location"]?.components(separatedBy: "address=").last)
            let preview = try await browser.post(
                "/links",
                ["connection": "\(connection)", "upstream_calendar": address, "calendar": ""]
            )
            #expect(preview.status == 303, "\(preview.text)")
            #expect(preview["Location"]?.hasPrefix("/links/") == true)
        }
    }

    @Test func `consent to a UID column adds that one, and a date of another name is asked for`() async throws {
        try await TestGateway.run { test in
            let connection = try await test.connectNotion()
            let database = try await test.upstreams.makeDatabase()
            let change: JSON = [
                "When": ["name": "Deadline"], "Description": .null, "Repeats": .null, "Calendar UID": .null,
            ]
            try await test.upstreams.inNotion("POST", "schema", ["id": .string(database), "properties": change])
            func columns() async throws -> [String] {
                let listed = try await test.call("GET", "/connections/\(connection)/calendars").items.first
                return (listed?["schema"]?.members ?? [:]).map(\.key)
            }
            let before = try await columns().sorted()
            let browser = try await Browser(test)
            let page = try await browser.get("/connections/\(connection)")
            #expect(page.text.contains(#"name="create_columns" value="uid">"#), "nothing is ticked beforehand")
            let wish = [
                "connection": "\(connection)", "upstream_calendar": database, "calendar": "", "create_columns": "uid",
            ]
            let asked = try await browser.post("/links", wish)
            #expect(asked.status == 200)
            #expect(asked.text.contains("Columns of Team calendar"))
            #expect(try await columns().sorted() == before)
            #expect(try await link(connection, database, test, ["create_columns": true]).status == 422)
            #expect(try await columns().sorted() == before)

            let rename: JSON = ["id": .string(database), "properties": ["Deadline": ["name": "When"]]]
            try await test.upstreams.inNotion("POST", "schema", rename)
            #expect(try await browser.post("/links", wish).status == 303)
            #expect(try await Set(columns()) == Set(before).subtracting(["Deadline"]).union(["When", "Calendar UID"]))
        }
    }

    // MARK: Zones

    /// A weekly series and a single hour as a person in Berlin writes them.
    private func writeSeries(_ database: String, _ test: TestGateway) async throws {
        let properties: JSON = [
            "Name": ["title": [["text": ["content": "Class"]]]],
            "When": ["date": ["start": "2026-03-23T09:00:00.000+01:00", "end": "2026-03-23T10:00:00.000+01:00"]],
            "Repeats": ["rich_text": [["text": ["content": "RRULE:FREQ=WEEKLY;COUNT=3"]]]],
        ]
        let page: JSON = ["data_source": .string(database), "properties": properties]
        try await test.upstreams.inNotion("POST", "pages", page)
    }

    @Test func `the zone of a link is what a series from Notion keeps over the change of the clocks`() async throws {
        try await TestGateway.run { test in
            let link = try await test.linkNotion(["time_zone": "Europe/Berlin"])
            #expect(try await test.row(link)["time_zone"]?.text == "Europe/Berlin")
            try await writeSeries(link.upstream, test)
            try await test.sync(link)
            let text = try #require(try await test.object("Class")).text
            #expect(text.contains("DTSTART;TZID=Europe/Berlin:20260323T090000"))
            let window = "/events?start=2026-03-30T00:00:00Z&end=2026-03-31T00:00:00Z"
            let rows = try await test.call("GET", window).items
            #expect(rows.first?["start"]?.text == "2026-03-30T07:00:00Z", "\(rows)")
        }
    }

    @Test func `the zone of a link can be changed, and what came in the wrong one is read again`() async throws {
        try await TestGateway.run { test in
            let link = try await test.linkNotion()
            #expect(try await test.row(link)["time_zone"]?.text == "UTC")
            try await writeSeries(link.upstream, test)
            try await test.sync(link)
            #expect(try #require(try await test.object("Class")).text.contains("DTSTART:20260323T080000Z"))
            let writes = try await test.upstreams.writes()

            let wrong = try await test.call("PATCH", "/links/\(link.id)", ["time_zone": "Mars/Olympus"])
            #expect(wrong.status == 422 || wrong.status == 400)
            let changed = try await test.call("PATCH", "/links/\(link.id)", ["time_zone": "Europe/Berlin"])
            #expect(changed.body["time_zone"]?.text == "Europe/Berlin")
            try await test.sync(link)
            let text = try #require(try await test.object("Class")).text
            #expect(text.contains("DTSTART;TZID=Europe/Berlin:20260323T090000"))
            #expect(try await test.upstreams.writes() == writes + 1, "the page tells the zone of its series")
            try await test.sync(link)
            #expect(try await test.upstreams.writes() == writes + 1, "nothing else goes up for it")
            #expect(try await test.row(link)["pending"]?.number == 0)
        }
    }

    @Test func `a link takes the zone of the calendar it is joined to`() async throws {
        try await TestGateway.run { test in
            let zone = """
                BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Test//EN\r\nBEGIN:VTIMEZONE\r\nTZID:Europe/Paris\r\n\
                BEGIN:STANDARD\r\nDTSTART:19701025T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\n\
                END:STANDARD\r\nEND:VTIMEZONE\r\nEND:VCALENDAR\r\n
                """
            let body = """
                <D:propertyupdate xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set><D:prop>\
                <C:calendar-timezone>\(zone)</C:calendar-timezone></D:prop></D:set></D:propertyupdate>
                """
            let reply = try await test.send("PROPPATCH", "/dav/calendars/alice/default/", body: Array(body.utf8))
            #expect(reply.status == 207)
            let link = try await test.linkNotion()
            #expect(try await test.row(link)["time_zone"]?.text == "Europe/Paris")
        }
    }
}
