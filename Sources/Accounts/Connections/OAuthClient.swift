/// This installation as a client of one provider's authorisation server (RFC 6749 §2).
public struct OAuthClient: Sendable, Hashable {
    /// How a provider wants its token requests.
    public enum Style: Sendable, Hashable {
        /// A form with the client's credentials in it (RFC 6749 §2.3.1), PKCE (RFC 7636), offline access.
        case googleForm
        /// JSON with the client's credentials in a Basic field; no scopes, no PKCE, rotating refresh tokens.
        case notionJSONBasic
    }

    /// The provider's word: `google`, `notion`.
    public var provider: String
    public var authorizeURL: String
    public var tokenURL: String
    public var revokeURL: String
    public var clientID: String
    public var clientSecret: String

    /// Where a token is asked about; nil where the provider has no such address.
    public var introspectURL: String?

    /// What is asked for, and must be granted in full.
    public var scopes: [String]
    public var style: Style

    /// Describes a client.
    public init(
        provider: String,
        authorizeURL: String,
        tokenURL: String,
        revokeURL: String,
        introspectURL: String? = nil,
        clientID: String,
        clientSecret: String,
        scopes: [String],
        style: Style
    ) {
        self.provider = provider
        self.authorizeURL = authorizeURL
        self.tokenURL = tokenURL
        self.revokeURL = revokeURL
        self.introspectURL = introspectURL
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.scopes = scopes
        self.style = style
    }

    /// Google, with the narrowest scopes that list the calendars and write events.
    public static func google(
        clientID: String,
        clientSecret: String,
        authorizeURL: String = "https://accounts.google.com/o/oauth2/v2/auth",
        tokenURL: String = "https://oauth2.googleapis.com/token",
        revokeURL: String = "https://oauth2.googleapis.com/revoke"
    ) -> OAuthClient {
        OAuthClient(
            provider: "google",
            authorizeURL: authorizeURL,
            tokenURL: tokenURL,
            revokeURL: revokeURL,
            clientID: clientID,
            clientSecret: clientSecret,
            scopes: [
                "https://www.googleapis.com/auth/calendar.events",
                "https://www.googleapis.com/auth/calendar.readonly",
            ],
            style: .googleForm
        )
    }

    /// A public integration of Notion.
    public static func notion(
        clientID: String,
        clientSecret: String,
        apiURL: String = "https://api.notion.com"
    ) -> OAuthClient {
        OAuthClient(
            provider: "notion",
            authorizeURL: apiURL + "/v1/oauth/authorize",
            tokenURL: apiURL + "/v1/oauth/token",
            revokeURL: apiURL + "/v1/oauth/revoke",
            introspectURL: apiURL + "/v1/oauth/introspect",
            clientID: clientID,
            clientSecret: clientSecret,
            scopes: [],
            style: .notionJSONBasic
        )
    }
}

extension OAuthClient: CustomStringConvertible, CustomDebugStringConvertible {
    /// Never the secret.
    public var description: String { "\(provider) client \(clientID) •••" }
    public var debugDescription: String { description }
}

/// The clients as they are configured at the moment; nil where a provider has none.
public typealias OAuthClients = @Sendable (_ provider: String) async throws -> OAuthClient?

/// How a token that was made by hand is tried before it is stored.
public struct TokenProbe: Sendable, Hashable {
    /// The provider's word.
    public var provider: String

    /// What is fetched with the token.
    public var url: String

    /// Describes a probe.
    public init(provider: String, url: String) {
        self.provider = provider
        self.url = url
    }

    /// Notion's internal integrations: who am I.
    public static func notion(apiURL: String = "https://api.notion.com") -> TokenProbe {
        TokenProbe(provider: "notion", url: apiURL + "/v1/users/me")
    }
}
