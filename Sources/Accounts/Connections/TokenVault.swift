public import Bridging
public import ICalendar
public import OutboundHTTP
public import Store

/// Hands out access tokens, and is the only one to renew and to store them.
///
/// For each connection at most one renewal is under way: a refresh token that is used twice ends a Notion grant.
public actor TokenVault {
    /// What a piece of work on a connection's tokens ends with.
    private typealias Work = Task<Result<Grant, BridgeError>, Never>

    private let credentials: CredentialStore
    private let sealer: Sealer
    private let transport: any HTTPTransport
    private let clients: OAuthClients
    private let now: @Sendable () -> Instant

    private var grants: [ConnectionID: Grant] = [:]

    /// Granted, but not yet written because the store failed; with Notion the only copy of the new pair.
    private var unsaved: [ConnectionID: Grant] = [:]

    /// Loading, renewing or replacing, by connection.
    ///
    /// Not tied to the callers' tasks: a renewal that was sent must be stored, whoever has stopped waiting.
    private var underWay: [ConnectionID: Work] = [:]

    /// Makes a vault; there is one in a process.
    public init(
        credentials: CredentialStore,
        masterKey: MasterKey,
        transport: any HTTPTransport,
        clients: @escaping OAuthClients,
        now: @escaping @Sendable () -> Instant
    ) {
        self.credentials = credentials
        sealer = Sealer(masterKey: masterKey, purpose: .connectionTokens)
        self.transport = transport
        self.clients = clients
        self.now = now
    }

    /// The tokens of one connection, as a bridge sees them.
    public nonisolated func source(for connection: ConnectionID) -> any CredentialSource {
        VaultSource(vault: self, id: connection)
    }

    /// A token with some minutes to live, other than `rejected`.
    func token(of connection: ConnectionID, rejected: AccessToken?) async throws(BridgeError) -> AccessToken {
        if let grant = grants[connection], grant.isFresh(at: now()), grant.token != rejected { return grant.token }
        if let work = underWay[connection] {
            let token = try await work.value.get().token
            // What was under way may have been the loading of the very token that was refused.
            if token != rejected { return token }
        }
        return try await startOrJoin(connection) { vault throws(BridgeError) in
            try await vault.renew(connection, rejected: rejected)
        }.token
    }

    /// Takes over the tokens of a new consent, after whatever is under way for the connection.
    func adopt(_ grant: Grant, for row: ConnectionRow) async throws(BridgeError) {
        while let work = underWay[row.id] { _ = await work.value }
        _ = try await startOrJoin(row.id) { vault throws(BridgeError) in
            try await vault.save(grant, for: row)
        }
    }

    /// What the provider calls the grant of a connection; nil where it does not say.
    func identity(of row: ConnectionRow) async throws -> String? {
        if let grant = unsaved[row.id] ?? grants[row.id] { return grant.identity }
        guard let sealed = try await credentials.sealedTokens(of: row.id) else { return nil }
        return try Grant.open(sealed, by: sealer, for: row).identity
    }

    /// The grant that a connection had last; nil where it has none, or none that can be read: connecting again mends both.
    func former(of row: ConnectionRow) async throws -> Grant? {
        if let grant = unsaved[row.id] ?? grants[row.id] { return grant }
        guard let sealed = try await credentials.sealedTokens(of: row.id) else { return nil }
        do {
            return try Grant.open(sealed, by: sealer, for: row)
        } catch is SealError {
            return nil
        }
    }

    /// The tokens of a connection, for revoking them, and forgets them here.
    func surrender(_ row: ConnectionRow) async throws -> Grant? {
        while let work = underWay[row.id] { _ = await work.value }
        grants[row.id] = nil
        if let grant = unsaved.removeValue(forKey: row.id) { return grant }
        guard let sealed = try await credentials.sealedTokens(of: row.id) else { return nil }
        return try Grant.open(sealed, by: sealer, for: row)
    }

    /// Waits for the renewals under way, so that no new pair is lost when the process ends.
    public func finish() async {
        while let work = underWay.values.first { _ = await work.value }
    }

    // MARK: One piece of work at a time

    private func startOrJoin(
        _ connection: ConnectionID,
        _ body: @escaping @Sendable (TokenVault) async throws(BridgeError) -> Grant
    ) async throws(BridgeError) -> Grant {
        if let work = underWay[connection] { return try await work.value.get() }
        let work = Work { await self.run(connection, body) }
        underWay[connection] = work
        return try await work.value.get()
    }

    private func run(
        _ connection: ConnectionID,
        _ body: @Sendable (TokenVault) async throws(BridgeError) -> Grant
    ) async -> Result<Grant, BridgeError> {
        defer { underWay[connection] = nil }
        do {
            return .success(try await body(self))
        } catch {
            return .failure(error)
        }
    }

    // MARK: Renewal

    private func renew(_ connection: ConnectionID, rejected: AccessToken?) async throws(BridgeError) -> Grant {
        let row = try await liveRow(connection)
        if let grant = unsaved[connection] { return try await save(grant, for: row) }
        let grant = try await load(row)
        // Stored by another process, or by a reconnection, since it was read last.
        if grant.isFresh(at: now()), grant.token != rejected {
            grants[connection] = grant
            return grant
        }
        guard let refreshToken = grant.refreshToken else {
            throw await declareDead(row, because: "the token was refused")
        }
        guard let client = try await client(of: row.provider) else {
            throw notConfigured(row.provider)
        }
        let start = now()
        do {
            let reply = try await AuthorizationServer(client: client, transport: transport).refresh(refreshToken)
            return try await save(reply.grant(requestedAt: start, renewing: grant), for: row)
        } catch OAuthFailure.invalidGrant(let reason) {
            // Another process may have renewed it in the meantime, and used up our refresh token.
            let stored = try await load(row)
            guard stored.refreshToken != refreshToken else {
                let isTesting = row.provider == "google" && stored.diedOfTesting(at: now())
                throw await declareDead(row, because: reason, problem: isTesting ? .testingEnded() : nil)
            }
            grants[connection] = stored
            return stored
        } catch let failure as OAuthFailure {
            throw await bridgeError(failure, row)
        } catch let error as BridgeError {
            throw error
        } catch {
            throw .unreachable("\(error)")
        }
    }

    /// Stores a grant, and only then lets it be used.
    private func save(_ grant: Grant, for row: ConnectionRow) async throws(BridgeError) -> Grant {
        grants[row.id] = nil
        unsaved[row.id] = grant
        do {
            try await credentials.setSealedTokens(grant.sealed(by: sealer, for: row), of: row.id)
            // Whatever the row said when this began: it may have been declared dead since.
            try await credentials.setConnectionState(row.id, state: .connected, error: nil)
        } catch {
            throw .unreachable("The tokens could not be stored: \(error)")
        }
        unsaved[row.id] = nil
        grants[row.id] = grant
        return grant
    }

    private func load(_ row: ConnectionRow) async throws(BridgeError) -> Grant {
        let sealed: [UInt8]?
        do {
            sealed = try await credentials.sealedTokens(of: row.id)
        } catch {
            throw .unreachable("The tokens could not be read: \(error)")
        }
        guard let sealed else { throw .authorizationRevoked(ConnectionProblem.reconnect(row.provider).message) }
        do {
            return try Grant.open(sealed, by: sealer, for: row)
        } catch {
            throw .refused(Refusal(.calendar, code: "reconnect_required", message: SealError.unreadable.description))
        }
    }

    /// The connection, if its grant is not known to be dead: then nothing is asked of the provider any more.
    private func liveRow(_ connection: ConnectionID) async throws(BridgeError) -> ConnectionRow {
        let row: ConnectionRow?
        do {
            row = try await credentials.connection(connection)
        } catch {
            throw .unreachable("The connection could not be read: \(error)")
        }
        guard let row else {
            throw .refused(Refusal(.calendar, code: "not_found", message: "The connection was removed."))
        }
        switch row.state {
        case .connected, .error: return row
        case .awaitingAuthorization, .reconnectRequired:
            throw .authorizationRevoked((row.problem ?? .reconnect(row.provider)).message)
        }
    }

    private func client(of provider: String) async throws(BridgeError) -> OAuthClient? {
        do {
            return try await clients(provider)
        } catch {
            throw .unreachable("The settings could not be read: \(error)")
        }
    }

    // MARK: Failures

    private func bridgeError(_ failure: OAuthFailure, _ row: ConnectionRow) async -> BridgeError {
        switch failure {
        case .invalidGrant(let reason): await declareDead(row, because: reason)
        case .throttled(let seconds): .throttled(retryAfter: seconds)
        case .unreachable(let reason): .unreachable(reason)
        case .refused(let code, let message): .refused(Refusal(.calendar, code: code, message: message))
        case .invalidClient: await declareMisconfigured(row)
        }
    }

    /// Marks the connection so that nothing more is tried with it until the person has connected again.
    private func declareDead(
        _ row: ConnectionRow,
        because reason: String,
        problem known: ConnectionProblem? = nil
    ) async -> BridgeError {
        grants[row.id] = nil
        let problem = known ?? .reconnect(row.provider, because: reason)
        return await record(problem, .reconnectRequired, row) ?? .authorizationRevoked(problem.message)
    }

    private func declareMisconfigured(_ row: ConnectionRow) async -> BridgeError {
        let problem = ConnectionProblem.misconfigured(row.provider)
        let refusal = Refusal(.calendar, code: problem.code, message: "\(problem.message) \(problem.remedy)")
        return await record(problem, .error, row) ?? .refused(refusal)
    }

    /// Writes a problem to the connection; the error to report instead where that fails.
    private func record(_ problem: ConnectionProblem, _ state: ConnectionState, _ row: ConnectionRow) async
        -> BridgeError?
    {
        do {
            try await credentials.setConnectionState(row.id, state: state, error: problem)
            return nil
        } catch {
            return .unreachable("The connection could not be updated: \(error)")
        }
    }

    private func notConfigured(_ provider: String) -> BridgeError {
        let problem = ConnectionProblem.notConfigured(provider)
        return .refused(Refusal(.calendar, code: problem.code, message: "\(problem.message) \(problem.remedy)"))
    }
}

/// One connection's view of the vault.
private struct VaultSource: CredentialSource {
    let vault: TokenVault
    let id: ConnectionID

    var connection: String? { "\(id.rawValue)" }

    func accessToken() async throws(BridgeError) -> AccessToken {
        try await vault.token(of: id, rejected: nil)
    }

    func accessToken(replacing rejected: AccessToken) async throws(BridgeError) -> AccessToken {
        try await vault.token(of: id, rejected: rejected)
    }
}
