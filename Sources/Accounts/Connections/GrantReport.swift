public import ICalendar
public import Store

/// What can be told of a grant without telling its tokens.
public struct GrantReport: Sendable, Hashable {
    /// When the person consented; nil for a token made by hand.
    public var consentedAt: Instant?

    /// When the access token at hand ends, and is renewed before.
    public var expiresAt: Instant?

    /// When the grant itself ends, and the person must consent again; nil where no end is known.
    public var endsAt: Instant?

    /// Whether there is something to renew it with.
    public var isRenewable: Bool

    /// What was granted; nil where the provider does not say.
    public var scopes: [String]?

    /// Whether a person will soon have to connect again, although all is well now.
    public func isAboutToEnd(at now: Instant) -> Bool {
        guard let endsAt else { return false }
        return endsAt <= now.advanced(by: Self.warning)
    }

    /// Two days: a weekend.
    private static let warning: Int64 = 2 * 86_400
}

/// Reads grants, and shows none of their tokens.
public struct GrantReports: Sendable {
    private let credentials: CredentialStore
    private let sealer: Sealer

    /// Opens the grants of an installation.
    public init(credentials: CredentialStore, masterKey: MasterKey) {
        self.credentials = credentials
        sealer = Sealer(masterKey: masterKey, purpose: .connectionTokens)
    }

    /// The grant of a connection; nil where there is none.
    ///
    /// - Throws: where the master key does not open it.
    public func report(of row: ConnectionRow) async throws -> GrantReport? {
        guard let sealed = try await credentials.sealedTokens(of: row.id) else { return nil }
        let grant = try Grant.open(sealed, by: sealer, for: row)
        return GrantReport(
            consentedAt: grant.consentedAt,
            expiresAt: grant.expiresAt,
            endsAt: grant.endsAt,
            isRenewable: grant.refreshToken != nil,
            scopes: grant.scopes.map { $0.split(separator: " ").map(String.init) }
        )
    }
}
