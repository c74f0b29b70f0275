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

@Suite("Deleted events")
struct DeletedEventTests {
    private typealias JSON = SimulatorGoogle.JSON

    @Test func `what was deleted is listed with who did it and until when it is kept, and goes upstream once restored`()
        async throws
    {
        try await TestGateway.run { test in
            let link = try await test.linkGoogle()
            let event = try await test.makeLunch()
            try await eventually("the event is upstream") { try await test.upstreams.event("Lunch") != nil }
            #expect(try await test.call("DELETE", "/events/\(event)").status == 204)
            try await eventually("it is deleted upstream") { try await test.upstreams.event("Lunch") == nil }

            let calendar = try await test.calendar()
            let row = try #require(try await test.call("GET", "/events/trash?calendar=\(calendar)").items.first)
            #expect(row["id"]?.number == event && row["summary"]?.text == "Lunch")
            #expect(row["start"]?.text == "2026-11-24T12:00:00Z" && row["calendar"]?.number == calendar)
            #expect(row["by"]?.text?.hasPrefix("client ") == true && row["link"] == .null)
            let (deleted, purged) = (try #require(row["deleted_at"]?.text), try #require(row["purged_at"]?.text))
            #expect(deleted < purged)

            #expect(try await test.call("POST", "/events/\(event)/restore", [:]).status == 200)
            try await eventually("it is upstream again") { try await test.upstreams.event("Lunch") != nil }
            #expect(try await test.call("GET", "/events/trash").items.isEmpty)
            #expect(try await test.call("POST", "/events/\(event)/restore", [:]).status == 400)

            let upstream = try #require(try await test.upstreams.event("Lunch")?["id"]?.text)
            try await test.upstreams.googleService.deleteEvent(upstream, in: TestUpstreams.account)
            try await test.sync(link)
            let taken = try #require(try await test.call("GET", "/events/trash").items.first)
            #expect(taken["link"]?.number == link.id && taken["run"]?.number != nil)
        }
    }

    @Test func `the list is read page by page, and nobody reads another's`() async throws {
        try await TestGateway.run { test in
            for number in 0..<5 {
                let event = try await test.makeLunch(["summary": .string("Lunch \(number)")])
                #expect(try await test.call("DELETE", "/events/\(event)").status == 204)
            }
            var (titles, cursor): ([String], String?) = ([], "")
            while let next = cursor {
                let query = next.isEmpty ? "" : "&cursor=\(next)"
                let page = try await test.call("GET", "/events/trash?limit=2\(query)")
                titles += page.items.compactMap { $0["summary"]?.text }
                cursor = page.body["next"]?.text
            }
            #expect(titles == (0..<5).reversed().map { "Lunch \($0)" })
            #expect(try await test.call("GET", "/events/trash", as: "bob").items.isEmpty)
            let calendar = try await test.calendar()
            #expect(try await test.call("GET", "/events/trash?calendar=\(calendar)", as: "bob").status == 404)
        }
    }

    @Test func `the page of a calendar brings a deleted event back at a press`() async throws {
        try await TestGateway.run { test in
            let event = try await test.makeLunch(["summary": "Tea & cake"])
            let browser = try await Browser(test)
            let calendar = try await test.calendar()
            #expect(try await browser.get("/calendars/\(calendar)").text.contains("None that can be brought back"))
            #expect(try await browser.post("/events/\(event)/delete").status == 303)
            let page = try await browser.get("/calendars/\(calendar)").text
            #expect(page.contains("Tea &amp; cake</a>") && page.contains(">Restore<"))
            #expect(!page.contains("Deleted before those"))
            let back = try await browser.post("/events/\(event)/restore", ["calendar": "\(calendar)"])
            #expect(back.status == 303 && back["Location"] == "/calendars/\(calendar)?deleted=#deleted")
            #expect(try await test.call("GET", "/events/\(event)").body["summary"]?.text == "Tea & cake")
        }
    }
}
