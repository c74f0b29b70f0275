import SQL

/// What is numbered, each on its own.
enum Counter: String {
    case principal, calendar, object, version, connection, audit, share, feed
    case appPassword = "app_password"
    case apiToken = "api_token"

    /// A number that was never given before, not even to a row that is gone.
    func next(_ transaction: borrowing SQLTransaction) throws -> Int64 { try last(of: 1, transaction) }

    /// The last of so many numbers in a row that were never given before.
    func last(of count: Int64, _ transaction: borrowing SQLTransaction) throws -> Int64 {
        let row = try transaction.row(
            """
            INSERT INTO counter (name, value) VALUES (\(.text(rawValue)), \(.integer(count)))
            ON CONFLICT (name) DO UPDATE SET value = counter.value + excluded.value
            RETURNING value
            """
        )
        guard let row else { preconditionFailure("INSERT … RETURNING answers the row that it has written") }
        return try row.integer("value")
    }
}
