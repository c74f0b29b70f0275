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

        /// The longest id or secret that is taken; providers' own are far shorter.
        public static let maximumOctets = 400

        /// Reads what a person pasted, blanks around it forgiven; nil where it cannot be an id and a secret.
        public init?(pasted clientID: String, secret: String) {
            func cleaned(_ text: String) -> String? {
                let text = text.trimmingCharacters(in: .whitespacesAndNewlines)
                let isPlausible =
                    !text.isEmpty && text.utf8.count <= Self.maximumOctets
                    && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
                return isPlausible ? text : nil
            }
            guard let clientID = cleaned(clientID), let secret = cleaned(secret) else { return nil }
            self.init(clientID: clientID, clientSecret: secret)
        }

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

    /// Stores the registration at a provider, as a principal has entered it.
    public func setRegistration(
        _ registration: Registration,
        at provider: String,
        by principal: PrincipalID
    ) async throws {
        let key = Self.key(provider)
        let octets = try [UInt8](JSONEncoder().encode(registration))
        let line = Self.line(.providerChanged, provider, principal, "client id \(registration.clientID)")
        try await credentials.setSetting(key, sealer.seal(octets, binding: key), telling: line)
    }

    /// Forgets the registration at a provider.
    public func removeRegistration(at provider: String, by principal: PrincipalID) async throws {
        let line = Self.line(.providerForgotten, provider, principal)
        try await credentials.setSetting(Self.key(provider), [], telling: line)
    }

    private static func line(
        _ action: AuditEntry.Action,
        _ provider: String,
        _ principal: PrincipalID,
        _ detail: String? = nil
    ) -> AuditEntry {
        let actor = AuditActor.current ?? "gateway"
        return AuditEntry(action, of: principal, by: actor, subject: provider, detail: detail)
    }

    private static func key(_ provider: String) -> String { "oauth client \(provider)" }
}
