public import ICalendar
public import Store

/// Finds out who sends a request, from what its `Authorization` field says.
public struct Authenticator: Sendable {
    /// What became of a name and a password.
    public enum BasicOutcome: Sendable, Hashable {
        case accepted(Principal)
        case refused
        /// Too many wrong guesses at this name; not looked at. Try again after so many seconds.
        case throttled(retryAfter: Int64)
    }

    /// After so many seconds a remembered pair is compared with the store again, where another process may have
    /// changed the password (`kalends user password`).
    static let recheckInterval: Int64 = 30

    private let store: CalendarStore
    private let credentials: CredentialStore
    private let hasher: PasswordHasher
    private let verified: VerifiedCredentials
    private let throttle = FailureThrottle()
    private let checks = SharedChecks()
    private let now: @Sendable () -> Instant

    /// Makes an authenticator; `verified` is shared with ``AccountAdmin``.
    public init(
        store: CalendarStore,
        credentials: CredentialStore,
        hasher: PasswordHasher,
        verified: VerifiedCredentials,
        now: @escaping @Sendable () -> Instant
    ) {
        self.store = store
        self.credentials = credentials
        self.hasher = hasher
        self.verified = verified
        self.now = now
    }

    /// The user whose password, or one of whose app passwords, this is; nil for anybody else.
    public func principal(basic user: String, password: String) async throws -> Principal? {
        switch try await authenticate(basic: user, password: password) {
        case .accepted(let principal): principal
        case .refused, .throttled: nil
        }
    }

    /// Checks a name and a password; an unknown name takes as long as a wrong password.
    public func authenticate(basic user: String, password: String) async throws -> BasicOutcome {
        let key = verified.key(user: user, password: password)
        if let principal = try await remembered(key) { return .accepted(principal) }
        if verified.isRefused(key, at: now()) { return .refused }
        let generation = verified.generation
        return try await checks.outcome(of: SharedChecks.Key(pair: key, generation: generation)) {
            try await check(user, password, key, generation)
        }
    }

    private func check(
        _ user: String,
        _ password: String,
        _ key: VerifiedCredentials.Key,
        _ generation: Int
    ) async throws -> BasicOutcome {
        let principal = try await store.principal(named: user)
        if let principal, let id = try await appPassword(password, of: principal) {
            verified.accept(key, principal, .appPassword(id: id), at: now(), checkedIn: generation)
            return .accepted(principal)
        }
        if let seconds = throttle.waitingTime(of: user, at: now()) { return .throttled(retryAfter: seconds) }
        if let principal, let hash = try await rightPassword(password, of: principal) {
            verified.accept(key, principal, .password(hash: hash), at: now(), checkedIn: generation)
            return .accepted(principal)
        }
        if principal == nil { _ = try await hasher.verify(password, against: nil) }
        throttle.countFailure(of: user, at: now())
        verified.refuse(key, at: now(), checkedIn: generation)
        return .refused
    }

    /// The user of an API token and what the token may do; nil for an unknown token.
    public func principal(bearer token: String) async throws -> (Principal, scopes: [String])? {
        guard token.hasPrefix(AccountAdmin.apiTokenPrefix),
            let row = try await credentials.apiToken(digest: Secret.digest(of: token)),
            let principal = try await store.principal(row.principal)
        else { return nil }
        return (principal, scopes: row.scopes)
    }

    /// The user of a pair that was right a moment ago, if the stored row that proved it is still there.
    private func remembered(_ key: VerifiedCredentials.Key) async throws -> Principal? {
        guard let finding = verified.finding(key, at: now()) else { return nil }
        guard finding.checkedAt.advanced(by: Self.recheckInterval) <= now() else { return finding.principal }
        let id = finding.principal.id
        let holds =
            switch finding.proof {
            case .password(let hash): try await credentials.passwordHash(of: id) == hash
            case .appPassword(let row): try await credentials.appPasswords(of: id).contains { $0.id == row }
            }
        guard holds, try await store.principal(id) == finding.principal else {
            verified.drop(key)
            return nil
        }
        verified.confirm(key, at: now())
        return finding.principal
    }

    private func appPassword(_ password: String, of principal: Principal) async throws -> Int64? {
        let hash = AppPassword.hash(of: password)
        for row in try await credentials.appPasswords(of: principal.id)
        where Secret.areEqual(row.hash.utf8, hash.utf8) {
            try await credentials.touchAppPassword(row.id)
            return row.id
        }
        return nil
    }

    /// The stored hash that `password` matches, brought up to today's cost.
    private func rightPassword(_ password: String, of principal: Principal) async throws -> String? {
        let stored = try await credentials.passwordHash(of: principal.id)
        switch try await hasher.verify(password, against: stored) {
        case .wrong: return nil
        case .right: return stored
        case .rightButOutdated:
            let hash = try await hasher.hash(password)
            try await credentials.setPasswordHash(hash, of: principal.id)
            return hash
        }
    }
}
