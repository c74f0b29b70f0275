public import ICalendar
public import SQL

extension CalendarStore {
    /// Stores an object under a name if the condition holds, and announces it once it is durable.
    ///
    /// RFC 4791 §5.3.2. Equal octets are not written again.
    ///
    /// - Throws: ``ReadOnlyCalendar`` where the author may only read, ``ReadOnlyObject`` where nobody may do more.
    public func put(
        _ object: CalendarObject,
        named name: String,
        in calendar: CalendarID,
        if condition: WriteCondition,
        past wish: WriteGuard? = nil,
        by author: Author
    ) async throws -> PutOutcome {
        // Digest and expansion cost more than the rows: they are done before the writer's turn.
        let draft = Draft(object, at: now())
        let isPart = object.master == nil && author.kind == .client
        let outcome = try await database.write { transaction in
            if isPart { try refuseCutting(draft, named: name, in: calendar, transaction) }
            return try Self.put(draft, named: name, in: calendar, if: condition, past: wish, by: author, transaction)
        }
        switch outcome {
        case .created, .replaced: announce(Commit(calendar: calendar, author: author))
        case .unchanged, .conditionFailed, .uidInUse, .calendarMissing: break
        }
        return outcome
    }

    /// Stores an object in the caller's own transaction; the caller announces it.
    public func put(
        _ object: CalendarObject,
        named name: String,
        in calendar: CalendarID,
        if condition: WriteCondition,
        by author: Author,
        _ transaction: borrowing SQLTransaction
    ) throws -> PutOutcome {
        try put(Draft(object, at: now()), named: name, in: calendar, if: condition, by: author, transaction)
    }

    /// Stores what was computed of an object in the caller's own transaction; the caller announces it.
    public func put(
        _ draft: Draft,
        named name: String,
        in calendar: CalendarID,
        if condition: WriteCondition,
        by author: Author,
        _ transaction: borrowing SQLTransaction
    ) throws -> PutOutcome {
        try Self.put(draft, named: name, in: calendar, if: condition, by: author, transaction)
    }

    /// Stores a draft; a new object gets `identity` where it is given, else the one that its UID had before.
    static func put(
        _ draft: Draft,
        named name: String,
        in calendar: CalendarID,
        if condition: WriteCondition,
        past wish: WriteGuard? = nil,
        by author: Author,
        as identity: ObjectID? = nil,
        _ transaction: borrowing SQLTransaction
    ) throws -> PutOutcome {
        guard let written = try writableCalendar(calendar, by: author, transaction) else { return .calendarMissing }
        let current = try transaction.row(
            "SELECT id, etag, size, protection FROM object WHERE calendar = \(calendar.value) AND name = \(.text(name))"
        )
        let etag = try current.map { ETag(rawValue: try $0.text("etag")) }
        guard condition.allows(etag) else { return .conditionFailed }
        if let wish {
            let scope: LockScope = etag == nil ? .membership(name) : .content(name)
            try admit(wish, to: scope, in: calendar, at: draft.at, transaction)
        }
        if etag == draft.etag { return .unchanged(draft.etag) }
        if let current { try refuseIfProtected(current, from: author, replacing: draft, transaction) }
        let holder = try transaction.row(
            "SELECT name FROM object WHERE calendar = \(calendar.value) AND uid = \(.text(draft.uid))"
        )
        if let holder = try holder?.text("name"), holder != name { return .uidInUse(by: holder) }

        let growth = Int64(draft.text.utf8.count) - (try current?.integer("size") ?? 0)
        let revision = try written.nextRevision(growingBy: growth, within: wish?.quota, transaction)
        let place = Place(calendar: calendar, name: name, revision: revision)
        if let current {
            let id = ObjectID(rawValue: try current.integer("id"))
            try replace(id, with: draft, at: place, by: author, transaction)
            return .replaced(draft.etag)
        }
        try create(draft, at: place, by: author, as: identity, transaction)
        return .created(draft.etag)
    }

