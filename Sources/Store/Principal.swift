public import ICalendar

/// A user of the gateway.
public struct Principal: Sendable, Hashable {
    public var id: PrincipalID

    /// The segment of the principal's paths, and the name to log in with.
    public var name: String

    public var email: String?
    public var displayName: String?
    public var isAdmin: Bool
    public var createdAt: Instant

    /// Describes a user.
    public init(
        id: PrincipalID,
        name: String,
        email: String? = nil,
        displayName: String? = nil,
        isAdmin: Bool = false,
        createdAt: Instant
    ) {
        self.id = id
        self.name = name
        self.email = email
        self.displayName = displayName
        self.isAdmin = isAdmin
        self.createdAt = createdAt
    }
}
