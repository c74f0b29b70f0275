import Accounts
import HTTPTypes
import ICalendar
import SimulatorGoogle
import Testing

@testable import Web

@Suite("REST: one table of operations")
struct RESTContractTests {
    private typealias JSON = SimulatorGoogle.JSON

    @Test func `the description names every operation, and nothing that is not routed`() async throws {
        try await TestGateway.run { test in
            let document = try await test.send("GET", "/api/v1/openapi.json", as: nil)
            #expect(document.status == 200)
            let paths = try #require(try JSON(parsing: document.body)["paths"]?.members)
            var described: Set<String> = []
            for (path, item) in paths {
                for method in item.members?.keys.map({ $0.uppercased() }) ?? [] {
                    described.insert(method + " " + path)
                }
            }
            #expect(described == Set(RESTRoutes.operations.map { "\($0.method.rawValue) \($0.path)" }))
            for path in paths.keys {
                let some = path.replacing("{id}", with: "1")
                let answer = try await test.send("OPTIONS", "/api/v1" + some)
                let allowed = Set((answer["Allow"] ?? "").split(separator: ",").map { $0.filter { $0 != " " } })
                let own = Set(RESTRoutes.operations.filter { $0.path == path }.map(\.method.rawValue))
                #expect(own.isSubset(of: allowed), "\(path)")
            }
        }
    }

