import CSQLite
import SQL

/// One connection to one database; used by one thread at a time.
// Safe because every use after the initialiser is inside a job of the one `Lane` that owns the connection.
final class Connection: SQLConnection, @unchecked Sendable {  // Safe because of the one `Lane`, as said above.
    /// How a connection is opened.
    enum Role {
        /// Writes, and creates the file.
        case writer
        case reader
        /// The one connection to a database in memory.
        case memory
        /// Is written to by a backup only.
        case copy
    }

    let handle: OpaquePointer
    private let role: Role
    private var isOpen = true
    private var cache: [SQLPieces: Statement] = [:]

    /// When the read under way must have ended, on the clock of ``ReadDeadline``.
    private let deadline = ReadDeadline()
    private let readSeconds: Double

    /// Pages in the write-ahead log after the last commit, as SQLite tells its hook.
    private let loggedPages: UnsafeMutablePointer<Int32>

    init(path: String, role: Role, readSeconds: Double = Limits.readSeconds) throws {
        guard Self.isLibraryReady else {
            throw SQLError.cannotOpen(path: path, message: "SQLite was begun before it could be configured")
        }
        var opened: OpaquePointer?
        let access =
            switch role {
            case .writer, .memory, .copy: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
            case .reader: SQLITE_OPEN_READONLY
            }
        // NOMUTEX: the lane already keeps two threads out.
        let flags = access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        let code = sqlite3_open_v2(role == .memory ? ":memory:" : path, &opened, flags, nil)
        guard code == SQLITE_OK, let opened else {
            let message = opened.map { String(cString: sqlite3_errmsg($0)) } ?? String(cString: sqlite3_errstr(code))
            sqlite3_close_v2(opened)
            throw SQLError.cannotOpen(path: path, message: message)
        }
        handle = opened
        loggedPages = .allocate(capacity: 1)
        loggedPages.initialize(to: 0)
        self.role = role
        self.readSeconds = readSeconds
        if role == .reader { deadline.watch(handle) }
        try configure(path)
    }

    deinit {
        close()
        loggedPages.deallocate()
    }

    /// Ends the connection; nothing can be asked of it any more.
    func close() {
        guard isOpen else { return }
        isOpen = false
        cache.removeAll()
        sqlite3_close_v2(handle)
    }

    private func configure(_ path: String) throws {
        sqlite3_busy_timeout(handle, Limits.busyMilliseconds)
        try execute("PRAGMA foreign_keys = ON")
        try execute("PRAGMA temp_store = MEMORY")
        let cache = role == .reader ? Limits.readerCacheKibibytes : Limits.cacheKibibytes
        try execute("PRAGMA cache_size = -\(cache)")
        // Through a memory map a failing disk, or a file that somebody cuts short, would kill the process (SIGBUS).
        try execute("PRAGMA mmap_size = 0")
        switch role {
        case .reader, .memory, .copy: break
        case .writer:
            // An answered write survives a power cut: the log is synchronised in every commit.
            var mode: SQLValue?
            try step("PRAGMA journal_mode = WAL") { mode = $0.row().values.first }
            guard mode == .text("wal") else {
                throw SQLError.cannotOpen(path: path, message: "the file system cannot hold a write-ahead log")
            }
            try execute("PRAGMA synchronous = FULL")
            // What is deleted is overwritten where that costs no write of its own.
            try execute("PRAGMA secure_delete = FAST")
            try execute("PRAGMA journal_size_limit = \(Limits.logOctetsKept)")
            _ = sqlite3_wal_hook(
                handle,
                { context, _, _, pages in
                    context?.assumingMemoryBound(to: Int32.self).pointee = pages
                    return SQLITE_OK
                },
                loggedPages
            )
        }
    }

    /// Whether the library keeps no account of its memory: that would take a lock for every piece it allocates.
    ///
    /// Settled before the first connection; later it cannot be changed any more.
    private static let isLibraryReady = shim_sqlite3_keep_no_memory_statistics() == SQLITE_OK

    // MARK: Statements

    func forEach(_ statement: SQLStatement, _ body: (SQLRow) throws -> Void) throws {
        try step(statement) { try body($0.row()) }
    }

    func scan(_ statement: SQLStatement, _ body: (any SQLCursor) throws -> Void) throws {
        try step(statement) { try body($0) }
    }

    func run(_ statement: SQLStatement) throws -> Int {
        try step(statement) { _ in }
        return Int(sqlite3_changes64(handle))
    }

    /// Runs a statement of the driver itself.
    func execute(_ text: String) throws { try step(SQLStatement(raw: text)) { _ in } }

    private func step(_ statement: SQLStatement, _ body: (Statement) throws -> Void) throws {
        let prepared = try prepared(statement.pieces)
        prepared.isBusy = true
        defer {
            sqlite3_reset(prepared.pointer)
            prepared.isBusy = false
        }
        let bound = prepared.bind(statement.values)
        guard bound == SQLITE_OK else { throw SQLError(code: bound, of: handle, statement: statement.text) }
        while true {
            switch sqlite3_step(prepared.pointer) {
            case SQLITE_ROW: try body(prepared)
            case SQLITE_DONE: return
            case let code: throw SQLError(code: code, of: handle, statement: statement.text)
            }
        }
    }

    /// The statement from the cache, or a new one; a second one where the first is being read.
    private func prepared(_ pieces: SQLPieces) throws -> Statement {
        let cached = cache[pieces]
        if let cached, !cached.isBusy { return cached }
        let statement = try Statement(preparing: pieces.text, on: handle)
        guard cached == nil else { return statement }
        if cache.count >= Limits.cachedStatements { cache = cache.filter { $0.value.isBusy } }
        cache[pieces] = statement
        return statement
    }

    /// The texts of all statements that are prepared; for tests that ask for their plans.
    var preparedTexts: [String] { cache.keys.map(\.text) }

    // MARK: Transactions

    /// Runs `body` on one snapshot.
    func snapshot<T>(_ body: (borrowing SQLTransaction) throws -> T) throws -> T {
        // In memory the connection could write; a reader of a file is opened so that it cannot.
        if role == .memory { try execute("PRAGMA query_only = ON") }
        defer {
            // A failure here is impossible or has ended the transaction already; nothing was written in any case.
            abandonTransaction()
            if role == .memory { _ = Result { try execute("PRAGMA query_only = OFF") } }
        }
        deadline.set(secondsFromNow: readSeconds)
        try execute("BEGIN")
        return try body(SQLTransaction(on: self))
    }

    /// Undoes the open transaction, if there is one.
    func abandonTransaction() {
        guard !isOutsideTransaction else { return }
        _ = Result { try execute("ROLLBACK") }
    }

    /// Whether no transaction is open; after some failures SQLite has ended it by itself.
    var isOutsideTransaction: Bool { sqlite3_get_autocommit(handle) != 0 }

    // MARK: The write-ahead log

    /// Moves the log into the database once it is long; after the commit's callers have been answered.
    func checkpointIfDue() {
        let pages = loggedPages.pointee
        guard pages >= Limits.checkpointPages else { return }
        // A passive one never waits. Readers that overlap without a gap can keep the log from starting over: from a
        // certain length on, new readers are held up until the old ones are done.
        let mode = pages >= Limits.restartPages ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE
        // A failure loses nothing: the log stays, and the next commit, which tells its length again, tries again.
        loggedPages.pointee = 0
        _ = sqlite3_wal_checkpoint_v2(handle, nil, mode, nil, nil)
    }
}
