import Accounts
import Foundation
import ICalendar
import SimulatorGoogle
import Synchronization
import Testing

@testable import Web

@Suite("Notion's webhooks")
struct NotionWebhookTests {
    private static let hook = "/webhooks/notion"
    private static let setup = "/webhooks/notion/setup"

    /// An admin beside alice and bob.
    private static func admin(_ test: TestGateway) async throws -> [(String, String)] {
        let user = try await test.gateway.accounts.addUser(name: "carol", isAdmin: true)
        let password = try await test.gateway.accounts.makeAppPassword(label: "test", for: user)
        return [("Authorization", TestGateway.basic("carol", password))]
    }

    private static func setUp(_ method: String, _ test: TestGateway, _ admin: [(String, String)]) async throws -> JSON {
        let reply = try await test.send(method, "/api/v1" + setup, as: nil, admin)
        #expect(reply.status == 200, "\(reply.text)")
        return try JSON(parsing: reply.body)
    }

    private typealias JSON = SimulatorGoogle.JSON

    private static func verify(_ token: String, _ test: TestGateway) async throws -> Int {
        let body: JSON = ["verification_token": .string(token)]
        return try await test.send("POST", hook, as: nil, body: body.octets).status
    }

    /// Enters our address in Notion's form and waits for the secret.
    private static func subscribe(_ test: TestGateway) async throws {
        let admin = try await admin(test)
        let opened = try await setUp("POST", test, admin)
        #expect(opened["state"]?.text == "open")
        try await test.upstreams.inNotion("POST", "webhook", ["url": try #require(opened["url"])])
        try await eventually("the secret is here") {
            try await setUp("GET", test, admin)["state"]?.text == "verified"
        }
        #expect(try await setUp("GET", test, admin)["verification_token"]?.text?.hasPrefix("secret_") == true)
    }

    @Test func `a page that Notion calls about is here before the next poll`() async throws {
        try await TestGateway.run { test in
            try await Self.subscribe(test)
            let link = try await test.linkNotion()
            try await test.sync(link)
            let when: JSON = ["date": ["start": "2026-11-26T10:00:00.000+00:00"]]
            let title: JSON = ["title": [["text": ["content": "Called about"]]]]
            try await test.upstreams.inNotion(
                "POST",
                "pages",
                ["data_source": .string(link.upstream), "properties": ["Name": title, "When": when]]
            )
            try await eventually("the page is an event") { try await test.object("Called about") != nil }
            let page = try #require(await test.upstreams.page("Called about")?["id"])
            try await test.upstreams.inNotion("POST", "edit", ["id": page, "in_trash": true])
            try await eventually("the event is gone") { try await test.object("Called about") == nil }
        }
    }

    @Test func `the secret is taken once, and only while an admin waits for it`() async throws {
        let time = Mutex(Instant(seconds: 1_795_000_000))
        try await TestGateway.run(now: { time.withLock { $0 } }) { test in
            let admin = try await Self.admin(test)
            #expect(try await Self.verify("secret_early", test) == 401)
            #expect(try await Self.setUp("GET", test, admin)["state"]?.text == "closed")
            _ = try await Self.setUp("POST", test, admin)
            #expect(try await Self.verify("secret_first", test) == 200)
            #expect(try await Self.verify("secret_second", test) == 401)
            let verified = try await Self.setUp("GET", test, admin)
            #expect(verified["state"]?.text == "verified")
            #expect(verified["verification_token"]?.text == "secret_first")
            _ = try await Self.setUp("POST", test, admin)
            time.withLock { $0 = $0 + WebhookVerification.windowSeconds }
            #expect(try await Self.verify("secret_late", test) == 401)
            #expect(try await Self.setUp("GET", test, admin)["verification_token"]?.text == "secret_first")
        }
    }

    @Test func `a call that is not signed with the secret is refused`() async throws {
        try await TestGateway.run { test in
            try await Self.subscribe(test)
            let body = Array(#"{"id":"1","type":"page.deleted","entity":{"id":"2","type":"page"}}"#.utf8)
            for signature in ["sha256=" + String(repeating: "0", count: 64), "sha256=", "nonsense"] {
                let headers = [("X-Notion-Signature", signature)]
                let reply = try await test.send("POST", Self.hook, as: nil, headers, body: body)
                #expect(reply.status == 401)
            }
            #expect(try await test.send("POST", Self.hook, as: nil, body: body).status == 401)
        }
    }

    @Test func `a call counts as answered only once it was`() async throws {
        struct Failure: Error {}
        let answered = AnsweredCalls()
        var answers = 0
        await #expect(throws: Failure.self) { try await answered.once("1") { throw Failure() } }
        for _ in 1...2 { await answered.once("1") { answers += 1 } }
        #expect(answers == 1)
    }

    @Test func `only an admin sets webhooks up`() async throws {
        try await TestGateway.run { test in
            let refused = try await test.call("POST", Self.setup)
            #expect(refused.status == 403)
            #expect(refused.problem == "permission_denied")
        }
    }
}
