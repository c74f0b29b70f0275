import Foundation
import SimulatorGoogle
import Testing

@Suite("Dashboard: more events than a page shows")
struct LongPlanTests {
    private typealias JSON = SimulatorGoogle.JSON

    /// More than the 200 that one page shows.
    private static let count = 210

    /// A link in preview to a calendar of many events.
    private func link(_ test: TestGateway) async throws -> MadeLink {
        for number in 1...Self.count { try await test.upstreams.makeEvent("Event \(number)") }
        return try await test.linkGoogle(start: false)
    }

    /// The UIDs that can be ticked in the part of a page with that heading.
    private func boxes(_ part: String, in page: String) -> [String] {
        let form = page.components(separatedBy: #"aria-labelledby="\#(part)""#).dropFirst().first ?? ""
        let rows = form.components(separatedBy: "</form>")[0].components(separatedBy: #"name="uid" value=""#)
        return rows.dropFirst().map { String($0.prefix { $0 != "\"" }) }
    }

    private func ticked(_ verb: String, _ uids: [String], page: Int) -> [(String, String)] {
        [(verb, ""), ("page", String(page))] + uids.map { ("uid", $0) }
    }

    @Test func `what is done on the last page of a plan shows the last page there is then`() async throws {
        try await TestGateway.run { test in
            let path = "/links/\(try await link(test).id)"
            let browser = try await Browser(test)
            let last = try await browser.get(path + "?page=1").text
            #expect(last.contains("201 to 210"))
            for beyond in ["9999", "\(Int.max)"] {
                let page = try await browser.get(path + "?page=\(beyond)").text
                #expect(page.contains("201 to 210") && page.contains(#"rel="prev""#), "\(beyond)")
                #expect(boxes("rows", in: page) == boxes("rows", in: last), "\(beyond)")
            }
            for none in ["-1", "x", ""] {
                #expect(try await browser.get(path + "?page=\(none)").text.contains("1 to 200<"), "\(none)")
            }
            let rest = boxes("rows", in: last)
            #expect(rest.count == 10)
            let done = try await browser.post(path + "/plan", ticked("skip", rest, page: 1))
            let shown = try await browser.get(try #require(done["Location"])).text
            #expect(boxes("rows", in: shown).count == 200)
            #expect(Set(boxes("alone", in: shown)) == Set(rest))
            #expect(!shown.contains("Pages of the plan"))
        }
    }

    @Test func `all that a link which has begun leaves alone is shown, page by page`() async throws {
        try await TestGateway.run { test in
            let link = try await link(test)
            let path = "/links/\(link.id)"
            let plan = try await test.call("GET", path + "/plan").body
            let uids = try #require(plan["gateway"]?["create"]?.elements).compactMap { $0["uid"]?.text }
            #expect(uids.count == Self.count)
            let skip: JSON = ["skip": .array(uids.map(JSON.string))]
            #expect(try await test.call("PATCH", path, skip).status == 200)
            #expect(try await test.call("POST", path + "/start").status == 200)
            try await test.sync(link)

            let browser = try await Browser(test)
            let first = try await browser.get(path).text
            #expect(first.contains("1 to 200 of 210") && first.contains(#"rel="next""#))
            let second = try await browser.get(path + "?page=7").text
            #expect(second.contains("201 to 210 of 210") && second.contains(#"rel="prev""#))
            let rest = boxes("alone", in: second)
            #expect(Set(boxes("alone", in: first) + rest) == Set(uids) && rest.count == 10)

            let done = try await browser.post(path + "/plan", ticked("take", rest, page: 1))
            let shown = try await browser.get(try #require(done["Location"])).text
            #expect(boxes("alone", in: shown).count == 200 && !shown.contains(#"rel="prev""#))

            // What neither side has any more is not there to be taken in.
            let service = test.upstreams.googleService
            let gone = try #require(boxes("alone", in: shown).first)
            let id = try #require(
                await service.events(in: TestUpstreams.account).first { $0["iCalUID"]?.text == gone }?["id"]?.text
            )
            try await service.deleteEvent(id, in: TestUpstreams.account)
            try await test.sync(link)
            let remaining = boxes("alone", in: try await browser.get(path).text)
            #expect(remaining.count == 199 && !remaining.contains(gone))
        }
    }
}
