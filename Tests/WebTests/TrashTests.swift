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

    @Test func `the links of a calendar go on once it is out of the trash, whatever was asked of them meanwhile`()
        async throws
    {
        try await TestGateway.run { test in
            let link = try await test.linkGoogle()
            try await test.sync(link)
            let id = try await test.calendar()
            #expect(try await test.call("DELETE", "/calendars/\(id)").status == 204)
            _ = try await test.call("POST", "/links/\(link.id)/sync")
            try await eventually("the link misses the calendar") {
                try await test.row(link)["last_error"]?["code"]?.text == "not_found"
            }
            #expect(try await test.row(link)["state"]?.text == "waiting")
            #expect(try await test.row(link)["next_sync_at"]?.text != nil)
            try await test.upstreams.makeEvent("Meanwhile")
            #expect(try await test.call("POST", "/calendars/\(id)/restore").status == 200)
            try await eventually("what came meanwhile is here") { try await test.object("Meanwhile") != nil }
            #expect(try await test.row(link)["last_error"]?["code"] == nil)
        }
    }
}
