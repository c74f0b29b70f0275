import SimulatorGoogle
import Testing

@Suite("Who may do what (RFC 7235, RFC 7617, RFC 6750)")
struct AuthenticationTests {
    private static let calendar = "/dav/calendars/alice/default/"

    @Test(arguments: ["/dav/", "/api/v1/calendars"])
    func `a wrong password is challenged`(_ path: String) async throws {
        try await TestGateway.run { test in
            let wrong = [("Authorization", TestGateway.basic("alice", "wrong")), ("Depth", "0")]
            let method = path == "/dav/" ? "PROPFIND" : "GET"
            let reply = try await test.send(method, path, as: nil, wrong)
            #expect(reply.status == 401)
            #expect(reply["WWW-Authenticate"]?.hasPrefix("Basic ") == true)
        }
    }

    @Test func `an app password opens what it was made for until it is removed`() async throws {
        try await TestGateway.run { test in
            let made = try await test.call("POST", "/app-passwords", ["label": "phone"])
            #expect(made.status == 201)
            let password = try #require(made.body["password"]?.text)
            let phone = [("Authorization", TestGateway.basic("alice", password)), ("Depth", "0")]
            #expect(try await test.send("PROPFIND", "/dav/", as: nil, phone).status == 207)
            let row = try await test.call("GET", "/app-passwords").items.first { $0["label"]?.text == "phone" }
            let id = try #require(row?["id"]?.number)
            #expect(try await test.call("DELETE", "/app-passwords/\(id)", nil, as: "bob").problem == "not_found")
            #expect(try await test.call("DELETE", "/app-passwords/\(id)").status == 204)
            #expect(try await test.send("PROPFIND", "/dav/", as: nil, phone).status == 401)
        }
    }

    @Test func `a token that may only read reads everywhere and writes nowhere`() async throws {
        try await TestGateway.run { test in
            let made = try await test.call("POST", "/tokens", ["label": "wall", "scopes": ["read"]])
            let token = try #require(made.body["token"]?.text)
            let bearer = [("Authorization", "Bearer \(token)"), ("Depth", "0")]
            #expect(try await test.send("GET", "/api/v1/calendars", as: nil, bearer).status == 200)
            #expect(try await test.send("PROPFIND", Self.calendar, as: nil, bearer).status == 207)
            for (method, path) in [
                ("POST", "/api/v1/calendars"), ("POST", "/api/v1/tokens"), ("MKCALENDAR", "/dav/calendars/alice/new/"),
                ("PUT", Self.calendar + "a.ics"), ("DELETE", Self.calendar), ("PROPPATCH", Self.calendar),
            ] {
                #expect(try await test.send(method, path, as: nil, bearer).status == 403, "\(method) \(path)")
            }
            #expect(try await test.send("PROPFIND", Self.calendar, [("Depth", "0")]).status == 207)
        }
    }

    @Test func `a token that may write writes`() async throws {
        try await TestGateway.run { test in
            let made = try await test.call("POST", "/tokens", ["label": "script"])
            let bearer = [("Authorization", "Bearer \(made.body["token"]?.text ?? "")")]
            #expect(try await test.send("MKCALENDAR", "/dav/calendars/alice/new/", as: nil, bearer).status == 201)
        }
    }

    @Test func `nobody learns of what is another's`() async throws {
        try await TestGateway.run { test in
            let calendar = try #require(await test.call("GET", "/calendars").items.first?["id"]?.number)
            let event = try await test.makeLunch()
            let link = try await test.linkNotion()
            for path in [
                "/calendars/\(calendar)", "/events/\(event)", "/events/\(event)/history",
                "/connections/\(link.connection)", "/connections/\(link.connection)/calendars", "/links/\(link.id)",
                "/links/\(link.id)/plan", "/runs/1", "/conflicts/1",
            ] {
                let answer = try await test.call("GET", path, as: "bob")
                #expect(answer.status == 404, "\(path)")
                #expect(answer.problem == "not_found", "\(path)")
            }
            for path in [
                "/links/\(link.id)/sync", "/links/\(link.id)/pause", "/connections/\(link.connection)/reconnect",
            ] {
                #expect(try await test.call("POST", path, as: "bob").problem == "not_found", "\(path)")
            }
            #expect(try await test.call("DELETE", "/events/\(event)", as: "bob").status == 404)
            #expect(try await test.send("PROPFIND", Self.calendar, as: "bob", [("Depth", "0")]).status == 404)
            #expect(try await test.call("GET", "/links", as: "bob").items.isEmpty)
        }
    }
}
