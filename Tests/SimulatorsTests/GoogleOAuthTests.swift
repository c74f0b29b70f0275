import SimulatorGoogle
import Testing

@Suite("Google OAuth: RFC 6749, RFC 7636")
struct GoogleOAuthTests {
    /// The verifier and challenge of RFC 7636 appendix B.
    static let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    static let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

    static let scopes =
        "https://www.googleapis.com/auth/calendar.events https://www.googleapis.com/auth/calendar.calendarlist.readonly"

    private func authorize(_ client: GoogleClient, _ more: String = "") async -> GoogleClient.Answer {
        let scope = Self.scopes.split(separator: " ").joined(separator: "%20")
        let query =
            "client_id=\(OAuthApplication.simulated.id)&redirect_uri=http://127.0.0.1:9/cb&response_type=code"
            + "&scope=\(scope)&state=s1&access_type=offline&code_challenge=\(Self.challenge)&code_challenge_method=S256"
        return await client.send(APIRequest(method: "GET", path: "/o/oauth2/v2/auth", query: query + more))
    }

    private func code(_ client: GoogleClient, _ more: String = "") async throws -> String {
        await client.simulator.setAutoApprove(true)
        let location = try #require(await authorize(client, more).headers["location"])
        let query = try #require(location.split(separator: "?").last)
        let pair = try #require(query.split(separator: "&").first { $0.hasPrefix("code=") })
        return String(pair.dropFirst("code=".count))
    }

    private func token(_ client: GoogleClient, _ fields: String, secret: String? = nil) async -> GoogleClient.Answer {
        let application = OAuthApplication.simulated
        let form = "client_id=\(application.id)&client_secret=\(secret ?? application.secret)&\(fields)"
        return await client.send(APIRequest(method: "POST", path: "/token", body: Array(form.utf8)))
    }

    private func exchange(_ client: GoogleClient, _ code: String, verifier: String = verifier) async
        -> GoogleClient.Answer
    {
        await token(
            client,
            "grant_type=authorization_code&code=\(code)&redirect_uri=http://127.0.0.1:9/cb&code_verifier=\(verifier)"
        )
    }

    @Test
    func `a code is exchanged once, for a token that works and a refresh token that stays`() async throws {
        let client = await GoogleClient.make()
        let code = try await code(client)
        let answer = await exchange(client, code)
        #expect(answer.status == 200)
        #expect(answer.body["token_type"] == "Bearer")
        #expect(answer.body["expires_in"] == 3599)
        let refresh = try #require(answer.body["refresh_token"]?.text)
        var own = client
        own.token = try #require(answer.body["access_token"]?.text)
        #expect(await own.list().status == 200)
        #expect(await exchange(client, code).body["error"] == "invalid_grant")
        let second = await token(client, "grant_type=refresh_token&refresh_token=\(refresh)")
        #expect(second.status == 200)
        #expect(second.body["refresh_token"] == nil)
    }

    @Test
    func `a wrong verifier, redirect, secret or grant type is refused by its own word`() async throws {
        let client = await GoogleClient.make()
        let wrong = String(repeating: "x", count: 43)
        #expect(await exchange(client, try code(client), verifier: wrong).body["error"] == "invalid_grant")
        let other = "grant_type=authorization_code&code=\(try await code(client))&redirect_uri=http://127.0.0.1:9/other"
        #expect(await token(client, other).body["error"] == "redirect_uri_mismatch")
        let secret = await token(client, "grant_type=refresh_token&refresh_token=x", secret: "wrong")
        #expect(secret.status == 401)
        #expect(secret.body["error"] == "invalid_client")
        #expect(await token(client, "grant_type=password").body["error"] == "unsupported_grant_type")
    }

    @Test
    func `a refresh token comes with the first consent, later only when asked for`() async throws {
        let client = await GoogleClient.make()
        #expect(await exchange(client, try code(client)).body["refresh_token"] != nil)
        #expect(await exchange(client, try code(client)).body["refresh_token"] == nil)
        #expect(await exchange(client, try code(client, "&prompt=consent")).body["refresh_token"] != nil)
    }

