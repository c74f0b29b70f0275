import SQL

extension CalendarStore {
    /// The properties of a calendar that the server does not understand.
    public func deadProperties(of id: CalendarID) async throws -> [DeadProperty] {
        try await database.read { transaction in
            try transaction.rows(
                """
                SELECT namespace, name, xml FROM dead_property WHERE calendar = \(id.value) ORDER BY namespace, name
                """
            )
            .map { row in
                DeadProperty(
                    namespace: try row.text("namespace"),
                    name: try row.text("name"),
                    xml: try row.text("xml")
                )
            }
        }
    }

    /// Sets some dead properties and removes others.
    public func setDeadProperties(
        _ set: [DeadProperty],
        remove: [(namespace: String, name: String)],
        of id: CalendarID
    ) async throws {
        try await database.write { try Self.setDeadProperties(set, remove: remove, of: id, $0) }
    }

    static func setDeadProperties(
        _ set: [DeadProperty],
        remove: [(namespace: String, name: String)],
        of id: CalendarID,
        _ transaction: borrowing SQLTransaction
    ) throws {
        for property in remove {
            try transaction.run(
                """
                DELETE FROM dead_property WHERE calendar = \(id.value)
                AND namespace = \(.text(property.namespace)) AND name = \(.text(property.name))
                """
            )
        }
        for property in set {
            try transaction.run(
                """
                INSERT INTO dead_property (calendar, namespace, name, xml)
                VALUES (\(id.value), \(.text(property.namespace)), \(.text(property.name)), \(.text(property.xml)))
                ON CONFLICT (calendar, namespace, name) DO UPDATE SET xml = excluded.xml
                """
            )
        }
    }
}
