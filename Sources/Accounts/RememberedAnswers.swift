public import ICalendar
public import Store

/// The answers to requests that a client may repeat when it does not know whether the first one arrived.
///
/// They are sealed: one may tell a token that is told once.
public struct RememberedAnswers: Sendable {
    /// What is known of a request.
    public enum Claim: Sendable, Hashable {
        /// Nothing: the caller is to answer it.
        case first
        /// It was answered with this.
        case answered([UInt8])
        case underWay
        /// Another request bore the same key.
        case differs
    }

    /// How long an answer is kept.
    static let lifetime: Int64 = 86_400

    /// After so many seconds without an answer the process has died over it.
    static let patience: Int64 = 300

    private let credentials: CredentialStore
    private let sealer: Sealer
    private let now: @Sendable () -> Instant

    /// Makes a memory over a store.
    public init(credentials: CredentialStore, masterKey: MasterKey, now: @escaping @Sendable () -> Instant) {
        self.credentials = credentials
        sealer = Sealer(masterKey: masterKey, purpose: .answers)
        self.now = now
    }

    /// Takes a key for one request, unless it is taken.
    public func claim(_ key: String, asking: String, by principal: PrincipalID) async throws -> Claim {
        let name = Self.name(key)
        let known = try await credentials.claimAnswer(
            name,
            digest: Secret.digest(of: asking),
            of: principal,
            abandonedBefore: now().advanced(by: -Self.patience),
            forgottenBefore: now().advanced(by: -Self.lifetime)
        )
        switch known {
        case .first: return .first
        case .underWay: return .underWay
        case .differs: return .differs
        case .answered(let sealed): return .answered(try sealer.open(sealed, binding: binding(name, principal)))
        }
    }

    /// Keeps the answer to a request.
    public func keep(_ key: String, _ answer: [UInt8], of principal: PrincipalID) async throws {
        let name = Self.name(key)
        let sealed = try sealer.seal(answer, binding: binding(name, principal))
        try await credentials.keepAnswer(name, sealed: sealed, of: principal)
    }

    /// Gives a key back: nothing was done.
    public func release(_ key: String, of principal: PrincipalID) async throws {
        try await credentials.releaseAnswer(Self.name(key), of: principal)
    }

    /// Keys are whatever a client chooses; their digests have one length.
    private static func name(_ key: String) -> [UInt8] { Secret.digest(of: key) }

    private func binding(_ name: [UInt8], _ principal: PrincipalID) -> String {
        "answer \(principal.rawValue) " + name.map { String($0, radix: 16) }.joined(separator: ".")
    }
}
