import Foundation
import ICalendar
import SimulatorGoogle
import Synchronization
import Testing

@Suite("Google ⇄ CalDAV ⇄ Notion in one process")
struct MainJobTests {
    private static let event = """
        BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//F//EN\r\nBEGIN:VEVENT\r\nUID:from-a-client\r\n\
        DTSTAMP:20261101T000000Z\r\nDTSTART:20261125T090000Z\r\nDTEND:20261125T100000Z\r\n\
        SUMMARY:From a client\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n
        """

    private static func put(_ test: TestGateway) async throws {
        let href = "/dav/calendars/alice/default/from-a-client.ics"
        #expect(try await test.send("PUT", href, body: Array(event.utf8)).status == 201)
    }

    @Test func `an event made in Google appears in CalDAV and in Notion`() async throws {
        try await TestGateway.run { test in
            let (google, _) = try await Self.linkBoth(test)
            try await test.upstreams.makeEvent("Made in Google")
            try await test.sync(google)
            try await Self.expectEverywhere("Made in Google", test)
        }
    }

    @Test func `an event that a client puts appears in Google and in Notion`() async throws {
        try await TestGateway.run { test in
            _ = try await Self.linkBoth(test)
            try await Self.put(test)
            try await Self.expectEverywhere("From a client", test)
        }
    }

    @Test func `a page that is moved in Notion moves everywhere`() async throws {
        try await TestGateway.run { test in
            let (_, notion) = try await Self.linkBoth(test)
            try await Self.put(test)
            try await Self.expectEverywhere("From a client", test)
            let page = try #require(await test.upstreams.page("From a client")?["id"])
            let when: SimulatorGoogle.JSON = [
                "start": "2026-11-26T10:00:00.000+00:00", "end": "2026-11-26T11:00:00.000+00:00",
            ]
            try await test.upstreams.inNotion("POST", "edit", ["id": page, "properties": ["When": ["date": when]]])
            try await test.sync(notion)
            try await eventually("the move is in CalDAV and in Google") {
                let here = try await test.object("From a client")?.text.contains("20261126T") == true
                let there = try await test.upstreams.event("From a client")?["start"]?["dateTime"]?.text
                return here && there?.hasPrefix("2026-11-26T") == true
            }
        }
    }

    @Test func `what is deleted on one side is gone on all`() async throws {
        try await TestGateway.run { test in
            let (google, notion) = try await Self.linkBoth(test)
            let inGoogle = try await test.upstreams.makeEvent("Deleted in Google")
            try await test.upstreams.makeEvent("Deleted in Notion", hour: 12)
            try await test.sync(google)
            try await Self.put(test)
            for title in ["Deleted in Google", "Deleted in Notion", "From a client"] {
                try await Self.expectEverywhere(title, test)
            }
            try await test.upstreams.googleService.deleteEvent(inGoogle, in: TestUpstreams.account)
            let page = try #require(await test.upstreams.page("Deleted in Notion")?["id"])
            try await test.upstreams.inNotion("POST", "edit", ["id": page, "in_trash": true])
            let href = try #require(await test.object("From a client")?.href)
            #expect(try await test.send("DELETE", href).status == 204)
            try await test.sync(google)
            try await test.sync(notion)
            try await eventually("nothing is left") {
                let pages = try await test.upstreams.inNotion("GET", "pages").elements ?? []
                let events = await test.upstreams.googleService.events(in: TestUpstreams.account)
                return try await test.objects().isEmpty && pages.allSatisfy { $0["in_trash"]?.flag == true }
                    && events.allSatisfy { $0["status"]?.text == "cancelled" }
            }
        }
    }

    @Test func `a pass over sides that agree writes nothing`() async throws {
        try await TestGateway.run { test in
            let (google, notion) = try await Self.linkBoth(test)
            try await test.upstreams.makeEvent("Quiet")
            try await test.sync(google)
            try await Self.expectEverywhere("Quiet", test)
            // The passes that carried it may still be ending.
            for link in [google, notion] { try await test.sync(link) }
            let before = try await test.upstreams.writes()
            for link in [google, notion, google, notion] { try await test.sync(link) }
            #expect(try await test.upstreams.writes() == before)
        }
    }

    @Test func `linking a calendar asks Google for the list of calendars and nothing else`() async throws {
        try await TestGateway.run { test in
            _ = try await test.linkGoogle(start: false)
            let paths = try await test.upstreams.requestsToGoogle().compactMap { $0["path"]?.text }
            let about = paths.filter { $0.contains("/calendarList") && !$0.hasSuffix("/primary") }
            #expect(about == ["/calendar/v3/users/me/calendarList"])
        }
    }

