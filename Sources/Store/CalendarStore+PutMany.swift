import ICalendar
public import SQL

/// An object that is to be stored, and under which name.
public struct NewObject: Sendable {
    public var draft: Draft
    public var name: String

    /// Names an object.
    public init(_ draft: Draft, named name: String) {
        self.draft = draft
        self.name = name
    }
}

/// What became of new objects.
public struct PutManyOutcome: Sendable, Hashable {
    /// Of each object, in their order, whether it was stored: its name and its UID were free.
    public var isStored: [Bool]

    /// The calendar's revision before and after.
    public var revisions: Range<Int64>
}

extension CalendarStore {
    /// Stores new objects in the caller's own transaction, those whose name and UID nobody has; the caller announces them.
    ///
    /// It is `put` if `absent` for each of them, with a third of the statements. No two may have one name or one UID.
    ///
    /// - Returns: nil where the calendar is gone.
    public func put(
        _ objects: [NewObject],
        in calendar: CalendarID,
        by author: Author,
        _ transaction: borrowing SQLTransaction
    ) throws -> PutManyOutcome? {
        guard let written = try Self.writableCalendar(calendar, by: author, transaction) else { return nil }
        let places = try objects.map { try Self.vacancy(of: $0, in: calendar, transaction) }
        let free = zip(objects, places).compactMap { object, place in place.map { (object, $0) } }
        let count = Int64(free.count)
        let octets = free.reduce(Int64(0)) { $0 + Int64($1.0.draft.text.utf8.count) }
        let last = try written.nextRevision(counting: count, growingBy: octets, transaction)
        var version = count > 0 ? try Counter.version.last(of: count, transaction) - count : 0
        var revision = last - count
        var returned: Set<ObjectID> = []
        for (object, vacancy) in free {
            version += 1
            revision += 1
            // An object that had two of the UIDs comes back once. A new one is called by the number of its first version.
            let former = vacancy.former.flatMap { returned.insert($0).inserted ? $0 : nil }
            let id = former ?? ObjectID(rawValue: version)
            let place = Place(calendar: calendar, name: object.name, revision: revision)
            try Self.insert(object.draft, at: place, by: author, as: id, version: version, transaction)
            if vacancy.isBuried { try Self.unbury(place, transaction) }
        }
        return PutManyOutcome(isStored: places.map { $0 != nil }, revisions: last - count..<last)
    }

    /// What stood where a new object goes.
    private struct Vacancy {
        /// The identifier that the UID had before it was deleted, so that its history goes on.
        var former: ObjectID?
        /// Whether the log says that the name is gone.
        var isBuried: Bool
    }

    /// Nil where somebody has the name or the UID.
    private static func vacancy(
        of object: NewObject,
        in calendar: CalendarID,
        _ transaction: borrowing SQLTransaction
    ) throws -> Vacancy? {
        let (id, name, uid) = (calendar.value, SQLValue.text(object.name), SQLValue.text(object.draft.uid))
        let row = try transaction.row(
            """
            SELECT EXISTS (SELECT 1 FROM tombstone WHERE calendar = \(id) AND name = \(name)) AS is_buried,
                (SELECT object FROM version WHERE calendar = \(id) AND uid = \(uid) AND kind = 'deleted'
                    AND NOT EXISTS (SELECT 1 FROM object WHERE object.id = version.object)
                    ORDER BY number DESC LIMIT 1) AS former
            WHERE NOT EXISTS (SELECT 1 FROM object WHERE calendar = \(id) AND name = \(name))
                AND NOT EXISTS (SELECT 1 FROM object WHERE calendar = \(id) AND uid = \(uid))
            """
        )
        return try row.map { row in
            Vacancy(
                former: try row.optionalInteger("former").map(ObjectID.init(rawValue:)),
                isBuried: try row.bool("is_buried")
            )
        }
    }
}
