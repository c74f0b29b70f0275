import Foundation
import HTTPTypes
import ICalendar
import OutboundHTTP

/// The requests to one provider's authorisation server (RFC 6749 §4.1.3 and §6, RFC 7009).
struct AuthorizationServer: Sendable {
    /// Far more than any token reply, and than an error page.
    private static let maximumReplyOctets = 256 * 1024

    /// People wait for some of these requests.
    private static let timeout = Duration.seconds(30)

    let client: OAuthClient
    let transport: any HTTPTransport

    /// The page the person is sent to (RFC 6749 §4.1.1, RFC 7636 §4.3), for that account where it is known.
    func authorizeURL(state: String, redirectURI: String, challenge: String?, account: String? = nil) -> String {
        var query = [
            ("client_id", client.clientID), ("redirect_uri", redirectURI), ("response_type", "code"), ("state", state),
        ]
        switch client.style {
        case .googleForm:
            query.append(("scope", client.scopes.joined(separator: " ")))
            // Without these two a refresh token comes at most once for each person.
            query.append(("access_type", "offline"))
            query.append(("prompt", "consent"))
            query.append(("include_granted_scopes", "true"))
            if let account { query.append(("login_hint", account)) }
        case .notionJSONBasic:
            query.append(("owner", "user"))
        }
        if let challenge {
            query.append(("code_challenge", challenge))
            query.append(("code_challenge_method", "S256"))
        }
        return client.authorizeURL + (client.authorizeURL.contains("?") ? "&" : "?") + FormBody.query(query)
    }

    /// Exchanges a code for tokens (RFC 6749 §4.1.3, RFC 7636 §4.5).
    func exchange(code: String, redirectURI: String, verifier: String?) async throws(OAuthFailure) -> TokenReply {
        var parameters = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirectURI)]
        if let verifier { parameters.append(("code_verifier", verifier)) }
        return try await requestToken(parameters)
    }

    /// Exchanges a refresh token for an access token, with Notion for a new pair (RFC 6749 §6).
    func refresh(_ refreshToken: String) async throws(OAuthFailure) -> TokenReply {
        try await requestToken([("grant_type", "refresh_token"), ("refresh_token", refreshToken)])
    }

    /// Ends a grant (RFC 7009 §2.1); a token the provider no longer knows counts as revoked.
    func revoke(_ grant: Grant) async throws(OAuthFailure) {
        let request =
            switch client.style {
            // Either token ends the whole grant at Google; the refresh token is the one that is certainly alive.
            case .googleForm:
                post([("token", grant.refreshToken ?? grant.accessToken)], to: client.revokeURL, withSecret: false)
            case .notionJSONBasic: post([("token", grant.accessToken)], to: client.revokeURL, withSecret: true)
            }
        let reply = try await send(request)
        if reply.status != 200 {
            if case .refused(code: "invalid_token", _) = failure(reply) { return }
            throw failure(reply)
        }
        if try await isActive(grant) {
            throw .refused(code: "still_active", message: "\(client.provider) still accepts the token")
        }
    }

    /// Whether the provider says that the token is good (RFC 7662 §2); one that does not say counts as ended.
    private func isActive(_ grant: Grant) async throws(OAuthFailure) -> Bool {
        guard let url = client.introspectURL else { return false }
        let reply = try await send(post([("token", grant.accessToken)], to: url, withSecret: true))
        guard reply.status == 200 else { return false }
        return (try? JSONDecoder().decode(Introspection.self, from: Data(reply.body)))?.active ?? false
    }

    private func requestToken(_ parameters: [(String, String)]) async throws(OAuthFailure) -> TokenReply {
        let reply = try await send(post(parameters, to: client.tokenURL, withSecret: true))
        guard reply.status == 200 else { throw failure(reply) }
        do {
            return try JSONDecoder().decode(TokenReply.self, from: Data(reply.body))
        } catch {
            throw OAuthFailure.unreachable("\(client.provider) sent a token reply that cannot be read")
        }
    }

    private func post(_ parameters: [(String, String)], to url: String, withSecret: Bool) -> OutboundRequest {
        var headers: HTTPFields = [.accept: "application/json"]
        let body: [UInt8]
        switch client.style {
        case .googleForm:
            let secret = [("client_id", client.clientID), ("client_secret", client.clientSecret)]
            headers[.contentType] = FormBody.mediaType
            body = FormBody.encode(withSecret ? parameters + secret : parameters)
        case .notionJSONBasic:
            let secret = Data("\(client.clientID):\(client.clientSecret)".utf8).base64EncodedString()
            headers[.authorization] = "Basic \(secret)"
            headers[.contentType] = "application/json"
            body = jsonObject(parameters)
        }
        return OutboundRequest(
            method: .post,
            url: url,
            headers: headers,
            body: body,
            timeout: Self.timeout,
            maximumReplyOctets: Self.maximumReplyOctets
        )
    }

    private func send(_ request: OutboundRequest) async throws(OAuthFailure) -> OutboundReply {
        do {
            return try await transport.send(request)
        } catch {
            throw OAuthFailure.unreachable(error.description)
        }
    }

    /// What an answer other than 200 means (RFC 6749 §5.2).
    private func failure(_ reply: OutboundReply) -> OAuthFailure {
        if reply.status == 429 { return .throttled(retryAfter: reply.retryAfter) }
        if reply.status >= 500 || reply.status == 408 {
            return .unreachable("\(client.provider) answered \(reply.status)")
        }
        guard let error = try? JSONDecoder().decode(OAuthErrorReply.self, from: Data(reply.body)) else {
            return .refused(code: "http_\(reply.status)", message: "\(client.provider) answered \(reply.status)")
        }
        return switch error.reason {
        case "invalid_grant": .invalidGrant(error.text)
        case "invalid_client", "unauthorized_client", "unauthorized": .invalidClient(error.text)
        default: .refused(code: error.reason, message: error.text)
        }
    }
}

/// What an introspection answers (RFC 7662 §2.2), as far as it is read here.
private struct Introspection: Decodable {
    var active: Bool
}

/// A flat JSON object of texts.
private func jsonObject(_ pairs: [(String, String)]) -> [UInt8] {
    let object = Dictionary(pairs, uniquingKeysWith: { first, _ in first })
    guard let data = try? JSONEncoder().encode(object) else {
        preconditionFailure("texts can always be written as JSON")
    }
    return [UInt8](data)
}
