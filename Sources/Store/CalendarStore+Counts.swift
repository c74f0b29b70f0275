import SQL

extension CalendarStore {
    /// How many objects a calendar holds.
    public func count(in calendar: CalendarID) async throws -> Int {
        try await database.read { transaction in
            let row = try transaction.row("SELECT COUNT(*) AS number FROM object WHERE calendar = \(calendar.value)")
            return Int(try row?.integer("number") ?? 0)
        }
    }
}
