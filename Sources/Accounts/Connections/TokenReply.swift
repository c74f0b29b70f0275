import Foundation
import ICalendar

/// What a token endpoint grants (RFC 6749 §5.1), with what Notion adds.
struct TokenReply: Sendable, Decodable {
    var accessToken: String
    var refreshToken: String?
    var expiresIn: Double?
    /// In so many seconds the grant itself ends, whatever is renewed: Google says so of projects in testing.
    var refreshTokenExpiresIn: Double?
    var scope: String?
    var workspaceID: String?
    var workspaceName: String?
    var botID: String?

    enum CodingKeys: String, CodingKey {
        case accessToken = "access_token"
        case refreshToken = "refresh_token"
        case expiresIn = "expires_in"
        case refreshTokenExpiresIn = "refresh_token_expires_in"
        case scope
        case workspaceID = "workspace_id"
        case workspaceName = "workspace_name"
        case botID = "bot_id"
    }

    /// The grant, its life counted from when the request was begun: never longer than it is.
    ///
    /// `former` is what is renewed; nil for a new consent.
    func grant(requestedAt start: Instant, renewing former: Grant?) -> Grant {
        // A year: a nonsensical number must not overflow.
        func seconds(_ number: Double) -> Int64 { Int64(min(max(number, 0), 31_536_000)) }
        return Grant(
            accessToken: accessToken,
            refreshToken: refreshToken ?? former?.refreshToken,
            expiresAt: expiresIn.map { start.advanced(by: seconds($0)) },
            consentedAt: former == nil ? start : former?.consentedAt,
            endsAt: refreshTokenExpiresIn.map { start.advanced(by: seconds($0)) } ?? former?.endsAt,
            scopes: scope ?? former?.scopes,
            identity: botID ?? former?.identity,
            workspace: workspaceID ?? former?.workspace
        )
    }

    /// The scopes among `wanted` that were not granted.
    ///
    /// A reply that does not say grants what the redirect said, or else all that was asked for (RFC 6749 §5.1).
    func scopes(missingOf wanted: [String], redirectedWith redirected: String?) -> [String] {
        guard let scope = scope ?? redirected else { return [] }
        let granted = Set(scope.split(separator: " ").map(String.init))
        return wanted.filter { !granted.contains($0) }
    }
}

/// A refusal of an authorisation server (RFC 6749 §5.2), or Notion's ordinary error object.
struct OAuthErrorReply: Sendable, Decodable {
    var error: String?
    var errorDescription: String?
    var code: String?
    var message: String?

    enum CodingKeys: String, CodingKey {
        case error
        case errorDescription = "error_description"
        case code
        case message
    }

    var reason: String { error ?? code ?? "unknown" }
    var text: String { errorDescription ?? message ?? reason }
}

/// Why an authorisation server granted nothing.
enum OAuthFailure: Error, Sendable, Hashable {
    /// `invalid_grant`: this code or refresh token is dead; no repetition helps.
    case invalidGrant(String)
    /// `invalid_client`: this installation's id or secret is wrong; the grant may be fine.
    case invalidClient(String)
    /// Any other lasting no.
    case refused(code: String, message: String)
    /// Too many requests.
    case throttled(retryAfter: Int?)
    /// No answer, a failure of theirs, or an answer that cannot be read: the grant is fine.
    case unreachable(String)
}
