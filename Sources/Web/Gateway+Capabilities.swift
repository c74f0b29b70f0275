import Accounts
import Bridging
import Store

extension Gateway {
    /// Tries what a connection may do, and notes on it what is missing; nil where the provider has nothing to try.
    ///
    /// A provider that does not answer says nothing: what was noted before stays.
    func capabilities(of row: ConnectionRow) async throws -> [Capability]? {
        guard row.state == .connected, let provider = provider(row.provider) as? any ExaminedProvider else {
            return nil
        }
        let capabilities: [Capability]
        do {
            capabilities = try await provider.capabilities(using: vault.source(for: row.id))
        } catch {
            return nil
        }
        let problem = ConnectionProblem(missing: capabilities.filter { $0.isNeeded && !$0.isGranted })
        guard let current = try await credentials.connection(row.id), current.state == .connected,
            current.problem != problem
        else { return capabilities }
        try await credentials.setConnectionState(row.id, state: .connected, error: problem)
        return capabilities
    }

    /// The connection as it stands after its capabilities were tried.
    func examined(_ row: ConnectionRow) async throws -> ConnectionRow {
        _ = try await capabilities(of: row)
        return try await credentials.connection(row.id) ?? row
    }
}

extension ConnectionProblem {
    /// Names the capabilities that are missing; nil where none is.
    fileprivate init?(missing: [Capability]) {
        guard !missing.isEmpty else { return nil }
        let names = missing.map { "“\($0.name)”" }.joined(separator: ", ")
        self.init(
            code: "permission_denied",
            message: "The integration lacks what it needs: \(names).",
            remedy: "Switch that on under Capabilities in the integration's settings, then open the account again."
        )
    }
}
