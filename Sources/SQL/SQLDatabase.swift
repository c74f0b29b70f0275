/// A database of transactions.
///
/// A transaction's body is synchronous: there is no `await` inside, so nothing interleaves. A body may outlive the
/// cancellation of its caller; what it did then stands. Write one body per question, not one per statement: each costs a
/// transaction, and most a change of thread.
public protocol SQLDatabase: Sendable {
    /// Runs `body` on one snapshot, beside writers and other readers.
    func read<T: Sendable>(
        _ size: SQLReadSize,
        _ body: @escaping @Sendable (borrowing SQLTransaction) throws -> T
    ) async throws -> T

    /// Runs `body` alone and returns once what it wrote is durable.
    ///
    /// Writes that wait are committed together, and still each succeeds or fails alone: when `body` throws, exactly
    /// what it wrote is undone.
    @discardableResult
    func write<T: Sendable>(_ body: @escaping @Sendable (borrowing SQLTransaction) throws -> T) async throws -> T
}

extension SQLDatabase {
    /// Runs `body` on one snapshot, beside writers and other readers; it may look at as much as it likes.
    public func read<T: Sendable>(
        _ body: @escaping @Sendable (borrowing SQLTransaction) throws -> T
    ) async throws -> T {
        try await read(.scan, body)
    }
}

/// How much of a database one read looks at, so that the driver can choose where it runs.
public enum SQLReadSize: Sendable {
    /// A few rows that an index finds: it takes less time than a change of thread, and may run on the caller's.
    case lookup
    /// As many rows as there are: it never holds up the threads that run tasks.
    case scan
}

/// What a driver does for a transaction: runs one statement at a time on one connection.
public protocol SQLConnection: AnyObject {
    /// Runs a statement and calls `body` with every row of its answer.
    func forEach(_ statement: SQLStatement, _ body: (SQLRow) throws -> Void) throws

    /// Runs a statement and calls `body` at every row of its answer.
    func scan(_ statement: SQLStatement, _ body: (any SQLCursor) throws -> Void) throws

    /// Runs a statement and answers how many rows it changed.
    func run(_ statement: SQLStatement) throws -> Int
}

/// An open transaction; it is lent to a body and cannot leave it.
public struct SQLTransaction: ~Copyable {
    let connection: any SQLConnection

    /// Lends `connection` out; for drivers.
    public init(on connection: any SQLConnection) { self.connection = connection }

    /// All rows of the answer.
    public func rows(_ statement: SQLStatement) throws -> [SQLRow] {
        var rows: [SQLRow] = []
        try connection.forEach(statement) { rows.append($0) }
        return rows
    }

    /// The first row of the answer, or nil.
    public func row(_ statement: SQLStatement) throws -> SQLRow? {
        var first: SQLRow?
        try connection.forEach(statement) { if first == nil { first = $0 } }
        return first
    }

    /// Runs a statement that changes something, and answers how many rows it changed.
    @discardableResult
    public func run(_ statement: SQLStatement) throws -> Int { try connection.run(statement) }

    /// Calls `body` with one row after the other, so that a long answer is never held whole.
    public func forEach(_ statement: SQLStatement, _ body: (SQLRow) throws -> Void) throws {
        try connection.forEach(statement, body)
    }
}
