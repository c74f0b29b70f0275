/// A provider whose grants may lack something that is needed.
public protocol ExaminedProvider: UpstreamProvider {
    /// Tries what a grant may do, without changing anything upstream.
    func capabilities(using credentials: any CredentialSource) async throws(BridgeError) -> [Capability]
}

/// Something that a grant may or may not do.
public struct Capability: Sendable, Hashable {
    /// A stable word, such as `update_content`.
    public var key: String
    /// The provider's own words for it, to be found in its settings.
    public var name: String
    public var isGranted: Bool
    /// Whether calendars cannot be kept in step without it.
    public var isNeeded: Bool

    /// Describes a capability.
    public init(key: String, name: String, isGranted: Bool, isNeeded: Bool) {
        self.key = key
        self.name = name
        self.isGranted = isGranted
        self.isNeeded = isNeeded
    }
}
