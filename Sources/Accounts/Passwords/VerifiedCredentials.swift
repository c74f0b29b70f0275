import Crypto
public import Store
import ICalendar
import Synchronization

/// Name and password pairs that were checked a moment ago, under a key that dies with the process.
///
/// Clients send their password with every request; hashing it each time would cost more than all the rest. Shared by
/// everything that checks or changes passwords.
public final class VerifiedCredentials: Sendable {
    /// What a pair was found to be.
    struct Finding: Sendable {
        let principal: Principal
        let proof: Proof
        var checkedAt: Instant
        let expiresAt: Instant
    }

    /// The stored row a password matched; the finding holds as long as that row.
    enum Proof: Sendable, Hashable {
        case password(hash: String)
        case appPassword(id: Int64)
    }

    typealias Key = [UInt8]

    /// After so many seconds the password is hashed again.
    static let lifetime: Int64 = 600

    /// Wrong pairs are remembered shorter, so that a client with an old password costs one hash a minute.
    static let lifetimeOfRefusal: Int64 = 60

    /// Many times the clients of one installation; some hundred octets each.
    private static let maximumEntries = 4096

    private struct Entries {
        var accepted: [Key: Finding] = [:]
        var refused: [Key: Instant] = [:]
        var generation = 0
    }

    private let processKey = SymmetricKey(size: .bits256).withUnsafeBytes { [UInt8]($0) }
    private let entries = Mutex(Entries())

    /// Makes an empty memory.
    public init() {}

    /// Forgets everything known of a user: a password was changed or removed.
    public func forget(_ principal: PrincipalID) {
        entries.withLock { entries in
            entries.accepted = entries.accepted.filter { $0.value.principal.id != principal }
            // The new password may be one that was wrong a moment ago.
            entries.refused = [:]
            entries.generation += 1
        }
    }

    /// Grows with each ``forget(_:)``: what was checked in an older one may be out of date and is not remembered.
    var generation: Int { entries.withLock { $0.generation } }

    /// The name of a pair in this memory; unforgeable without the key, so that looking it up tells nothing.
    func key(user: String, password: String) -> Key {
        // The secret comes first and has one length; nobody sees a digest who could lengthen what was digested.
        var message = processKey
        message.append(contentsOf: "\(user.utf8.count):".utf8)
        message.append(contentsOf: user.utf8)
        message.append(contentsOf: password.utf8)
        return [UInt8](SHA256.hash(data: message))
    }

    func finding(_ key: Key, at now: Instant) -> Finding? {
        entries.withLock { entries in
            guard let finding = entries.accepted[key], finding.expiresAt > now else { return nil }
            return finding
        }
    }

    func isRefused(_ key: Key, at now: Instant) -> Bool {
        entries.withLock { entries in entries.refused[key].map { $0 > now } ?? false }
    }

    func accept(_ key: Key, _ principal: Principal, _ proof: Proof, at now: Instant, checkedIn generation: Int) {
        let finding = Finding(
            principal: principal,
            proof: proof,
            checkedAt: now,
            expiresAt: now.advanced(by: Self.lifetime)
        )
        entries.withLock { entries in
            guard entries.generation == generation else { return }
            entries.refused[key] = nil
            if entries.accepted.count >= Self.maximumEntries {
                entries.accepted = entries.accepted.filter { $0.value.expiresAt > now }
                if entries.accepted.count >= Self.maximumEntries { entries.accepted = [:] }
            }
            entries.accepted[key] = finding
        }
    }

    func refuse(_ key: Key, at now: Instant, checkedIn generation: Int) {
        entries.withLock { entries in
            guard entries.generation == generation else { return }
            entries.accepted[key] = nil
            if entries.refused.count >= Self.maximumEntries { entries.refused = [:] }
            entries.refused[key] = now.advanced(by: Self.lifetimeOfRefusal)
        }
    }

    /// Records that the row behind a finding was seen unchanged.
    func confirm(_ key: Key, at now: Instant) {
        entries.withLock { $0.accepted[key]?.checkedAt = now }
    }

    func drop(_ key: Key) {
        entries.withLock { $0.accepted[key] = nil }
    }
}
