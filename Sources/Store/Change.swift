public import ICalendar

/// A name whose object was deleted.
public struct Deletion: Sendable, Hashable {
    public var name: String
    public var revision: Int64

    /// Describes a deletion.
    public init(name: String, revision: Int64) {
        self.name = name
        self.revision = revision
    }
}

/// The latest state of a name that changed.
public enum Change: Sendable {
    case object(ListedObject)
    case deletion(Deletion)

    /// The calendar's revision in which it happened.
    public var revision: Int64 {
        switch self {
        case .object(let object): object.revision
        case .deletion(let deletion): deletion.revision
        }
    }
}

/// One page of changes; no name occurs twice.
public struct ChangePage: Sendable {
    /// What lives, by revision.
    public var objects: Listing

    /// What was deleted, by revision.
    public var deletions: [Deletion]

    /// From where to ask for the rest, or for what comes next: goes into the sync token, as it is.
    ///
    /// The revision of the last change of a truncated page, the calendar's own of a whole one. Only the store reads
    /// meaning into it; see ``SyncPosition``.
    public var revision: Int64

    /// Whether there was more than the limit.
    public private(set) var isTruncated = false

    init(objects: Listing, deletions: [Deletion], revision: Int64) {
        self.objects = objects
        self.deletions = deletions
        self.revision = revision
    }

    /// Cuts off what is more than `limit`, and answers the revision of the last change that is left; nil when all fits.
    mutating func truncate(to limit: Int) -> Int64? {
        guard objects.count + deletions.count > limit else { return nil }
        var order = makeIterator()
        var last: Int64 = 0
        for _ in 0..<limit { last = order.next()?.revision ?? last }
        objects.removeSubrange(order.object...)
        deletions.removeSubrange(order.deletion...)
        isTruncated = true
        return last
    }
}

/// The changes in the order in which they happened.
extension ChangePage: Sequence {
    /// Two lists in revision order as one; no revision is in both.
    public struct Iterator: IteratorProtocol, Sendable {
        private let page: ChangePage
        fileprivate var object = 0
        fileprivate var deletion = 0

        fileprivate init(_ page: ChangePage) { self.page = page }

        public mutating func next() -> Change? {
            let deleted = deletion < page.deletions.count ? page.deletions[deletion] : nil
            if object < page.objects.count {
                let changed = page.objects[object]
                if deleted.map({ changed.revision < $0.revision }) ?? true {
                    object += 1
                    return .object(changed)
                }
            }
            guard let deleted else { return nil }
            deletion += 1
            return .deletion(deleted)
        }
    }

    public func makeIterator() -> Iterator { Iterator(self) }
}

/// The answer to "what changed since".
public enum ChangesOutcome: Sendable {
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
    /// What an upstream said and lost with in a conflict: the object never was that.
    case overruled
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
