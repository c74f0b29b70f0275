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
            guard let range else {
                return try all(in: calendar, transaction)
                    .filter { kinds?.contains($0.kind) ?? true }
                    .map { Candidate(object: $0, isCertain: true) }
            }
            return try Self.matches(in: calendar, kinds, range, transaction).map { match in
                guard let row = try transaction.row("\(StoredObject.select) WHERE object.id = \(match.id.value)") else {
                    preconditionFailure("a row that this snapshot has shown is still in it")
                }
                return Candidate(object: try StoredObject(row), isCertain: match.isCertain)
            }
        }
    }

    private static func matches(
        in calendar: CalendarID,
        _ kinds: Set<ComponentKind>?,
        _ range: TimeRange,
        _ transaction: borrowing SQLTransaction
    ) throws -> [(id: ObjectID, isCertain: Bool)] {
        var matches: [(name: String, id: ObjectID, isCertain: Bool)] = []
        // The ends count: an occurrence without length can lie on one.
        let statement: SQLStatement = """
            SELECT object.id, object.name, object.kind, first_start, last_end, precision_name,
                starts_at, ends_at, occurrences
            FROM object LEFT JOIN occurrence_window ON occurrence_window.object = object.id
            WHERE object.calendar = \(calendar.value)
                AND last_end >= \(.integer(range.start?.seconds ?? .min))
                AND first_start <= \(.integer(range.end?.seconds ?? .max))
            """
        try transaction.forEach(statement) { row in
            let kind: ComponentKind = try row.word("kind")
            guard kinds?.contains(kind) ?? true else { return }
            let id = ObjectID(rawValue: try row.integer("id"))
            switch try TimeIndex(row).match(range) {
            case .no: break
            case .possible: matches.append((try row.text("name"), id, false))
            case .certain: matches.append((try row.text("name"), id, true))
            }
        }
        return matches.sorted { $0.name < $1.name }.map { ($0.id, $0.isCertain) }
    }

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
