import SQL

/// What is numbered, each on its own.
///
/// An object has no number of its own: it is called by that of its first version.
enum Counter: String {
    case principal, calendar, version, connection, audit, share, feed
    case appPassword = "app_password"
    case apiToken = "api_token"

    /// A number that was never given before, not even to a row that is gone.
    func next(_ transaction: borrowing SQLTransaction) throws -> Int64 { try last(of: 1, transaction) }

    /// The last of so many numbers in a row that were never given before.
    func last(of count: Int64, _ transaction: borrowing SQLTransaction) throws -> Int64 {
        // Two plain statements: RETURNING would build a table for its one row.
        let counted = try transaction.run(
            "UPDATE counter SET value = value + \(.integer(count)) WHERE name = \(.text(rawValue))"
        )
        guard counted > 0 else {
            try transaction.run(
                "INSERT INTO counter (name, value) VALUES (\(.text(rawValue)), \(.integer(count)))"
            )
            return count
        }
        let row = try transaction.row("SELECT value FROM counter WHERE name = \(.text(rawValue))")
        guard let row else { preconditionFailure("the row was changed in this very transaction") }
        return try row.integer("value")
    }
}
