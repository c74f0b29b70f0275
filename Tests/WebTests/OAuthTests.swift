import Foundation
import SimulatorGoogle
import Testing

@Suite("Connecting accounts (RFC 6749, RFC 7636)")
struct OAuthTests {
    @Test func `Google is connected through its consent page`() async throws {
        try await TestGateway.run { test in
            let begun = try await Begun("google", test)
            #expect(begun.page.text.contains("wants access"))
            #expect(try await begun.state(test) == "awaiting_authorization")
            let back = try await begun.answer(["decision": "allow"], test)
            #expect(try await test.send("GET", back).status == 303)
            #expect(try await begun.state(test) == "connected")
            let calendars = try await test.call("GET", "/connections/\(begun.id)/calendars").items
            #expect(calendars.first?["id"]?.text == TestUpstreams.account)
            #expect(calendars.first?["access"]?.text == "owner")
        }
    }

    @Test func `Notion is connected through its consent page`() async throws {
        try await TestGateway.run { test in
            let database = try await test.upstreams.makeDatabase()
            let begun = try await Begun("notion", test)
            let back = try await begun.answer(["decision": "allow"], test)
            #expect(try await test.send("GET", back).status == 303)
            #expect(try await begun.state(test) == "connected")
            let calendars = try await test.call("GET", "/connections/\(begun.id)/calendars").items
            #expect(calendars.map { $0["id"]?.text } == [database])
        }
    }

    @Test(arguments: ["google", "notion"])
    func `a refused consent leaves the account unconnected and says why`(_ provider: String) async throws {
        try await TestGateway.run { test in
            let begun = try await Begun(provider, test)
            let back = try await begun.answer(["decision": "deny"], test)
            #expect(try await test.send("GET", back).status < 500)
            let row = try await begun.row(test)
            #expect(row["state"]?.text == "awaiting_authorization")
            #expect(row["last_error"]?["code"]?.text == "permission_denied")
            #expect(row["last_error"]?["remedy"]?.text?.isEmpty == false)
        }
    }

    @Test func `a permission that was not given is named`() async throws {
        try await TestGateway.run { test in
            let begun = try await Begun("google", test)
            let back = try await begun.answer(["decision": "allow"], granting: { $0.contains("readonly") }, test)
            let told = try await test.send("GET", back)
            #expect(told.status == 200)
            #expect(told.text.contains("calendar.events"))
            let row = try await begun.row(test)
            #expect(row["state"]?.text == "awaiting_authorization")
            #expect(row["last_error"]?["message"]?.text?.contains("calendar.events") == true)
        }
    }

    @Test func `a state is good once, and for its owner only`() async throws {
        try await TestGateway.run { test in
            let begun = try await Begun("google", test)
            let back = try await begun.answer(["decision": "allow"], test)
            #expect(try await test.send("GET", back, as: "bob").status == 400)
            #expect(try await test.send("GET", back, as: nil).status == 401)
            #expect(try await begun.state(test) == "awaiting_authorization")
            #expect(try await test.send("GET", back).status == 303)
            #expect(try await test.send("GET", back).status == 400)
            #expect(try await test.send("GET", "/oauth/callback?state=forged&code=x").status == 400)
            #expect(try await test.send("GET", "/oauth/callback").status == 400)
            #expect(try await begun.state(test) == "connected")
        }
    }

    @Test func `a wrong Notion token is refused, a right one connects`() async throws {
        try await TestGateway.run { test in
            let wrong = try await test.call("POST", "/connections", ["provider": "notion", "token": "ntn_wrong"])
            #expect((400..<500).contains(wrong.status), "\(wrong.status)")
            #expect(wrong.problem != nil)
            try await test.upstreams.inNotion("POST", "tokens", ["internal": "ntn_right"])
            let right = try await test.call("POST", "/connections", ["provider": "notion", "token": "ntn_right"])
            #expect(right.status == 201)
            #expect(right.body["state"]?.text == "connected")
        }
    }

