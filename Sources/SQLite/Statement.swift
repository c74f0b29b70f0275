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
