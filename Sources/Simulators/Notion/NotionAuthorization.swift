import ICalendar

/// OAuth of the simulated service: clients, codes, tokens.
struct NotionAuthorization: Sendable {
    /// The public integration that may ask for consent.
    var clientID = "kalends-demo"
    var clientSecret = "notion-secret"
    /// Internal integration tokens that are good.
    var internalTokens: Set<String> = []
    private var codes: [String: String?] = [:]
    private var accessTokens: Set<String> = []
    private var refreshTokens: Set<String> = []
    private var lastNumber = 0

    private mutating func next(_ prefix: String) -> String {
        lastNumber += 1
        return "\(prefix)_simulated\(lastNumber)"
    }

    func isGood(_ token: String) -> Bool { accessTokens.contains(token) || internalTokens.contains(token) }

    /// The person said yes: a single-use code bound to the redirect address.
    mutating func makeCode(redirect: String?) -> String {
        let code = next("code")
        codes[code] = redirect
        return code
    }

    /// Makes every access token invalid; refresh tokens stay good.
    mutating func expireAccessTokens() { accessTokens = [] }

    /// The person removed the connection.
    mutating func revokeEverything() {
        accessTokens = []
        refreshTokens = []
        internalTokens = []
    }

    /// `POST /v1/oauth/token`; errors are OAuth's own objects.
    mutating func token(_ body: JSONValue, basic: String?) -> (status: Int, body: JSONValue) {
        guard basic == clientID + ":" + clientSecret else {
            return (401, ["error": "invalid_client", "error_description": "Client authentication failed."])
        }
        switch body["grant_type"]?.string {
        case "authorization_code":
            guard let code = body["code"]?.string, let redirect = codes.removeValue(forKey: code),
                redirect == body["redirect_uri"]?.string
            else { return (400, ["error": "invalid_grant", "error_description": "Invalid code."]) }
            return (200, grant())
        case "refresh_token":
            guard let token = body["refresh_token"]?.string, refreshTokens.remove(token) != nil else {
                return (400, ["error": "invalid_grant", "error_description": "Invalid refresh token."])
            }
            return (200, grant())
        default:
            return (400, ["error": "unsupported_grant_type", "error_description": "Unknown grant type."])
        }
    }

    /// `POST /v1/oauth/revoke`.
    mutating func revoke(_ body: JSONValue) -> (status: Int, body: JSONValue) {
        guard let token = body["token"]?.string else {
            return (400, ["error": "invalid_request", "error_description": "token is missing."])
        }
        accessTokens.remove(token)
        return (200, [:])
    }

    private mutating func grant() -> JSONValue {
        let access = next("ntn")
        let refresh = next("nrt")
        accessTokens.insert(access)
        refreshTokens.insert(refresh)
        return [
            "access_token": .string(access), "token_type": "bearer", "refresh_token": .string(refresh),
            "bot_id": .string(NotionWorkspace.bot), "workspace_id": "0f4b0000-0000-4000-8000-000000000001",
            "workspace_name": "Home", "workspace_icon": nil, "duplicated_template_id": nil,
            "owner": [
                "type": "user",
                "user": [
                    "object": "user", "id": .string(NotionWorkspace.person), "type": "person", "name": "Ana",
                    "avatar_url": nil, "person": ["email": "ana@example.com"],
                ],
            ],
        ]
    }
}
