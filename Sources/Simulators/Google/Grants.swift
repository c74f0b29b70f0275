import Crypto
import ICalendar

/// An application that is registered with the simulated Google.
public struct OAuthApplication: Sendable, Hashable {
    public var id: String
    public var secret: String
    /// Where codes may be sent; nil for anywhere on the loopback interface, as for installed applications.
    public var redirectURIs: [String]?

    /// Describes a registered application.
    public init(id: String, secret: String, redirectURIs: [String]? = nil) {
        self.id = id
        self.secret = secret
        self.redirectURIs = redirectURIs
    }

    /// Whether a code may be sent there.
    func allows(_ redirect: String) -> Bool {
        if let redirectURIs { return redirectURIs.contains(redirect) }
        let hosts = ["http://127.0.0.1", "http://localhost", "http://[::1]"]
        return hosts.contains { host in
            guard redirect.hasPrefix(host) else { return false }
            let next = redirect.dropFirst(host.count).first
            return next == nil || next == ":" || next == "/"
        }
    }
}

/// What the token endpoint refuses (RFC 6749 §5.2).
struct OAuthError: Error, Sendable, Hashable {
    var status = 400
    var error: String
    var description: String

    var body: JSON { ["error": .string(error), "error_description": .string(description)] }

    static func invalidGrant(_ description: String = "Bad Request") -> OAuthError {
        OAuthError(error: "invalid_grant", description: description)
    }

    static let deadGrant = OAuthError.invalidGrant("Token has been expired or revoked.")

    static let invalidClient = OAuthError(
        status: 401,
        error: "invalid_client",
        description: "The OAuth client was not found."
    )

    static func invalidRequest(_ description: String) -> OAuthError {
        OAuthError(error: "invalid_request", description: description)
    }
}

/// Grants, codes and tokens of all accounts.
struct Grants: Sendable {
    /// What a person allowed an application.
    struct Grant: Sendable {
        let application: String
        let account: String
        var scopes: Set<String>
        var refreshTokens: [String] = []
    }

    struct Code: Sendable {
        var application: String
        var account: String
        var redirect: String
        var scopes: Set<String>
        var challenge: String?
        var isOffline: Bool
        var expiry: Instant
    }

    struct AccessToken: Sendable {
        var grant: Key
        var scopes: Set<String>
        var expiry: Instant
    }

    /// One grant per application and person.
    struct Key: Sendable, Hashable {
        var application: String
        var account: String
    }

    /// Codes are short-lived; ten minutes is what is said of Google's.
    static let codeSeconds: Int64 = 600

    /// The oldest of more live refresh tokens dies without a word.
    static let maximumRefreshTokens = 100

    var applications: [String: OAuthApplication] = [:]
    var tokenSeconds: Int64 = 3599
    var codes: [String: Code] = [:]
    var usedCodes: Set<String> = []
    var grants: [Key: Grant] = [:]
    var accessTokens: [String: AccessToken] = [:]

    /// The grant a refresh token belongs to.
    func owner(ofRefreshToken token: String) -> Key? {
        grants.first { $0.value.refreshTokens.contains(token) }?.key
    }

    /// Ends a grant: all its tokens are dead at once.
    mutating func revoke(_ key: Key) {
        grants[key] = nil
        accessTokens = accessTokens.filter { $0.value.grant != key }
    }

    /// Whether the verifier is the one the challenge was made of (RFC 7636 §4.6, S256).
    static func verifies(_ verifier: String?, _ challenge: String?) -> Bool {
        guard let challenge else { return true }
        guard let verifier, (43...128).contains(verifier.utf8.count) else { return false }
        return Base64.url(SHA256.hash(data: Array(verifier.utf8))) == challenge
    }
}

/// Scopes are kept without their common prefix.
enum Scope {
    static let prefix = "https://www.googleapis.com/auth/"

    static func parse(_ text: String) -> Set<String> {
        Set(text.split(separator: " ").map { $0.hasPrefix(prefix) ? String($0.dropFirst(prefix.count)) : String($0) })
    }

    static func text(_ scopes: Set<String>) -> String {
        scopes.sorted().map { ["openid", "email", "profile"].contains($0) ? $0 : prefix + $0 }.joined(separator: " ")
    }
}
