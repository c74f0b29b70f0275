import SimulatorGoogle
import Testing

@testable import Sync
@testable import Web

@Suite("What waits, and what lies in the trash, says so")
struct WaitingTests {
    private typealias JSON = SimulatorGoogle.JSON

    @Test func `an entry of the queue says how it waits, also once it was given up`() async throws {
        try await TestGateway.run { test in
            let id = try await test.makeLunch()
            let link = try await test.linkGoogle()
            try await eventually("Lunch goes out") { try await test.upstreams.event("Lunch") != nil }
            let refusal = Fault(.failBefore(status: 400), method: "PATCH", path: "*/events/*", times: nil)
            await test.upstreams.googleService.add(refusal)
            #expect(try await test.call("PATCH", "/events/\(id)", ["summary": "Tea"]).status == 200)
            try await eventually("it failed") { try await test.row(link)["failed"]?.number == 1 }
            let row = try #require(try await test.call("GET", "/queue").items.first)
            #expect(row["state"]?.text == "failed")
            #expect(try await test.call("GET", "/queue?state=waiting").items.isEmpty)
            #expect(try await test.call("DELETE", "/queue/\(row["id"]?.number ?? 0)").status == 204)
            #expect(try await test.call("GET", "/queue").items.isEmpty)
            let dismissed = try await test.call("GET", "/queue?state=dismissed").items
            #expect(dismissed.map { $0["state"]?.text } == ["dismissed"])
            #expect(try await test.call("GET", "/queue?state=lost").status == 400)
        }
    }

    @Test func `a deleted event is explained, and restored from there`() async throws {
        try await TestGateway.run { test in
            let id = try await test.makeLunch()
            let link = try await test.linkGoogle()
            try await eventually("Lunch goes out") { try await test.upstreams.event("Lunch") != nil }
            #expect(try await test.call("GET", "/events/\(id)/explain").body["deleted_at"] == .null)
            #expect(try await test.call("DELETE", "/events/\(id)").status == 204)
            try await eventually("it is deleted upstream") { try await test.upstreams.event("Lunch") == nil }
            try await test.sync(link)
            let told = try await test.call("GET", "/events/\(id)/explain").body
            #expect(told["deleted_at"]?.text != nil && told["purged_at"]?.text != nil)
            let line = try #require(told["links"]?.elements?.first)
            #expect(line["state"]?.text == "deleted" && line["sentence"]?.text?.contains("deleted") == true)
            let browser = try await Browser(test)
            #expect(try await browser.get("/events/\(id)/explain").text.contains("It was deleted"))
            #expect(try await browser.post("/events/\(id)/restore").status == 303)
            #expect(try await test.call("GET", "/events/\(id)").status == 200)
            #expect(try await test.call("GET", "/events/\(id)/explain", as: "bob").status == 404)
        }
    }

    @Test func `a conflict is away while its calendar lies in the trash, and back with it`() async throws {
        try await TestGateway.run { test in
            let conflict = try await test.makeConflict()
            let calendar = try await test.calendar()
            func count() async throws -> Int? { try await test.call("GET", "/links").items.first?["conflicts"]?.number }
            #expect(try await count() == 1)
            #expect(try await test.call("DELETE", "/calendars/\(calendar)").status == 204)
            #expect(try await test.call("GET", "/conflicts").items.isEmpty)
            #expect(try await count() == 0)
            #expect(try await test.call("POST", "/conflicts/\(conflict)", ["keep": "gateway"]).status == 404)
            #expect(try await test.call("POST", "/calendars/\(calendar)/restore").status == 200)
            #expect(try await test.call("GET", "/conflicts").items.map { $0["id"]?.number } == [conflict])
            #expect(try await test.call("POST", "/conflicts/\(conflict)", ["keep": "gateway"]).status == 200)
        }
    }

    @Test func `commands on this machine hear of passes that run, and how far they are`() async throws {
        try await TestGateway.run(configure: { $0.localToken = "secret" }) { test in
            for number in 0..<3 { try await test.upstreams.makeEvent("Event \(number)", hour: 10 + number) }
            let slow = Fault(.slow(milliseconds: 400), method: "GET", path: "*/events*", times: nil)
            await test.upstreams.googleService.add(slow)
            let link = try await test.linkGoogle(start: false)
            func state(_ secret: String = "secret") async throws -> JSON? {
                let reply = try await test.send("GET", "/local/status", as: nil, [("X-Kalends-Local", secret)])
                guard reply.status == 200 else { return nil }
                return try JSON(parsing: reply.body)["items"]?.elements?.first
            }
            #expect(try await state()?["state"]?.text == "preview")
            #expect(try await state("wrong") == nil)
            #expect(try await test.call("POST", "/links/\(link.id)/start").status == 200)
            try await eventually("it says that it syncs") { try await state()?["state"]?.text == "syncing" }
            try await eventually("it is in step") { try await state()?["state"]?.text == "idle" }
        }
    }
}
