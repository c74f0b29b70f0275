import Bridging
public import Store

/// What a disconnection did.
public struct DisconnectReceipt: Sendable, Hashable {
    /// What became of the grant at the provider.
    public enum Revocation: Sendable, Hashable {
        /// The provider confirmed that it is over.
        case revoked
        /// There was none; or it is a token that only the person can end at the provider; or another connection of the
        /// same account lives by the same grant.
        case notNeeded
        /// The provider did not confirm it; the sentence says why. The person can end it in the provider's settings.
        case failed(String)
    }

    public var connection: ConnectionID
    public var revocation: Revocation

    /// Always true in a receipt that is handed out: the tokens are gone from the store, whatever the provider said.
    public var areTokensErased: Bool

    /// What was done, in one sentence for a person.
    public var sentence: String {
        switch revocation {
        case .revoked: "The provider has confirmed that the grant is over; the tokens are erased."
        case .notNeeded: "No grant had to be given back; the tokens are erased."
        case .failed(let reason):
            "The tokens are erased. The provider did not confirm that the grant is over: \(reason)"
        }
    }
}

extension ConnectFlow {
    /// Ends a connection: revokes the grant as far as the provider answers, erases the tokens, deletes the row.
    ///
    /// The links of the connection, and their notification channels, are the caller's to end first.
    public func disconnect(_ connection: ConnectionID, for principal: Principal) async throws -> DisconnectReceipt {
        let row = try await ownRow(connection, of: principal)
        let revocation = await revoke(row)
        let receipt = DisconnectReceipt(connection: row.id, revocation: revocation, areTokensErased: true)
        try await credentials.removeConnection(row.id, telling: receipt.sentence)
        return receipt
    }

    /// Whether another connection is one of the same account: at Google, one revocation ends all grants to a client.
    private func isShared(_ row: ConnectionRow) async throws -> Bool {
        guard let account = row.account else { return false }
        return try await credentials.allConnections().contains { other in
            other.id != row.id && other.provider == row.provider && other.account == account
                && other.state == .connected
        }
    }

    private func revoke(_ row: ConnectionRow) async -> DisconnectReceipt.Revocation {
        do {
            guard let grant = try await vault.surrender(row), grant.refreshToken != nil else { return .notNeeded }
            guard try await !isShared(row) else { return .notNeeded }
            guard let client = try await clients(row.provider) else {
                return .failed(ConnectionProblem.notConfigured(row.provider).message)
            }
            try await AuthorizationServer(client: client, transport: transport).revoke(grant)
            return .revoked
        } catch let failure as OAuthFailure {
            return .failed(ConnectionProblem.failed(failure, at: row.provider).message)
        } catch {
            return .failed("\(error)")
        }
    }
}
