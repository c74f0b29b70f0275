/// What goes when a link is removed.
public enum LinkPurge: Sendable, Hashable {
    /// Nothing: both sides stay as they are.
    case nothing
    /// The events that the link brought here; the upstream is not touched.
    case copies
    /// The events that the link brought here, and upstream those that the gateway made there.
    case everything
}

/// What the removal of a link did.
public struct LinkReceipt: Sendable, Hashable {
    public var link: LinkID

    /// What the upstream's calendar is called.
    public var name: String

    /// Events that the link had brought here.
    public var removedHere = 0

    /// Events that the gateway had made upstream.
    public var removedUpstream = 0

    /// Events that the gateway had made upstream and that stay: somebody has changed them there, or may not be deprived of them.
    public var leftUpstream = 0

    /// Events that the link had brought here and that stay: another upstream of the calendar has had them before, too.
    public var sharedHere = 0

    /// Events that the link had brought here and that stay: they were changed here, and that is not upstream.
    public var editedHere = 0

    /// Events that the link had brought here and that stay.
    public var keptHere: Int { sharedHere + editedHere }

    /// Begins the receipt of a link.
    public init(link: LinkID, name: String) {
        self.link = link
        self.name = name
    }

    /// What was done, in one sentence for a person.
    public var sentence: String {
        guard removedHere + removedUpstream + leftUpstream + keptHere > 0 else {
            return "Every event stays where it is."
        }
        let left = leftUpstream > 0 ? "; \(leftUpstream) made there stay, for they were changed there since" : ""
        let shared = sharedHere > 0 ? "; \(sharedHere) stay here, for another upstream has them too" : ""
        let edited =
            editedHere > 0 ? "; \(editedHere) stay here, for they were changed here and that is not upstream" : ""
        return "Events removed: \(removedHere) here, \(removedUpstream) upstream\(left)\(shared)\(edited)."
    }
}
