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
}
