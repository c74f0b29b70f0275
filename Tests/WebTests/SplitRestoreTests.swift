import SimulatorGoogle
import Testing

/// A client writes “this and following” as two events; of one of them an earlier version is brought back.
@Suite("Restoring the first half of a series that a client split")
struct SplitRestoreTests {
    private typealias JSON = SimulatorGoogle.JSON

    private static func text(_ uid: String, _ start: String, _ rule: String, _ summary: String) -> String {
        [
            "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN", "BEGIN:VEVENT", "UID:\(uid)",
            "DTSTAMP:20261101T000000Z", "DTSTART:\(start)T090000Z", "DTEND:\(start)T100000Z", "RRULE:\(rule)",
            "SUMMARY:\(summary)", "END:VEVENT", "END:VCALENDAR", "",
        ]
        .joined(separator: "\r\n")
    }

    private static func put(_ name: String, _ text: String, _ test: TestGateway) async throws {
        let headers = [("Content-Type", "text/calendar")]
        let path = "/dav/calendars/alice/default/\(name).ics"
        let reply = try await test.send("PUT", path, headers, body: Array(text.utf8))
        #expect(reply.status == 201 || reply.status == 204)
    }

    /// A series of ten days, split at the fifth, beside one that begins on the same day and has nothing to do with it.
    private static func split(_ test: TestGateway) async throws -> Int {
        try await put("other", text("other", "20261101", "FREQ=DAILY;COUNT=60", "Other"), test)
        try await put("first", text("first", "20261123", "FREQ=DAILY;COUNT=10", "Run"), test)
        try await put("first", text("first", "20261123", "FREQ=DAILY;UNTIL=20261126T235959Z", "Run"), test)
        try await put("rest", text("rest", "20261127", "FREQ=DAILY;COUNT=6", "Swim"), test)
        let rows = try await test.call("GET", "/events?start=2026-11-23T00:00:00Z&end=2026-11-24T00:00:00Z").items
        return try #require(rows.first { $0["uid"]?.text == "first" }?["id"]?.number)
    }

    private static func restoreFirst(_ id: Int, _ test: TestGateway) async throws -> JSON {
        let versions = try await test.call("GET", "/events/\(id)/history").items
        let reply = try await test.call("POST", "/events/\(id)/restore", ["version": versions[0]["version"] ?? .null])
        #expect(reply.status == 200, "\(reply.reply.text)")
        return reply.body
    }

    @Test func `the answer and the history name the second half, which stays`() async throws {
        try await TestGateway.run { test in
            let id = try await Self.split(test)
            let browser = try await Browser(test)
            #expect(try await !browser.get("/events/\(id)/history").text.contains("went on as"))
            let answer = try await Self.restoreFirst(id, test)
            #expect(answer["rrule"]?.text == "FREQ=DAILY;COUNT=10")
            let doubles = answer["doubled_by"]?.elements ?? []
            #expect(doubles.map { $0["uid"]?.text } == ["rest"])
            #expect(doubles.first?["start"]?.text == "2026-11-27T09:00:00Z")
            #expect(try await test.object("Swim") != nil)
            #expect(try await browser.get("/events/\(id)/history").text.contains("went on as “Swim”"))
        }
    }

    @Test func `once the second half is deleted nothing is doubled, and it can be brought back`() async throws {
        try await TestGateway.run { test in
            let id = try await Self.split(test)
            let rest = try #require(try await Self.restoreFirst(id, test)["doubled_by"]?.elements?.first?["id"]?.number)
            #expect(try await test.call("DELETE", "/events/\(rest)").status == 204)
            #expect(try await Self.restoreFirst(id, test)["doubled_by"] == [])
            let versions = try await test.call("GET", "/events/\(rest)/history").items
            let version: JSON = ["version": versions.last?["version"] ?? .null]
            #expect(try await test.call("POST", "/events/\(rest)/restore", version).status == 200)
            #expect(try await test.object("Swim") != nil)
        }
    }
}
