import Foundation
import SimulatorGoogle
import Testing

@testable import Web

@Suite("A calendar, its story and its log as files")
struct ExportTests {
    private typealias JSON = SimulatorGoogle.JSON

    @Test func `the whole calendar comes as one file, zones once`() async throws {
        try await TestGateway.run { test in
            for day in 1...3 {
                let start = "2026-11-0\(day)T12:00:00"
                _ = try await test.makeLunch(["start": .string(start), "time_zone": "Europe/Berlin", "end": .null])
            }
            let calendar = try #require(try await test.call("GET", "/calendars").items.first?["id"]?.number)
            let rest = try await test.send("GET", "/api/v1/calendars/\(calendar)/export")
            let page = try await Browser(test).get("/calendars/\(calendar)/export.ics")
            for file in [rest, page] {
                #expect(file.status == 200)
                #expect(file["Content-Type"] == "text/calendar; charset=utf-8")
                #expect(file["Content-Disposition"] == "attachment; filename=\"default.ics\"")
                #expect(file.text.components(separatedBy: "BEGIN:VEVENT").count == 4)
                #expect(file.text.components(separatedBy: "BEGIN:VTIMEZONE").count == 2)
                #expect(file.text.hasSuffix("END:VCALENDAR\r\n"))
            }
            #expect(try await test.send("GET", "/api/v1/calendars/\(calendar)/export", as: "bob").status == 404)
        }
    }

    @Test func `the audit trail comes as a table, without formulas`() async throws {
        try await TestGateway.run { test in
            _ = try await test.call("POST", "/calendars", ["name": "evil", "display_name": "=cmd|' /C calc'!A0"])
            let table = try await test.send("GET", "/api/v1/audit?format=csv")
            #expect(table["Content-Type"] == "text/csv; charset=utf-8")
            #expect(table.text.hasPrefix("id,at,by,action,subject,"))
            #expect(table.text.contains("calendar.created"))
            #expect(!table.text.contains(",=cmd"))
            #expect(try await test.call("GET", "/audit?format=xml").status == 400)
        }
    }

    @Test func `an event's explanation says when the upstream last called`() async throws {
        try await TestGateway.run { test in
            try await test.upstreams.makeEvent("Talk")
            _ = try await test.linkGoogle()
            let window = "/events?start=2000-01-01&end=2100-01-01"
            try await eventually("the event is here") { try await test.call("GET", window).items.count == 1 }
            let id = try #require(try await test.call("GET", window).items.first?["id"]?.number)
            try await eventually("the upstream called, and that is told") {
                try await test.upstreams.makeEvent("Another")
                let explained = try await test.call("GET", "/events/\(id)/explain").body
                return explained["links"]?.elements?.first?["last_webhook_at"]?.text != nil
            }
            #expect(try await Browser(test).get("/events/\(id)/explain").text.contains("Last webhook"))
        }
    }

    @Test(arguments: [
        ("20261127T160000Z", "2026-11-27 16:00 UTC"), ("20261127T160000", "2026-11-27 16:00"),
        ("20261127", "2026-11-27"), ("Talk", "Talk"), ("", ""), ("12345678T", "12345678T"), ("2026112T1", "2026112T1"),
    ])
    func `a time is shown as people write it`(_ value: String, _ shown: String) {
        #expect(ShownValue.text(value) == shown)
    }

    @Test func `the overview says what to do next, and then that all is well`() async throws {
        try await TestGateway.run { test in
            let browser = try await Browser(test)
            #expect(try await browser.get("/").text.contains("Three steps"))
            let link = try await test.linkGoogle(start: false)
            #expect(try await browser.get("/").text.contains("was not started yet"))
            #expect(try await browser.post("/links/\(link.id)/start").status == 303)
            try await eventually("all is well") { try await browser.get("/").text.contains("All is well: 1 of 1 link") }
            #expect(try await !browser.get("/").text.contains("Three steps"))
            #expect(try await browser.post("/links/\(link.id)/remove", ["purge": "yes"]).status == 303)
            #expect(try await test.call("GET", "/links").items.isEmpty)
        }
    }
}
