import SQL
import Synchronization
import Testing

@testable import SQLite

@Suite("Look-ups")
struct LookupTests {
    @Test(arguments: Kind.allCases)
    func `a look-up finds what a scan finds`(_ kind: Kind) async throws {
        try await withDatabase(kind) { database in
            try await database.insert("one")
            for size in [SQLReadSize.lookup, .scan] {
                let names = try await database.read(size) { transaction in
                    try transaction.rows("SELECT name FROM item").map { try $0.text("name") }
                }
                #expect(names == ["one"])
            }
        }
    }

    @Test(arguments: Kind.allCases)
    func `a look-up that fails throws its own error, and the next one works`(_ kind: Kind) async throws {
        try await withDatabase(kind) { database in
            await #expect(throws: Refusal()) { try await database.read(.lookup) { _ in throw Refusal() } }
            let count = try await database.read(.lookup) { try $0.rows("SELECT * FROM item").count }
            #expect(count == 0)
        }
    }

    @Test(.timeLimit(.minutes(15)))
    func `a read that comes while a look-up has the only connection is done after it`() async throws {
        let folder = Folder()
        let pool = try ReaderPool(path: try await emptyFile(in: folder), count: 1)
        let order = Mutex<[String]>([])
        await withCheckedContinuation { continuation in
            _ = pool.runNow { _ in
                pool.submit(
                    ConnectionJob(
                        run: { _ in
                            order.withLock { $0.append("read") }
                            continuation.resume()
                        },
                        refuse: { _ in continuation.resume() }
                    )
                )
                order.withLock { $0.append("look-up") }
            }
        }
        #expect(order.withLock { $0 } == ["look-up", "read"])
        await pool.close()
    }

    @Test
    func `a look-up that finds every connection taken is left to be done later`() async throws {
        let folder = Folder()
        let pool = try ReaderPool(path: try await emptyFile(in: folder), count: 1)
        let inner = pool.runNow { _ in pool.runNow { _ in true } }
        #expect(inner == .some(nil))
        #expect(pool.runNow { _ in true } == true)
        await pool.close()
    }

    private func emptyFile(in folder: Folder) async throws -> String {
        let database = try SQLiteDatabase(path: folder.file())
        await database.close()
        return folder.file()
    }

    @Test
    func `a look-up on a closed database is refused`() async throws {
        let folder = Folder()
        let database = try SQLiteDatabase(path: folder.file())
        await database.close()
        await #expect(throws: SQLError.closed) { try await database.read(.lookup) { _ in } }
    }
}
