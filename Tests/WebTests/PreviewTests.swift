import SimulatorGoogle
import Testing

@Suite("Dashboard: the preview of a link")
struct PreviewTests {
    private typealias JSON = SimulatorGoogle.JSON

    /// A link in preview: a lunch that both sides know, and an event of each side.
    private func link(_ test: TestGateway, _ more: [String: JSON] = [:]) async throws -> MadeLink {
        try await test.upstreams.makeEvent("Lunch with Anne")
        try await test.upstreams.makeEvent("Only there", hour: 15)
        for (title, hour) in [("Lunch with Ann", "09"), ("Only here", "18")] {
            _ = try await test.makeLunch([
                "summary": .string(title), "start": .string("2026-11-24T\(hour):00:00Z"),
                "end": .string("2026-11-24T\(hour):30:00Z"),
            ])
        }
        return try await test.linkGoogle(start: false, more)
    }

    private func plan(_ link: MadeLink, _ test: TestGateway) async throws -> JSON {
        let plan = try await test.call("GET", "/links/\(link.id)/plan")
        #expect(plan.status == 200, "\(plan.reply.text)")
        return plan.body
    }

    @Test func `a pair is shown side by side with how sure it is, and parted and taken back at a press`() async throws {
        try await TestGateway.run { test in
            let link = try await link(test)
            let browser = try await Browser(test)
            let page = try await browser.get("/links/\(link.id)").text
            for words in ["% sure", "Lunch with Ann<", "Lunch with Anne<", "Two events", "One event; changes"] {
                #expect(page.contains(words), "\(words)")
            }
            let pair = try #require(try await plan(link, test)["merge"]?.elements?.first)
            #expect(pair["gateway"]?["summary"]?.text == "Lunch with Ann")
            #expect(pair["upstream"]?["summary"]?.text == "Lunch with Anne")
            let uid = try #require(pair["uid"]?.text)

            #expect(try await browser.post("/links/\(link.id)/plan", ["separate": uid]).status == 303)
            let parted = try await plan(link, test)
            #expect(parted["merge"]?.elements?.isEmpty == true && parted["separated"]?.elements?.count == 1)
            #expect(parted["gateway"]?["create"]?.elements?.count == 2)
            #expect(try await browser.get("/links/\(link.id)").text.contains("Two events each, as you said"))

            let other = try #require(pair["upstream_uid"]?.text)
            #expect(try await browser.post("/links/\(link.id)/plan", ["join": other]).status == 303)
            #expect(try await plan(link, test)["merge"]?.elements?.count == 1)
        }
    }

    @Test func `what has no way to go is not called the same on both sides`() async throws {
        try await TestGateway.run { test in
            let link = try await link(test, ["direction": "pull"])
            let told = try await plan(link, test)
            #expect(told["same"]?.number == 0 && told["upstream"]?["create"]?.elements?.isEmpty == true)
            #expect(told["stays"]?["gateway"]?.number == 1 && told["stays"]?["upstream"]?.number == 0)
            let page = try await Browser(test).get("/links/\(link.id)").text
            #expect(page.contains("1 stays here only: the link only pulls") && !page.contains("the same on both sides"))
        }
    }

    @Test func `what is ticked is left alone on both sides, and taken in again`() async throws {
        try await TestGateway.run { test in
            let link = try await link(test, ["conflicts": "upstream"])
            let browser = try await Browser(test)
            let all = try await plan(link, test)
            let pair = try #require(all["merge"]?.elements?.first?["uid"]?.text)
            let here = try #require(all["upstream"]?["create"]?.elements?.first?["uid"]?.text)
            let path = "/links/\(link.id)/plan"
            #expect(try await browser.post(path, ["skip": ""]).status == 400)
            let ticked = try await browser.post(path, [("skip", ""), ("uid", pair), ("uid", here)])
            #expect(ticked.status == 303)
            let rest = try await plan(link, test)
            #expect(rest["skipped"]?.elements?.count == 3 && rest["left_alone"]?.elements?.count == 2)
            #expect(try await browser.get("/links/\(link.id)").text.contains("Left alone on both sides"))
            #expect(try await browser.post(path, ["take": here]).status == 303)

            #expect(try await browser.post("/links/\(link.id)/start").status == 303)
            try await test.sync(link)
            let titles = try await test.objects().flatMap { object in
                object.text.split(separator: "\r\n").filter { $0.hasPrefix("SUMMARY:") }.map { $0.dropFirst(8) }
            }
            #expect(titles.sorted() == ["Lunch with Ann", "Only here", "Only there"])
            let service = test.upstreams.googleService
            let theirs = await service.events(in: TestUpstreams.account).compactMap { $0["summary"]?.text }
            #expect(theirs.sorted() == ["Lunch with Anne", "Only here", "Only there"])

            // The link has begun: what it leaves alone is still on its page, to be taken in.
            let begun = try await browser.get("/links/\(link.id)").text
            #expect(begun.contains("Left alone on both sides") && begun.contains("Lunch with Anne<"))
            let other = try #require(all["merge"]?.elements?.first?["upstream_uid"]?.text)
            #expect(try await browser.post(path, [("take", ""), ("uid", other)]).status == 303)
            try await eventually("it comes here") { try await test.object("Lunch with Anne") != nil }
            #expect(try await !browser.get("/links/\(link.id)").text.contains("Lunch with Anne<"))
        }
    }

