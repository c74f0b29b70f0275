import SimulatorGoogle
import Testing

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