    @Test func `a dead token stops the link, not the calendar, until the account is connected again`() async throws {
        try await TestGateway.run { test in
            let link = try await test.linkGoogle()
            try await test.sync(link)
            await test.upstreams.googleService.revokeGrants()
            await test.upstreams.googleService.expireAccessTokens()
            try await test.upstreams.makeEvent("While it was dead")
            try await test.sync(link)
            // The run has ended a moment before the link is done with it.
            try await eventually("the link stops") { try await test.row(link)["state"]?.text == "error" }
            let row = try await test.row(link)
            #expect(row["last_error"]?["code"]?.text == "reconnect_required")
            #expect(row["last_error"]?["remedy"]?.text?.isEmpty == false)
            let connection = try await test.call("GET", "/connections/\(link.connection)").body
            #expect(connection["state"]?.text == "reconnect_required")
            _ = try await test.makeLunch()
            #expect(try await test.object("Lunch") != nil)

            let again = try await test.call("POST", "/connections/\(link.connection)/reconnect")
            let page = try await test.upstreams.send("GET", try #require(again.body["authorize_url"]?.text))
            let back = try TestGateway.path(of: try #require(page["Location"]))
            #expect(try await test.send("GET", back).status == 303)
            try await eventually("both sides are equal again") {
                let isHere = try await test.object("While it was dead") != nil
                let isThere = try await test.upstreams.event("Lunch") != nil
                return isHere && isThere
            }
            #expect(try await test.row(link)["last_error"]?.isNull == true)
        }
    }

    @Test func `an account that is disconnected leaves its events on both sides`() async throws {
        try await TestGateway.run { test in
            try await test.upstreams.makeEvent("Stays")
            let link = try await test.linkGoogle()
            try await eventually("Stays arrives") { try await test.object("Stays") != nil }
            #expect(try await test.call("DELETE", "/connections/\(link.connection)").status == 204)
            #expect(try await test.call("GET", "/links/\(link.id)").status == 404)
            #expect(try await test.object("Stays") != nil)
            #expect(try await test.upstreams.event("Stays") != nil)
        }
    }

    @Test func `two accounts of one user are linked side by side, and one can go alone`() async throws {
        try await TestGateway.run { test in
            let other = "ben@example.com"
            await test.upstreams.googleService.addAccount(email: other, displayName: "Ben")
            var begun: [Begun] = []
            for account in [TestUpstreams.account, other] {
                let consent = try await Begun("google", test)
                let back = try await consent.answer(["decision": "allow", "account": account], test)
                #expect(try await test.send("GET", back).status == 303)
                begun.append(consent)
            }
            for (consent, account) in zip(begun, [TestUpstreams.account, other]) {
                let calendars = try await test.call("GET", "/connections/\(consent.id)/calendars").items
                #expect(calendars.map { $0["id"]?.text } == [account])
            }
            #expect(try await test.call("DELETE", "/connections/\(begun[0].id)").status == 204)
            #expect(try await test.call("GET", "/connections/\(begun[1].id)/calendars").items.count == 1)
        }
    }

    @Test func `a calendar made for a link has the name, the colour and the zone of Google's`() async throws {
        try await TestGateway.run { test in
            let connection = try await test.connectGoogle()
            let service = test.upstreams.googleService
            let zone = "America/New_York"
            let id = await service.addCalendar(summary: "Team", timeZone: zone, owner: TestUpstreams.account)
            let listed = try await test.call("GET", "/connections/\(connection)/calendars").items
            let upstream = try #require(listed.first { $0["id"]?.text == id })
            let wish: SimulatorGoogle.JSON = [
                "connection": .integer(Int64(connection)), "upstream_calendar": .string(id), "calendar": .null,
            ]
            let made = try await test.call("POST", "/links", wish)
            #expect(made.status == 201, "\(made.reply.text)")
            let ours = try await test.call("GET", "/calendars/\(try #require(made.body["calendar"]?.number))").body
            #expect(ours["display_name"]?.text == "Team")
            #expect(ours["color"]?.text != nil && ours["color"] == upstream["color"])
            let question = """
                <propfind xmlns="DAV:"><prop><calendar-timezone xmlns="urn:ietf:params:xml:ns:caldav"/></prop></propfind>
                """
            let href = try #require(ours["href"]?.text)
            let headers = [("Depth", "0"), ("Content-Type", "application/xml")]
            let answer = try await test.send("PROPFIND", href, headers, body: Array(question.utf8))
            #expect(answer.text.contains("TZID:America/New_York"))
        }
    }

    @Test func `a receipt says what a disconnection did, and nothing upstream is touched`() async throws {
        try await TestGateway.run { test in
            try await test.upstreams.makeEvent("Theirs")
            let link = try await test.linkGoogle()
            _ = try await test.makeLunch()
            try await eventually("both sides are equal") {
                let isHere = try await test.object("Theirs") != nil
                let isThere = try await test.upstreams.event("Lunch") != nil
                return isHere && isThere
            }
            let prefer = [("Prefer", "return=representation")]
            let path = "/api/v1/connections/\(link.connection)?purge=true"
            let reply = try await test.send("DELETE", path, prefer)
            #expect(reply.status == 200)
            let receipt = try JSON(parsing: reply.body)
            #expect(receipt["revocation"]?.text == "revoked")
            #expect(receipt["tokens_erased"]?.flag == true)
            let told = try #require(receipt["links"]?.elements?.first)
            #expect(told["removed_here"]?.number == 1)
            #expect(told["removed_upstream"]?.number == 0)
            #expect(try await test.object("Theirs") == nil)
            #expect(try await test.object("Lunch") != nil)
            #expect(try await test.upstreams.event("Theirs") != nil)
            #expect(try await test.upstreams.event("Lunch") != nil)
            let lines = try await test.call("GET", "/audit?kind=connection").body["items"]?.elements ?? []
            #expect(lines.first?["action"]?.text == "connection.removed")
            #expect(lines.first?["detail"]?.text == receipt["message"]?.text)
        }
    }
}

/// A connection that was begun, and the consent page it led to.
struct Begun {
    var id: Int
    var address: String
    var page: WireReply

    init(_ provider: String, _ test: TestGateway) async throws {
        let begun = try await test.call("POST", "/connections", ["provider": .string(provider)])
        #expect(begun.status == 201)
        #expect(begun.body["state"]?.text == "awaiting_authorization")
        id = try #require(begun.body["id"]?.number)
        address = try #require(begun.body["authorize_url"]?.text)
        page = try await test.upstreams.send("GET", address)
        #expect(page.status == 200)
    }

    /// Sends the form of the consent page; answers where the browser is sent, as a path of ours.
    func answer(
        _ fields: [String: String],
        granting isGranted: (String) -> Bool = { _ in true },
        _ test: TestGateway
    ) async throws -> String {
        var pairs = fields.map { ($0.key, $0.value) }
        for input in page.text.components(separatedBy: "<input ").dropFirst() {
            let tag = input.prefix { $0 != ">" }
            guard let name = Self.attribute("name", tag), let value = Self.attribute("value", tag) else { continue }
            if name != "granted" || isGranted(value) { pairs.append((name, value)) }
        }
        let form = pairs.map { "\(Self.encoded($0.0))=\(Self.encoded($0.1))" }.joined(separator: "&")
        let decided = try await test.upstreams.send(
            "POST",
            address,
            [("Content-Type", "application/x-www-form-urlencoded")],
            Array(form.utf8)
        )
        return try TestGateway.path(of: #require(decided["Location"], "\(decided.text)"))
    }

    func row(_ test: TestGateway) async throws -> SimulatorGoogle.JSON {
        try await test.call("GET", "/connections/\(id)").body
    }

    func state(_ test: TestGateway) async throws -> String? { try await row(test)["state"]?.text }

    private static func attribute(_ name: String, _ tag: Substring) -> String? {
        guard let start = tag.range(of: name + "=\"")?.upperBound else { return nil }
        return String(tag[start...].prefix { $0 != "\"" }).replacingOccurrences(of: "&amp;", with: "&")
    }

    static func encoded(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
    }
}
