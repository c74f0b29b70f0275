import SQL

extension CalendarStore {
    /// What changed in a calendar since a position, in the order in which it happened.
    ///
    /// RFC 6578 §3.2, §3.4, §3.6. Each name occurs once, with its latest state, and all of the answer is of one snapshot.
    ///
    /// `revision` is the number of an earlier page, and nil asks for all living objects. With `withText` the octets of
    /// changed objects come along.
    public func changes(
        in calendar: CalendarID,
        since revision: Int64?,
        limit: Int? = nil,
        withText: Bool = false
    ) async throws -> ChangesOutcome {
        try await database.read { transaction in
            guard let collection = try Self.calendar(calendar, transaction),
                let position = Self.position(revision, in: collection)
            else { return .unknownRevision }
            // A page of none would bring the client no further.
            let limit = max(1, limit ?? .max - 1)
            var changes = try Self.changes(in: calendar, after: position, limit + 1, withText, transaction)
            guard changes.count > limit else {
                return .page(ChangePage(changes: changes, revision: collection.revision, isTruncated: false))
            }
            changes.removeSubrange(limit...)
            let next = position.advanced(to: changes[limit - 1].revision, purgedBelow: collection.purgedBelow)
            return .page(ChangePage(changes: changes, revision: next.number, isTruncated: true))
        }
    }

    /// What a client's number means; nil when it was never given out, or is too old.
    private static func position(_ number: Int64?, in collection: CalendarCollection) -> SyncPosition? {
        guard let number else { return .initial(began: collection.revision, reached: 0) }
        guard let position = SyncPosition(number: number),
            position.deletionsKnownUpTo >= collection.purgedBelow,
            position.deletionsKnownUpTo <= collection.revision,
            position.objectsKnownUpTo <= position.deletionsKnownUpTo
        else { return nil }
        return position
    }

    private static func changes(
        in calendar: CalendarID,
        after position: SyncPosition,
        _ count: Int,
        _ withText: Bool,
        _ transaction: borrowing SQLTransaction
    ) throws -> [Change] {
        let objects = try changedObjects(in: calendar, after: position, count, withText, transaction)
        let deletions = try transaction.rows(
            """
            SELECT name, revision FROM tombstone
            WHERE calendar = \(calendar.value) AND revision > \(.integer(position.deletionsKnownUpTo))
            ORDER BY revision LIMIT \(.integer(count))
            """
        )
        .map { Change(name: try $0.text("name"), revision: try $0.integer("revision"), entry: nil) }
        return Array(merged(objects, deletions).prefix(count))
    }

    private static func changedObjects(
        in calendar: CalendarID,
        after position: SyncPosition,
        _ count: Int,
        _ withText: Bool,
        _ transaction: borrowing SQLTransaction
    ) throws -> [Change] {
        let select = withText ? StoredObject.select : ObjectEntry.select
        let statement: SQLStatement = """
            \(select) WHERE object.calendar = \(calendar.value)
                AND object.revision > \(.integer(position.objectsKnownUpTo))
            ORDER BY object.revision LIMIT \(.integer(count))
            """
        var changes: [Change] = []
        try transaction.forEach(statement) { row in
            let entry = try ObjectEntry(row)
            let text = withText ? try row.text("text") : nil
            changes.append(Change(name: entry.name, revision: entry.revision, entry: entry, text: text))
        }
        return changes
    }

    /// Two lists in revision order as one; no revision is in both.
    private static func merged(_ left: [Change], _ right: [Change]) -> [Change] {
        guard !right.isEmpty else { return left }
        return (left + right).sorted { $0.revision < $1.revision }
    }
}
