import Accounts
import SimulatorGoogle
import Testing

@testable import Web

@Suite("Client ids and secrets of providers")
struct ProviderClientTests {
    private typealias JSON = SimulatorGoogle.JSON

    /// A gateway where alice is an admin and neither provider is set in the environment.
    private static func run(_ body: (TestGateway) async throws -> Void) async throws {
        try await TestGateway.run(
            admins: ["alice"],
            configure: { gateway in
                gateway.oauthProviders = []
                if let key = try? MasterKey(octets: Array(repeating: 7, count: 32)) {
                    gateway.registrations = ClientRegistrations(credentials: gateway.credentials, masterKey: key)
                }
            },
            body
        )
    }

    @Test func `an admin enters them, and no answer ever shows the secret`() async throws {
        try await Self.run { test in
            let wish: JSON = ["client_id": " id.apps.example \n", "client_secret": "hush-hush"]
            let changed = try await test.call("PATCH", "/providers/google", wish)
            #expect(changed.status == 200)
            #expect(changed.body["client"]?.text == "entered")
            #expect(changed.body["client_id"]?.text == "id.apps.example")
            let stored = try await test.gateway.registrations?.registration(at: "google")
            #expect(stored == .init(clientID: "id.apps.example", clientSecret: "hush-hush"))
            let browser = try await Browser(test)
            for text in [
                changed.reply.text, try await test.call("GET", "/providers").reply.text,
                try await browser.get("/connect/google").text, try await browser.get("/settings").text,
            ] { #expect(!text.contains("hush-hush")) }
            #expect(try await test.call("DELETE", "/providers/google").status == 204)
            #expect(try await test.call("GET", "/providers/google").body["client"]?.text == "none")
            let lines = try await test.call("GET", "/audit?kind=provider").body["items"]?.elements ?? []
            #expect(lines.map { $0["action"]?.text } == ["provider.forgotten", "provider.changed"])
            #expect(lines.map { $0["by"]?.text } == ["alice", "alice"])
            #expect(lines.last?["detail"]?.text == "client id id.apps.example")
        }
    }

    @Test func `who enters them on the dashboard stands in the audit trail`() async throws {
        try await Self.run { test in
            let form = ["client_id": "id.apps.example", "client_secret": "hush-hush"]
            #expect(try await Browser(test).post("/connect/google", form).status == 200)
            let lines = try await test.call("GET", "/audit?kind=provider").body["items"]?.elements ?? []
            #expect(lines.map { $0["by"]?.text } == ["alice"])
            #expect(lines.first?["subject"]?.text == "google")
        }
    }

    @Test func `nobody but an admin changes or checks them, or reads the id`() async throws {
        try await Self.run { test in
            let wish: JSON = ["client_id": "id", "client_secret": "secret"]
            _ = try await test.call("PATCH", "/providers/google", wish)
            #expect(try await test.call("PATCH", "/providers/google", wish, as: "bob").status == 403)
            #expect(try await test.call("DELETE", "/providers/google", as: "bob").status == 403)
            #expect(try await test.call("POST", "/providers/google/check", as: "bob").status == 403)
            let seen = try await test.call("GET", "/providers/google", as: "bob").body
            #expect(seen["client_id"] == .null)
            #expect(seen["redirect_uri"]?.text == TestGateway.publicURL + "/oauth/callback")
        }
    }

    @Test(arguments: ["", " ", "two words", "line\nend", "ключ", "\u{0}", String(repeating: "x", count: 401)])
    func `what cannot be an id or a secret is refused`(_ text: String) async throws {
        try await Self.run { test in
            for wish in [
                ["client_id": .string(text), "client_secret": "good"],
                ["client_id": "good", "client_secret": .string(text)],
            ] as [JSON] {
                let refused = try await test.call("PATCH", "/providers/google", wish)
                #expect(refused.status == 400)
                #expect(refused.problem == "invalid_request")
            }
            #expect(
                try await test.call("PATCH", "/providers/nobody", ["client_id": "a", "client_secret": "b"]).status
                    == 404
            )
        }
    }

    @Test(arguments: ["google", "notion"])
    func `the check button asks the provider itself`(_ provider: String) async throws {
        try await Self.run { test in
            let checked = try await test.call("POST", "/providers/\(provider)/check")
            #expect(checked.status == 200)
            #expect(checked.body["is_known"] == true)
            let page = try await Browser(test).post("/connect/\(provider)/check")
            #expect(page.text.contains("knows this gateway. Now connect"))
        }
    }
}
