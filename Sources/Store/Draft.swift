public import ICalendar
import SQL

/// All that a PUT writes of an object, computed before its transaction.
public struct Draft: Sendable {
    let uid: String
    let text: String

    /// The tag that the object will have.
    public let etag: ETag

    let kind: ComponentKind
    let summary: String?
    let timeIndex: TimeIndex
    let occupancy: Occupancy?
    let at: Instant

    /// Computes what is written of an object at that time; `etag` is that of its octets, where it is known already.
    public init(_ object: CalendarObject, etag: ETag? = nil, at now: Instant) {
        uid = object.uid
        text = object.text
        self.etag = etag ?? ETag.of(object.text)
        kind = object.kind
        summary = (object.master ?? object.overrides.first)?.first("SUMMARY")?.text
        timeIndex = TimeIndex(object, at: now)
        occupancy = Occupancy(of: object)
        at = now
    }
}

/// A version to be written.
struct NewVersion {
    let number: Int64
    let object: ObjectID
    let kind: VersionKind
    let uid: String
    let text: String
    let summary: String?
    let at: Instant
    let author: Author

    /// A version with the octets of a draft.
    init(_ number: Int64, _ kind: VersionKind, of object: ObjectID, _ draft: Draft, _ author: Author) {
        self.number = number
        self.object = object
        self.kind = kind
        uid = draft.uid
        text = draft.text
        summary = draft.summary
        at = draft.at
        self.author = author
    }

    /// The deletion of an object whose last version is `last`.
    init(_ number: Int64, deletionAfter last: Version, at now: Instant, _ author: Author) {
        self.number = number
        object = last.object
        kind = .deleted
        uid = last.uid
        text = last.text
        summary = last.summary
        at = now
        self.author = author
    }

    /// Writes the version.
    func insert(named name: String, in calendar: CalendarID, _ transaction: borrowing SQLTransaction) throws {
        try transaction.run(
            """
            INSERT INTO version (
                number, object, calendar, name, uid, kind, at, author_kind, author_name, run, summary, text
            ) VALUES (
                \(.integer(number)), \(object.value), \(calendar.value), \(.text(name)), \(.text(uid)),
                \(.text(kind.rawValue)), \(at.value), \(.text(author.kind.rawValue)), \(.text(author.name)),
                \(.integer(author.run)), \(.text(summary)), \(.text(text))
            )
            """
        )
    }
}
