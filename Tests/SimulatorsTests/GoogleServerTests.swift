import HTTPTypes
import ICalendar
import OutboundHTTP
import SimulatorGoogle
import Testing

@Suite("Google simulator over a socket")
struct GoogleServerTests {
    /// Runs `body` against a listening simulator, which is stopped afterwards.
    private func serving(
        _ body: (GoogleSimulator, String, @escaping @Sendable (String, String) async throws -> OutboundReply)
            async throws -> Void
    ) async throws {
        let simulator = GoogleSimulator(configuration: .init(now: { GoogleClient.start }))
        await simulator.addAccount(email: GoogleClient.email)
        let token = await simulator.makeAccessToken(for: GoogleClient.email)
        let base = try await simulator.start()
        let transport = CurlTransport(configuration: .init(allowsPlainHTTP: true))
        try await body(simulator, base) { method, path in
            let verb = try #require(HTTPRequest.Method(rawValue: method))
            let headers: HTTPFields = [.authorization: "Bearer \(token)"]
            return try await transport.send(OutboundRequest(method: verb, url: base + path, headers: headers))
        }
        await transport.shutDown()
        await simulator.stop()
    }

    @Test
    func `it listens, answers and stops`() async throws {
        try await serving { _, base, send in
            #expect(base.hasPrefix("http://127.0.0.1:"))
            let reply = try await send("GET", "/calendar/v3/users/me/calendarList")
            #expect(reply.status == 200)
            #expect(try JSON(parsing: reply.body)["items"]?[0]?["id"]?.text == GoogleClient.email)
            let unknown = try await send("GET", "/calendar/v3/calendars/en.german%23holiday@x/events")
            #expect(unknown.status == 404)
            let control = try await send("GET", "/control/")
            #expect(control.status == 200)
        }
    }

    @Test
    func `a cut connection is no answer, a truncated one half of it`() async throws {
        try await serving { simulator, _, send in
            await simulator.setFaults([Fault(.cutAfter), Fault(.truncate)])
            await #expect(throws: OutboundError.self) { _ = try await send("GET", "/calendar/v3/colors") }
            await #expect(throws: OutboundError.self) { _ = try await send("GET", "/calendar/v3/colors") }
            let whole = try await send("GET", "/calendar/v3/colors")
            #expect(whole.status == 200)
            #expect(await simulator.callCounts["getColors"] == 3)
        }
    }

    @Test
    func `a slow answer does not hold up another`() async throws {
        try await serving { simulator, _, send in
            // Slower than any test may run: it ends by being cancelled.
            await simulator.setFaults([Fault(.slow(milliseconds: 3_600_000), path: "/calendar/v3/colors")])
            let slow = Task { try await send("GET", "/calendar/v3/colors") }
            while await simulator.pendingFaults > 0 { await Task.yield() }
            let reply = try await send("GET", "/calendar/v3/users/me/calendarList")
            #expect(reply.status == 200)
            slow.cancel()
            await #expect(throws: OutboundError.cancelled) { _ = try await slow.value }
        }
    }

    @Test
    func `a seeded calendar has events of every kind, all of which expand`() async throws {
        let client = await GoogleClient.make()
        try await client.simulator.seedEvents(24, in: GoogleClient.email)
        let listed = await client.list("maxResults=2500")
        #expect(listed.items.count >= 24)
        #expect(listed.items.contains { $0["status"] == "cancelled" && $0["recurringEventId"] != nil })
        let single = await client.list("singleEvents=true&orderBy=startTime&maxResults=2500")
        #expect(single.status == 200)
        #expect(single.items.count > 100)
    }
}