    @Test func `a token that has expired is renewed without anybody noticing`() async throws {
        try await TestGateway.run { test in
            let (google, notion) = try await Self.linkBoth(test)
            await test.upstreams.googleService.expireAccessTokens()
            try await test.upstreams.inNotion("POST", "tokens", ["expire": true])
            try await test.upstreams.makeEvent("After the token")
            try await test.sync(google)
            try await test.sync(notion)
            try await Self.expectEverywhere("After the token", test)
            for link in [google, notion] { #expect(try await test.row(link)["last_error"]?.isNull == true) }
        }
    }

    @Test func `only Google itself can ring, and its ring wakes the link`() async throws {
        try await TestGateway.run { test in
            let google = try await test.linkGoogle()
            try await test.sync(google)
            try await eventually("a channel is open") { await test.upstreams.googleService.openChannels.count == 1 }
            let channel = try #require(await test.upstreams.googleService.openChannels.first)
            func ring(_ id: String, _ token: String) async throws -> Int {
                let headers = [
                    ("X-Goog-Channel-ID", id), ("X-Goog-Channel-Token", token), ("X-Goog-Resource-State", "exists"),
                ]
                return try await test.send("POST", "/webhooks/google", as: nil, headers).status
            }
            #expect(try await ring(channel, "forged") == 403)
            #expect(try await ring("unknown", "forged") == 404)
            #expect(try await test.send("POST", "/webhooks/google", as: nil).status == 400)
            #expect(try await test.send("GET", "/webhooks/google", as: nil).status == 405)
            // Nobody asks for a pass here: only the ring does.
            try await test.upstreams.makeEvent("Rung")
            try await eventually("the ring wakes the link") { try await test.object("Rung") != nil }
        }
    }

    @Test func `a channel is opened anew on the last day of its life, the old one is closed, and the new one rings`()
        async throws
    {
        let ahead = Ahead()
        try await TestGateway.run(now: { ahead.now }) { test in
            let google = try await test.linkGoogle()
            try await test.sync(google)
            let service = test.upstreams.googleService
            try await eventually("a channel is open") { await service.openChannels.count == 1 }
            let first = try #require(await service.openChannels.first)
            ahead.days.withLock { $0 = 5 }
            try await test.sync(google)
            #expect(await service.openChannels == [first])
            ahead.days.withLock { $0 = 6.1 }
            try await test.sync(google)
            try await eventually("another one is open") {
                let open = await service.openChannels
                return open.count == 1 && open != [first]
            }
            #expect(try await test.row(google)["last_error"]?.isNull == true)
            // Nobody asks for a pass here: only the ring does.
            try await test.upstreams.makeEvent("Rung anew")
            try await eventually("the ring wakes the link") { try await test.object("Rung anew") != nil }
        }
    }

    /// The real clock, some days ahead.
    private final class Ahead: Sendable {
        let days = Mutex(0.0)
        var now: Instant {
            Instant(seconds: Int64(Date().timeIntervalSince1970 + days.withLock { $0 } * 86_400))
        }
    }

    @Test func `channels are stopped before the grant that they live by is revoked`() async throws {
        try await TestGateway.run { test in
            let google = try await test.linkGoogle()
            try await test.sync(google)
            try await eventually("a channel is open") { await test.upstreams.googleService.openChannels.count == 1 }
            #expect(try await test.call("DELETE", "/connections/\(google.connection)").status == 204)
            let paths = await test.upstreams.googleService.requests.map(\.path)
            let stop = try #require(paths.firstIndex { $0.hasSuffix("/channels/stop") })
            let revoke = try #require(paths.firstIndex { $0.hasSuffix("/revoke") })
            #expect(stop < revoke)
            #expect(await test.upstreams.googleService.openChannels.isEmpty)
        }
    }

    private static func linkBoth(_ test: TestGateway) async throws -> (google: MadeLink, notion: MadeLink) {
        let google = try await test.linkGoogle()
        let notion = try await test.linkNotion(start: true, ["create_columns": true])
        for link in [google, notion] { try await test.sync(link) }
        return (google, notion)
    }

    private static func expectEverywhere(_ title: String, _ test: TestGateway) async throws {
        try await eventually("\(title) is everywhere") {
            let inGoogle = try await test.upstreams.event(title) != nil
            let inNotion = try await test.upstreams.page(title) != nil
            let here = try await test.object(title) != nil
            return inGoogle && inNotion && here
        }
    }
}
