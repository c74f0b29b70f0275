/// Why a database did not do what was asked.
public enum SQLError: Error, Sendable, Hashable {
    /// Anything without a case of its own; `code` is the driver's.
    case failed(code: Int32, message: String, statement: String)

    /// A row with the same key exists.
    case uniqueViolation(message: String)

    /// A row refers to one that does not exist, or is still referred to.
    case foreignKeyViolation(message: String)

    /// Another process held the database for too long.
    case busy(String)

    /// A read took longer than any may.
    case tookTooLong

    /// The disk, or the quota, is full.
    case full(String)

    /// The file is damaged, or no database at all.
    case corrupt(String)

    /// The file cannot be opened, or not be written to.
    case cannotOpen(path: String, message: String)

    /// A read tried to write.
    case readOnly(String)

    /// The column holds a value of another type, or NULL.
    case wrongType(column: String)

    /// The answer has no such column.
    case noSuchColumn(String)

    /// The database has been closed.
    case closed
}

extension SQLError: CustomStringConvertible {
    /// One sentence for the log.
    public var description: String {
        switch self {
        case .failed(let code, let message, let statement): "the database said \(message) (\(code)) to: \(statement)"
        case .uniqueViolation(let message): "the key exists already: \(message)"
        case .foreignKeyViolation(let message): "a row is referred to, or missing: \(message)"
        case .busy(let message): "the database is in use by another process: \(message)"
        case .tookTooLong: "the read took too long, and was broken off"
        case .full(let message): "no space is left for the database: \(message)"
        case .corrupt(let message): "the database is damaged: \(message)"
        case .cannotOpen(let path, let message): "the database \(path) cannot be opened: \(message)"
        case .readOnly(let message): "the database cannot be written to here: \(message)"
        case .wrongType(let column): "the column \(column) holds a value of another type"
        case .noSuchColumn(let column): "the answer has no column \(column)"
        case .closed: "the database is closed"
        }
    }
}