    @Test func `a pair that differs says that it waits, where the link asks`() async throws {
        try await TestGateway.run { test in
            let link = try await link(test, ["conflicts": "ask"])
            let plan = try await plan(link, test)
            #expect(plan["merge"]?.elements?.isEmpty == true)
            let waiting = try #require(plan["conflicts"]?.elements?.first)
            #expect(waiting["changes"]?["disputed"]?.elements?.compactMap(\.text).contains("summary") == true)
            let page = try await Browser(test).get("/links/\(link.id)").text
            #expect(page.contains("waits for you to decide: Title") && page.contains("1 to be decided by you"))
        }
    }

    @Test func `while the upstream fails the page says so, and offers no start`() async throws {
        try await TestGateway.run { test in
            let link = try await link(test)
            let service = test.upstreams.googleService
            await service.add(Fault(.failBefore(status: 503), method: "GET", path: "*/events*", times: nil))
            let browser = try await Browser(test)
            let page = try await browser.get("/links/\(link.id)")
            #expect(page.status == 200)
            #expect(page.text.contains("This cannot be told now") && page.text.contains("Look again"))
            #expect(page.text.contains("Settings of this link") && !page.text.contains(">Start<"))
            await service.setFaults([])
            let again = try await browser.get("/links/\(link.id)").text
            #expect(again.contains(">Start<") && again.contains("% sure"))
        }
    }

    @Test func `a plan for a calendar that lies in the trash is refused with what to do`() async throws {
        try await TestGateway.run { test in
            let link = try await link(test)
            let calendar = try await test.calendar()
            #expect(try await test.call("DELETE", "/calendars/\(calendar)").status == 204)
            let plan = try await test.call("GET", "/links/\(link.id)/plan")
            #expect(plan.status == 409 && plan.problem == "not_found")
            let page = try await Browser(test).get("/links/\(link.id)")
            #expect(page.status == 200 && page.text.contains("restore the calendar"))
        }
    }

    @Test func `a filter set in the form shows in the plan, with the sentences that programs get`() async throws {
        try await TestGateway.run { test in
            let link = try await link(test)
            let browser = try await Browser(test)
            let path = "/links/\(link.id)/filters"
            let form = [
                "past_days": "", "future_days": "", "from": "2026-11-25", "until": "", "categories": "work, Travel",
                "except_categories": "", "asks_declined": "yes", "busy_only": "yes",
            ]
            #expect(try await browser.post(path, form).status == 303)
            let filters = try await test.row(link)["filters"]
            #expect(filters?["from"]?.text == "2026-11-25" && filters?["busy_only"]?.flag == true)
            #expect(filters?["categories"]?.elements?.compactMap(\.text) == ["work", "Travel"])
            #expect(filters?["declined"]?.flag == false && filters?["past_days"] == nil)
            let page = try await browser.get("/links/\(link.id)").text
            #expect(page.contains("There is no event on either side") && page.contains(#"value="2026-11-25""#))

            let wrong = try await browser.post(path, ["from": "2026-12-31", "until": "2026-01-01"])
            let sentence = "from 2026-12-31 is after until 2026-01-01"
            #expect(wrong.status == 400 && wrong.text.contains(sentence))
            let days: JSON = ["filters": ["from": "2026-12-31", "until": "2026-01-01"]]
            let refused = try await test.call("PATCH", "/links/\(link.id)", days)
            #expect(refused.status == 400 && refused.problem == "invalid_request")
            #expect(refused.body["detail"]?.text?.contains(sentence) == true)

            #expect(try await browser.post(path, ["asks_declined": "yes", "declined": "yes"]).status == 303)
            #expect(try await test.row(link)["filters"]?["from"] == nil)
            #expect(try await browser.get("/links/\(link.id)").text.contains("% sure"))
        }
    }

    @Test func `a choice about pairs that comes after the start is refused, with what to do instead`() async throws {
        try await TestGateway.run { test in
            let link = try await link(test, ["conflicts": "upstream"])
            let browser = try await Browser(test)
            let uid = try #require(try await plan(link, test)["merge"]?.elements?.first?["uid"]?.text)
            #expect(try await browser.post("/links/\(link.id)/start").status == 303)
            try await test.sync(link)
            for word in ["separate", "join"] {
                let late = try await browser.post("/links/\(link.id)/plan", [word: uid])
                #expect(late.status == 409 && late.text.contains("has begun"), "\(word): \(late.status)")
                #expect(late.text.contains("undo the run"), "\(word)")
            }
            let uids: JSON = .array([.string(uid)])
            let patch: JSON = ["separate": uids, "conflicts": "ask"]
            let refused = try await test.call("PATCH", "/links/\(link.id)", patch)
            #expect(refused.status == 409 && refused.problem == "conflict")
            #expect(try await test.row(link)["conflict_policy"]?.text == "upstream")
            let again = try await test.call("POST", "/links/\(link.id)/start", ["separate": uids])
            #expect(again.status == 409 && again.problem == "conflict")
            // What names none asks for nothing.
            let none = try await test.call("PATCH", "/links/\(link.id)", ["separate": .array([])])
            #expect(none.status == 200, "\(none.reply.text)")
        }
    }

    @Test func `only an upstream that mails guests offers to`() async throws {
        try await TestGateway.run { test in
            let browser = try await Browser(test)
            let google = try await link(test)
            let notion = try await test.linkNotion(start: false, ["calendar": .null])
            #expect(try await browser.get("/links/\(google.id)").text.contains("mail the guests"))
            let page = try await browser.get("/links/\(notion.id)").text
            #expect(!page.contains("mail the guests") && !page.contains("that I have declined"))
            #expect(try await browser.post("/links/\(notion.id)", ["conflicts": "ask"]).status == 303)
            #expect(try await test.row(notion)["notify_guests"]?.flag == false)
        }
    }
}
