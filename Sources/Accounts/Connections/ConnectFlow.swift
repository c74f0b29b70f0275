public import Bridging
import Crypto
import Foundation
public import ICalendar
public import OutboundHTTP
public import Store

/// Connects users to providers: the authorisation code flow (RFC 6749 §4.1, RFC 7636) and tokens made by hand.
public struct ConnectFlow: Sendable {
    /// Long enough to read a consent page and to look for a password, short enough that a found address is worthless.
    static let authorizationLifetime: Int64 = 15 * 60

    let credentials: CredentialStore
    let vault: TokenVault
    let sealer: Sealer
    let transport: any HTTPTransport
    let clients: OAuthClients
    let probes: [TokenProbe]
    let accountName: AccountNaming
    let redirectURI: String
    let now: @Sendable () -> Instant

    /// Makes the flow of an installation.
    ///
    /// - Parameters:
    ///   - credentials: where connections and begun authorisations are kept.
    ///   - vault: the one vault of the process.
    ///   - masterKey: seals the PKCE verifier.
    ///   - transport: reaches the providers.
    ///   - clients: the OAuth clients as configured at the moment.
    ///   - probes: the providers that also take a token made by hand.
    ///   - accountName: asks a provider what the account is called, where its tokens do not say so.
    ///   - publicURL: the address of this installation, without a slash at its end; `/oauth/callback` is added.
    ///   - now: the clock.
    public init(
        credentials: CredentialStore,
        vault: TokenVault,
        masterKey: MasterKey,
        transport: any HTTPTransport,
        clients: @escaping OAuthClients,
        probes: [TokenProbe] = [.notion()],
        accountName: @escaping AccountNaming = { _, _ in nil },
        publicURL: String,
        now: @escaping @Sendable () -> Instant
    ) {
        self.credentials = credentials
        self.vault = vault
        sealer = Sealer(masterKey: masterKey, purpose: .pendingAuthorization)
        self.transport = transport
        self.clients = clients
        self.probes = probes
        self.accountName = accountName
        redirectURI = publicURL + "/oauth/callback"
        self.now = now
    }

    // MARK: Beginning

    /// Makes a connection that waits for the person's consent.
    ///
    /// - Parameters:
    ///   - provider: the provider's word.
    ///   - principal: whose connection it is.
    ///   - sessionBinding: names the browser session or the credentials of the request; the callback must bring the same.
    /// - Returns: the connection, and the address of the consent page.
    /// - Throws: ``ConnectError`` where the provider is not configured.
    public func begin(
        provider: String,
        for principal: Principal,
        sessionBinding: String
    ) async throws -> (ConnectionID, authorizeURL: String) {
        let client = try await client(of: provider)
        let id = try await credentials.addConnection(
            provider: provider,
            of: principal.id,
            state: .awaitingAuthorization
        )
        return (id, authorizeURL: try await authorize(id, client, principal, sessionBinding, account: nil))
    }

    /// Asks for consent again, for a connection that exists; it works on as it is until that is given.
    public func reconnect(
        _ connection: ConnectionID,
        for principal: Principal,
        sessionBinding: String
    ) async throws -> String {
        let row = try await ownRow(connection, of: principal)
        return try await authorize(row.id, client(of: row.provider), principal, sessionBinding, account: row.account)
    }

    /// Notes the authorisation and makes the address of the consent page.
    private func authorize(
        _ connection: ConnectionID,
        _ client: OAuthClient,
        _ principal: Principal,
        _ sessionBinding: String,
        account: String?
    ) async throws -> String {
        let state = Secret.token()
        let digest = Secret.digest(of: state)
        let verifier = client.style.usesProofKey ? Secret.token() : nil
        try await credentials.addPendingAuthorization(
            PendingAuthorization(
                stateDigest: digest,
                connection: connection,
                principal: principal.id,
                sessionBindingDigest: Secret.digest(of: sessionBinding),
                sealedVerifier: try verifier.map { try sealer.seal([UInt8]($0.utf8), binding: Self.binding(digest)) }
                    ?? [],
                expiresAt: now().advanced(by: Self.authorizationLifetime)
            )
        )
        return AuthorizationServer(client: client, transport: transport).authorizeURL(
            state: state,
            redirectURI: redirectURI,
            challenge: verifier.map { Secret.base64URL(Secret.digest(of: $0)) },
            account: account
        )
    }

    // MARK: Tokens made by hand

    /// Connects with a token the person made at the provider, after trying it.
    ///
    /// - Throws: ``ConnectError/refused(_:)`` for a wrong token; then nothing is stored.
    public func connect(provider: String, token: String, for principal: Principal) async throws -> ConnectionRow {
        let (grant, account) = try await probe(provider, token)
        let id = try await credentials.addConnection(
            provider: provider,
            of: principal.id,
            state: .awaitingAuthorization
        )
        return try await adopt(grant, account, for: ownRow(id, of: principal))
    }

    /// Gives a connection that exists a new token.
    public func reconnect(_ connection: ConnectionID, token: String, for principal: Principal) async throws
        -> ConnectionRow
    {
        let row = try await ownRow(connection, of: principal)
        let (grant, account) = try await probe(row.provider, token)
        if let problem = try await objection(to: grant, of: account, for: row) { throw ConnectError.refused(problem) }
        return try await adopt(grant, account, for: row)
    }

    // MARK: Shared steps

    /// Stores what was granted; from here on the connection works.
    func adopt(_ grant: Grant, _ account: String?, for row: ConnectionRow) async throws -> ConnectionRow {
        try await vault.adopt(grant, for: row)
        if let account { try await credentials.setConnectionLabel(row.id, account: account) }
        guard let connected = try await credentials.connection(row.id) else { throw ConnectError.unknownConnection }
        return connected
    }

    /// The connection, if it is the user's own; another's is as unknown as one that does not exist.
    func ownRow(_ connection: ConnectionID, of principal: Principal) async throws -> ConnectionRow {
        guard let row = try await credentials.connection(connection), row.principal == principal.id else {
            throw ConnectError.unknownConnection
        }
        return row
    }

    func client(of provider: String) async throws -> OAuthClient {
        guard let client = try await clients(provider) else {
            throw ConnectError.refused(.notConfigured(provider))
        }
        return client
    }

    /// A verifier opens only for the state it was made with.
    static func binding(_ stateDigest: [UInt8]) -> String { "state \(Data(stateDigest).base64EncodedString())" }
}

extension OAuthClient.Style {
    /// Whether the provider understands PKCE (RFC 7636).
    var usesProofKey: Bool {
        switch self {
        case .googleForm: true
        case .notionJSONBasic: false
        }
    }
}

/// Asks a provider what the account behind some credentials is called; nil where it does not say.
public typealias AccountNaming = @Sendable (_ provider: String, _ source: any CredentialSource) async -> String?

/// Why a connection cannot be begun, or a token not be taken.
public enum ConnectError: Error, Sendable, Hashable {
    /// No such connection, or none of this user's.
    case unknownConnection
    /// This provider cannot be connected with a token made by hand, or does not exist.
    case unsupported(provider: String)
    /// The provider, or its configuration here, says no.
    case refused(ConnectionProblem)
    /// The provider could not be asked: try again.
    case unreachable(ConnectionProblem)
}

extension ConnectError: CustomStringConvertible {
    /// What is wrong, and the remedy where there is one.
    public var description: String {
        switch self {
        case .unknownConnection: "There is no such connection."
        case .unsupported(let provider): "\"\(provider.prefix(80))\" cannot be connected with a token."
        case .refused(let problem), .unreachable(let problem): "\(problem.message) \(problem.remedy)"
        }
    }
}
