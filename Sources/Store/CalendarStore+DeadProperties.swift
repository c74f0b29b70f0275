import SQL

extension CalendarStore {
    /// The properties of a calendar that the server does not understand, as whoever sees it this way has left them.
    public func deadProperties(of calendar: CalendarCollection) async throws -> [DeadProperty] {
        let holder = calendar.received.map { DeadProperty.Holder.share($0.id) } ?? .calendar(calendar.id)
        return try await database.read(.lookup) { try holder.properties($0) }
    }

    /// The properties of a calendar that the server does not understand, as its owner has left them.
    public func deadProperties(of id: CalendarID) async throws -> [DeadProperty] {
        try await database.read(.lookup) { try DeadProperty.Holder.calendar(id).properties($0) }
    }

    /// Sets some dead properties and removes others.
    public func setDeadProperties(
        _ set: [DeadProperty],
        remove: [(namespace: String, name: String)],
        of id: CalendarID
    ) async throws {
        try await database.write { try DeadProperty.Holder.calendar(id).set(set, remove: remove, $0) }
    }
}

extension DeadProperty {
    /// What has dead properties: a calendar for its owner, a share for its sharee.
    enum Holder: Sendable {
        case calendar(CalendarID)
        case share(ShareID)

        func properties(_ transaction: borrowing SQLTransaction) throws -> [DeadProperty] {
            let statement: SQLStatement =
                switch self {
                case .calendar(let id):
                    "SELECT namespace, name, xml FROM dead_property WHERE calendar = \(id.value) ORDER BY namespace, name"
                case .share(let id):
                    "SELECT namespace, name, xml FROM share_property WHERE share = \(id.value) ORDER BY namespace, name"
                }
            return try transaction.rows(statement).map(DeadProperty.init)
        }

        func set(
            _ set: [DeadProperty],
            remove: [(namespace: String, name: String)],
            _ transaction: borrowing SQLTransaction
        ) throws {
            for property in remove { try transaction.run(removal(of: property)) }
            for property in set { try transaction.run(insertion(of: property)) }
        }

        private func removal(of property: (namespace: String, name: String)) -> SQLStatement {
            switch self {
            case .calendar(let id):
                """
                DELETE FROM dead_property WHERE calendar = \(id.value)
                AND namespace = \(.text(property.namespace)) AND name = \(.text(property.name))
                """
            case .share(let id):
                """
                DELETE FROM share_property WHERE share = \(id.value)
                AND namespace = \(.text(property.namespace)) AND name = \(.text(property.name))
                """
            }
        }

        private func insertion(of property: DeadProperty) -> SQLStatement {
            switch self {
            case .calendar(let id):
                """
                INSERT INTO dead_property (calendar, namespace, name, xml)
                VALUES (\(id.value), \(.text(property.namespace)), \(.text(property.name)), \(.text(property.xml)))
                ON CONFLICT (calendar, namespace, name) DO UPDATE SET xml = excluded.xml
                """
            case .share(let id):
                """
                INSERT INTO share_property (share, namespace, name, xml)
                VALUES (\(id.value), \(.text(property.namespace)), \(.text(property.name)), \(.text(property.xml)))
                ON CONFLICT (share, namespace, name) DO UPDATE SET xml = excluded.xml
                """
            }
        }
    }
}
