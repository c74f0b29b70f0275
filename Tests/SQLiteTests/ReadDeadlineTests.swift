import SQL
import Testing

@testable import SQLite

@Suite("Reads that take too long")
struct ReadDeadlineTests {
    private static let endless: SQLStatement =
        "WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number) SELECT COUNT(*) AS all_of_them FROM number"

    @Test(.timeLimit(.minutes(15)))
    func `a read without end is broken off, and the connection reads on`() async throws {
        let folder = Folder()
        let database = try SQLiteDatabase(path: folder.file(), readers: 1, readSeconds: 0.05)
        await #expect(throws: SQLError.tookTooLong) { try await database.read { try $0.rows(Self.endless) } }
        let one = try await database.read { try $0.rows("SELECT 1 AS one").map { try $0.integer("one") } }
        #expect(one == [1])
        await database.close()
    }
}
