public import Store

extension ConnectFlow {
    /// Whether a provider has a client id and secret, from wherever.
    public func isConfigured(_ provider: String) async throws -> Bool { try await clients(provider) != nil }

    /// Asks a provider whether it knows this installation by its id and secret.
    ///
    /// An exchange of a code that cannot be right: a provider that knows the client refuses the code, and only the code
    /// (RFC 6749 §5.2).
    ///
    /// - Returns: what is wrong; nil where the provider knows the installation.
    public func check(_ provider: String) async throws -> ConnectionProblem? {
        guard let client = try await clients(provider) else { return .notConfigured(provider) }
        let server = AuthorizationServer(client: client, transport: transport)
        do throws(OAuthFailure) {
            let verifier = client.style.usesProofKey ? Secret.token() : nil
            _ = try await server.exchange(code: "kalends-check", redirectURI: redirectURI, verifier: verifier)
            return nil
        } catch .invalidGrant {
            return nil
        } catch {
            return .failed(error, at: provider)
        }
    }
}
