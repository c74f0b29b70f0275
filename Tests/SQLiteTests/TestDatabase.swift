import Foundation
import SQL
import Synchronization

@testable import SQLite

/// A place for database files that is removed with the value.
final class Folder: Sendable {
    let path: String

    init() {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("sqlite-\(UUID().uuidString)").path
        try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String = "test.sqlite") -> String { "\(path)/\(name)" }
}

/// Where a database under test lives.
enum Kind: String, Sendable, CaseIterable {
    case file, memory
}

/// Runs `body` on an open database of that kind with a table `item (id, name)`.
func withDatabase(_ kind: Kind, _ body: (SQLiteDatabase) async throws -> Void) async throws {
    let folder = Folder()
    let database =
        switch kind {
        case .file: try SQLiteDatabase(path: folder.file())
        case .memory: try SQLiteDatabase.inMemory()
        }
    try await database.write { try $0.run("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT UNIQUE)") }
    try await body(database)
    await database.close()
}

extension SQLDatabase {
    /// The names of all items, in order of their keys.
    func names() async throws -> [String?] {
        try await read { try $0.rows("SELECT name FROM item ORDER BY id").map { try $0.optionalText("name") } }
    }

    func insert(_ name: String) async throws {
        try await write { try $0.run("INSERT INTO item (name) VALUES (\(.text(name)))") }
    }
}

struct Refusal: Error, Equatable {}

/// Says from one thread to another that something has happened.
final class Flag: Sendable {
    private let state = Mutex(false)

    var isRaised: Bool { state.withLock { $0 } }

    func raise() { state.withLock { $0 = true } }
}
