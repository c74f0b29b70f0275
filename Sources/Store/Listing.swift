public import ICalendar
import SQL

/// What is told of many objects, of one snapshot: packed, since a calendar may hold fifty thousand.
public struct Listing: Sendable {
    fileprivate struct Row {
        var id: Int64
        var version: Int64
        var revision: Int64
        var modified: Int64
        var size: Int64
        /// Where in ``octets`` the name begins; the UID and the tag follow.
        var start: Int
        var nameLength: UInt32
        var uidLength: UInt32
        var tagLength: UInt32
        /// Where in ``spans`` its occurrences begin, and how many there are; negative where they are not known.
        var firstSpan: UInt32
        var spanCount: Int32
        var kind: ComponentKind
        var isCertain: Bool
        var isRecurring: Bool
        var occupancy: Occupancy?
    }

    private var rows: [Row] = []
    private var octets: [UInt8] = []
    private var spans: [TimeSpan] = []

    init() {}

    /// The columns that ``append(_:isCertain:)`` reads, in their order.
    static let columns: SQLStatement =
        "object.id, object.name, object.uid, object.etag, object.kind, object.size, object.modified, object.revision, object.version"

    /// How many columns ``columns`` names.
    static let columnCount = 9

    /// Takes over a row that begins with ``columns``, with its occurrences where they are known.
    mutating func append(
        _ row: any SQLCursor,
        isCertain: Bool,
        occurrences: [TimeSpan]? = nil,
        isRecurring: Bool = false,
        occupancy: Occupancy? = nil
    ) throws {
        let start = octets.count
        let nameLength = try row.append(1, to: &octets)
        let uidLength = try row.append(2, to: &octets)
        let tagLength = try row.append(3, to: &octets)
        rows.append(
            Row(
                id: try row.integer(0),
                version: try row.integer(8),
                revision: try row.integer(7),
                modified: try row.integer(6),
                size: try row.integer(5),
                start: start,
                nameLength: UInt32(nameLength),
                uidLength: UInt32(uidLength),
                tagLength: UInt32(tagLength),
                firstSpan: UInt32(spans.count),
                spanCount: Int32(occurrences?.count ?? -1),
                kind: try row.word(4),
                isCertain: isCertain,
                isRecurring: isRecurring,
                occupancy: occupancy
            )
        )
        if let occurrences { spans += occurrences }
    }

    /// Brings the rows into the order of their names, octet by octet, as the database does.
    mutating func sortByName() {
        octets.withUnsafeBufferPointer { octets in
            rows.sort { left, right in
                let leftName = octets[left.start..<left.start + Int(left.nameLength)]
                let rightName = octets[right.start..<right.start + Int(right.nameLength)]
                return leftName.lexicographicallyPrecedes(rightName)
            }
        }
    }

    mutating func removeSubrange(_ range: PartialRangeFrom<Int>) { rows.removeSubrange(range) }

    /// Keeps what is true of `shouldKeep`, which stands in the order of the listing.
    public mutating func keep(where shouldKeep: [Bool]) {
        var answers = shouldKeep.makeIterator()
        rows.removeAll { _ in answers.next() != true }
    }
}

extension Listing: RandomAccessCollection {
    public var startIndex: Int { 0 }
    public var endIndex: Int { rows.count }

    public subscript(index: Int) -> ListedObject {
        ListedObject(row: rows[index], octets: octets, spans: spans)
    }
}

/// One object of a ``Listing``, its texts as the octets that they are.
public struct ListedObject: Sendable {
    fileprivate let row: Listing.Row
    fileprivate let octets: [UInt8]
    fileprivate let spans: [TimeSpan]

    public var id: ObjectID { ObjectID(rawValue: row.id) }

    /// The last segment of the object's path, not encoded.
    public var name: ArraySlice<UInt8> { octets[row.start..<uidStart] }

    public var uid: ArraySlice<UInt8> { octets[uidStart..<tagStart] }

    /// The tag without its quotes.
    public var etag: ArraySlice<UInt8> { octets[tagStart..<tagStart + Int(row.tagLength)] }

    public var kind: ComponentKind { row.kind }
    public var size: Int64 { row.size }
    public var modified: Instant { Instant(seconds: row.modified) }
    public var revision: Int64 { row.revision }

    /// The version that holds its octets.
    public var version: Int64 { row.version }

    /// Whether it has an occurrence in the range asked for; otherwise the caller must look itself.
    public var isCertain: Bool { row.isCertain }

    /// Its occurrences in the range asked for, by start; nil where nobody asked, and where the index does not know them.
    public var occurrences: ArraySlice<TimeSpan>? {
        guard row.spanCount >= 0 else { return nil }
        return spans[Int(row.firstSpan)..<Int(row.firstSpan) + Int(row.spanCount)]
    }

    /// Whether each of ``occurrences`` is one of a series.
    public var isRecurring: Bool { row.isRecurring }

    /// What it does to its owner's time; nil where nobody asked, and where the index does not know.
    public var occupancy: Occupancy? { row.occupancy }

    private var uidStart: Int { row.start + Int(row.nameLength) }
    private var tagStart: Int { uidStart + Int(row.uidLength) }

    /// The same as values of their own.
    public var entry: ObjectEntry {
        ObjectEntry(
            id: id,
            name: String(decoding: name, as: UTF8.self),
            uid: String(decoding: uid, as: UTF8.self),
            etag: ETag(rawValue: String(decoding: etag, as: UTF8.self)),
            kind: kind,
            size: Int(size),
            modified: modified,
            revision: revision
        )
    }
}

extension SQLCursor {
    /// A word that stands for a case; one that no case has is a damaged row.
    func word<Word: RawRepresentable<String>>(_ column: Int) throws -> Word {
        guard let word = Word(rawValue: try text(column)) else { throw SQLError.wrongType(column: "\(column)") }
        return word
    }
}
