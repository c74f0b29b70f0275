import ICalendar
import SimulatorGoogle
import Testing

@testable import Web

@Suite("What waits for a person is said first")
struct WellbeingTests {
    @Test func `a change that failed for good is no wellbeing`() async throws {
        try await TestGateway.run { test in
            let id = try await test.makeLunch()
            let link = try await test.linkGoogle()
            try await eventually("Lunch goes out") { try await test.upstreams.event("Lunch") != nil }
            let browser = try await Browser(test)
            try await eventually("all is well") { try await browser.get("/").text.contains("All is well") }
            let refusal = Fault(.failBefore(status: 400), method: "PATCH", path: "*/events/*", times: nil)
            await test.upstreams.googleService.add(refusal)
            #expect(try await test.call("PATCH", "/events/\(id)", ["summary": "Tea"]).status == 200)
            try await eventually("it failed") { try await test.row(link)["failed"]?.number == 1 }
            let home = try await browser.get("/").text
            #expect(home.contains("One thing needs you") && home.contains("could not be carried over"))
            #expect(!home.contains("All is well"))
        }
    }

    @Test func `writes that wait for hours are told with their end, and tried when a person asks`() async throws {
        try await TestGateway.run { test in
            let id = try await test.makeLunch()
            let link = try await test.linkGoogle()
            try await eventually("Lunch goes out") { try await test.upstreams.event("Lunch") != nil }
            let full = Fault(
                .throttle(status: 403, reason: "quotaExceeded", retryAfter: nil),
                method: "PATCH",
                path: "*/events/*",
                times: 1
            )
            await test.upstreams.googleService.add(full)
            #expect(try await test.call("PATCH", "/events/\(id)", ["summary": "Tea"]).status == 200)
            try await eventually("writes wait, and reading goes on") {
                let row = try await test.row(link)
                // The pass that only reads comes at once, and after it none for most of a minute.
                let next = row["next_sync_at"]?.text.flatMap(Instant.init(rfc3339:))
                return row["last_error"]?["code"]?.text == "rate_limited" && row["state"]?.text != "syncing"
                    && next.map { $0 > test.gateway.now() + 5 } ?? false
            }
            let row = try await test.row(link)
            #expect(row["state"]?.text == "waiting" && row["pending"]?.number == 1)
            #expect(row["writes_resume_at"]?.text != nil)
            let browser = try await Browser(test)
            for path in ["/", "/links/\(link.id)", "/activity"] {
                let page = try await browser.get(path).text
                #expect(page.contains(/sent in [23] h/) && !page.contains("All is well"), "\(path)")
            }
            #expect(try await !browser.get("/activity").text.contains("Nothing waits"))
            try await test.sync(link)
            #expect(try await test.upstreams.event("Tea") != nil)
            #expect(try await test.row(link)["writes_resume_at"] == .null)
            try await eventually("all is well") { try await browser.get("/").text.contains("All is well: 1 of 1") }
        }
    }

    @Test func `where every link is paused nothing is said to be in step`() async throws {
        try await TestGateway.run { test in
            let link = try await test.linkGoogle()
            let browser = try await Browser(test)
            try await eventually("all is well") { try await browser.get("/").text.contains("All is well: 1 of 1") }
            #expect(try await test.call("POST", "/links/\(link.id)/pause").status == 200)
            let home = try await browser.get("/").text
            #expect(home.contains("Paused") && home.contains("until you resume") && !home.contains("All is well"))
        }
    }

    @Test func `a consent of another account is refused with a word on what to do`() async throws {
        try await TestGateway.run { test in
            let other = "ben@example.com"
            await test.upstreams.googleService.addAccount(email: other, displayName: "Ben")
            var begun = try await Begun("google", test)
            let first = try await begun.answer(["decision": "allow", "account": TestUpstreams.account], test)
            #expect(try await test.send("GET", first).status == 303)
            let again = try await test.call("POST", "/connections/\(begun.id)/reconnect")
            begun.address = try #require(again.body["authorize_url"]?.text)
            begun.page = try await test.upstreams.send("GET", begun.address)
            let back = try await begun.answer(["decision": "allow", "account": other], test)
            let told = try await test.send("GET", back)
            #expect(told.status == 200)
            #expect(told.text.contains(other) && told.text.contains("an account of its own"))
            let row = try await begun.row(test)
            #expect(row["state"]?.text == "connected" && row["account"]?.text == TestUpstreams.account)
            let calendars = try await test.call("GET", "/connections/\(begun.id)/calendars").items
            #expect(calendars.map { $0["id"]?.text } == [TestUpstreams.account])
        }
    }
}
