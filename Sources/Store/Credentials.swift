public import ICalendar

/// A password of one client, as it is stored.
public struct AppPasswordRow: Sendable, Hashable {
    public var id: Int64
    public var label: String

    /// The encoded hash, with its parameters and salt.
    public var hash: String

    public var createdAt: Instant
    public var lastUsedAt: Instant?

    /// Describes an app password.
    public init(id: Int64, label: String, hash: String, createdAt: Instant, lastUsedAt: Instant?) {
        self.id = id
        self.label = label
        self.hash = hash
        self.createdAt = createdAt
        self.lastUsedAt = lastUsedAt
    }
}

/// A token for the REST interface, as it is stored.
public struct ApiTokenRow: Sendable, Hashable {
    public var id: Int64
    public var principal: PrincipalID
    public var label: String
    public var scopes: [String]

    /// The digest of the token; the token itself is random enough to need no slow hash.
    public var digest: [UInt8]

    public var createdAt: Instant

    /// Describes a token.
    public init(
        id: Int64,
        principal: PrincipalID,
        label: String,
        scopes: [String],
        digest: [UInt8],
        createdAt: Instant
    ) {
        self.id = id
        self.principal = principal
        self.label = label
        self.scopes = scopes
        self.digest = digest
        self.createdAt = createdAt
    }
}

/// How far a connection has come; the words are those of the REST interface.
public enum ConnectionState: String, Sendable, Hashable, CaseIterable {
    case awaitingAuthorization = "awaiting_authorization"
    case connected
    case reconnectRequired = "reconnect_required"
    case error
}

/// Why a connection does not work, for a person.
public struct ConnectionProblem: Sendable, Hashable {
    /// A stable word.
    public var code: String

    /// What is wrong, in one sentence.
    public var message: String

    /// What the person can do about it.
    public var remedy: String

    /// Describes a problem.
    public init(code: String, message: String, remedy: String) {
        self.code = code
        self.message = message
        self.remedy = remedy
    }
}

/// A user's account at a provider; its tokens are asked for separately.
public struct ConnectionRow: Sendable, Hashable {
    public var id: ConnectionID
    public var principal: PrincipalID

    /// The provider's word: `google`, `notion`.
    public var provider: String

    public var state: ConnectionState

    /// What the provider calls the account: an address, the name of a workspace.
    public var account: String?

    public var problem: ConnectionProblem?
    public var createdAt: Instant

    /// Describes a connection.
    public init(
        id: ConnectionID,
        principal: PrincipalID,
        provider: String,
        state: ConnectionState,
        account: String?,
        problem: ConnectionProblem?,
        createdAt: Instant
    ) {
        self.id = id
        self.principal = principal
        self.provider = provider
        self.state = state
        self.account = account
        self.problem = problem
        self.createdAt = createdAt
    }
}

/// An authorisation that a person has begun and not finished (RFC 6749 §4.1, RFC 7636).
public struct PendingAuthorization: Sendable, Hashable {
    /// The digest of the `state` parameter; the state itself is only with the person's browser.
    public var stateDigest: [UInt8]

    public var connection: ConnectionID
    public var principal: PrincipalID

    /// The digest of what binds it to the session or the credentials that began it.
    public var sessionBindingDigest: [UInt8]

    /// The PKCE verifier, sealed; empty where the provider has no PKCE.
    public var sealedVerifier: [UInt8]

    public var expiresAt: Instant

    /// Describes an authorisation that was begun.
    public init(
        stateDigest: [UInt8],
        connection: ConnectionID,
        principal: PrincipalID,
        sessionBindingDigest: [UInt8],
        sealedVerifier: [UInt8],
        expiresAt: Instant
    ) {
        self.stateDigest = stateDigest
        self.connection = connection
        self.principal = principal
        self.sessionBindingDigest = sessionBindingDigest
        self.sealedVerifier = sealedVerifier
        self.expiresAt = expiresAt
    }
}

/// A browser session, as it is stored.
public struct SessionRow: Sendable, Hashable {
    /// The digest of the cookie's value.
    public var digest: [UInt8]

    public var principal: PrincipalID
    public var csrfDigest: [UInt8]
    public var expiresAt: Instant

    /// Describes a session.
    public init(digest: [UInt8], principal: PrincipalID, csrfDigest: [UInt8], expiresAt: Instant) {
        self.digest = digest
        self.principal = principal
        self.csrfDigest = csrfDigest
        self.expiresAt = expiresAt
    }
}
