import CSQLite
import SQL

/// A prepared statement; it belongs to one connection, and is used by one thread at a time.
final class Statement {
    let pointer: OpaquePointer
    let columns: SQLColumns

    /// Whether its answer is still being read, so that it cannot be begun again.
    var isBusy = false

    init(preparing text: String, on database: OpaquePointer) throws {
        var prepared: OpaquePointer?
        var text = text
        let code = text.withUTF8 { utf8 in
            utf8.withMemoryRebound(to: CChar.self) { characters in
                sqlite3_prepare_v3(
                    database,
                    characters.baseAddress,
                    Int32(characters.count),
                    UInt32(SQLITE_PREPARE_PERSISTENT),
                    &prepared,
                    nil
                )
            }
        }
        guard code == SQLITE_OK, let prepared else {
            throw SQLError(code: code == SQLITE_OK ? SQLITE_MISUSE : code, of: database, statement: text)
        }
        pointer = prepared
        columns = SQLColumns(
            (0..<sqlite3_column_count(prepared)).map { String(cString: sqlite3_column_name(prepared, $0)) }
        )
    }

    deinit { sqlite3_finalize(pointer) }

    /// Binds the values in order; unbound ones would be NULL, so their number must fit.
    func bind(_ values: [SQLValue]) -> Int32 {
        guard Int(sqlite3_bind_parameter_count(pointer)) == values.count else { return SQLITE_RANGE }
        for (offset, value) in values.enumerated() {
            let code = bind(value, at: Int32(offset + 1))
            guard code == SQLITE_OK else { return code }
        }
        return SQLITE_OK
    }

    private func bind(_ value: SQLValue, at index: Int32) -> Int32 {
        switch value {
        case .null: return sqlite3_bind_null(pointer, index)
        case .integer(let number): return sqlite3_bind_int64(pointer, index, number)
        case .real(let number): return sqlite3_bind_double(pointer, index, number)
        case .text(var text):
            return text.withUTF8 { utf8 in
                utf8.withMemoryRebound(to: CChar.self) { characters in
                    // A null pointer would bind NULL: the empty text has none of its own.
                    guard let start = characters.baseAddress else {
                        return shim_sqlite3_bind_text(pointer, index, "", 0)
                    }
                    return shim_sqlite3_bind_text(pointer, index, start, UInt64(characters.count))
                }
            }
        case .blob(let octets):
            return octets.withUnsafeBytes { octets in
                guard let start = octets.baseAddress, !octets.isEmpty else {
                    return sqlite3_bind_zeroblob(pointer, index, 0)
                }
                return shim_sqlite3_bind_blob(pointer, index, start, UInt64(octets.count))
            }
        }
    }

    /// The row that the last step has found.
    func row() -> SQLRow {
        SQLRow(columns: columns, values: columns.names.indices.map { value(at: Int32($0)) })
    }

    private func value(at column: Int32) -> SQLValue {
        switch sqlite3_column_type(pointer, column) {
        case SQLITE_INTEGER: return .integer(sqlite3_column_int64(pointer, column))
        case SQLITE_FLOAT: return .real(sqlite3_column_double(pointer, column))
        case SQLITE_TEXT:
            let start = sqlite3_column_text(pointer, column)
            let count = Int(sqlite3_column_bytes(pointer, column))
            return .text(String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self))
        case SQLITE_BLOB:
            let start = sqlite3_column_blob(pointer, column)
            let count = Int(sqlite3_column_bytes(pointer, column))
            return .blob([UInt8](UnsafeRawBufferPointer(start: start, count: count)))
        case SQLITE_NULL: return .null
        case let type: preconditionFailure("SQLite has five types of value, and no type \(type)")
        }
    }
}

extension Statement: SQLCursor {
    func isNull(_ column: Int) -> Bool { sqlite3_column_type(pointer, Int32(column)) == SQLITE_NULL }

    func integer(_ column: Int) throws -> Int64 {
        let index = Int32(column)
        guard sqlite3_column_type(pointer, index) == SQLITE_INTEGER else { throw wrongType(column) }
        return sqlite3_column_int64(pointer, index)
    }

    func text(_ column: Int) throws -> String {
        guard case .text(let text) = value(at: Int32(column)) else { throw wrongType(column) }
        return text
    }

    func append(_ column: Int, to octets: inout [UInt8]) throws -> Int {
        let index = Int32(column)
        let start: UnsafeRawPointer?
        switch sqlite3_column_type(pointer, index) {
        case SQLITE_TEXT: start = UnsafeRawPointer(sqlite3_column_text(pointer, index))
        case SQLITE_BLOB: start = sqlite3_column_blob(pointer, index)
        case SQLITE_NULL: return 0
        case _: throw wrongType(column)
        }
        let count = Int(sqlite3_column_bytes(pointer, index))
        octets.append(contentsOf: UnsafeRawBufferPointer(start: start, count: count))
        return count
    }

    private func wrongType(_ column: Int) -> SQLError {
        .wrongType(column: columns.names.indices.contains(column) ? columns.names[column] : "\(column)")
    }
}
