import SimulatorGoogle
import Testing

@Suite("Google control interface, partial responses, limits of input")
struct GoogleControlTests {
    private func control(_ client: GoogleClient, _ method: String, _ path: String, _ body: JSON? = nil) async -> JSON {
        await client.send(APIRequest(method: method, path: "/control/\(path)", body: body?.octets ?? [])).body
    }

    @Test
    func `a person's edits over HTTP come with the next delta`() async throws {
        let client = await GoogleClient.make()
        let token = try await client.syncToken()
        let events = "calendars/anna%40example.org/events"
        #expect(await control(client, "POST", events, Sample.weekly)["id"] == "series")
        _ = await control(client, "PATCH", "\(events)/series_20260309T090000Z", ["summary": "Once"])
        _ = await control(client, "POST", "\(events)/series_20260323T090000Z/split", ["summary": "Since then"])
        _ = await control(client, "DELETE", "\(events)/series_20260302T090000Z")
        let ids = ["series_20260309T090000Z", "series", "series_R20260323T090000", "series_20260302T090000Z"]
        #expect(await client.delta(since: token).ids == ids)
        #expect(await control(client, "GET", events).elements?.count == 4)
        #expect(await control(client, "GET", "outbox") == [])
    }

    @Test
    func `calendars, shares, tokens and faults are set over HTTP`() async throws {
        let client = await GoogleClient.make()
        _ = await control(client, "POST", "accounts", ["email": "sam@example.org"])
        let made = await control(client, "POST", "calendars", ["summary": "Team", "owner": "sam@example.org"])
        let id = try #require(made["id"]?.text)
        _ = await control(client, "POST", "calendars/\(id)/share", ["email": "anna@example.org", "role": "reader"])
        let seeded = await control(client, "POST", "calendars/\(id)/seed", ["count": 12])
        #expect(seeded["events"]?.number ?? 0 >= 12)
        let token = await control(client, "POST", "access-tokens", ["account": "anna@example.org"])
        var anna = client
        anna.token = try #require(token["access_token"]?.text)
        anna.calendar = id
        #expect(await anna.list().body["accessRole"] == "reader")
        let fault: JSON = ["effect": "failBefore", "status": 500, "method": "GET", "times": 1]
        _ = await control(client, "PUT", "faults", ["faults": [fault]])
        #expect(await anna.list().status == 500)
        #expect(await anna.list().status == 200)
        #expect(await control(client, "PUT", "faults", ["faults": [["effect": "earthquake"]]])["error"]?["code"] == 400)
        #expect(await control(client, "GET", "requests").elements?.count == 3)
    }

    @Test
    func `a field mask leaves what it names, and loses the token it does not name`() async {
        let client = await GoogleClient.make()
        _ = await client.insert(Sample.with(Sample.meeting, ["id": "lunch"]))
        let masked = await client.list("fields=items(id,start/timeZone)")
        #expect(masked.body == ["items": [["id": "lunch", "start": ["timeZone": "Europe/Berlin"]]]])
        #expect(await client.list("fields=items(id").status == 400)
    }

    @Test
    func `absurd numbers are refused or cut, and the simulator lives on`() async {
        let client = await GoogleClient.make()
        let huge = JSON.integer(Int64.max)
        #expect(await client.insert(Sample.with(Sample.meeting, ["sequence": huge])).status == 400)
        let watch: JSON = [
            "id": "c1", "type": "web_hook", "address": "https://example.org/", "params": ["ttl": huge],
            "expiration": huge,
        ]
        #expect(await client.call("POST", "calendars/primary/events/watch", watch).status == 200)
        _ = await control(client, "PUT", "pages", ["maximumItems": -3])
        _ = await control(client, "PUT", "clock", ["offset": huge])
        _ = await control(client, "PUT", "token-seconds", ["seconds": huge])
        _ = await control(client, "POST", "calendars/anna%40example.org/seed", ["count": -1])
        let deep = APIRequest(method: "POST", path: "/control/accounts", body: Array(repeating: 0x5B, count: 100_000))
        #expect(await client.send(deep).status == 400)
        #expect(await control(client, "GET", "counters")["requests"] == 2)
    }

    @Test
    func `the log forgets on request, and another account is not another's`() async {
        let client = await GoogleClient.make()
        _ = await client.list()
        await client.simulator.forgetRequests()
        #expect(await client.simulator.requests.isEmpty)
        #expect(await client.call("GET", "calendars/sam%40example.org/events").status == 404)
    }
}
