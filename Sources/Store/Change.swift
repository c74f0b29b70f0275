public import ICalendar

/// The latest state of a name that changed.
public struct Change: Sendable, Hashable {
    public var name: String
    public var revision: Int64

    /// The object as it is now, or nil when it was deleted.
    public var entry: ObjectEntry?

    /// Its octets, when they were asked for.
    public var text: String?

    /// Describes a change.
    public init(name: String, revision: Int64, entry: ObjectEntry?, text: String? = nil) {
        self.name = name
        self.revision = revision
        self.entry = entry
        self.text = text
    }
}

/// One page of changes, in the order in which they happened; no name occurs twice.
public struct ChangePage: Sendable, Hashable {
    public var changes: [Change]

    /// From where to ask for the rest, or for what comes next: goes into the sync token, as it is.
    ///
    /// The revision of the last change of a truncated page, the calendar's own of a whole one. Only the store reads
    /// meaning into it; see ``SyncPosition``.
    public var revision: Int64

    /// Whether there was more than the limit.
    public var isTruncated: Bool

    /// Describes a page.
    public init(changes: [Change], revision: Int64, isTruncated: Bool) {
        self.changes = changes
        self.revision = revision
        self.isTruncated = isTruncated
    }
}

/// The answer to "what changed since".
public enum ChangesOutcome: Sendable, Hashable {
    case page(ChangePage)

    /// The revision was never given out, or deletions since then are forgotten: begin anew (RFC 6578 §3.2).
    case unknownRevision
}

/// A change that has become durable.
public struct Commit: Sendable, Hashable {
    public var calendar: CalendarID
    public var author: Author

    /// Describes a commit.
    public init(calendar: CalendarID, author: Author) {
        self.calendar = calendar
        self.author = author
    }
}

/// What happened to an object in a version of it.
public enum VersionKind: String, Sendable, Hashable, CaseIterable {
    case created, changed, deleted
}

/// An object as it once was.
public struct Version: Sendable, Hashable {
    /// Grows from version to version, over all objects.
    public var number: Int64

    public var object: ObjectID
    public var calendar: CalendarID
    public var name: String
    public var uid: String

    /// The octets of this version; of a deletion, those that were deleted.
    public var text: String

    public var kind: VersionKind
    public var at: Instant
    public var author: Author

    /// The event's SUMMARY.
    public var summary: String?

    /// Describes a version.
    public init(
        number: Int64,
        object: ObjectID,
        calendar: CalendarID,
        name: String,
        uid: String,
        text: String,
        kind: VersionKind,
        at: Instant,
        author: Author,
        summary: String?
    ) {
        self.number = number
        self.object = object
        self.calendar = calendar
        self.name = name
        self.uid = uid
        self.text = text
        self.kind = kind
        self.at = at
        self.author = author
        self.summary = summary
    }
}
