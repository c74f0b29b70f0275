import SimulatorGoogle
import Testing

@Suite("Notion: people columns, from end to end")
struct PeopleColumnTests {
    private typealias JSON = SimulatorGoogle.JSON

    private static let ana = "1e2feb89-0000-4000-8000-0000000000a1"
    private static let ben = "1e2feb89-0000-4000-8000-0000000000a2"

    /// A link whose table has a people column that is mapped.
    private func linkPeople(_ test: TestGateway) async throws -> MadeLink {
        let connection = try await test.connectNotion()
        let database = try await test.upstreams.makeDatabase()
        let column: JSON = ["Team": ["people": [:]]]
        try await test.upstreams.inNotion("POST", "schema", ["id": .string(database), "properties": column])
        let wish: JSON = [
            "connection": .integer(Int64(connection)), "upstream_calendar": .string(database),
            "calendar": .integer(Int64(try await test.calendar())), "start": true, "mapping": ["attendees": "Team"],
        ]
        let made = try await test.call("POST", "/links", wish)
        #expect(made.status == 201, "\(made.reply.text)")
        return MadeLink(id: try #require(made.body["id"]?.number), connection: connection, upstream: database)
    }

    private func put(_ attendees: [String], _ test: TestGateway) async throws {
        let lines =
            [
                "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN", "BEGIN:VEVENT", "UID:lunch",
                "DTSTAMP:20261101T000000Z", "DTSTART:20261124T120000Z", "DTEND:20261124T130000Z", "SUMMARY:Lunch",
                "ORGANIZER:mailto:boss@example.org",
            ] + attendees.map { "ATTENDEE;PARTSTAT=ACCEPTED:mailto:\($0)" } + ["END:VEVENT", "END:VCALENDAR", ""]
        let headers = [("Content-Type", "text/calendar")]
        let path = "/dav/calendars/alice/default/lunch.ics"
        let reply = try await test.send("PUT", path, headers, body: Array(lines.joined(separator: "\r\n").utf8))
        #expect(reply.status == 201 || reply.status == 204)
    }

    private func people(_ test: TestGateway) async throws -> [String] {
        let page = try await test.upstreams.page("Lunch")
        return (page?["properties"]?["Team"]?["people"]?.elements ?? []).compactMap { $0["id"]?.text }
    }

    @Test func `guests of the workspace become people, and a change in Notion leaves all others alone`() async throws {
        try await TestGateway.run { test in
            let link = try await linkPeople(test)
            try await put(["ana@example.com", "guest@example.org"], test)
            try await test.sync(link)
            #expect(try await people(test) == [Self.ana])

            let page = try #require(try await test.upstreams.page("Lunch"))
            let both: JSON = ["people": [["id": .string(Self.ana)], ["id": .string(Self.ben)]]]
            let edit: JSON = ["id": page["id"] ?? .null, "properties": ["Team": both]]
            try await test.upstreams.inNotion("POST", "edit", edit)
            try await test.sync(link)
            var text = try #require(try await test.object("Lunch")).text
            #expect(text.contains("ORGANIZER:mailto:boss@example.org"))
            #expect(text.contains("ATTENDEE;PARTSTAT=ACCEPTED:mailto:guest@example.org"))
            #expect(text.contains("ATTENDEE;PARTSTAT=ACCEPTED:mailto:ana@example.com"))
            #expect(text.contains("ATTENDEE;CN=Ben:mailto:ben@example.com"))

            let one: JSON = ["people": [["id": .string(Self.ben)]]]
            try await test.upstreams.inNotion("POST", "edit", ["id": page["id"] ?? .null, "properties": ["Team": one]])
            try await test.sync(link)
            text = try #require(try await test.object("Lunch")).text
            #expect(!text.contains("ana@example.com"))
            #expect(text.contains("guest@example.org"))

            // In step: the next pass has nothing to write, on either side.
            let writes = try await test.upstreams.writes()
            try await test.sync(link)
            #expect(try await test.upstreams.writes() == writes)
            #expect(try await test.object("Lunch")?.text == text)
        }
    }

    @Test func `without mail addresses the column stays out and the guests stay here`() async throws {
        try await TestGateway.run { test in
            try await test.upstreams.inNotion("POST", "settings", ["capabilities": ["read_user_mails": false]])
            let link = try await linkPeople(test)
            try await put(["ana@example.com"], test)
            try await test.sync(link)
            #expect(try await test.upstreams.page("Lunch") != nil)
            #expect(try await people(test).isEmpty)
            #expect(try await test.object("Lunch")?.text.contains("ana@example.com") == true)
        }
    }
}
