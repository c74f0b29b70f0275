public import ICalendar

/// What a link is doing.
public enum LinkState: String, Sendable, Hashable, CaseIterable, Codable {
    /// Made, and waiting for the person to look at its plan and start it.
    case preview
    /// In step, until the next poll.
    case idle
    case syncing
    /// Throttled, be it for writes alone, or the upstream is out of reach; it goes on by itself.
    case waiting
    case paused
    /// More would be deleted than goes without asking.
    case needsApproval = "needs_approval"
    /// Something that only a person can mend.
    case error
}

/// What is wrong, and what to do about it.
public struct LinkProblem: Sendable, Hashable, Codable {
    /// A stable word: one of the contract's, or the upstream's own reason.
    public var code: String

    /// One sentence for a person.
    public var message: String

    /// What a person can do.
    public var remedy: String

    /// Whether the link goes on, and yet what is wrong stays so until a person mends it.
    public var asksForPermission: Bool { code == Self.permissionDenied }

    /// Whether a link that goes on with it goes on without something until a person mends it.
    public var needsPerson: Bool { asksForPermission || code == Self.invalidMapping }

    static let invalidMapping = "invalid_mapping"

    /// Describes a problem.
    public init(code: String, message: String, remedy: String) {
        self.code = code
        self.message = message
        self.remedy = remedy
    }
}

/// How far a running pass has come.
public struct SyncProgress: Sendable, Hashable, Codable {
    public var done: Int
    public var total: Int

    /// Whether `total` is all there is; while an upstream is being listed it is what was read so far.
    public var isTotalKnown: Bool

    /// When the pass will be done, as far as that can be told; nil where nothing waits for the upstream.
    public var estimatedEnd: Instant?

    /// Counts items.
    public init(done: Int, total: Int, isTotalKnown: Bool = true, estimatedEnd: Instant? = nil) {
        self.done = done
        self.total = total
        self.isTotalKnown = isTotalKnown
        self.estimatedEnd = estimatedEnd
    }
}

/// A link and how it is doing.
public struct LinkStatus: Sendable, Hashable {
    public var link: Link
    public var state: LinkState

    /// When a pass last listed the upstream to its end and carried out everything but what waits for a person, for another
    /// try, or for leave of the upstream; of that, the numbers of items tell.
    public var lastSyncedAt: Instant?

    /// When the next pass is due; nil while nothing is (paused, preview, in error).
    public var nextSyncAt: Instant?

    /// How far the running pass has come.
    public var progress: SyncProgress?

    /// Items agreed on with the upstream.
    public var events: Int

    /// Items not yet agreed on, refused ones included.
    public var pending: Int

    /// Those of them that failed for good, and wait for a person.
    public var failed = 0

    /// Conflicts that wait for the person.
    public var conflicts: Int

    public var lastError: LinkProblem?

    /// Until when the upstream calls when something changes; nil where it is polled.
    public var channelExpiresAt: Instant?

    /// Why no channel could be opened when it was last tried; the link is polled meanwhile.
    public var channelProblem: String?

    /// When the upstream last called, to the minute; nil where it never did.
    public var lastRangAt: Instant?

    /// Before then the upstream takes no changes of this account, which come from there as ever; nil where it does.
    public var writesResumeAt: Instant?
}
