import Crypto
import Foundation

/// Seals secrets for the database with AES-GCM, so that each opens only where it belongs.
public struct Sealer: Sendable {
    /// What a secret is for; each purpose has a key of its own (HKDF, RFC 5869).
    public enum Purpose: String, Sendable, Hashable, CaseIterable {
        /// Tokens of a connection, bound to it and to its user.
        case connectionTokens
        /// The PKCE verifier of an authorisation that was begun.
        case pendingAuthorization
        /// Settings that are secret, bound to their names.
        case settings
        /// Answers of the REST interface, bound to their request and user.
        case answers
    }

    /// The first octet of every sealed blob: a later scheme can tell its own from these.
    private static let keyVersion: UInt8 = 1

    private let purpose: Purpose
    private let key: SymmetricKey

    /// Derives the key of one purpose.
    public init(masterKey: MasterKey, purpose: Purpose) {
        self.purpose = purpose
        key = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: masterKey.key,
            info: Data("kalends \(purpose.rawValue) v\(Self.keyVersion)".utf8),
            outputByteCount: 32
        )
    }

    /// Seals `octets` so that they open only with the same `binding`.
    public func seal(_ octets: [UInt8], binding: String) throws -> [UInt8] {
        let box = try AES.GCM.seal(octets, using: key, authenticating: associatedData(binding))
        guard let combined = box.combined else { throw SealError.unreadable }
        return [Self.keyVersion] + combined
    }

    /// Opens what ``seal(_:binding:)`` made with the same binding.
    ///
    /// - Throws: ``SealError`` for another binding, purpose or master key, and for anything that was changed.
    public func open(_ sealed: [UInt8], binding: String) throws -> [UInt8] {
        guard sealed.first == Self.keyVersion else { throw SealError.unreadable }
        do {
            let box = try AES.GCM.SealedBox(combined: sealed.dropFirst())
            return try [UInt8](AES.GCM.open(box, using: key, authenticating: associatedData(binding)))
        } catch {
            throw SealError.unreadable
        }
    }

    private func associatedData(_ binding: String) -> Data {
        Data("\(Self.keyVersion) \(purpose.rawValue) \(binding)".utf8)
    }
}

/// Why a sealed secret does not open.
public enum SealError: Error, Sendable, Hashable, CustomStringConvertible {
    case unreadable

    /// One sentence for a person.
    public var description: String {
        "A stored secret cannot be opened: it was sealed with another master key, or changed."
    }
}
