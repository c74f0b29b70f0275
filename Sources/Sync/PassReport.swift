public import Bridging

/// How many items a pass carried which way.
public struct PassCounts: Sendable, Hashable, Codable {
    public var pulled = 0
    public var pushed = 0
    public var merged = 0
    public var deletedHere = 0
    public var deletedUpstream = 0
    public var conflicts = 0
    public var failed = 0
    public var held = 0

    /// Nothing carried.
    public init() {}
}

/// What became of one item in a pass.
public enum ItemOutcome: Sendable, Hashable {
    case done
    /// Both sides changed; the person decides.
    case conflict
    /// Changed again while it was being decided: the next pass, at once.
    case again
    /// Refused or untranslatable; in the queue.
    case failed(LinkProblem)
    /// Not due yet after an earlier failure.
    case notDue
    /// A deletion that waits for a person.
    case held
}

/// What a pass did.
public struct PassReport: Sendable, Hashable {
    /// The run it is written down as; nil for a pass that had nothing to do.
    public var run: RunID?

    public var counts = PassCounts()

    /// By UID, of every item that was not simply in step.
    public var outcomes: [String: ItemOutcome] = [:]

    /// UIDs of items that somebody edited upstream in the moment they were written there.
    public var news: Set<String> = []

    /// What of people's doing was undone upstream, and why.
    public var corrections: [Correction] = []

    /// Whether another pass is wanted at once: something changed under our hands.
    public var wantsAnother: Bool { !news.isEmpty || outcomes.values.contains(.again) }

    /// Whether deletions wait for a person.
    public var isHeld: Bool { counts.held > 0 }

    /// Nothing done yet.
    public init() {}

    subscript(item: String) -> ItemOutcome? {
        get { outcomes[item] }
        set { outcomes[item] = newValue }
    }
}
