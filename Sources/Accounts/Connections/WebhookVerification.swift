import Foundation
public import ICalendar
public import Store

/// The secret with which a provider signs its calls, and the window in which the provider may set it.
///
/// The provider sends the secret once, unsigned, to whoever holds the address. It is taken only in the ten minutes after an
/// admin asked for it, and only once: otherwise anybody could put a secret of their own in its place.
public struct WebhookVerification: Sendable {
    /// How long the provider may take to send its secret after an admin opened the window: time to fill in its form.
    public static let windowSeconds: Int64 = 600

    /// The longest secret taken; the ones seen have 50 characters.
    private static let maximumToken = 512

    /// How far the set-up is.
    public enum State: String, Sendable, Hashable, CaseIterable {
        /// No secret, and none is taken.
        case closed
        /// The next secret that arrives is taken.
        case open
        /// A secret was taken: signed calls are believed.
        case verified
    }

    /// How the set-up stands.
    public struct Setup: Sendable, Hashable {
        public var state: State
        /// The secret, for the admin to paste into the provider's form.
        public var token: String?
        /// When the open window closes.
        public var closesAt: Instant?
    }

    /// What is stored, sealed.
    private struct Record: Codable {
        var token: String?
        var openedAt: Int64?
        /// The secret of before, which counts until a call is signed with the new one.
        var former: String?
    }

    private let credentials: CredentialStore
    private let sealer: Sealer
    private let key: String
    private let now: @Sendable () -> Instant

    /// Opens the set-up of one provider.
    public init(
        provider: String,
        credentials: CredentialStore,
        masterKey: MasterKey,
        now: @escaping @Sendable () -> Instant
    ) {
        self.credentials = credentials
        sealer = Sealer(masterKey: masterKey, purpose: .settings)
        key = "webhook \(provider)"
        self.now = now
    }

    /// How the set-up stands.
    public func setup() async throws -> Setup { try await setup(stored().record) }

    /// Opens the window; the secret of before counts until a call is signed with another one.
    public func open() async throws -> Setup {
        while true {
            let (sealed, record) = try await stored()
            let opened = Record(token: record.token, openedAt: now().seconds, former: record.former)
            if try await replace(sealed, with: opened) { return setup(opened) }
        }
    }

    /// Takes the provider's secret; false where no window is open, where one was taken in it, or where it is no secret.
    public func accept(_ token: String) async throws -> Bool {
        guard !token.isEmpty, token.utf8.count <= Self.maximumToken, token.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) else {
            return false
        }
        let (sealed, record) = try await stored()
        guard setup(record).state == .open else { return false }
        // One that never signed anything may be a stranger's: what worked before it goes on working.
        let former = token == record.token ? record.former : record.former ?? record.token
        return try await replace(sealed, with: Record(token: token, openedAt: nil, former: former))
    }

    /// Whether `body` was signed with the secret: `sha256=` and the HMAC-SHA256 of the octets in hexadecimal digits.
    public func isGenuine(_ body: [UInt8], signature: String) async throws -> Bool {
        let prefix = "sha256="
        let (sealed, record) = try await stored()
        guard let token = record.token, signature.hasPrefix(prefix),
            let code = Self.octets(hexadecimal: signature.dropFirst(prefix.count))
        else { return false }
        func isSigned(with secret: String) -> Bool { Secret.isAuthentic(code, of: body, key: Array(secret.utf8)) }
        guard isSigned(with: token) else { return record.former.map(isSigned) ?? false }
        if record.former != nil {
            // Where something else was stored meanwhile, the next call tells.
            _ = try await replace(sealed, with: Record(token: token, openedAt: record.openedAt))
        }
        return true
    }

    private func setup(_ record: Record) -> Setup {
        let closesAt = record.openedAt.map { Instant(seconds: $0 + Self.windowSeconds) }
        if let closesAt, closesAt > now() { return Setup(state: .open, token: record.token, closesAt: closesAt) }
        return Setup(state: record.token == nil ? .closed : .verified, token: record.token, closesAt: nil)
    }

    private func stored() async throws -> (sealed: [UInt8]?, record: Record) {
        guard let sealed = try await credentials.setting(key) else { return (nil, Record()) }
        let octets = try sealer.open(sealed, binding: key)
        return (sealed, try JSONDecoder().decode(Record.self, from: Data(octets)))
    }

    /// Stores a record unless another one was stored meanwhile: of two secrets that arrive at once, one is taken.
    private func replace(_ sealed: [UInt8]?, with record: Record) async throws -> Bool {
        let octets = try [UInt8](JSONEncoder().encode(record))
        return try await credentials.replaceSetting(key, sealed, with: sealer.seal(octets, binding: key))
    }

    private static func octets(hexadecimal digits: Substring) -> [UInt8]? {
        let digits = Array(digits.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        var octets: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let octet = UInt8(String(decoding: digits[index..<index + 2], as: UTF8.self), radix: 16) else {
                return nil
            }
            octets.append(octet)
        }
        return octets
    }
}
