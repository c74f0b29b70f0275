import SimulatorGoogle
import Testing

@Suite("Google push channels")
struct GooglePushTests {
    private static let watch: JSON = [
        "id": "channel-1", "type": "web_hook", "address": "https://kalends.example/webhooks/google", "token": "t0ken",
    ]

    @Test
    func `a channel says sync at once and exists after every change`() async throws {
        let client = await GoogleClient.make()
        let opened = await client.call("POST", "calendars/primary/events/watch", Self.watch).body
        #expect(opened["kind"] == "api#channel")
        #expect(opened["expiration"] == "1772956800000")
        _ = await client.insert(Sample.meeting)
        try await client.simulator.createEvent(Sample.holiday, in: GoogleClient.email)
        let pushed = await client.simulator.pushed
        #expect(pushed.map(\.state) == ["sync", "exists", "exists"])
        #expect(pushed[0].headers["X-Goog-Message-Number"] == "1")
        #expect(pushed[1].headers["X-Goog-Channel-Token"] == "t0ken")
        #expect(pushed[1].headers["X-Goog-Resource-ID"] == opened["resourceId"]?.text)
        #expect(pushed[1].headers["X-Goog-Channel-Expiration"] == "Sun, 08 Mar 2026 08:00:00 GMT")
    }

    @Test(
        arguments: [
            (["address": "http://kalends.example/hook"], "push.webhookUrlNotHttps"),
            (["id": "has blanks"], "invalid"),
            (["type": "pigeon"], "invalid"),
        ] as [([String: JSON], String)]
    )
    func `a wrong channel is refused`(_ change: [String: JSON], _ reason: String) async {
        let client = await GoogleClient.make()
        let answer = await client.call("POST", "calendars/primary/events/watch", Sample.with(Self.watch, change))
        #expect(answer.status == 400)
        #expect(answer.reason == reason)
    }

    @Test
    func `an identifier is used up by its channel, and a stopped channel is silent`() async {
        let client = await GoogleClient.make()
        let opened = await client.call("POST", "calendars/primary/events/watch", Self.watch).body
        let again = await client.call("POST", "calendars/primary/events/watch", Self.watch)
        #expect(again.reason == "channelIdNotUnique")
        let stop: JSON = ["id": "channel-1", "resourceId": opened["resourceId"] ?? .null]
        #expect(await client.call("POST", "channels/stop", stop).status == 204)
        #expect(await client.call("POST", "channels/stop", stop).status == 404)
        _ = await client.insert(Sample.meeting)
        #expect(await client.simulator.pushed.map(\.state) == ["sync"])
        let reopened = await client.call("POST", "calendars/primary/events/watch", Self.watch)
        #expect(reopened.reason == "channelIdNotUnique")
    }

    @Test
    func `a channel ends with its time and with its grant`() async {
        let client = await GoogleClient.make()
        let short = Sample.with(Self.watch, ["params": ["ttl": "60"]])
        #expect(await client.call("POST", "calendars/primary/events/watch", short).status == 200)
        await client.simulator.setClockOffset(61)
        _ = await client.insert(Sample.meeting)
        #expect(await client.simulator.pushed.map(\.state) == ["sync"])
        let second = Sample.with(Self.watch, ["id": "channel-2"])
        #expect(await client.call("POST", "calendars/primary/events/watch", second).status == 200)
        await client.simulator.revokeGrants()
        #expect(await client.simulator.openChannels == [])
    }
}
