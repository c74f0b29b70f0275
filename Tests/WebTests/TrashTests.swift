import SimulatorGoogle
import Testing

@Suite("REST: the trash")
struct TrashTests {
    @Test func `a deleted calendar is listed in the trash and comes back with its events`() async throws {
        try await TestGateway.run { test in
            let event = try await test.makeLunch()
            let id = try #require(try await test.call("GET", "/calendars").items.first?["id"]?.number)
            #expect(try await test.call("DELETE", "/calendars/\(id)").status == 204)
            #expect(try await test.call("GET", "/events/\(event)").status == 404)
            let trash = try await test.call("GET", "/calendars/trash").items
            #expect(trash.map { $0["name"]?.text } == ["default"])
            #expect(trash.first?["deleted_at"]?.text != nil)
            #expect(try await test.call("POST", "/calendars/\(id)/restore", as: "bob").status == 404)

            let restored = try await test.call("POST", "/calendars/\(id)/restore")
            #expect(restored.status == 200)
            #expect(restored.body["href"]?.text == "/dav/calendars/alice/default/")
            #expect(try await test.call("GET", "/events/\(event)").status == 200)
            #expect(try await test.call("GET", "/calendars/trash").items.isEmpty)
            #expect(try await test.call("POST", "/calendars/\(id)/restore").status == 404)
        }
    }
}
