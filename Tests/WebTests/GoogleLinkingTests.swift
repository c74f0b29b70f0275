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
