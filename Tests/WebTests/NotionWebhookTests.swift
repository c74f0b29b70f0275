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

    @Test func `the signature is over the octets as they came`() async throws {
        try await TestGateway.run { test in
            try await Self.subscribe(test)
            let call: JSON = ["id": "1", "type": "page.deleted", "entity": ["id": "2", "type": "page"]]
            let signed = try await test.upstreams.inNotion("POST", "sign", call)
            let body = try #require(signed["body"]?.text)
            let headers = [("X-Notion-Signature", try #require(signed["signature"]?.text))]
            for spoilt in [body + "\n", " " + body, body.replacing(":", with: ": ")] {
                let reply = try await test.send("POST", Self.hook, as: nil, headers, body: Array(spoilt.utf8))
                #expect(reply.status == 401)
            }
            #expect(try await test.send("POST", Self.hook, as: nil, headers, body: Array(body.utf8)).status == 200)
        }
    }

    @Test func `a page in the trash is asked for by itself, and nothing is listed for that`() async throws {
        try await TestGateway.run { test in
            try await Self.subscribe(test)
            let (link, page) = try await Self.linkedPage(test)
            _ = try await test.upstreams.inNotion("DELETE", "log")
            try await test.upstreams.inNotion("POST", "edit", ["id": .string(page), "in_trash": true])
            try await eventually("the event is gone") { try await test.object("Called about") == nil }
            let log = try await test.upstreams.inNotion("GET", "log").elements?.compactMap(\.text) ?? []
            #expect(log.contains { $0.hasPrefix("GET /v1/pages/\(page)") })
            #expect(!log.contains { $0.contains("/query") && $0.contains("created_time") })
            #expect(link.upstream.isEmpty == false)
        }
    }

    @Test func `a page that was moved away is called about under its new table, and goes`() async throws {
        try await TestGateway.run { test in
            try await Self.subscribe(test)
            let (_, page) = try await Self.linkedPage(test)
            let elsewhere = try await test.upstreams.makeDatabase()
            try await test.upstreams.inNotion(
                "POST",
                "move",
                ["id": .string(page), "data_source": .string(elsewhere)]
            )
            try await eventually("the event is gone") { try await test.object("Called about") == nil }
        }
    }

    /// A link with one event, whose page is answered too.
    private static func linkedPage(_ test: TestGateway) async throws -> (MadeLink, String) {
        let link = try await test.linkNotion()
        let when: JSON = ["date": ["start": "2026-11-26T10:00:00.000+00:00"]]
        let title: JSON = ["title": [["text": ["content": "Called about"]]]]
        let page = try await test.upstreams.inNotion(
            "POST",
            "pages",
            ["data_source": .string(link.upstream), "properties": ["Name": title, "When": when]]
        )
        try await test.sync(link)
        #expect(try await test.object("Called about") != nil)
        return (link, try #require(page["id"]?.text))
    }

    private static func call(_ type: String, _ members: Web.JSON = [:]) -> NotionCall? {
        var call: [String: Web.JSON] = ["id": "1", "type": .string(type), "entity": ["id": "aB-c", "type": "page"]]
        call.merge(members.object ?? [:]) { $1 }
        return NotionCall(.object(call))
    }

    @Test(arguments: [
        "comment.created", "view.updated", "file_upload.completed", "page.locked", "page.unlocked", "what.ever",
    ])
    func `a call about what no event shows wakes nobody`(_ type: String) {
        #expect(Self.call(type)?.subject == .nothing)
    }

    @Test(arguments: ["page.created", "page.content_updated", "page.properties_updated", "page.moved", "page.deleted"])
    func `a call about a page names it and its table`(_ type: String) {
        let data: Web.JSON = ["data": ["parent": ["id": "d", "type": "database", "data_source_id": "s"]]]
        #expect(Self.call(type, data)?.subject == .page(id: "aB-c", in: "s"))
        #expect(Self.call(type)?.subject == .page(id: "aB-c", in: nil))
    }

    @Test func `a call about a table or a database is for its links, or for all`() {
        #expect(Self.call("data_source.schema_updated")?.subject == .dataSource("aB-c"))
        #expect(Self.call("data_source.deleted")?.mayHideDeletions == true)
        #expect(Self.call("database.deleted")?.subject == .everything)
        #expect(NotionCall(["type": "page.created"]) == nil)
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
