public import ICalendar

/// One record of an upstream (a Google event resource, a Notion page) as it was last seen.
public struct UpstreamRecord: Sendable, Hashable, Codable {
    /// The upstream's own identifier.
    public var id: String

    /// The identifier of the series it belongs to: its own for a master or a single event.
    public var series: String

    /// What a conditional write must name (an ETag, a digest of the content), or nil where there is none.
    public var revision: String?

    /// The record as the upstream sent it, JSON; empty for a deleted one.
    public var payload: String

    /// Whether the upstream says it is gone.
    public var isDeleted: Bool

    /// When the upstream says it was modified last.
    public var modified: Instant?

    /// Makes a record from what the upstream sent.
    public init(
        id: String,
        series: String,
        revision: String?,
        payload: String,
        isDeleted: Bool = false,
        modified: Instant? = nil
    ) {
        self.id = id
        self.series = series
        self.revision = revision
        self.payload = payload
        self.isDeleted = isDeleted
        self.modified = modified
    }
}

/// A place in an upstream's feed of changes; opaque to everything but its bridge.
public struct SyncCursor: Sendable, Hashable, RawRepresentable {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }
}

/// The answer to a pull.
public struct PulledRecords: Sendable, Hashable {
    /// The records that changed, or all of them.
    public var records: [UpstreamRecord]

    /// Whether `records` is the whole calendar, so that a record it does not name is gone.
    ///
    /// True only when the bridge saw the last page of a full listing; a partial page or a lost permission proves nothing.
    public var isComplete: Bool

    /// From where to pull next.
    public var cursor: SyncCursor?

    /// Makes the answer to a pull.
    public init(records: [UpstreamRecord], isComplete: Bool, cursor: SyncCursor?) {
        self.records = records
        self.isComplete = isComplete
        self.cursor = cursor
    }
}

/// One write to one record.
public enum RecordWrite: Sendable, Hashable {
    case create(RecordCreation)

    /// Changes a record that is still at `revision`; `payload` is the body of the request, JSON.
    case update(id: String, series: String, revision: String?, payload: String)

    /// Deletes a record that is still at `revision`.
    case delete(id: String, series: String, revision: String?)
}

/// A record to be made.
public struct RecordCreation: Sendable, Hashable {
    /// The identifier to create it under, where the upstream lets us choose.
    public var id: String?

    /// The UID of the event, by which an earlier try with an unknown outcome can be found.
    public var uid: String

    /// The body of the request, JSON.
    public var payload: String

    /// Whether an earlier try may already have made it, so that the bridge looks before it creates.
    public var mayExist: Bool

    /// Whether the upstream was not listed yet: somebody may have made a record of that UID long ago.
    ///
    /// The bridge looks once, and refuses with `changedUpstream` where there is one.
    public var isUnlisted = false

    /// Describes a record to be made.
    public init(id: String?, uid: String, payload: String, mayExist: Bool = false) {
        self.id = id
        self.uid = uid
        self.payload = payload
        self.mayExist = mayExist
    }
}

/// A record as it was when it was last seen, without what it says.
public struct RecordMark: Sendable, Hashable {
    public var id: String
    public var revision: String?

    /// When it was modified, by the upstream's clock.
    public var modified: Instant?

    /// Describes a record.
    public init(id: String, revision: String?, modified: Instant?) {
        self.id = id
        self.revision = revision
        self.modified = modified
    }
}
