/// A kind of upstream: what it is called, what calendars an account has, and a bridge to each.
public protocol UpstreamProvider: Sendable {
    /// The word of the REST interface: `google`, `notion`.
    var name: String { get }

    /// Lists the calendars the account can see.
    func calendars(using credentials: any CredentialSource) async throws(BridgeError) -> [UpstreamCalendar]

    /// Makes a calendar upstream (a Notion database under the page `parent`).
    func makeCalendar(
        named name: String,
        parent: String?,
        using credentials: any CredentialSource
    ) async throws(BridgeError) -> UpstreamCalendar

    /// Settles a link before it is stored: checks the mapping against the upstream and resolves names to identifiers.
    ///
    /// - Returns: the link as it is to be stored. Throws ``BridgeError/refused(_:)`` about the mapping where it cannot hold.
    func settle(
        _ link: UpstreamLink,
        createColumns: ColumnConsent,
        using credentials: any CredentialSource
    ) async throws(BridgeError) -> UpstreamLink

    /// Makes the bridge for a stored link.
    func bridge(to link: UpstreamLink, using credentials: any CredentialSource) -> any Bridge

    /// What the account is called, where the provider tells it; several accounts of one user are told apart by it.
    func accountName(using credentials: any CredentialSource) async throws(BridgeError) -> String?
}

extension UpstreamProvider {
    /// A provider that does not say.
    public func accountName(using credentials: any CredentialSource) async throws(BridgeError) -> String? { nil }
}

/// A provider whose calendars have addresses that people copy, and that lists not everything it has.
public protocol FindingProvider: UpstreamProvider {
    /// The calendars at a pasted address, or of that identifier.
    func calendars(
        at address: String,
        using credentials: any CredentialSource
    ) async throws(BridgeError) -> [UpstreamCalendar]
}

/// Which columns may be added to a table that is not ours.
public enum ColumnConsent: Sendable, Hashable {
    case none
    /// Those for these keys of the mapping.
    case only(Set<String>)
    /// Whatever is missing, but for what the table has under another name.
    case missing

    /// Whether a column for that key may be added.
    public func covers(_ key: String) -> Bool {
        switch self {
        case .none: false
        case .only(let keys): keys.contains(key)
        case .missing: true
        }
    }
}

/// A calendar as its upstream lists it.
public struct UpstreamCalendar: Sendable, Hashable, Codable {
    /// What one may do with it.
    public enum Access: String, Sendable, Hashable, Codable {
        case owner, writer, reader
    }

    public var id: String
    public var name: String
    /// `#RRGGBB`, where the upstream has one.
    public var color: String?
    public var access: Access
    /// The IANA name of its zone, where the upstream has one.
    public var timeZone: String?
    /// What can be mapped (Notion: property name → type), as JSON; nil where there is nothing to map.
    public var schema: String?

    /// Describes a calendar of an upstream.
    public init(
        id: String,
        name: String,
        color: String? = nil,
        access: Access,
        timeZone: String? = nil,
        schema: String? = nil
    ) {
        self.id = id
        self.name = name
        self.color = color
        self.access = access
        self.timeZone = timeZone
        self.schema = schema
    }
}

/// What a bridge must know of the link it serves.
public struct UpstreamLink: Sendable, Hashable {
    /// Distinguishes this link from every other of every installation.
    public var identity: String

    /// The upstream's identifier of the calendar.
    public var calendar: String

    /// The IANA zone for times that come without one.
    public var timeZone: String

    /// The mapping of fields to upstream columns, as JSON, where the upstream has one.
    public var mapping: String?

    /// Whether guests may be mailed about writes.
    public var notifiesGuests: Bool

    /// The account's own name at the upstream, such as its address; nil where it is not known.
    public var account: String?

    /// Describes a link to a bridge.
    public init(
        identity: String,
        calendar: String,
        timeZone: String,
        mapping: String?,
        notifiesGuests: Bool,
        account: String? = nil
    ) {
        self.identity = identity
        self.calendar = calendar
        self.timeZone = timeZone
        self.mapping = mapping
        self.notifiesGuests = notifiesGuests
        self.account = account
    }
}

/// Access tokens on demand; what a bridge sees of an account.
public protocol CredentialSource: Sendable {
    /// Tells one account from another, whatever tokens it has in the course of time; nil where nobody knows.
    var connection: String? { get }

    /// A token that is good for some minutes.
    func accessToken() async throws(BridgeError) -> AccessToken

    /// A token other than `rejected`, which the upstream has just refused with 401.
    func accessToken(replacing rejected: AccessToken) async throws(BridgeError) -> AccessToken
}

extension CredentialSource {
    /// Nobody knows.
    public var connection: String? { nil }
}

/// A bearer token that does not print itself.
public struct AccessToken: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible {
    /// The secret itself: only for the `Authorization` header.
    public let secret: String

    public var description: String { "•••" }
    public var debugDescription: String { "•••" }

    /// Wraps a secret.
    public init(_ secret: String) { self.secret = secret }
}
