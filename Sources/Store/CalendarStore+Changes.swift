import SQL

extension CalendarStore {
    /// What changed in a calendar since a position, in the order in which it happened.
    ///
    /// RFC 6578 §3.2, §3.4, §3.6. Each name occurs once, with its latest state, and all of the answer is of one snapshot.
    ///
    /// `revision` is the number of an earlier page, and nil asks for all living objects. No octets are read; see
    /// ``texts(ofVersions:)``.
    public func changes(
        in calendar: CalendarID,
        since revision: Int64?,
        limit: Int? = nil
    ) async throws -> ChangesOutcome {
        // Whoever has a number asks for what is new since the last look.
        try await database.read(revision == nil ? .scan : .lookup) { transaction in
            guard let collection = try Self.calendar(calendar, transaction),
                let position = Self.position(revision, in: collection)
            else { return .unknownRevision }
            // A page of none would bring the client no further.
            let limit = max(1, limit ?? .max - 1)
            let objects = try Self.changedObjects(in: calendar, after: position, limit + 1, transaction)
            let deletions = try Self.deletions(in: calendar, after: position, limit + 1, transaction)
            var page = ChangePage(objects: objects, deletions: deletions, revision: collection.revision)
            guard let last = page.truncate(to: limit) else { return .page(page) }
            page.revision = position.advanced(to: last).number
            return .page(page)
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

    private static func changedObjects(
        in calendar: CalendarID,
        after position: SyncPosition,
        _ count: Int,
        _ transaction: borrowing SQLTransaction
    ) throws -> Listing {
        var objects = Listing()
        let statement: SQLStatement = """
            SELECT \(Listing.columns) FROM object
            WHERE object.calendar = \(calendar.value) AND object.revision > \(.integer(position.objectsKnownUpTo))
            ORDER BY object.revision LIMIT \(.integer(count))
            """
        try transaction.scan(statement) { try objects.append($0, isCertain: true) }
        return objects
    }

    private static func deletions(
        in calendar: CalendarID,
        after position: SyncPosition,
        _ count: Int,
        _ transaction: borrowing SQLTransaction
    ) throws -> [Deletion] {
        try transaction.rows(
            """
            SELECT name, revision FROM tombstone
            WHERE calendar = \(calendar.value) AND revision > \(.integer(position.deletionsKnownUpTo))
            ORDER BY revision LIMIT \(.integer(count))
            """
        )
        .map { Deletion(name: try $0.text("name"), revision: try $0.integer("revision")) }
    }
}
