public import ICalendar
public import Store

/// Browser sessions of the dashboard.
///
/// The cookie's value is stored nowhere, only its digest; the secret of the forms is derived from it, so that a page of another
/// site, which cannot read the cookie, cannot make a form that is taken.
public struct Sessions: Sendable {
    /// A living session.
    public struct Session: Sendable, Hashable {
        public var principal: Principal
        /// What every form must carry.
        public var csrf: String
    }

    /// How long a session lives, in seconds: two weeks.
    public static let lifetime: Int64 = 14 * 86_400

    private let store: CalendarStore
    private let credentials: CredentialStore
    private let now: @Sendable () -> Instant

    /// Keeps sessions in the store.
    public init(store: CalendarStore, credentials: CredentialStore, now: @escaping @Sendable () -> Instant) {
        self.store = store
        self.credentials = credentials
        self.now = now
    }

    /// Begins a session and answers the cookie's value.
    public func open(for principal: Principal) async throws -> String {
        let token = Secret.token()
        try await credentials.addSession(
            SessionRow(
                digest: Secret.digest(of: token),
                principal: principal.id,
                csrfDigest: Secret.digest(of: Self.csrf(token)),
                expiresAt: now().advanced(by: Self.lifetime)
            )
        )
        return token
    }

    /// The session a cookie belongs to, or nil.
    public func session(_ token: String) async throws -> Session? {
        guard let row = try await credentials.session(digest: Secret.digest(of: token)),
            let principal = try await store.principal(row.principal)
        else { return nil }
        return Session(principal: principal, csrf: Self.csrf(token))
    }

    /// Ends a session.
    public func close(_ token: String) async throws {
        try await credentials.removeSession(digest: Secret.digest(of: token))
    }

    private static func csrf(_ token: String) -> String {
        Secret.digest(of: "csrf " + token).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        .joined()
    }
}
