public import ICalendar

/// What a listing tells of a calendar object.
public struct ObjectEntry: Sendable, Hashable {
    public var id: ObjectID

    /// The last segment of the object's path.
    public var name: String

    public var uid: String
    public var etag: ETag
    public var kind: ComponentKind

    /// The octets of its text.
    public var size: Int

    public var modified: Instant

    /// The calendar's revision in which it was written last.
    public var revision: Int64

    /// Describes a calendar object.
    public init(
        id: ObjectID,
        name: String,
        uid: String,
        etag: ETag,
        kind: ComponentKind,
        size: Int,
        modified: Instant,
        revision: Int64
    ) {
        self.id = id
        self.name = name
        self.uid = uid
        self.etag = etag
        self.kind = kind
        self.size = size
        self.modified = modified
        self.revision = revision
    }
}

/// A calendar object with its octets as they were received.
public struct StoredObject: Sendable, Hashable {
    public var entry: ObjectEntry
    public var text: String

    public var id: ObjectID { entry.id }
    public var name: String { entry.name }
    public var uid: String { entry.uid }
    public var etag: ETag { entry.etag }
    public var kind: ComponentKind { entry.kind }

    /// Joins an entry to its text.
    public init(entry: ObjectEntry, text: String) {
        self.entry = entry
        self.text = text
    }

    /// The object read again; it was checked when it was stored.
    public func object() throws(CalendarDataError) -> CalendarObject {
        try CalendarObject(stored: text, uid: uid, kind: kind)
    }
}

/// An object that may have an occurrence in the range asked for.
public struct Candidate: Sendable, Hashable {
    public var object: StoredObject

    /// Whether it has one for certain; otherwise the caller must look itself.
    public var isCertain: Bool

    /// Describes an answer of the time index.
    public init(object: StoredObject, isCertain: Bool) {
        self.object = object
        self.isCertain = isCertain
    }
}

/// Who wrote something.
public struct Author: Sendable, Hashable {
    /// In what role somebody writes.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        case client, link, restore, command
    }

    public var kind: Kind

    /// The user agent and principal of a client, the identifier of a link, ….
    public var name: String

    /// The pass that wrote it.
    public var run: Int64?

    /// On whose behalf it is written, and so only where that principal may write; nil for the gateway itself.
    public var principal: PrincipalID?

    /// Names an author.
    public init(_ kind: Kind, name: String, run: Int64? = nil, principal: PrincipalID? = nil) {
        self.kind = kind
        self.name = name
        self.run = run
        self.principal = principal
    }
}

/// What became of a conditional PUT.
public enum PutOutcome: Sendable, Hashable {
    case created(ETag)
    case replaced(ETag)

    /// The same octets were there already: nothing is written, and nobody is told of a change.
    case unchanged(ETag)

    case conditionFailed

    /// Another object of the calendar, of this name, has the UID (RFC 4791 §5.3.2.1 no-uid-conflict).
    case uidInUse(by: String)

    case calendarMissing
}

/// What became of a conditional DELETE.
public enum DeleteOutcome: Sendable, Hashable {
    case deleted
    case notFound
    case conditionFailed
}
