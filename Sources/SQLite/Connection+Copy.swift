import CSQLite
import Glibc
import SQL

extension Connection {
    /// Copies the database, as it is at the beginning, to a file that must not exist.
    func copy(to path: String) throws {
        guard access(path, F_OK) != 0 else { throw SQLError.cannotOpen(path: path, message: "the file exists already") }
        let partial = path + SQLiteDatabase.unfinishedSuffix
        // What an earlier copy that was killed has left.
        unlink(partial)
        try createPrivately(partial)
        let target = try Connection(path: partial, role: .copy)
        do {
            try copyPages(to: target)
        } catch {
            target.close()
            unlink(partial)
            throw error
        }
        target.close()
        guard rename(partial, path) == 0 else {
            throw SQLError.cannotOpen(path: path, message: String(cString: strerror(errno)))
        }
    }

    private func copyPages(to target: Connection) throws {
        guard let backup = sqlite3_backup_init(target.handle, "main", handle, "main") else {
            throw SQLError(code: sqlite3_extended_errcode(target.handle), of: target.handle, statement: "backup")
        }
        // All pages in one step: one snapshot, and writers go on beside it.
        let stepped = sqlite3_backup_step(backup, -1)
        let finished = sqlite3_backup_finish(backup)
        guard stepped == SQLITE_DONE, finished == SQLITE_OK else {
            throw SQLError(code: stepped == SQLITE_DONE ? finished : stepped, of: nil, statement: "backup")
        }
    }
}

/// Makes an empty file that only its owner can read, unless there is one; SQLite takes it as an empty database.
func createPrivately(_ path: String) throws {
    // Exclusively: closing a descriptor of a database in use would drop SQLite's locks on it.
    let descriptor = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
    if descriptor >= 0 {
        Glibc.close(descriptor)
    } else if errno != EEXIST {
        throw SQLError.cannotOpen(path: path, message: String(cString: strerror(errno)))
    }
}
