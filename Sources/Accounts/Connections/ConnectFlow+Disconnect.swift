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

    /// Whether another connection lives by the same grant: it would end with this one.
    ///
    /// At Google one revocation ends all grants of an account to a client; where one does not say whose it is, it may be the
    /// same account's. At Notion every person of a workspace has a grant
    /// of their own, though their connections are called the same.
    private func isShared(_ row: ConnectionRow, _ grant: Grant, _ style: OAuthClient.Style) async throws -> Bool {
        let others = try await credentials.allConnections().filter { other in
            other.id != row.id && other.provider == row.provider && other.state.hasGrant
        }
        switch style {
        case .googleForm:
            return others.contains { row.account == nil || $0.account == nil || $0.account == row.account }
        case .notionJSONBasic:
            guard let identity = grant.identity else { return false }
            for other in others where try await vault.identity(of: other) == identity { return true }
            return false
        }
    }

    private func revoke(_ row: ConnectionRow) async -> DisconnectReceipt.Revocation {
        do {
            guard let grant = try await vault.surrender(row) else { return .notNeeded }
            return try await giveBack(grant, of: row.account, for: row)
        } catch {
            return .failed("\(error)")
        }
    }

    /// Ends a grant at the provider, but for one that another connection lives by.
    func giveBack(
        _ grant: Grant,
        of account: String?,
        for row: ConnectionRow
    ) async throws -> DisconnectReceipt.Revocation {
        guard grant.refreshToken != nil else { return .notNeeded }
        guard let client = try await clients(row.provider) else {
            return .failed(ConnectionProblem.notConfigured(row.provider).message)
        }
        var holder = row
        holder.account = account
        guard try await !isShared(holder, grant, client.style) else { return .notNeeded }
        do {
            try await AuthorizationServer(client: client, transport: transport).revoke(grant)
            return .revoked
        } catch {
            return .failed(ConnectionProblem.failed(error, at: row.provider).message)
        }
    }
}

extension ConnectionState {
    /// Whether there may be a grant that is alive.
    fileprivate var hasGrant: Bool {
        switch self {
        case .connected, .error: true
        case .awaitingAuthorization, .reconnectRequired: false
        }
    }
}
