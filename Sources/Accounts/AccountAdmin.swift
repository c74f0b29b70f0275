public import Store

/// Makes and removes users and what they log in with.
public struct AccountAdmin: Sendable {
    /// By which a leaked token is recognised, and a bearer token of ours told from others.
    static let apiTokenPrefix = "kal_"

    /// A name is a segment of paths, in some clients in file names too.
    private static let maximumNameLength = 64

    /// A longer one is a mistake; it would only be hashed down.
    private static let maximumPasswordOctets = 1024

    private let store: CalendarStore
    private let credentials: CredentialStore
    private let hasher: PasswordHasher
    private let verified: VerifiedCredentials

    /// Makes an administration; `verified` is shared with the ``Authenticator`` of the same process.
    public init(
        store: CalendarStore,
        credentials: CredentialStore,
        hasher: PasswordHasher,
        verified: VerifiedCredentials
    ) {
        self.store = store
        self.credentials = credentials
        self.hasher = hasher
        self.verified = verified
    }

    // MARK: Users

    /// Makes a user, without a password where `password` is nil: app passwords then open everything.
    ///
    /// A name that is a mail address is the user's mailbox too, unless `email` says another.
    ///
    /// - Throws: ``AccountError`` for a bad or taken name and a bad password.
    public func addUser(
        name: String,
        email: String? = nil,
        displayName: String? = nil,
        isAdmin: Bool = false,
        password: String? = nil
    ) async throws -> Principal {
        try checkName(name)
        if let password { try checkPassword(password) }
        let added = try await store.addPrincipal(
            name: name,
            email: email ?? (isMailAddress(name) ? name : nil),
            displayName: displayName,
            isAdmin: isAdmin
        )
        guard let principal = added else { throw AccountError.nameTaken(name) }
        if let password { try await setPassword(password, of: principal) }
        return principal
    }

    /// Every user.
    public func users() async throws -> [Principal] { try await store.principals() }

    /// The user of that name.
    ///
    /// - Throws: ``AccountError/unknownUser(_:)``.
    public func user(named name: String) async throws -> Principal {
        guard let principal = try await store.principal(named: name) else { throw AccountError.unknownUser(name) }
        return principal
    }

    /// Sets a user's password; whatever knew the old one is out.
    public func setPassword(_ password: String, of principal: Principal) async throws {
        try checkPassword(password)
        try await credentials.setPasswordHash(hasher.hash(password), of: principal.id)
        verified.forget(principal.id)
    }

    /// Removes a user with calendars, connections and everything else.
    ///
    /// The caller disconnects the connections first, if the grants are to end at the providers too.
    public func removeUser(_ principal: Principal) async throws {
        _ = try await store.removePrincipal(principal.id)
        verified.forget(principal.id)
    }

    // MARK: App passwords and API tokens

    /// Makes a password for one client.
    ///
    /// - Returns: the password, which is stored nowhere: show it once.
    public func makeAppPassword(label: String, for principal: Principal) async throws -> String {
        try await newAppPassword(label: label, for: principal).password
    }

    /// Makes a password for one client, and says by which id it can be removed.
    public func newAppPassword(label: String, for principal: Principal) async throws -> (id: Int64, password: String) {
        let password = AppPassword()
        let id = try await credentials.addAppPassword(
            label: label,
            hash: AppPassword.hash(of: password.text),
            of: principal.id
        )
        return (id, password.text)
    }

    /// Removes one app password of a user, so that the client that has it is out; false when there is no such.
    public func removeAppPassword(_ id: Int64, of principal: Principal) async throws -> Bool {
        let isRemoved = try await credentials.removeAppPassword(id, of: principal.id)
        verified.forget(principal.id)
        return isRemoved
    }

    /// Makes a token for the REST interface.
    ///
    /// - Returns: the token, which is stored nowhere: show it once.
    public func makeAPIToken(label: String, scopes: [String], for principal: Principal) async throws -> String {
        try await newAPIToken(label: label, scopes: scopes, for: principal).token
    }

    /// Makes a token for the REST interface, and says by which id it can be removed.
    public func newAPIToken(
        label: String,
        scopes: [String],
        for principal: Principal
    ) async throws -> (id: Int64, token: String) {
        let token = Self.apiTokenPrefix + Secret.token()
        let id = try await credentials.addAPIToken(
            label: label,
            scopes: scopes,
            digest: Secret.digest(of: token),
            of: principal.id
        )
        return (id, token)
    }

    /// Removes one API token of a user; false when there is no such.
    public func removeAPIToken(_ id: Int64, of principal: Principal) async throws -> Bool {
        try await credentials.removeAPIToken(id, of: principal.id)
    }

    // MARK: Checks

    private func checkName(_ name: String) throws {
        let isAllowed = name.utf8.allSatisfy { octet in
            switch octet {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "@"):
                true
            default: false
            }
        }
        // "." and ".." are steps in a path, not names.
        guard isAllowed, (1...Self.maximumNameLength).contains(name.utf8.count), name != ".", name != ".." else {
            throw AccountError.invalidName(name)
        }
    }

    private func isMailAddress(_ name: String) -> Bool {
        let parts = name.split(separator: "@", omittingEmptySubsequences: false)
        return parts.count == 2 && parts.allSatisfy { !$0.isEmpty }
    }

    private func checkPassword(_ password: String) throws {
        // How long it should be is for whoever runs the gateway to say; none at all is a mistake.
        guard !password.isEmpty else { throw AccountError.invalidPassword("it is empty") }
        guard password.utf8.count <= Self.maximumPasswordOctets else {
            throw AccountError.invalidPassword("it has more than \(Self.maximumPasswordOctets) octets")
        }
        // RFC 7617 §2: no client could send it.
        guard !password.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else {
            throw AccountError.invalidPassword("it contains control characters")
        }
    }
}

/// Why an account cannot be made or changed.
public enum AccountError: Error, Sendable, Hashable, CustomStringConvertible {
    case invalidName(String)
    case nameTaken(String)
    case unknownUser(String)
    case invalidPassword(String)

    /// One sentence for a person.
    public var description: String {
        switch self {
        case .invalidName(let name):
            "\"\(name.prefix(80))\" cannot be a user's name: use 1 to 64 of a-z, 0-9, dot, underscore, dash and @."
        case .nameTaken(let name): "There is already a user \"\(name)\"."
        case .unknownUser(let name): "There is no user \"\(name)\"."
        case .invalidPassword(let reason): "This password cannot be used: \(reason)."
        }
    }
}
