import Bridging
import Store

extension ConnectFlow {
    /// What the provider calls the account that a grant is of, where it tells only on asking.
    ///
    /// Without a name a new connection works all the same: nothing depends on it.
    func name(of grant: Grant, _ row: ConnectionRow) async -> String? {
        await accountName(row.provider, SingleToken(token: grant.token))
    }

    /// What speaks against a grant for a connection that had one before: it must be of the same account.
    ///
    /// Calendars and what waits for them belong to an account; with another one's tokens what is only out of reach looks as
    /// if it were gone.
    func objection(to grant: Grant, of name: String?, for row: ConnectionRow) async throws -> ConnectionProblem? {
        guard let known = row.account else { return nil }
        let former = try await vault.former(of: row)
        if let workspace = grant.workspace, let former = former?.workspace {
            return workspace == former ? nil : .anotherAccount(name ?? "another workspace", than: known, row.provider)
        }
        if let identity = grant.identity, identity == former?.identity { return nil }
        guard let name else { return .accountUntold(row.provider) }
        return name.lowercased() == known.lowercased() ? nil : .anotherAccount(name, than: known, row.provider)
    }
}

/// A token that was just granted, and is not stored yet.
private struct SingleToken: CredentialSource {
    let token: AccessToken

    func accessToken() async throws(BridgeError) -> AccessToken { token }

    func accessToken(replacing rejected: AccessToken) async throws(BridgeError) -> AccessToken {
        throw .unreachable("The provider does not take the token that it has just granted.")
    }
}
