/// The names of a statement's columns, resolved once and shared by all its rows.
public final class SQLColumns: Sendable {
    /// The names in order.
    public let names: [String]

    /// Takes the names in order.
    public init(_ names: [String]) { self.names = names }

    // A scan beats hashing here: a statement has a dozen columns, and names up to 15 octets compare as two words.
    func index(of name: String) throws -> Int {
        guard let index = names.firstIndex(of: name) else { throw SQLError.noSuchColumn(name) }
        return index
    }
}

/// One row of an answer, read by column name.
public struct SQLRow: Sendable {
    /// The names, shared by all rows of the answer.
    public let columns: SQLColumns

    /// The values in the order of the columns.
    public let values: [SQLValue]

    /// Joins a row's values to the names of their columns.
    public init(columns: SQLColumns, values: [SQLValue]) {
        self.columns = columns
        self.values = values
    }

    /// The text of a column that is never NULL.
    public func text(_ column: String) throws -> String {
        guard case .text(let text) = try value(column) else { throw SQLError.wrongType(column: column) }
        return text
    }

    /// The text of a column, or nil for NULL.
    public func optionalText(_ column: String) throws -> String? {
        switch try value(column) {
        case .null: return nil
        case .text(let text): return text
        case .integer, .real, .blob: throw SQLError.wrongType(column: column)
        }
    }

    /// The whole number of a column that is never NULL.
    public func integer(_ column: String) throws -> Int64 {
        guard case .integer(let number) = try value(column) else { throw SQLError.wrongType(column: column) }
        return number
    }

    /// The whole number of a column, or nil for NULL.
    public func optionalInteger(_ column: String) throws -> Int64? {
        switch try value(column) {
        case .null: return nil
        case .integer(let number): return number
        case .real, .text, .blob: throw SQLError.wrongType(column: column)
        }
    }

    /// The truth of a column that holds 1 or 0.
    public func bool(_ column: String) throws -> Bool { try integer(column) != 0 }

    /// The floating-point number of a column; a whole one counts.
    public func real(_ column: String) throws -> Double {
        switch try value(column) {
        case .real(let number): return number
        case .integer(let number): return Double(number)
        case .null, .text, .blob: throw SQLError.wrongType(column: column)
        }
    }

    /// The octets of a column that is never NULL.
    public func blob(_ column: String) throws -> [UInt8] {
        guard case .blob(let octets) = try value(column) else { throw SQLError.wrongType(column: column) }
        return octets
    }

    /// The octets of a column, or nil for NULL.
    public func optionalBlob(_ column: String) throws -> [UInt8]? {
        switch try value(column) {
        case .null: return nil
        case .blob(let octets): return octets
        case .integer, .real, .text: throw SQLError.wrongType(column: column)
        }
    }

    private func value(_ column: String) throws -> SQLValue { values[try columns.index(of: column)] }
}
