import SimulatorGoogle
import Testing

@Suite("Google faults, quotas and batches")
struct GoogleFaultTests {
    private let event = Sample.with(Sample.meeting, ["id": "lunch"])

    @Test(arguments: [Fault.Effect.failAfter(status: 503), .cutAfter, .truncate, .garbage])
    func `a lost answer leaves its write done`(_ effect: Fault.Effect) async {
        let client = await GoogleClient.make()
        await client.simulator.add(Fault(effect, method: "POST"))
        let lost = await client.insert(event)
        #expect(lost.status == 503 || lost.delivery != .whole || lost.body == .null)
        #expect(await client.insert(event).status == 409)
    }

    @Test(arguments: [
        Fault.Effect.failBefore(status: 500), .cutBefore, .html(status: 502),
        .throttle(status: 429, reason: "rateLimitExceeded", retryAfter: 3),
    ])
    func `a refused write is not done`(_ effect: Fault.Effect) async {
        let client = await GoogleClient.make()
        await client.simulator.add(Fault(effect, method: "POST"))
        _ = await client.insert(event)
        #expect(await client.get("lunch").status == 404)
        #expect(await client.insert(event).status == 200)
    }

    @Test
    func `a fault hits the requests of its pattern, after those it skips, as often as it says`() async {
        let client = await GoogleClient.make()
        let fault = Fault(.failBefore(status: 500), method: "GET", path: "*/events/lunch", times: 2, skip: 1)
        await client.simulator.setFaults([fault])
        _ = await client.insert(event)
        var statuses: [Int] = []
        for _ in 0..<5 { statuses.append(await client.get("lunch").status) }
        #expect(statuses == [200, 500, 500, 200, 200])
        #expect(await client.list().status == 200)
    }

    @Test
    func `the same seed gives the same faults`() async {
        var histories: [[Int]] = []
        for _ in 0..<2 {
            let client = await GoogleClient.make()
            await client.simulator.setFaults([Fault(.failBefore(status: 503), times: nil, rate: 0.5)])
            var statuses: [Int] = []
            for _ in 0..<40 { statuses.append(await client.list().status) }
            histories.append(statuses)
        }
        #expect(histories[0] == histories[1])
        #expect(Set(histories[0]) == [200, 503])
    }

    @Test
    func `over the quota requests are refused until the bucket refills`() async {
        let client = await GoogleClient.make()
        await client.simulator.setQuota(Quota(perMinute: 60, burst: 3, reason: "userRateLimitExceeded"))
        var statuses: [Int] = []
        for _ in 0..<4 { statuses.append(await client.list().status) }
        #expect(statuses == [200, 200, 200, 403])
        let refused = await client.list()
        #expect(refused.reason == "userRateLimitExceeded")
        #expect(refused.body["error"]?["errors"]?[0]?["domain"] == "usageLimits")
        await client.simulator.setClockOffset(2)
        #expect(await client.list().status == 200)
    }

    @Test
    func `a person over the use limits reads but does not write`() async {
        let client = await GoogleClient.make()
        await client.simulator.setOverUsageLimit(true, for: GoogleClient.email)
        #expect(await client.insert(event).reason == "quotaExceeded")
        #expect(await client.list().status == 200)
    }

    @Test
    func `a grant that dies between two requests is 401`() async {
        let client = await GoogleClient.make()
        await client.simulator.add(Fault(.revokeGrant))
        #expect(await client.list().reason == "authError")
    }

    /// Sends calls in one batch; answers the status of each, by its name.
    private func batch(_ calls: [String], _ client: GoogleClient) async -> (statuses: [String: String], text: String) {
        var body = ""
        for (index, part) in calls.enumerated() {
            body += "--b\r\nContent-Type: application/http\r\nContent-ID: <item\(index):x>\r\n\r\n\(part)\r\n"
        }
        let headers = ["content-type": "multipart/mixed; boundary=\"b\"", "authorization": "Bearer \(client.token)"]
        let answer = await client.send(
            APIRequest(
                method: "POST",
                path: "/batch/calendar/v3",
                headers: headers,
                body: Array((body + "--b--\r\n").utf8)
            )
        )
        let text = String(decoding: answer.octets, as: UTF8.self)
        var statuses: [String: String] = [:]
        for part in text.split(separator: "Content-ID: <response-").dropFirst() {
            let words = part.split(separator: "HTTP/1.1 ", maxSplits: 1)
            if words.count == 2 { statuses[String(words[0].prefix { $0 != ":" })] = String(words[1].prefix(3)) }
        }
        return (statuses, text)
    }

    private var post: String {
        let json = event.serialized
        let call = "POST /calendar/v3/calendars/primary/events?sendUpdates=none HTTP/1.1\r\n"
        return "\(call)Content-Type: application/json\r\nContent-Length: \(json.utf8.count)\r\n\r\n\(json)\r\n"
    }

    private let get = "GET /calendar/v3/calendars/primary/events/missing\r\n\r\n"

    @Test
    func `the calls of a batch succeed and fail alone`() async {
        let client = await GoogleClient.make()
        let (statuses, _) = await batch([post, get, post], client)
        #expect(statuses["item1"] == "404")
        // One of the two was first.
        #expect(Set([statuses["item0"], statuses["item2"]]) == ["200", "409"])
        #expect(await client.simulator.callCounts["insertEvent"] == 2)
    }

    @Test
    func `the calls of a batch may be carried out in any order`() async {
        var first: Set<String> = []
        for seed in 0..<8 as Range<UInt64> {
            let client = await GoogleClient.make(.init(seed: seed, now: { GoogleClient.start }))
            let (statuses, _) = await batch([post, post], client)
            first.insert(statuses["item0"] ?? "")
        }
        #expect(first == ["200", "409"])
    }

    @Test
    func `no channel is opened in a batch, and more than fifty calls are none`() async {
        let client = await GoogleClient.make()
        let watch = "POST /calendar/v3/calendars/primary/events/watch HTTP/1.1\r\n\r\n{}\r\n"
        #expect(await batch([watch], client).statuses == ["item0": "400"])
        #expect(await batch(Array(repeating: get, count: 51), client).statuses.isEmpty)
        #expect(await client.simulator.callCounts["getEvent"] == nil)
    }

    @Test(
        arguments: [
            (.failAfter(status: 503), "503"), (.cutAfter, nil), (.truncate, "200"),
        ] as [(Fault.Effect, String?)]
    )
    func `a call of a batch meets faults of its own`(_ effect: Fault.Effect, _ status: String?) async {
        let client = await GoogleClient.make()
        await client.simulator.add(Fault(effect, method: "POST", path: "/calendar/*"))
        let (statuses, text) = await batch([post], client)
        #expect(statuses["item0"] == status)
        #expect(await client.get("lunch").status == 200)
        let isWhole = if case .failAfter = effect { true } else { false }
        #expect(text.hasSuffix("--\r\n") == isWhole)
    }

    @Test
    func `the log has every request without its token`() async throws {
        let client = await GoogleClient.make()
        _ = await client.insert(event, query: "sendUpdates=none")
        let logged = try #require(await client.simulator.requests.last)
        #expect(logged.method == "POST")
        #expect(logged.query == "sendUpdates=none")
        #expect(logged.account == GoogleClient.email)
        #expect(logged.headers["authorization"] == nil)
        #expect(try JSON(parsing: logged.body) == event)
    }
}
