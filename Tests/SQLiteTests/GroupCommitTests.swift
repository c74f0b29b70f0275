import Foundation
import SQL
import Testing

@testable import SQLite

@Suite("SQLite: group commit, durability, files")
struct GroupCommitTests {
    private func outcome(_ body: () async throws -> Void) async -> Result<Void, any Error> {
        do { return .success(try await body()) } catch { return .failure(error) }
    }

    /// Holds the writer until all bodies wait behind it, so that they are one group.
    private func group(
        on database: SQLiteDatabase,
        of bodies: [@Sendable (borrowing SQLTransaction) throws -> Void]
    ) async -> [Result<Void, any Error>] {
        let gate = DispatchSemaphore(value: 0)
        let isHeld = Flag()
        return await withTaskGroup(of: (Int, Result<Void, any Error>).self) { group in
            group.addTask {
                let held: Result<Void, any Error> = await outcome {
                    try await database.write { _ in
                        isHeld.raise()
                        gate.wait()
                    }
                }
                return (-1, held)
            }
            while !isHeld.isRaised { await Task.yield() }
            for (index, body) in bodies.enumerated() {
                group.addTask { (index, await outcome { try await database.write(body) }) }
            }
            while database.waitingWrites < bodies.count { await Task.yield() }
            gate.signal()
            var results: [Int: Result<Void, any Error>] = [:]
            for await (index, result) in group { results[index] = result }
            return bodies.indices.compactMap { results[$0] }
        }
    }

    @Test(arguments: Kind.allCases)
    func `writes that wait share one commit`(_ kind: Kind) async throws {
        try await withDatabase(kind) { database in
            let before = database.commitCount
            let bodies = (0..<64).map { number -> @Sendable (borrowing SQLTransaction) throws -> Void in
                { try $0.run("INSERT INTO item (name) VALUES (\(.text("\(number)")))") }
            }
            let results = await group(on: database, of: bodies)
            for result in results { try result.get() }
            #expect(try await database.names().count == 64)
            // The one that held the writer, and one for all the others.
            #expect(database.commitCount - before <= 3)
        }
    }

    @Test(arguments: Kind.allCases)
    func `a write that fails harms none of its group`(_ kind: Kind) async throws {
        try await withDatabase(kind) { database in
            let bodies = (0..<9).map { number -> @Sendable (borrowing SQLTransaction) throws -> Void in
                { transaction in
                    try transaction.run("INSERT INTO item (name) VALUES (\(.text("\(number)")))")
                    if number % 3 == 1 { throw Refusal() }
                }
            }
            let results = await group(on: database, of: bodies)
            for (number, result) in results.enumerated() {
                switch result {
                case .success: #expect(number % 3 != 1)
                case .failure(let error): #expect(number % 3 == 1 && error is Refusal)
                }
            }
            let names = try await database.names()
            #expect(Set(names) == ["0", "2", "3", "5", "6", "8"])
        }
    }

    @Test(arguments: Kind.allCases)
    func `a write that ends the transaction fails those before it and spares those after`(_ kind: Kind) async throws {
        try await withDatabase(kind) { database in
            let bodies: [@Sendable (borrowing SQLTransaction) throws -> Void] = [
                { try $0.run("INSERT INTO item (name) VALUES ('before')") },
                { transaction in
                    try transaction.run("INSERT INTO item (name) VALUES ('x')")
                    // As SQLite itself does when the disk is full.
                    try transaction.run("INSERT OR ROLLBACK INTO item (name) VALUES ('x')")
                },
                { try $0.run("INSERT INTO item (name) VALUES ('after')") },
            ]
            let gate = await group(on: database, of: bodies)
            let failures = gate.count { if case .failure = $0 { true } else { false } }
            let names = try await database.names()
            // Tasks queue in any order: whoever was told of success is there, whoever was told of failure is not.
            #expect(names.count == gate.count - failures)
            #expect(failures >= 1 && !names.contains("x"))
        }
    }

    @Test func `what was answered is there after reopening`() async throws {
        let folder = Folder()
        let first = try SQLiteDatabase(path: folder.file())
        try await first.write { try $0.run("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT UNIQUE)") }
        try await first.insert("a")
        // Not closed: as after a crash, only the log is there.
        let second = try SQLiteDatabase(path: folder.file())
        #expect(try await second.names() == ["a"])
        await second.close()
        await first.close()
        #expect(!FileManager.default.fileExists(atPath: folder.file() + "-wal"))
        let third = try SQLiteDatabase(path: folder.file())
        #expect(try await third.names() == ["a"])
        await third.close()
    }

    @Test func `the writer synchronises every commit`() async throws {
        try await withDatabase(.file) { database in
            let row = try await database.write { try $0.row("PRAGMA synchronous") }
            #expect(try row?.integer("synchronous") == 2)
            let mode = try await database.write { try $0.row("PRAGMA journal_mode") }
            #expect(try mode?.text("journal_mode") == "wal")
        }
    }

    @Test func `the log does not grow for ever`() async throws {
        let folder = Folder()
        let database = try SQLiteDatabase(path: folder.file())
        try await database.write { try $0.run("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT)") }
        let text = String(repeating: "x", count: 100_000)
        for _ in 0..<300 { try await database.insert(text) }
        // 30 MB were written; the log starts over each 4 MiB.
        let size = try FileManager.default.attributesOfItem(atPath: folder.file() + "-wal")[.size] as? Int
        #expect(try #require(size) < 10 << 20)
        await database.close()
    }

    @Test func `only the owner can read a new database`() async throws {
        let folder = Folder()
        let database = try SQLiteDatabase(path: folder.file())
        let mode = try FileManager.default.attributesOfItem(atPath: folder.file())[.posixPermissions] as? Int
        #expect(mode == 0o600)
        await database.close()
    }

    @Test func `what is no database is refused with its reason`() throws {
        let folder = Folder()
        try "this is a letter, and quite long enough to be taken for a header of some sort, is it not?"
            .write(toFile: folder.file(), atomically: true, encoding: .utf8)
        #expect(throws: SQLError.corrupt("file is not a database")) { try SQLiteDatabase(path: folder.file()) }
        #expect(throws: SQLError.self) { try SQLiteDatabase(path: "/nowhere/at/all") }
    }

    @Test func `more texts than the cache holds still run`() async throws {
        try await withDatabase(.file) { database in
            let sum = try await database.read { transaction in
                try (0..<1000).reduce(Int64(0)) { sum, number in
                    let row = try transaction.row(SQLStatement(raw: "SELECT \(number) AS n"))
                    return try sum + (row?.integer("n") ?? 0)
                }
            }
            #expect(sum == 499_500)
        }
    }
}
