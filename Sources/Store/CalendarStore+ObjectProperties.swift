import ICalendar
import SQL

extension CalendarStore {
    /// The calendar stands beside the object so that a listing learns with one look that there are none.
    static let objectProperties = [
        """
        CREATE TABLE object_property (
            object INTEGER NOT NULL REFERENCES object (id) ON DELETE CASCADE,
            calendar INTEGER NOT NULL REFERENCES calendar (id) ON DELETE CASCADE,
            namespace TEXT NOT NULL,
            name TEXT NOT NULL,
            xml TEXT NOT NULL,
            PRIMARY KEY (object, namespace, name)
        )
        """,
        "CREATE INDEX object_property_by_calendar ON object_property (calendar)",
    ]

    /// The characters that the dead properties of all objects of a calendar may have together: what a listing holds.
    public static let maximumObjectPropertyCharacters: Int64 = 4_194_304

    /// What became of a change of an object's dead properties.
    public enum PropertyOutcome: Sendable, Hashable {
        case changed
        case notFound

        /// The calendar's objects would have more than ``maximumObjectPropertyCharacters`` of them.
        case tooMany
    }

    /// The dead properties of the objects of a calendar that have any.
    public func objectProperties(in calendar: CalendarID) async throws -> [ObjectID: [DeadProperty]] {
        try await database.read { transaction in
            let rows = try transaction.rows(
                """
                SELECT object, namespace, name, xml FROM object_property
                WHERE calendar = \(calendar.value) ORDER BY object, namespace, name
                """
            )
            var found: [ObjectID: [DeadProperty]] = [:]
            for row in rows {
                found[ObjectID(rawValue: try row.integer("object")), default: []].append(try DeadProperty(row))
            }
            return found
        }
    }

    /// The dead properties of one object, by name.
    public func deadProperties(of object: ObjectID) async throws -> [DeadProperty] {
        try await database.read(.lookup) { try Self.deadProperties(of: object, $0) }
    }

    /// Sets some dead properties of an object and removes others, all or none (RFC 4918 §9.2).
    ///
    /// - Throws: ``ReadOnlyCalendar`` where the author may only read.
    public func setProperties(
        _ set: [DeadProperty],
        removing removed: [(namespace: String, name: String)],
        of place: ObjectPlace,
        past wish: WriteGuard,
        by author: Author
    ) async throws -> PropertyOutcome {
        let now = now()
        do {
            return try await database.write { transaction in
                guard try Self.writableCalendar(place.calendar, by: author, transaction) != nil else {
                    return .notFound
                }
                let row = try transaction.row(
                    "SELECT id FROM object WHERE calendar = \(place.calendar.value) AND name = \(.text(place.name))"
                )
                guard let row else { return .notFound }
                try Self.admit(wish, to: .content(place.name), in: place.calendar, at: now, transaction)
                let object = ObjectID(rawValue: try row.integer("id"))
                for property in removed {
                    try transaction.run(
                        """
                        DELETE FROM object_property WHERE object = \(object.value)
                        AND namespace = \(.text(property.namespace)) AND name = \(.text(property.name))
                        """
                    )
                }
                try Self.add(set, to: object, in: place.calendar, transaction)
                try Self.checkRoomForProperties(in: place.calendar, transaction)
                return .changed
            }
        } catch is TooManyProperties {
            return .tooMany
        }
    }

    /// Thrown to undo what was written already.
    struct TooManyProperties: Error {}

    /// Refuses what would make a listing of the calendar too long to be held.
    static func checkRoomForProperties(in calendar: CalendarID, _ transaction: borrowing SQLTransaction) throws {
        let row = try transaction.row(
            """
            SELECT COALESCE(SUM(LENGTH(namespace) + LENGTH(name) + LENGTH(xml)), 0) AS characters
            FROM object_property WHERE calendar = \(calendar.value)
            """
        )
        guard let row, try row.integer("characters") > maximumObjectPropertyCharacters else { return }
        throw TooManyProperties()
    }

    static func deadProperties(
        of object: ObjectID,
        _ transaction: borrowing SQLTransaction
    ) throws -> [DeadProperty] {
        try transaction.rows(
            """
            SELECT namespace, name, xml FROM object_property WHERE object = \(object.value) ORDER BY namespace, name
            """
        )
        .map(DeadProperty.init)
    }

    /// Gives an object exactly these dead properties: what is copied or moved brings its own along (RFC 4918 §9.8.2).
    static func replaceProperties(
        of place: ObjectPlace,
        with properties: [DeadProperty],
        _ transaction: borrowing SQLTransaction
    ) throws {
        let row = try transaction.row(
            "SELECT id FROM object WHERE calendar = \(place.calendar.value) AND name = \(.text(place.name))"
        )
        guard let id = try row.map({ ObjectID(rawValue: try $0.integer("id")) }) else { return }
        try transaction.run("DELETE FROM object_property WHERE object = \(id.value)")
        guard !properties.isEmpty else { return }
        try add(properties, to: id, in: place.calendar, transaction)
        try checkRoomForProperties(in: place.calendar, transaction)
    }

    private static func add(
        _ properties: [DeadProperty],
        to object: ObjectID,
        in calendar: CalendarID,
        _ transaction: borrowing SQLTransaction
    ) throws {
        for property in properties {
            try transaction.run(
                """
                INSERT INTO object_property (object, calendar, namespace, name, xml) VALUES (
                    \(object.value), \(calendar.value), \(.text(property.namespace)), \(.text(property.name)),
                    \(.text(property.xml))
                )
                ON CONFLICT (object, namespace, name) DO UPDATE SET xml = excluded.xml
                """
            )
        }
    }
}

extension DeadProperty {
    init(_ row: SQLRow) throws {
        self.init(namespace: try row.text("namespace"), name: try row.text("name"), xml: try row.text("xml"))
    }
}