    /// Where an object goes, and the revision that takes it there.
    struct Place {
        var calendar: CalendarID
        var name: String
        var revision: Int64
    }

    private static func create(
        _ draft: Draft,
        at place: Place,
        by author: Author,
        as identity: ObjectID?,
        _ transaction: borrowing SQLTransaction
    ) throws {
        let version = try Counter.version.next(transaction)
        // A new object is called by the number of its first version.
        let id =
            try identity ?? identifier(formerlyOfUID: draft.uid, in: place.calendar, transaction)
            ?? ObjectID(rawValue: version)
        try insert(draft, at: place, by: author, as: id, version: version, transaction)
        // The name lives again: the log must not say that it is gone.
        try unbury(place, transaction)
    }

    /// Writes the rows of an object that is not there yet.
    static func insert(
        _ draft: Draft,
        at place: Place,
        by author: Author,
        as id: ObjectID,
        version: Int64,
        _ transaction: borrowing SQLTransaction
    ) throws {
        try NewVersion(version, .created, of: id, draft, author)
            .insert(named: place.name, in: place.calendar, transaction)
        let index = draft.timeIndex
        try transaction.run(
            """
            INSERT INTO object (
                id, calendar, name, uid, etag, kind, size, modified, revision, version,
                first_start, last_end, precision_name, occupancy_name
            ) VALUES (
                \(id.value), \(place.calendar.value), \(.text(place.name)), \(.text(draft.uid)),
                \(.text(draft.etag.rawValue)), \(.text(draft.kind.rawValue)), \(.integer(draft.text.utf8.count)),
                \(draft.at.value), \(.integer(place.revision)), \(.integer(version)),
                \(.integer(index.firstStart)), \(.integer(index.lastEnd)), \(.text(index.precision.rawValue)),
                \(.text(draft.occupancy?.rawValue))
            )
            """
        )
        // A new object has no window that would have to go.
        if let window = index.window { try setWindow(window, of: id, transaction) }
    }

    static func unbury(_ place: Place, _ transaction: borrowing SQLTransaction) throws {
        try transaction.run(
            "DELETE FROM tombstone WHERE calendar = \(place.calendar.value) AND name = \(.text(place.name))"
        )
    }

    private static func replace(
        _ id: ObjectID,
        with draft: Draft,
        at place: Place,
        by author: Author,
        _ transaction: borrowing SQLTransaction
    ) throws {
        let version = try Counter.version.next(transaction)
        try NewVersion(version, .changed, of: id, draft, author)
            .insert(named: place.name, in: place.calendar, transaction)
        let index = draft.timeIndex
        try transaction.run(
            """
            UPDATE object SET
                uid = \(.text(draft.uid)), etag = \(.text(draft.etag.rawValue)), kind = \(.text(draft.kind.rawValue)),
                size = \(.integer(draft.text.utf8.count)), modified = \(draft.at.value),
                revision = \(.integer(place.revision)), version = \(.integer(version)),
                first_start = \(.integer(index.firstStart)), last_end = \(.integer(index.lastEnd)),
                precision_name = \(.text(index.precision.rawValue)),
                occupancy_name = \(.text(draft.occupancy?.rawValue))
            WHERE id = \(id.value)
            """
        )
        try setWindow(index.window, of: id, transaction)
    }

    /// The identifier that the UID had before it was deleted, so that its history goes on; nil for a new one.
    static func identifier(
        formerlyOfUID uid: String,
        in calendar: CalendarID,
        _ transaction: borrowing SQLTransaction
    ) throws -> ObjectID? {
        // The last holder of the UID may live on with another one.
        let former = try transaction.row(
            """
            SELECT object FROM version
            WHERE calendar = \(calendar.value) AND uid = \(.text(uid)) AND kind = 'deleted'
                AND NOT EXISTS (SELECT 1 FROM object WHERE object.id = version.object)
            ORDER BY number DESC LIMIT 1
            """
        )
        return try former.map { ObjectID(rawValue: try $0.integer("object")) }
    }
}
