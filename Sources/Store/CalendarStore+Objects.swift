import ICalendar
public import SQL

extension CalendarStore {
    /// The object of that name.
    public func object(named name: String, in calendar: CalendarID) async throws -> StoredObject? {
        try await database.read(.lookup) { try Self.object(named: name, in: calendar, $0) }
    }

    /// What a listing tells of the object of that name; no text is read.
    public func entry(named name: String, in calendar: CalendarID) async throws -> ObjectEntry? {
        try await database.read(.lookup) { transaction in
            try transaction.row(
                "\(ObjectEntry.select) WHERE calendar = \(calendar.value) AND name = \(.text(name))"
            )
            .map(ObjectEntry.init)
        }
    }

    /// The objects of those names, in their order; names without an object are left out.
    public func objects(named names: [String], in calendar: CalendarID) async throws -> [StoredObject] {
        try await read(named: names, in: calendar).compactMap { found in
            found.map { StoredObject(entry: $0.listed.entry, text: $0.text) }
        }
    }

    /// The objects of those names with their octets, in their order; nil for a name without an object, and for no name.
    public func read(
        named names: [String?],
        in calendar: CalendarID
    ) async throws -> [(listed: ListedObject, text: String)?] {
        try await database.read(names.count <= Self.lookedUpAtOnce ? .lookup : .scan) { transaction in
            // One statement, prepared once, instead of a list whose length changes the text each time.
            try names.map { name in
                guard let name else { return nil }
                return try Self.read(named: name, in: calendar, transaction)
            }
        }
    }

    /// Reading so many objects takes a millisecond: more are read where they hold nobody up.
    static let lookedUpAtOnce = 256

    private static func read(
        named name: String,
        in calendar: CalendarID,
        _ transaction: borrowing SQLTransaction
    ) throws -> (listed: ListedObject, text: String)? {
        var found = Listing()
        var text = ""
        let statement: SQLStatement = """
            SELECT \(Listing.columns), version.text FROM object JOIN version ON version.number = object.version
            WHERE object.calendar = \(calendar.value) AND object.name = \(.text(name))
            """
        try transaction.scan(statement) { row in
            try found.append(row, isCertain: true)
            text = try row.text(Listing.columnCount)
        }
        return found.first.map { ($0, text) }
    }

    /// The object with that UID.
    public func object(uid: String, in calendar: CalendarID) async throws -> StoredObject? {
        try await database.read(.lookup) { try object(uid: uid, in: calendar, $0) }
    }

    /// The object with that UID, in the caller's own transaction.
    public func object(
        uid: String,
        in calendar: CalendarID,
        _ transaction: borrowing SQLTransaction
    ) throws -> StoredObject? {
        try transaction.row(
            "\(StoredObject.select) WHERE object.calendar = \(calendar.value) AND object.uid = \(.text(uid))"
        )
        .map(StoredObject.init)
    }

    /// The object with that identifier, unless it or its calendar was deleted.
    public func object(_ id: ObjectID) async throws -> StoredObject? {
        try await database.read { transaction in
            try transaction.row(
                """
                \(StoredObject.select) JOIN calendar ON calendar.id = object.calendar
                WHERE object.id = \(id.value) AND calendar.deleted_at IS NULL
                """
            )
            .map(StoredObject.init)
        }
    }

    /// What a listing of the calendar tells, by name; no text is read.
    public func entries(in calendar: CalendarID) async throws -> [ObjectEntry] {
        try await database.read { transaction in
            var entries: [ObjectEntry] = []
            try transaction.forEach("\(ObjectEntry.select) WHERE calendar = \(calendar.value) ORDER BY name") { row in
                entries.append(try ObjectEntry(row))
            }
            return entries
        }
    }

    /// All objects of the calendar with their texts, by name.
    public func all(in calendar: CalendarID) async throws -> [StoredObject] {
        try await database.read { try all(in: calendar, $0) }
    }

    /// All objects of the calendar with their texts, by name, in the caller's own transaction.
    public func all(in calendar: CalendarID, _ transaction: borrowing SQLTransaction) throws -> [StoredObject] {
        var objects: [StoredObject] = []
        let statement: SQLStatement =
            "\(StoredObject.select) WHERE object.calendar = \(calendar.value) ORDER BY object.name"
        try transaction.forEach(statement) { objects.append(try StoredObject($0)) }
        return objects
    }

    static func object(
        named name: String,
        in calendar: CalendarID,
        _ transaction: borrowing SQLTransaction
    ) throws -> StoredObject? {
        try transaction.row(
            "\(StoredObject.select) WHERE object.calendar = \(calendar.value) AND object.name = \(.text(name))"
        )
        .map(StoredObject.init)
    }
}

extension ObjectEntry {
    static let select: SQLStatement = "SELECT id, name, uid, etag, kind, size, modified, revision FROM object"

    init(_ row: SQLRow) throws {
        self.init(
            id: ObjectID(rawValue: try row.integer("id")),
            name: try row.text("name"),
            uid: try row.text("uid"),
            etag: ETag(rawValue: try row.text("etag")),
            kind: try row.word("kind"),
            size: Int(try row.integer("size")),
            modified: try row.instant("modified"),
            revision: try row.integer("revision")
        )
    }
}

extension StoredObject {
    static let select: SQLStatement = """
        SELECT object.id, object.name, object.uid, object.etag, object.kind, object.size, object.modified,
            object.revision, version.text
        FROM object JOIN version ON version.number = object.version
        """

    init(_ row: SQLRow) throws { self.init(entry: try ObjectEntry(row), text: try row.text("text")) }
}
