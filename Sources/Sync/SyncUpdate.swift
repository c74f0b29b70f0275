public import Store

/// Something a dashboard shows at once.
public struct SyncUpdate: Sendable, Hashable {
    /// What happened.
    public enum Kind: Sendable, Hashable {
        /// The link's status changed.
        case link
        /// A run began or ended.
        case run(RunID)
        /// A conflict was found or resolved.
        case conflict(ConflictID)
        /// Events of the link's calendar changed.
        case event
        /// Something went wrong; with what the person can do.
        case toast(LinkProblem)
    }

    public var principal: PrincipalID
    public var link: LinkID
    public var kind: Kind

    /// Describes an update.
    public init(principal: PrincipalID, link: LinkID, kind: Kind) {
        self.principal = principal
        self.link = link
        self.kind = kind
    }
}
