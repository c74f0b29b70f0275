import CSQLite
import SQL

extension SQLError {
    /// What SQLite's extended result code means.
    init(code: Int32, of database: OpaquePointer?, statement: String) {
        let message = database.map { String(cString: sqlite3_errmsg($0)) } ?? String(cString: sqlite3_errstr(code))
        switch code {
        case shim_SQLITE_CONSTRAINT_UNIQUE, shim_SQLITE_CONSTRAINT_PRIMARYKEY, shim_SQLITE_CONSTRAINT_ROWID:
            self = .uniqueViolation(message: message)
        case shim_SQLITE_CONSTRAINT_FOREIGNKEY:
            self = .foreignKeyViolation(message: message)
        default:
            self = SQLError(primary: code & 0xff, code: code, message: message, statement: statement)
        }
    }

    /// The low octet of an extended code is the primary one.
    private init(primary: Int32, code: Int32, message: String, statement: String) {
        switch primary {
        case SQLITE_BUSY, SQLITE_LOCKED: self = .busy(message)
        case SQLITE_INTERRUPT: self = .tookTooLong
        case SQLITE_FULL: self = .full(message)
        case SQLITE_CORRUPT, SQLITE_NOTADB: self = .corrupt(message)
        case SQLITE_READONLY: self = .readOnly(message)
        default: self = .failed(code: code, message: message, statement: statement)
        }
    }
}
