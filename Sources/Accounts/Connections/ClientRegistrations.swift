import Foundation
public import Store

/// Client ids and secrets entered on the dashboard, sealed in the store.
public struct ClientRegistrations: Sendable {
    /// An id and a secret as a provider gave them.
    public struct Registration: Sendable, Hashable, Codable, CustomStringConvertible, CustomDebugStringConvertible {
        public var clientID: String
        public var clientSecret: String

        /// Never the secret.
        public var description: String { "\(clientID) •••" }
        public var debugDescription: String { description }

        /// Describes a registration.
        public init(clientID: String, clientSecret: String) {
            self.clientID = clientID
            self.clientSecret = clientSecret
        }
    }

    private let credentials: CredentialStore
    private let sealer: Sealer

    /// Opens the registrations of an installation.
    public init(credentials: CredentialStore, masterKey: MasterKey) {
        self.credentials = credentials
        sealer = Sealer(masterKey: masterKey, purpose: .settings)
    }

    /// The registration at a provider; nil where none was entered.
    public func registration(at provider: String) async throws -> Registration? {
        let key = Self.key(provider)
        guard let sealed = try await credentials.setting(key), !sealed.isEmpty else { return nil }
        return try JSONDecoder().decode(Registration.self, from: Data(sealer.open(sealed, binding: key)))
    }

    /// Stores the registration at a provider.
    public func setRegistration(_ registration: Registration, at provider: String) async throws {
        let key = Self.key(provider)
        let octets = try [UInt8](JSONEncoder().encode(registration))
        try await credentials.setSetting(key, sealer.seal(octets, binding: key))
    }

    private static func key(_ provider: String) -> String { "oauth client \(provider)" }
}
