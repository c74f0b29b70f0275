public import ICalendar
import SQL

extension CalendarStore {
    /// The objects that have, or may have, an occurrence in a range; by name, all of one snapshot.
    ///
    /// RFC 4791 §7.8, §9.9. None that has one is left out. The text of what is ruled out is never read.
    ///
    /// Nil `kinds` are all kinds; a nil `range` is all of time, where every object is certain.
    public func candidates(
        in calendar: CalendarID,
        kinds: Set<ComponentKind>?,
        range: TimeRange?
    ) async throws -> [Candidate] {
        try await database.read { transaction in
            try Self.matches(in: calendar, kinds, range, false, transaction).map { match in
                guard let text = try Self.text(ofVersion: match.version, transaction) else {
                    preconditionFailure("the version of an object that this snapshot has shown is in it too")
                }
                return Candidate(object: StoredObject(entry: match.entry, text: text), isCertain: match.isCertain)
            }
        }
    }

    /// The same without any text; see ``texts(ofVersions:)``.
    ///
    /// With `withOccurrences` those that the index knows are told too.
    public func matches(
        in calendar: CalendarID,
        kinds: Set<ComponentKind>?,
        range: TimeRange?,
        withOccurrences: Bool = false
    ) async throws -> Listing {
        // A range that ends on both sides is met by what happens in it, not by all that was ever stored.
        let size: SQLReadSize = range?.start != nil && range?.end != nil ? .lookup : .scan
        return try await database.read(size) { try Self.matches(in: calendar, kinds, range, withOccurrences, $0) }
    }

    /// The octets of versions, whatever became of their objects since; nil for what has been purged.
    public func texts(ofVersions versions: [Int64]) async throws -> [String?] {
        try await database.read(versions.count <= Self.lookedUpAtOnce ? .lookup : .scan) { transaction in
            // One statement, prepared once, instead of a list whose length changes the text each time.
            var texts: [String?] = []
            texts.reserveCapacity(versions.count)
            for version in versions { texts.append(try Self.text(ofVersion: version, transaction)) }
            return texts
        }
    }

    private static func text(ofVersion number: Int64, _ transaction: borrowing SQLTransaction) throws -> String? {
        var text: String?
        try transaction.scan("SELECT text FROM version WHERE number = \(.integer(number))") { text = try $0.text(0) }
        return text
    }

    private static func matches(
        in calendar: CalendarID,
        _ kinds: Set<ComponentKind>?,
        _ range: TimeRange?,
        _ withOccurrences: Bool,
        _ transaction: borrowing SQLTransaction
    ) throws -> Listing {
        var matches = Listing()
        guard let range else {
            let statement: SQLStatement = """
                SELECT \(Listing.columns) FROM object WHERE calendar = \(calendar.value) ORDER BY name
                """
            try transaction.scan(statement) { row in
                guard try kinds?.contains(row.word(4)) ?? true else { return }
                try matches.append(row, isCertain: true)
            }
            return matches
        }
        var reader = TimeIndexReader()
        for statement in statements(in: calendar, meeting: range) {
            try transaction.scan(statement) { row in
                guard try kinds?.contains(row.word(4)) ?? true else { return }
                let index = try reader.index(row)
                let match = index.match(range)
                guard match != .no else { return }
                try matches.append(
                    row,
                    isCertain: match == .certain,
                    occurrences: withOccurrences ? index.occurrences(in: range) : nil,
                    isRecurring: index.precision == .recurring,
                    occupancy: withOccurrences ? try reader.occupancy(row) : nil
                )
            }
        }
        matches.sortByName()
        return matches
    }

    /// What the span alone does not rule out: the short objects, then the long ones.
    private static func statements(in calendar: CalendarID, meeting range: TimeRange) -> [SQLStatement] {
        // The ends count: an occurrence without length can lie on one.
        let start = range.start?.seconds ?? .min
        let end = range.end?.seconds ?? .max
        let earliest = start < .min + shortSpan ? .min : start - shortSpan
        return [
            """
            \(spans) WHERE object.calendar = \(calendar.value) AND last_end <= first_start + 2764800
                AND first_start >= \(.integer(earliest)) AND first_start <= \(.integer(end))
                AND last_end >= \(.integer(start))
            """,
            """
            \(spans) WHERE object.calendar = \(calendar.value) AND last_end > first_start + 2764800
                AND last_end >= \(.integer(start)) AND first_start <= \(.integer(end))
            """,
        ]
    }

    /// The number that stands in the statements too: only a condition in the words of a partial index makes use of it.
    private static let shortSpan: Int64 = 2_764_800

    private static let spans: SQLStatement = """
        SELECT \(Listing.columns), first_start, last_end, precision_name, starts_at, ends_at, occurrences,
            occupancy_name
        FROM object LEFT JOIN occurrence_window ON occurrence_window.object = object.id
        """

    /// Stores the window of an object, or removes it.
    static func setWindow(
        _ window: OccurrenceWindow?,
        of object: ObjectID,
        _ transaction: borrowing SQLTransaction
    ) throws {
        guard let window else {
            try transaction.run("DELETE FROM occurrence_window WHERE object = \(object.value)")
            return
        }
        try transaction.run(
            """
            INSERT INTO occurrence_window (object, starts_at, ends_at, occurrences)
            VALUES (\(object.value), \(window.start.value), \(window.end.value), \(.blob(window.encoded)))
            ON CONFLICT (object) DO UPDATE SET
                starts_at = excluded.starts_at, ends_at = excluded.ends_at, occurrences = excluded.occurrences
            """
        )
    }
}

/// Reads the time index of one row after the other.
private struct TimeIndexReader {
    private var octets: [UInt8] = []

    /// What the columns behind those of ``Listing`` say.
    mutating func index(_ row: any SQLCursor) throws -> TimeIndex {
        let first = Listing.columnCount
        octets.removeAll(keepingCapacity: true)
        var window: OccurrenceWindow?
        if !row.isNull(first + 5) {
            try row.append(first + 5, to: &octets)
            window = OccurrenceWindow(
                start: Instant(seconds: try row.integer(first + 3)),
                end: Instant(seconds: try row.integer(first + 4)),
                encoded: octets
            )
        }
        return TimeIndex(
            firstStart: try row.integer(first),
            lastEnd: try row.integer(first + 1),
            precision: try row.word(first + 2),
            window: window
        )
    }

    func occupancy(_ row: any SQLCursor) throws -> Occupancy? {
        let column = Listing.columnCount + 6
        return row.isNull(column) ? nil : try row.word(column)
    }
}
