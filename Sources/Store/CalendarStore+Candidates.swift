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
            try Self.matches(in: calendar, kinds, range, transaction).map { match in
                guard let text = try Self.text(of: match, transaction) else {
                    preconditionFailure("the version of an object that this snapshot has shown is in it too")
                }
                return Candidate(object: StoredObject(entry: match.entry, text: text), isCertain: match.isCertain)
            }
        }
    }

    /// The same without any text; see ``texts(of:)``.
    public func matches(
        in calendar: CalendarID,
        kinds: Set<ComponentKind>?,
        range: TimeRange?
    ) async throws -> [Match] {
        try await database.read { try Self.matches(in: calendar, kinds, range, $0) }
    }

    /// The octets of matches as they were when they were found; nil for what has been purged since.
    public func texts(of matches: some Collection<Match> & Sendable) async throws -> [String?] {
        try await database.read { transaction in
            // One statement, prepared once, instead of a list whose length changes the text each time.
            var texts: [String?] = []
            for match in matches { texts.append(try Self.text(of: match, transaction)) }
            return texts
        }
    }

    private static func text(of match: Match, _ transaction: borrowing SQLTransaction) throws -> String? {
        try transaction.row("SELECT text FROM version WHERE number = \(.integer(match.version))")?.text("text")
    }

    private static func matches(
        in calendar: CalendarID,
        _ kinds: Set<ComponentKind>?,
        _ range: TimeRange?,
        _ transaction: borrowing SQLTransaction
    ) throws -> [Match] {
        var matches: [Match] = []
        guard let range else {
            let statement: SQLStatement = """
                SELECT id, name, uid, etag, kind, size, modified, revision, version FROM object
                WHERE calendar = \(calendar.value) ORDER BY name
                """
            try transaction.forEach(statement) { row in
                let match = try Match(row, isCertain: true)
                if kinds?.contains(match.entry.kind) ?? true { matches.append(match) }
            }
            return matches
        }
        for statement in statements(in: calendar, meeting: range) {
            try transaction.forEach(statement) { row in
                let kind: ComponentKind = try row.word("kind")
                guard kinds?.contains(kind) ?? true else { return }
                switch try TimeIndex(row).match(range) {
                case .no: break
                case .possible: matches.append(try Match(row, isCertain: false))
                case .certain: matches.append(try Match(row, isCertain: true))
                }
            }
        }
        return matches.sorted { $0.entry.name < $1.entry.name }
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
        SELECT id, name, uid, etag, kind, size, modified, revision, version, first_start, last_end, precision_name,
            starts_at, ends_at, occurrences
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

extension Match {
    fileprivate init(_ row: SQLRow, isCertain: Bool) throws {
        self.init(entry: try ObjectEntry(row), version: try row.integer("version"), isCertain: isCertain)
    }
}

extension TimeIndex {
    fileprivate init(_ row: SQLRow) throws {
        var window: OccurrenceWindow?
        if let octets = try row.optionalBlob("occurrences") {
            window = OccurrenceWindow(
                start: try row.instant("starts_at"),
                end: try row.instant("ends_at"),
                encoded: octets
            )
        }
        self.init(
            firstStart: try row.integer("first_start"),
            lastEnd: try row.integer("last_end"),
            precision: try row.word("precision_name"),
            window: window
        )
    }
}
