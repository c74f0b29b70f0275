import Bridging
import ICalendar
public import Store

/// What the provider's redirect brought about.
public enum FinishOutcome: Sendable, Hashable {
    /// The connection works.
    case connected(ConnectionRow)
    /// The person or the provider said no, or the exchange failed; the connection is as it was, and says why.
    case refused(ConnectionProblem, ConnectionRow)
    /// Consent was given without these scopes; the connection is as it was, and says which.
    case missingScopes([String], ConnectionRow)
    /// No authorisation was begun with this state, or it was used already, or its time is up; nothing changed.
    case unknownState
    /// Somebody else, or another session, began it; nothing changed.
    case foreign
}

extension ConnectFlow {
    /// Takes what the provider's redirect carries (RFC 6749 §4.1.2, §4.1.2.1).
    ///
    /// - Parameters:
    ///   - state: proves that the authorisation was begun here; good once.
    ///   - code: what is exchanged for the tokens.
    ///   - error: set instead of `code` where consent was refused.
    ///   - scope: what was granted, where the redirect says so.
    ///   - principal: who brings it.
    ///   - sessionBinding: what ``begin(provider:for:sessionBinding:)`` was given.
    /// - Returns: what became of the connection; a refusal is an outcome, not an error.
    /// - Throws: only failures of our own store.
    public func finish(
        state: String?,
        code: String?,
        error: String? = nil,
        scope: String? = nil,
        by principal: Principal,
        sessionBinding: String
    ) async throws -> FinishOutcome {
        guard let state else { return .unknownState }
        let digest = Secret.digest(of: state)
        guard let pending = try await credentials.takePendingAuthorization(stateDigest: digest) else {
            return .unknownState
        }
        guard pending.principal == principal.id,
            Secret.areEqual(pending.sessionBindingDigest, Secret.digest(of: sessionBinding))
        else {
            // Still good for the one it belongs to.
            try await credentials.addPendingAuthorization(pending)
            return .foreign
        }
        guard pending.expiresAt > now(), let row = try await credentials.connection(pending.connection) else {
            return .unknownState
        }
        guard let code, error == nil else {
            return try await refuse(.denied(row.provider), row)
        }
        return try await exchange(code, scope, pending, row)
    }

    private func exchange(
        _ code: String,
        _ scope: String?,
        _ pending: PendingAuthorization,
        _ row: ConnectionRow
    ) async throws -> FinishOutcome {
        guard let client = try await clients(row.provider) else {
            return try await refuse(.notConfigured(row.provider), row)
        }
        var verifier: String?
        if !pending.sealedVerifier.isEmpty {
            let octets = try sealer.open(pending.sealedVerifier, binding: Self.binding(pending.stateDigest))
            verifier = String(decoding: octets, as: UTF8.self)
        }
        let start = now()
        let reply: TokenReply
        do {
            let server = AuthorizationServer(client: client, transport: transport)
            reply = try await server.exchange(code: code, redirectURI: redirectURI, verifier: verifier)
        } catch {
            return try await refuse(.failed(error, at: row.provider), row)
        }
        let missing = reply.scopes(missingOf: client.scopes, redirectedWith: scope)
        guard missing.isEmpty else {
            // Not revoked: at Google that would end the person's other connections with this client too.
            return .missingScopes(missing, try await record(.missing(missing, at: row.provider), row))
        }
        // Google's tokens end within the hour; without the other one the connection would be dead by then.
        guard reply.refreshToken != nil || reply.expiresIn == nil else {
            return try await refuse(.notLasting(row.provider), row)
        }
        let grant = reply.grant(requestedAt: start, renewing: nil)
        let name: String?
        if let workspace = reply.workspaceName { name = workspace } else { name = await self.name(of: grant, row) }
        if let problem = try await objection(to: grant, of: name, for: row) {
            // It is of no use here; the person may go on with it as an account of its own, and consents anew.
            _ = try await giveBack(grant, of: name, for: row)
            return try await refuse(problem, row)
        }
        return .connected(try await adopt(grant, name, for: row))
    }

    private func refuse(_ problem: ConnectionProblem, _ row: ConnectionRow) async throws -> FinishOutcome {
        .refused(problem, try await record(problem, row))
    }

    /// Leaves the connection in its state and lets it say why it got no further.
    private func record(_ problem: ConnectionProblem, _ row: ConnectionRow) async throws -> ConnectionRow {
        switch row.state {
        // One that works goes on working, and one that is dead is still dead: only the attempt to renew the consent failed.
        case .connected: return row
        case .reconnectRequired where problem.code != ConnectionProblem.anotherAccountCode: return row
        case .awaitingAuthorization, .error, .reconnectRequired: break
        }
        var told = problem
        // Whatever was tried, a dead grant is what a person has to mend.
        if row.state == .reconnectRequired { told.code = ConnectionProblem.reconnectCode }
        try await credentials.setConnectionState(row.id, state: row.state, error: told)
        var recorded = row
        recorded.problem = told
        return recorded
    }
}
