import Foundation
import SimulatorGoogle
import Testing

@Suite("Dashboard")
struct DashboardTests {
    @Test func `a person logs in and out`() async throws {
        try await TestGateway.run { test in
            #expect(try await test.send("GET", "/", as: nil)["Location"] == "/login?next=/")
            let browser = try await Browser(test)
            #expect(try await browser.get("/").text.contains("alice"))
            #expect(try await browser.post("/logout").status == 303)
            #expect(try await browser.get("/").status == 303)
        }
    }

    @Test func `a wrong password opens nothing`() async throws {
        try await TestGateway.run { test in
            let reply = try await test.send("POST", "/login", as: nil, body: Array("user=alice&password=wrong".utf8))
            #expect(reply.status == 401)
            #expect(reply["Set-Cookie"] == nil)
            #expect(reply.text.contains("wrong"))
        }
    }

    @Test(arguments: [
        ("/links/1", "/links/1"), ("https://evil.example/", "/"), ("//evil.example", "/"), ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"), ("/a\r\nSet-Cookie: x=y", "/"),
    ])
    func `after logging in one stays here`(_ next: String, _ location: String) async throws {
        try await TestGateway.run { test in
            let password = try #require(test.passwords["alice"])
            let form = "user=alice&password=\(Begun.encoded(password))&next=\(Begun.encoded(next))"
            let reply = try await test.send("POST", "/login", as: nil, body: Array(form.utf8))
            #expect(reply.status == 303)
            #expect(reply["Location"] == location)
            #expect(reply["Set-Cookie"]?.contains("HttpOnly; SameSite=Lax") == true)
        }
    }

    @Test(arguments: ["/calendars", "/connections", "/links", "/links/1/remove", "/conflicts/1", "/logout"])
    func `a form without its secret does nothing`(_ path: String) async throws {
        try await TestGateway.run { test in
            let browser = try await Browser(test)
            #expect(try await browser.post(path, ["name": "forged"], csrf: nil).status == 403)
            #expect(try await browser.post(path, ["name": "forged"], csrf: "wrong").status == 403)
            #expect(try await test.call("GET", "/calendars").items.count == 1)
            #expect(try await browser.get("/").status == 200)
        }
    }

    @Test func `what people typed is shown as text, never as markup`() async throws {
        try await TestGateway.run { test in
            let hostile = "<script>alert(1)</script>\"'&"
            let browser = try await Browser(test)
            #expect(try await browser.post("/calendars", ["name": hostile]).status == 303)
            _ = try await test.makeLunch(["summary": .string(hostile)])
            let link = try await test.linkGoogle(start: false)
            for path in [
                "/", "/links/\(link.id)", "/connections/\(link.connection)", "/login?next=/%22%3E%3Cscript%3E",
            ] {
                let page = try await browser.get(path)
                #expect(page.status == 200, "\(path)")
                #expect(!page.text.contains("<script>"), "\(path)")
                let policy = page["Content-Security-Policy"] ?? ""
                #expect(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"))
                #expect(page["X-Content-Type-Options"] == "nosniff")
            }
            #expect(try await browser.get("/links/\(link.id)").text.contains("&lt;script&gt;"))
        }
    }

    @Test func `the buttons lead from connecting to a started link`() async throws {
        try await TestGateway.run { test in
            try await test.upstreams.makeEvent("Seen in the plan")
            await test.upstreams.googleService.setAutoApprove(true)
            let browser = try await Browser(test)
            let consent = try #require(await browser.post("/connections", ["provider": "google"])["Location"])
            let page = try await test.upstreams.send("GET", consent)
            let back = try await browser.get(try TestGateway.path(of: #require(page["Location"])))
            let connection = try #require(back["Location"])
            #expect(try await browser.get(connection).text.contains(TestUpstreams.account))
            let id = try #require(connection.split(separator: "/").last.map(String.init))
            let made = try await browser.post(
                "/links",
                ["connection": id, "upstream_calendar": TestUpstreams.account, "calendar": ""]
            )
            let link = try #require(made["Location"])
            let plan = try await browser.get(link)
            #expect(plan.text.contains("What the first pass will do"))
            #expect(plan.text.contains("Seen in the plan"))
            #expect(try await browser.post(link + "/start").status == 303)
            try await eventually("the link is synced") { try await browser.get("/").text.contains("✓") }
        }
    }

    @Test func `the session reads the REST interface and writes nothing there`() async throws {
        try await TestGateway.run { test in
            let browser = try await Browser(test)
            #expect(try await browser.get("/api/v1/calendars").status == 200)
            #expect(try await browser.post("/api/v1/calendars", ["name": "forged"]).status == 401)
        }
    }

    @Test(arguments: ["/nowhere", "/links/999", "/connections/x", "/links/1/plan"])
    func `a page that is not there says so`(_ path: String) async throws {
        try await TestGateway.run { test in
            let page = try await Browser(test).get(path)
            #expect(page.status == 404)
            #expect(page.text.contains("</html>"))
        }
    }
}

/// Alice's browser, logged in.
struct Browser {
    private let test: TestGateway
    private let cookie: String
    private let secret: String

    init(_ test: TestGateway) async throws {
        self.test = test
        let password = try #require(test.passwords["alice"])
        let form = "user=alice&password=\(Begun.encoded(password))"
        let reply = try await test.send("POST", "/login", as: nil, body: Array(form.utf8))
        cookie = try #require(reply["Set-Cookie"].map { String($0.prefix { $0 != ";" }) })
        let home = try await test.send("GET", "/", as: nil, [("Cookie", cookie)])
        let marked = try #require(home.text.components(separatedBy: #"name="csrf" value=""#).dropFirst().first)
        secret = String(marked.prefix { $0 != "\"" })
        #expect(!secret.isEmpty)
    }

    func get(_ path: String) async throws -> WireReply {
        try await test.send("GET", path, as: nil, [("Cookie", "a=b; \(cookie)")])
    }

    /// Sends a form with the secret of this session.
    func post(_ path: String, _ fields: [String: String] = [:]) async throws -> WireReply {
        try await post(path, fields, csrf: secret)
    }

    func post(_ path: String, _ fields: [String: String] = [:], csrf: String?) async throws -> WireReply {
        try await post(path, fields.map { ($0.key, $0.value) }, csrf: csrf)
    }

    /// Sends a form in which fields may stand several times.
    func post(_ path: String, _ fields: [(String, String)]) async throws -> WireReply {
        try await post(path, fields, csrf: secret)
    }

    private func post(_ path: String, _ fields: [(String, String)], csrf: String?) async throws -> WireReply {
        var pairs = fields.map { "\($0.0)=\(Begun.encoded($0.1))" }
        if let csrf { pairs.append("csrf=\(Begun.encoded(csrf))") }
        return try await test.send(
            "POST",
            path,
            as: nil,
            [("Cookie", cookie), ("Content-Type", "application/x-www-form-urlencoded")],
            body: Array(pairs.joined(separator: "&").utf8)
        )
    }
}
