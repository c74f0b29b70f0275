import ICalendar

/// OAuth of the simulated service: codes, tokens, and the connections they belong to.
struct NotionAuthorization: Sendable {
    /// One pair of tokens after another, from one consent to its revocation.
    private typealias Connection = Int

    /// Seconds an access token lives, nil for ever.
    ///
    /// The real life of one is not documented.
    var accessSeconds: Int64?
    /// Internal integration tokens that are good.
    var internalTokens: Set<String> = []
    private var codes: [String: String] = [:]
    private var accessTokens: [String: (connection: Connection, issued: Int64, expires: Int64)] = [:]
    private var refreshTokens: [String: Connection] = [:]
    private var lastNumber = 0

    private mutating func next(_ prefix: String) -> String {
        lastNumber += 1
        return "\(prefix)_simulated\(lastNumber)"
    }

    func isGood(_ token: String, at now: Instant) -> Bool {
        internalTokens.contains(token) || now.seconds < accessTokens[token]?.expires ?? .min
    }

    /// The person said yes: a single-use code bound to the redirect address.
    mutating func makeCode(redirect: String) -> String {
        let code = next("code")
        codes[code] = redirect
        return code
    }

    /// Makes every access token invalid; refresh tokens stay good.
    mutating func expireAccessTokens() { accessTokens = [:] }

    /// The person removed the connection.
    mutating func revokeEverything() {
        accessTokens = [:]
        refreshTokens = [:]
        internalTokens = []
    }

    /// A call of the token endpoints; errors are OAuth's own objects.
    mutating func call(_ name: String, _ body: JSONValue, basic: String?, at now: Instant) -> NotionReply {
        guard basic == NotionSimulator.clientID + ":" + NotionSimulator.clientSecret else {
            return Self.refusal(401, "invalid_client", "Client authentication failed.")
        }
        switch name {
        case "token": return token(body, at: now)
        case "introspect": return introspect(body, at: now)
        case "revoke": return revoke(body)
        default: return NotionReply(.invalidAddress)
        }
    }

    private mutating func token(_ body: JSONValue, at now: Instant) -> NotionReply {
        switch body["grant_type"]?.string {
        case "authorization_code":
            // A code is used up by the first try, whether it succeeds or not.
            guard let code = body["code"]?.string, let redirect = codes.removeValue(forKey: code),
                redirect == body["redirect_uri"]?.string
            else { return Self.refusal(400, "invalid_grant", "Invalid code.") }
            lastNumber += 1
            return grant(lastNumber, at: now)
        case "refresh_token":
            guard let token = body["refresh_token"]?.string,
                let connection = refreshTokens.removeValue(forKey: token)
            else { return Self.refusal(400, "invalid_grant", "Invalid refresh token.") }
            // The older access token lives on until its own end: that a refresh ends it is not documented.
            return grant(connection, at: now)
        default: return Self.refusal(400, "unsupported_grant_type", "Unknown grant type.")
        }
    }

    private func introspect(_ body: JSONValue, at now: Instant) -> NotionReply {
        guard let token = body["token"]?.string else {
            return Self.refusal(400, "invalid_request", "token is missing.")
        }
        guard isGood(token, at: now) else { return NotionReply(200, ["active": false]) }
        let issued = (accessTokens[token]?.issued ?? 0) * 1000
        return NotionReply(
            200,
            ["active": true, "scope": "read_content update_content insert_content", "iat": .number(Double(issued))]
        )
    }

    /// Ends the connection a token belongs to; an unknown token is nobody's loss.
    private mutating func revoke(_ body: JSONValue) -> NotionReply {
        guard let token = body["token"]?.string else {
            return Self.refusal(400, "invalid_request", "token is missing.")
        }
        if let connection = accessTokens[token]?.connection ?? refreshTokens[token] {
            accessTokens = accessTokens.filter { $0.value.connection != connection }
            refreshTokens = refreshTokens.filter { $0.value != connection }
        }
        return NotionReply(200, [:])
    }

    private static func refusal(_ status: Int, _ error: JSONValue, _ description: JSONValue) -> NotionReply {
        NotionReply(status, ["error": error, "error_description": description])
    }

    private mutating func grant(_ connection: Connection, at now: Instant) -> NotionReply {
        let access = next("ntn")
        let refresh = next("nrt")
        let expires = accessSeconds.map { now.seconds + $0 } ?? .max
        accessTokens[access] = (connection, now.seconds, expires)
        refreshTokens[refresh] = connection
        return NotionReply(
            200,
            [
                "access_token": .string(access), "token_type": "bearer", "refresh_token": .string(refresh),
                "bot_id": .string(NotionUser.bot.rawValue), "workspace_id": .string(NotionUser.workspace),
                "workspace_name": "Home", "workspace_icon": nil, "duplicated_template_id": nil,
                "owner": ["type": "user", "user": NotionUser.person.json],
            ]
        )
    }
}
