/// The row at which a scan stands, its values by position: nothing is copied that is not asked for.
///
/// It is good until the scan's body returns.
public protocol SQLCursor {
    /// Whether there is no value in a column, the first column being 0.
    func isNull(_ column: Int) -> Bool

    /// The whole number in a column that is never NULL.
    func integer(_ column: Int) throws -> Int64

    /// The text in a column that is never NULL.
    func text(_ column: Int) throws -> String

    /// Appends the octets of a text or a blob, none for NULL, and answers how many there are.
    @discardableResult
    func append(_ column: Int, to octets: inout [UInt8]) throws -> Int
}

extension SQLTransaction {
    /// Calls `body` with one row after the other, for answers of so many rows that an ``SQLRow`` for each costs too much.
    public func scan(_ statement: SQLStatement, _ body: (any SQLCursor) throws -> Void) throws {
        try connection.scan(statement, body)
    }
}