    @Test func `every line of the contract is an operation`() {
        let known = Set(RESTRoutes.operations.map { "\($0.method.rawValue) \($0.path)" })
        let promised = [
            "GET /calendars", "POST /calendars", "PATCH /calendars/{id}", "DELETE /calendars/{id}", "GET /events",
            "POST /events", "GET /events/{id}", "PATCH /events/{id}", "DELETE /events/{id}",
            "GET /events/{id}/history", "POST /events/{id}/restore", "GET /events/{id}/explain", "GET /connections",
            "POST /connections", "GET /connections/{id}", "DELETE /connections/{id}",
            "POST /connections/{id}/reconnect", "GET /connections/{id}/calendars", "POST /connections/{id}/calendars",
            "GET /links", "POST /links", "GET /links/{id}", "PATCH /links/{id}", "DELETE /links/{id}",
            "GET /links/{id}/plan", "POST /links/{id}/start", "POST /links/{id}/sync", "POST /links/{id}/pause",
            "POST /links/{id}/resume", "POST /links/{id}/approve", "POST /links/{id}/reject", "GET /sync-status",
            "POST /sync", "GET /runs", "GET /runs/{id}", "POST /runs/{id}/undo", "GET /conflicts",
            "GET /conflicts/{id}", "POST /conflicts/{id}", "GET /queue", "POST /queue/{id}/retry",
            "DELETE /queue/{id}", "GET /quarantine", "GET /stream", "GET /tokens", "POST /tokens", "GET /tokens/{id}",
            "DELETE /tokens/{id}", "GET /app-passwords", "POST /app-passwords", "DELETE /app-passwords/{id}",
        ]
        for line in promised { #expect(known.contains(line), "\(line)") }
    }

    @Test func `names of operations are unique, and so are the schemas they refer to known`() {
        let names = RESTRoutes.operations.map(\.name)
        #expect(Set(names).count == names.count)
        let document = OpenAPI.document(of: RESTRoutes.operations, at: "")
        let text = String(decoding: document.octets, as: UTF8.self)
        for part in text.split(separator: "#/components/schemas/").dropFirst() {
            let name = String(part.prefix { $0 != "\"" })
            #expect(Schemas.named[name] != nil, "\(name)")
        }
    }

    @Test func `a method that is not known is told which are`() async throws {
        try await TestGateway.run { test in
            let answer = try await test.call("PUT", "/calendars")
            #expect(answer.status == 405)
            #expect(answer.problem == "invalid_request")
            #expect(answer.reply["Allow"] == "GET, POST, HEAD, OPTIONS")
            let below = try await test.call("GET", "/calendars/1/nothing/more")
            #expect(below.status == 404)
            #expect(below.problem == "not_found")
        }
    }

    @Test func `lists are read page by page, and no row is missed or doubled`() async throws {
        try await TestGateway.run { test in
            for name in ["a", "b", "c", "d"] { _ = try await test.call("POST", "/calendars", ["name": .string(name)]) }
            let id = try await test.makeLunch(["rrule": "FREQ=DAILY;COUNT=7"])
            _ = id
            let window = "/events?start=2026-11-24T00:00:00Z&end=2026-12-24T00:00:00Z"
            for (path, key) in [("/calendars?", "name"), (window + "&", "start")] {
                let whole = try await test.call("GET", path).items.map { $0[key]?.text }
                var pages: [String?] = []
                var next: String? = ""
                while let cursor = next {
                    let page = try await test.call("GET", path + "limit=2" + (cursor == "" ? "" : "&cursor=" + cursor))
                    #expect(page.items.count <= 2)
                    pages += page.items.map { $0[key]?.text }
                    next = page.body["next"]?.text
                }
                #expect(pages == whole)
                #expect(whole.count >= 5)
            }
            #expect(try await test.call("GET", "/calendars?cursor=nonsense").status == 400)
            #expect(try await test.call("GET", "/calendars?limit=0").status == 400)
        }
    }

    @Test func `a POST that is repeated with its key is done once and answered twice`() async throws {
        try await TestGateway.run { test in
            let key = [("Idempotency-Key", "one")]
            let first = try await test.call("POST", "/tokens", ["label": "x"], key)
            let again = try await test.call("POST", "/tokens", ["label": "x"], key)
            #expect(first.status == 201)
            #expect(again.status == 201)
            #expect(again.body["token"]?.text == first.body["token"]?.text)
            #expect(first.body["token"]?.text != nil)
            #expect(again.reply["Idempotency-Replayed"] == "true")
            #expect(try await test.call("GET", "/tokens").items.count == 1)
            let other = try await test.call("POST", "/tokens", ["label": "y"], key)
            #expect(other.status == 422)
            #expect(other.problem == "invalid_request")
            // Another user's keys are another user's.
            #expect(try await test.call("POST", "/tokens", ["label": "y"], as: "bob", key).status == 201)
        }
    }

    @Test func `a POST that was refused may be tried again with its key`() async throws {
        try await TestGateway.run { test in
            let key = [("Idempotency-Key", "two")]
            _ = try await test.call("POST", "/calendars", ["name": "work"])
            #expect(try await test.call("POST", "/calendars", ["name": "work"], key).status == 409)
            let id = try await test.call("GET", "/calendars").items.first { $0["name"]?.text == "work" }?["id"]?.number
            _ = try await test.call("DELETE", "/calendars/\(id ?? 0)")
            #expect(try await test.call("POST", "/calendars", ["name": "work"], key).status == 201)
        }
    }

    @Test func `a change of what somebody else has changed is refused`() async throws {
        try await TestGateway.run { test in
            let made = try await test.call("POST", "/calendars", ["name": "work", "display_name": "Work"])
            let id = try #require(made.body["id"]?.number)
            let etag = [("If-Match", try #require(made.reply["ETag"]))]
            #expect(try await test.call("PATCH", "/calendars/\(id)", ["display_name": "Job"], etag).status == 200)
            #expect(try await test.call("PATCH", "/calendars/\(id)", ["display_name": "Toil"], etag).status == 412)
            #expect(try await test.call("DELETE", "/calendars/\(id)", nil, etag).status == 412)
            #expect(try await test.call("DELETE", "/calendars/\(id)", nil, [("If-Match", "*")]).status == 204)
        }
    }

    @Test func `who asks too often is told when to come back`() async throws {
        try await TestGateway.run(configure: { $0.requestsPerMinute = 3 }) { test in
            for rest in ["2", "1", "0"] {
                let answer = try await test.call("GET", "/calendars")
                #expect(answer.status == 200)
                #expect(answer.reply["RateLimit-Remaining"] == rest)
            }
            let refused = try await test.call("GET", "/calendars")
            #expect(refused.status == 429)
            #expect(refused.problem == "rate_limited")
            #expect(Int(refused.reply["Retry-After"] ?? "").map { (1...60).contains($0) } == true)
            #expect(try await test.call("GET", "/calendars", as: "bob").status == 200)
        }
    }

    @Test func `guessing passwords is slowed down, and the right one is still let in`() async throws {
        // The guesses count together however long their hashes take.
        try await TestGateway.run(now: { Instant(seconds: 1_795_000_000) }) { test in
            var last: WireReply?
            for guess in 0..<30 {
                let wrong = [("Authorization", TestGateway.basic("alice", "wrong \(guess)"))]
                last = try await test.send("GET", "/api/v1/calendars", as: nil, wrong)
                if last?.status == 429 { break }
            }
            #expect(last?.status == 429)
            #expect(last?["Content-Type"] == "application/problem+json")
            #expect(Int(last?["Retry-After"] ?? "") ?? 0 > 0)
            #expect(try await test.call("GET", "/calendars").status == 200)
        }
    }

    @Test func `an event is explained by every link of its calendar`() async throws {
        try await TestGateway.run { test in
            let id = try await test.makeLunch()
            let answer = try await test.call("GET", "/events/\(id)/explain")
            #expect(answer.status == 200)
            #expect(answer.body["links"]?.elements?.isEmpty == true)
            #expect(try await test.call("GET", "/events/\(id)/explain", as: "bob").status == 404)
        }
    }

    @Test func `a body of the wrong shape is refused with the name of what is wrong`() async throws {
        try await TestGateway.run { test in
            let wrong: [(String, String, JSON, String)] = [
                ("POST", "/calendars", ["display_name": 3], "display_name"),
                ("POST", "/events", ["calendar": 1, "start": 5], "start"),
                ("POST", "/tokens", ["label": "x", "scopes": "write"], "scopes"),
                ("POST", "/tokens", ["label": "x", "scopes": ["everything"]], "scopes"),
                ("POST", "/links", ["connection": 1, "upstream_calendar": "x", "conflicts": "coin"], "conflicts"),
            ]
            for (method, path, body, name) in wrong {
                let answer = try await test.call(method, path, body)
                #expect(answer.status == 400, "\(path)")
                #expect(answer.body["detail"]?.text?.contains(name) == true, "\(answer.reply.text)")
            }
        }
    }
}

@Suite("REST: series without an end")
struct EndlessSeriesTests {
    @Test func `a series without an end is made, read, changed and found`() async throws {
        try await TestGateway.run { test in
            let id = try await test.makeLunch(["rrule": "FREQ=DAILY"])
            let whole = try await test.call("GET", "/events/\(id)")
            #expect(whole.body["start"]?.text == "2026-11-24T12:00:00Z")
            let one = try await test.call("GET", "/events/\(id)?occurrence=20990101T120000Z")
            #expect(one.body["start"]?.text == "2099-01-01T12:00:00Z")
            #expect(try await test.call("GET", "/events/\(id)?occurrence=20990101T130000Z").status == 404)
            let changed = try await test.call("PATCH", "/events/\(id)", ["summary": "Daily lunch"])
            #expect(changed.body["summary"]?.text == "Daily lunch")
        }
    }

    @Test func `what became of the first occurrence says nothing of the series`() async throws {
        try await TestGateway.run { test in
            let id = try await test.makeLunch(["rrule": "FREQ=DAILY;COUNT=3"])
            let first = "/events/\(id)?occurrence=20261124T120000Z"
            _ = try await test.call(
                "PATCH",
                first,
                ["summary": "Brunch", "start": "2026-11-24T10:00:00Z", "end": "2026-11-24T11:00:00Z"]
            )
            #expect(try await test.call("GET", first).body["start"]?.text == "2026-11-24T10:00:00Z")
            let series = try await test.call("GET", "/events/\(id)").body
            #expect(series["summary"]?.text == "Lunch")
            #expect(series["start"]?.text == "2026-11-24T12:00:00Z")
            #expect(series["end"]?.text == "2026-11-24T13:00:00Z")
        }
    }

    @Test func `an event without an end is there all the same`() async throws {
        try await TestGateway.run { test in
            let calendar = Int64(try await test.calendar())
            let made = try await test.call(
                "POST",
                "/events",
                ["calendar": .integer(calendar), "summary": "Bell", "start": "2026-11-24T12:00:00Z"]
            )
            #expect(made.body["summary"]?.text == "Bell")
            let id = try #require(made.body["id"]?.number)
            #expect(try await test.call("GET", "/events/\(id)").body["start"]?.text == "2026-11-24T12:00:00Z")
        }
    }
}
