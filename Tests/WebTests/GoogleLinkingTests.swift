import Bridging
import ICalendar
import SimulatorGoogle
import Store
import Testing

@testable import Web

@Suite("Google: linking a calendar, from end to end")
struct GoogleLinkingTests {
    @Test func `what was listed a moment ago is linked without listing again, anything else is looked for`()
        async throws
    {
        try await TestGateway.run { test in
            let connection = try await test.connectGoogle()
            let listed = try await test.call("GET", "/connections/\(connection)/calendars").items
            #expect(listed.contains { $0["id"]?.text == TestUpstreams.account })
            func listings() async -> Int {
                await test.upstreams.googleService.requests.count { $0.path.hasSuffix("/users/me/calendarList") }
            }
            func link(_ upstream: String) async throws -> Int {
                let wish: [String: SimulatorGoogle.JSON] = [
                    "connection": .integer(Int64(connection)), "upstream_calendar": .string(upstream),
                    "calendar": .integer(Int64(try await test.calendar())),
                ]
                return try await test.call("POST", "/links", .object(wish)).status
            }
            let before = await listings()
            #expect(before > 0)
            #expect(try await link(TestUpstreams.account) == 201)
            #expect(await listings() == before)
            #expect(try await link("nobody@example.com") == 422)
            #expect(await listings() == before + 1)
        }
    }

    @Test func `a link made by an account that may only read writes by itself once the account may`() async throws {
        try await TestGateway.run { test in
            let (service, boss, team) = (test.upstreams.googleService, "boss@example.com", "team@example.com")
            await service.addAccount(email: boss)
            await service.addCalendar(id: team, summary: "Team", owner: boss)
            await service.share(team, with: TestUpstreams.account, as: .reader)
            let wish: [String: SimulatorGoogle.JSON] = [
                "connection": .integer(Int64(try await test.connectGoogle())), "upstream_calendar": .string(team),
                "start": true,
            ]
            let made = try await test.call("POST", "/links", .object(wish)).body
            #expect(made["direction"]?.text == "both" && made["access"]?.text == "reader")
            let link = MadeLink(id: try #require(made["id"]?.number), connection: 0, upstream: team)
            let shown = try await Browser(test).get("/links/\(link.id)").text
            #expect(shown.contains("taken from") && shown.contains("lets this account only read"))

            await service.share(team, with: TestUpstreams.account, as: .writer)
            try await test.sync(link)
            #expect(try await test.row(link)["access"]?.text == "writer")
            let changed = try await Browser(test).get("/links/\(link.id)").text
            #expect(changed.contains("both ways with") && !changed.contains("lets this account only read"))
            let event: [String: SimulatorGoogle.JSON] = [
                "calendar": .integer(Int64(try #require(made["calendar"]?.number))), "summary": "Ours",
                "start": "2026-11-24T12:00:00Z", "end": "2026-11-24T13:00:00Z",
            ]
            #expect(try await test.call("POST", "/events", .object(event)).status == 201)
            try await eventually("it is upstream") {
                await service.events(in: team).contains { $0["summary"]?.text == "Ours" }
            }
        }
    }

    @Test func `what a role hid is shown to another one, and stays when that is taken away`() async throws {
        try await TestGateway.run { test in
            let (service, boss, team) = (test.upstreams.googleService, "boss@example.com", "team@example.com")
            await service.addAccount(email: boss)
            await service.addCalendar(id: team, summary: "Team", owner: boss)
            try await service.createEvent(
                ["summary": "Board", "start": ["date": "2026-11-24"], "end": ["date": "2026-11-25"]],
                in: team
            )
            await service.share(team, with: TestUpstreams.account, as: .freeBusyReader)
            let wish: [String: SimulatorGoogle.JSON] = [
                "connection": .integer(Int64(try await test.connectGoogle())), "upstream_calendar": .string(team),
                "start": true,
            ]
            let made = try await test.call("POST", "/links", .object(wish)).body
            let link = MadeLink(id: try #require(made["id"]?.number), connection: 0, upstream: team)
            func titles() async throws -> [String] {
                let rows = try await test.call("GET", "/events?start=2026-11-20&end=2026-11-30").items
                return rows.compactMap { $0["summary"]?.text }
            }
            try await test.sync(link)
            #expect(try await titles() == ["Busy"])
            for role in [AccessRole.reader, .freeBusyReader, .owner] {
                await service.share(team, with: TestUpstreams.account, as: role)
                try await test.sync(link)
                #expect(try await titles() == ["Board"])
            }
        }
    }

    @Test func `a default reminder that is changed in Google rings for the events that use it, and for no others`()
        async throws
    {
        try await TestGateway.run { test in
            try await test.upstreams.makeEvent("Default")
            let own: SimulatorGoogle.JSON = [
                "summary": "Own", "start": ["dateTime": "2026-11-24T10:00:00Z"],
                "end": ["dateTime": "2026-11-24T11:00:00Z"],
                "reminders": ["useDefault": false, "overrides": [["method": "popup", "minutes": 5]]],
            ]
            try await test.upstreams.googleService.createEvent(own, in: TestUpstreams.account)
            let link = try await test.linkGoogle()
            try await test.sync(link)
            func alarms(_ title: String) async throws -> [String] {
                let lines = try await test.object(title)?.text.split(separator: "\r\n") ?? []
                return lines.filter { $0.hasPrefix("TRIGGER") }.map(String.init)
            }
            #expect(try await alarms("Default") == ["TRIGGER:-PT10M"])
            #expect(try await alarms("Own") == ["TRIGGER:-PT5M"])
            let before = try await test.upstreams.writes()
            for reminders in [[45], []] as [[Int64]] {
                try await test.upstreams.chooseDefaultReminders(minutes: reminders)
                try await test.sync(link)
                #expect(try await alarms("Default") == reminders.map { "TRIGGER:-PT\($0)M" })
                #expect(try await alarms("Own") == ["TRIGGER:-PT5M"])
            }
            #expect(try await test.upstreams.writes() == before)
        }
    }

    @Test func `a listing of calendars is believed for a minute`() {
        let (listed, connection) = (ListedCalendars(), ConnectionID(rawValue: 1))
        let calendar = UpstreamCalendar(id: "a", name: "A", access: .owner, timeZone: nil)
        let then = Instant(seconds: 1_000)
        listed.keep([calendar], of: connection, at: then)
        #expect(listed.recent(of: connection, at: then + 59).map(\.id) == ["a"])
        #expect(listed.recent(of: connection, at: then + 60).isEmpty)
        #expect(listed.recent(of: ConnectionID(rawValue: 2), at: then).isEmpty)
    }
}
