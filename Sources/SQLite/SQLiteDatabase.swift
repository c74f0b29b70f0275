public import SQL

/// A database in a file, or in memory: one connection that writes, some that read.
///
/// Nothing here keeps the threads that run tasks for long: each connection works on its own queue, and only a look-up that
/// finds a connection idle is done at once.
public struct SQLiteDatabase: SQLDatabase {
    private let path: String
    private let writer: WriteLane

    /// Nil in memory, where the one connection does everything.
    private let readers: ReaderPool?

    /// Opens the database at `path`; a new file is readable by its owner only.
    ///
    /// - Throws: ``SQLError/cannotOpen(path:message:)`` or ``SQLError/corrupt(_:)``.
    public init(path: String, readers: Int = 2) throws {
        try self.init(path: path, readers: readers, readSeconds: Limits.readSeconds)
    }

    init(path: String, readers: Int, readSeconds: Double) throws {
        try createPrivately(path)
        self.path = path
        writer = WriteLane(try Connection(path: path, role: .writer))
        self.readers = try ReaderPool(path: path, count: readers, readSeconds: readSeconds)
    }

    private init(inMemory connection: Connection) {
        path = ":memory:"
        writer = WriteLane(connection)
        readers = nil
    }

    /// Makes a database that lives as long as the value does; for tests.
    public static func inMemory() throws -> SQLiteDatabase {
        SQLiteDatabase(inMemory: try Connection(path: ":memory:", role: .memory))
    }

    public func read<T: Sendable>(
        _ size: SQLReadSize,
        _ body: @escaping @Sendable (borrowing SQLTransaction) throws -> T
    ) async throws -> T {
        if size == .lookup, let found = try readers?.runNow({ try $0.snapshot(body) }) { return found }
        return try await onReader { try $0.snapshot(body) }
    }

    @discardableResult
    public func write<T: Sendable>(
        _ body: @escaping @Sendable (borrowing SQLTransaction) throws -> T
    ) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            let write = WaitingWrite(
                run: { transaction in
                    let result = try body(transaction)
                    return { failure in
                        if let failure {
                            continuation.resume(throwing: failure)
                        } else {
                            continuation.resume(returning: result)
                        }
                    }
                },
                refuse: { continuation.resume(throwing: $0) }
            )
            writer.submit(write)
        }
    }

    /// What a copy is called behind its name until it is whole.
    public static let unfinishedSuffix = ".partial"

    /// Copies the database as it is now to a new file, while it is being used.
    ///
    /// The file has its name only once it is whole.
    public func backup(to path: String) async throws {
        guard readers != nil else { return try await onReader { try $0.copy(to: path) } }
        // A connection of its own: a long copy must not take a reader away.
        let pool = try ReaderPool(path: self.path, count: 1)
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await onReader(of: pool) { try $0.copy(to: path) })
        } catch {
            outcome = .failure(error)
        }
        await pool.close()
        try outcome.get()
    }

    /// Finishes what has been begun and closes the file; everything later is refused with ``SQLError/closed``.
    public func close() async {
        await readers?.close()
        // Last, so that SQLite can move its log into the file and remove it.
        await writer.close()
    }

    private func onReader<T: Sendable>(
        of pool: ReaderPool? = nil,
        _ work: @escaping @Sendable (Connection) throws -> T
    ) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            let job = ConnectionJob(
                run: { connection in continuation.resume(with: Result { try work(connection) }) },
                refuse: { continuation.resume(throwing: $0) }
            )
            if let pool = pool ?? readers { pool.submit(job) } else { writer.submit(job) }
        }
    }

    /// The texts of all statements that are prepared; for tests that ask for their plans.
    func preparedTexts() async throws -> [String] {
        let written = try await withCheckedThrowingContinuation { continuation in
            writer.submit(
                ConnectionJob(
                    run: { continuation.resume(returning: $0.preparedTexts) },
                    refuse: { continuation.resume(throwing: $0) }
                )
            )
        }
        return written + (readers?.preparedTexts ?? [])
    }

    /// How many transactions have been committed.
    var commitCount: Int { writer.commitCount }

    /// How many writes wait for the one that is at work.
    var waitingWrites: Int { writer.waitingCount }
}
