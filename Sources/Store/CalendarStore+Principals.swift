import ICalendar
import SQL

extension CalendarStore {
    /// The name of the calendar that every principal begins with.
    public static let firstCalendar = "default"

    /// Adds a principal with one calendar; nil when the name is taken.
    public func addPrincipal(
        name: String,
        email: String? = nil,
        displayName: String? = nil,
        isAdmin: Bool = false
    ) async throws -> Principal? {
        let now = now()
        return try await database.write { transaction in
            let holder = try transaction.row("SELECT id FROM principal WHERE name = \(.text(name))")
            guard holder == nil else { return nil }
            let id = PrincipalID(rawValue: try Counter.principal.next(transaction))
            try transaction.run(
                """
                INSERT INTO principal (id, name, email, display_name, is_admin, created_at)
                VALUES (\(id.value), \(.text(name)), \(.text(email)), \(.text(displayName)), \(.integer(isAdmin)), \(now.value))
                """
            )
            _ = try Self.insertCalendar(Self.firstCalendar, of: id, CalendarProperties(), at: now, transaction)
            return Principal(
                id: id,
                name: name,
                email: email,
                displayName: displayName,
                isAdmin: isAdmin,
                createdAt: now
            )
        }
    }

    /// The principal of that name.
    public func principal(named name: String) async throws -> Principal? {
        try await database.read(.lookup) { transaction in
            try transaction.row("\(Principal.select) WHERE name = \(.text(name))").map(Principal.init)
        }
    }

    /// The principal with that identifier.
    public func principal(_ id: PrincipalID) async throws -> Principal? {
        try await database.read(.lookup) { transaction in
            try transaction.row("\(Principal.select) WHERE id = \(id.value)").map(Principal.init)
        }
    }

    /// The one principal with that mail address, in any case of letters; nil where several have it.
    public func principal(email: String) async throws -> Principal? {
        try await database.read(.lookup) { transaction in
            let found = try transaction.rows(
                "\(Principal.select) WHERE LOWER(email) = LOWER(\(.text(email))) LIMIT 2"
            )
            guard found.count == 1, let row = found.first else { return nil }
            return try Principal(row)
        }
    }

    /// All principals, by name.
    public func principals() async throws -> [Principal] {
        try await database.read { transaction in
            try transaction.rows("\(Principal.select) ORDER BY name").map(Principal.init)
        }
    }

    /// Removes a principal with all calendars, versions, connections and passwords, for good.
    ///
    /// - Returns: whether there was one.
    public func removePrincipal(_ id: PrincipalID) async throws -> Bool {
        try await database.write { transaction in
            try transaction.run("DELETE FROM principal WHERE id = \(id.value)") > 0
        }
    }
}

extension Principal {
    static let select: SQLStatement = "SELECT id, name, email, display_name, is_admin, created_at FROM principal"

    init(_ row: SQLRow) throws {
        self.init(
            id: PrincipalID(rawValue: try row.integer("id")),
            name: try row.text("name"),
            email: try row.optionalText("email"),
            displayName: try row.optionalText("display_name"),
            isAdmin: try row.bool("is_admin"),
            createdAt: try row.instant("created_at")
        )
    }
}
