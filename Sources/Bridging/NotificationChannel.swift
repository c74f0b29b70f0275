public import ICalendar

/// What a bridge needs to open a notification channel.
public struct ChannelRequest: Sendable, Hashable {
    /// Our identifier of the channel, never used before.
    public var id: String

    /// The https address to be called.
    public var address: String

    /// The secret each call must present.
    public var token: String

    /// Describes the channel to be opened.
    public init(id: String, address: String, token: String) {
        self.id = id
        self.address = address
        self.token = token
    }
}

/// An open notification channel.
public struct NotificationChannel: Sendable, Hashable, Codable {
    public var id: String

    /// The upstream's identifier of what is watched, needed to close the channel.
    public var resource: String

    /// When the upstream stops calling.
    public var expiry: Instant

    /// Describes an open channel.
    public init(id: String, resource: String, expiry: Instant) {
        self.id = id
        self.resource = resource
        self.expiry = expiry
    }
}