    @Test
    func `the consent page lets a person untick a scope, or say no`() async throws {
        let client = await GoogleClient.make()
        let page = await authorize(client)
        #expect(page.status == 200)
        let html = String(decoding: page.octets, as: UTF8.self)
        #expect(html.contains("type=\"checkbox\"") && html.contains("Allow") && html.contains("anna@example.org"))
        let form =
            "client_id=\(OAuthApplication.simulated.id)&redirect_uri=http://127.0.0.1:9/cb&response_type=code&state=s1"
            + "&scope=\(Self.scopes.split(separator: " ").joined(separator: "+"))&account=anna%40example.org"
        let one = "&decision=allow&granted=https://www.googleapis.com/auth/calendar.events"
        let path = "/o/oauth2/v2/auth"
        let allowed = await client.send(APIRequest(method: "POST", path: path, body: Array((form + one).utf8)))
        #expect(allowed.status == 302)
        #expect(allowed.headers["location"]?.contains("calendar.calendarlist") == false)
        #expect(allowed.headers["location"]?.contains("state=s1") == true)
        let refusal = Array((form + "&decision=deny").utf8)
        let denied = await client.send(APIRequest(method: "POST", path: path, body: refusal))
        #expect(denied.headers["location"] == "http://127.0.0.1:9/cb?state=s1&error=access_denied")
    }

    @Test
    func `faults of the application never come back to it`() async {
        let client = await GoogleClient.make()
        let query = "client_id=stranger&redirect_uri=http://127.0.0.1:9/cb&response_type=code&scope=a"
        let page = await client.send(APIRequest(method: "GET", path: "/o/oauth2/v2/auth", query: query))
        #expect(page.status == 401)
        #expect(page.headers["location"] == nil)
        #expect(OAuthApplication.simulated.redirectURIs == nil)
        let evil = "client_id=\(OAuthApplication.simulated.id)&redirect_uri=http://127.0.0.1.evil.example/"
        let mismatch = await client.send(APIRequest(method: "GET", path: "/o/oauth2/v2/auth", query: evil))
        #expect(mismatch.status == 400)
    }

    @Test
    func `an expired token is 401 until it is refreshed, a revoked grant is dead`() async throws {
        let client = await GoogleClient.make()
        let granted = await exchange(client, try code(client)).body
        let refresh = try #require(granted["refresh_token"]?.text)
        var own = client
        own.token = try #require(granted["access_token"]?.text)
        await client.simulator.setClockOffset(3600)
        let expired = await own.list()
        #expect(expired.status == 401)
        #expect(expired.reason == "authError")
        #expect(expired.body["error"]?["status"] == "UNAUTHENTICATED")
        let fields = "grant_type=refresh_token&refresh_token=\(refresh)"
        own.token = try #require(await token(client, fields).body["access_token"]?.text)
        #expect(await own.list().status == 200)
        let revoked = await client.send(APIRequest(method: "POST", path: "/revoke", query: "token=\(refresh)"))
        #expect(revoked.status == 200)
        #expect(await own.list().status == 401)
        let dead = await token(client, fields)
        #expect(dead.status == 400)
        #expect(dead.body["error"] == "invalid_grant")
        #expect(dead.body["error_description"] == "Token has been expired or revoked.")
    }

    @Test
    func `a scope that is missing is 403, no token is 401`() async {
        let client = await GoogleClient.make()
        var limited = client
        limited.token = await client.simulator.makeAccessToken(for: GoogleClient.email, scopes: ["calendar.events"])
        #expect(await limited.list().status == 200)
        let refused = await limited.call("GET", "users/me/calendarList")
        #expect(refused.status == 403)
        #expect(refused.reason == "insufficientPermissions")
        #expect(refused.body["error"]?["details"]?[0]?["reason"] == "ACCESS_TOKEN_SCOPE_INSUFFICIENT")
        let anonymous = await client.send(APIRequest(method: "GET", path: "/calendar/v3/colors"))
        #expect(anonymous.reason == "required")
    }
}
