import SQL

extension CalendarStore {
    /// When a principal can be met, as the iCalendar text that was set (RFC 7953 §7.2.4); nil where nothing was.
    public func availability(of principal: PrincipalID) async throws -> String? {
        try await database.read(.lookup) { transaction in
            try transaction.row("SELECT text FROM availability WHERE principal = \(principal.value)")?.text("text")
        }
    }

    /// Sets when a principal can be met, or forgets it.
    public func setAvailability(_ text: String?, of principal: PrincipalID) async throws {
        try await database.write { transaction in
            guard let text else {
                try transaction.run("DELETE FROM availability WHERE principal = \(principal.value)")
                return
            }
            try transaction.run(
                """
                INSERT INTO availability (principal, text) VALUES (\(principal.value), \(.text(text)))
                ON CONFLICT (principal) DO UPDATE SET text = excluded.text
                """
            )
        }
    }
}
