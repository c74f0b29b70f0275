import ICalendar

/// What an application asks a person for (RFC 6749 §4.1.1, RFC 7636 §4.3).
struct AuthorizationRequest: Sendable, Hashable {
    var application: String
    var redirect: String
    var scopes: Set<String>
    var state: String?
    var challenge: String?
    var loginHint: String?
    var isOffline: Bool
    var forcesConsent: Bool
    var includesGranted: Bool
}

extension GoogleCalendarState {
    /// Reads and checks the query of the authorization page; faults of the client never go back to it.
    func authorizationRequest(_ query: Parameters) throws(OAuthError) -> AuthorizationRequest {
        guard let id = query["client_id"], let application = grants.applications[id] else { throw .invalidClient }
        guard let redirect = query["redirect_uri"], application.allows(redirect) else {
            throw OAuthError(error: "redirect_uri_mismatch", description: "The redirect URI is not registered.")
        }
        guard query["response_type"] == "code" else {
            throw OAuthError(error: "unsupported_response_type", description: "Only the code flow is simulated.")
        }
        let scopes = Scope.parse(query["scope"] ?? "")
        guard !scopes.isEmpty else { throw .invalidRequest("Missing required parameter: scope") }
        let challenge = query["code_challenge"]
        guard challenge == nil || query["code_challenge_method"] == "S256" else {
            throw .invalidRequest("Only code_challenge_method S256 is simulated.")
        }
        return AuthorizationRequest(
            application: id,
            redirect: redirect,
            scopes: scopes,
            state: query["state"],
            challenge: challenge,
            loginHint: query["login_hint"],
            isOffline: query["access_type"] == "offline",
            forcesConsent: query["prompt"]?.split(separator: " ").contains("consent") == true
                || query["approval_prompt"] == "force",
            includesGranted: query["include_granted_scopes"] == "true"
        )
    }

    /// The person the page is shown to: the hinted one, or the first account.
    func person(for request: AuthorizationRequest) -> SimulatedAccount? {
        if let hint = request.loginHint, let account = accounts[hint.lowercased()] { return account }
        return calendarOrder.lazy.compactMap { self.accounts[$0] }.first
    }

    /// The person allowed `scopes`: the address to be redirected to, with a fresh code.
    mutating func allow(_ request: AuthorizationRequest, by email: String, scopes: Set<String>) -> String {
        let key = Grants.Key(application: request.application, account: email)
        var granted = scopes
        if request.includesGranted { granted.formUnion(grants.grants[key]?.scopes ?? []) }
        let code = "4/0\(random.word(of: 40))"
        let isFirst = grants.grants[key] == nil
        grants.codes[code] = Grants.Code(
            application: request.application,
            account: email,
            redirect: request.redirect,
            scopes: granted,
            challenge: request.challenge,
            // A refresh token comes with the first consent, later only when consent is asked for again.
            isOffline: request.isOffline && (isFirst || request.forcesConsent),
            expiry: now + Grants.codeSeconds
        )
        return redirection(request, [("code", code), ("scope", Scope.text(granted)), ("authuser", "0")])
    }

    /// The person said no.
    func deny(_ request: AuthorizationRequest) -> String { redirection(request, [("error", "access_denied")]) }

    private func redirection(_ request: AuthorizationRequest, _ parameters: [(String, String)]) -> String {
        let all = (request.state.map { [("state", $0)] } ?? []) + parameters
        let query = all.map { "\($0)=\(Percent.encode($1))" }.joined(separator: "&")
        return request.redirect + (request.redirect.utf8.contains(UInt8(ascii: "?")) ? "&" : "?") + query
    }

    /// The token endpoint (RFC 6749 §3.2).
    mutating func token(_ form: Parameters) throws(OAuthError) -> JSON {
        guard let id = form["client_id"], let application = grants.applications[id],
            application.secret == form["client_secret"]
        else { throw .invalidClient }
        switch form["grant_type"] {
        case "authorization_code": return try exchange(form, id)
        case "refresh_token": return try refresh(form, id)
        case nil: throw .invalidRequest("Missing required parameter: grant_type")
        case .some:
            throw OAuthError(error: "unsupported_grant_type", description: "Invalid grant_type")
        }
    }

    private mutating func exchange(_ form: Parameters, _ application: String) throws(OAuthError) -> JSON {
        guard let text = form["code"] else { throw .invalidRequest("Missing required parameter: code") }
        guard let code = grants.codes.removeValue(forKey: text) else { throw .invalidGrant() }
        grants.usedCodes.insert(text)
        guard code.application == application, code.expiry > now else { throw .invalidGrant() }
        guard code.redirect == form["redirect_uri"] else {
            throw OAuthError(error: "redirect_uri_mismatch", description: "Bad Request")
        }
        guard Grants.verifies(form["code_verifier"], code.challenge) else {
            throw .invalidGrant("Invalid code verifier.")
        }

        let key = Grants.Key(application: application, account: code.account)
        var grant = grants.grants[key] ?? Grants.Grant(application: application, account: code.account, scopes: [])
        grant.scopes = code.scopes
        var answer = answer(for: key, scopes: code.scopes)
        if code.isOffline {
            let token = "1//0\(random.word(of: 60))"
            grant.refreshTokens = (grant.refreshTokens + [token]).suffix(Grants.maximumRefreshTokens)
            answer["refresh_token"] = .string(token)
        }
        grants.grants[key] = grant
        return answer
    }

    /// A refresh token is never rotated: the answer carries none.
    private mutating func refresh(_ form: Parameters, _ application: String) throws(OAuthError) -> JSON {
        guard let token = form["refresh_token"] else {
            throw .invalidRequest("Missing required parameter: refresh_token")
        }
        guard let key = grants.owner(ofRefreshToken: token), key.application == application,
            let grant = grants.grants[key]
        else { throw .deadGrant }
        return answer(for: key, scopes: grant.scopes)
    }

    private mutating func answer(for key: Grants.Key, scopes: Set<String>) -> JSON {
        let token = "ya29.\(random.word(of: 80))"
        grants.accessTokens[token] = Grants.AccessToken(grant: key, scopes: scopes, expiry: now + grants.tokenSeconds)
        return [
            "access_token": .string(token), "expires_in": .integer(grants.tokenSeconds), "token_type": "Bearer",
            "scope": .string(Scope.text(scopes)),
        ]
    }

    /// Revocation by either kind of token removes the whole grant, and its channels with it.
    mutating func revoke(_ token: String) throws(OAuthError) {
        guard let key = grants.accessTokens[token]?.grant ?? grants.owner(ofRefreshToken: token) else {
            throw OAuthError(error: "invalid_token", description: "Token expired or revoked")
        }
        revoke(key)
    }

    /// Ends a grant with its tokens and channels.
    mutating func revoke(_ key: Grants.Key) {
        grants.revoke(key)
        channels = channels.filter { $0.value.grant != key }
    }

    /// Who sends this `Authorization` header.
    func caller(authorization: String?) throws(APIError) -> (Caller, Grants.Key) {
        guard let authorization else { throw .loginRequired }
        let parts = authorization.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { throw .invalidCredentials }
        guard let token = grants.accessTokens[String(parts[1])], token.expiry > now else { throw .invalidCredentials }
        return (Caller(email: token.grant.account, scopes: token.scopes), token.grant)
    }
}
