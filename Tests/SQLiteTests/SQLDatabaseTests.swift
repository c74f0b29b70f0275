import SQL
import Testing

@testable import SQLite

/// What every driver must do; parameterised over the kinds of database.
@Suite("SQLDatabase: conformance")
struct SQLDatabaseTests {
    @Test(arguments: Kind.allCases)
    func `values come back as they went in`(_ kind: Kind) async throws {
        let values: [SQLValue] = [
            .null, .integer(Int64.min), .integer(Int64.max), .real(0.1), .text(""), .text("naïve \u{0} ✓"),
            .blob([]), .blob([0, 255, 0]),
        ]
        try await withDatabase(kind) { database in
            let row = try await database.read { transaction in
                try transaction.row(
                    """
                    SELECT \(values[0]) AS a, \(values[1]) AS b, \(values[2]) AS c, \(values[3]) AS d, \(values[4]) AS e,
                        \(values[5]) AS f, \(values[6]) AS g, \(values[7]) AS h
                    """
                )
            }
            #expect(row?.values == values)
            #expect(row?.columns.names == ["a", "b", "c", "d", "e", "f", "g", "h"])
        }
    }

    @Test(arguments: Kind.allCases)
    func `columns are read by name and type`(_ kind: Kind) async throws {
        try await withDatabase(kind) { database in
            let row = try #require(
                try await database.read { try $0.row("SELECT 1 AS one, 'x' AS text, NULL AS none, 1.5 AS half") }
            )
            #expect(try row.integer("one") == 1)
            #expect(try row.bool("one"))
            #expect(try row.text("text") == "x")
            #expect(try row.optionalText("none") == nil)
            #expect(try row.optionalInteger("none") == nil)
            #expect(try row.optionalBlob("none") == nil)
            #expect(try row.real("half") == 1.5)
            #expect(throws: SQLError.wrongType(column: "text")) { try row.integer("text") }
            #expect(throws: SQLError.wrongType(column: "none")) { try row.text("none") }
            #expect(throws: SQLError.noSuchColumn("other")) { try row.text("other") }
        }
    }

    @Test(arguments: Kind.allCases)
    func `a write whose body throws leaves nothing behind`(_ kind: Kind) async throws {
        try await withDatabase(kind) { database in
            await #expect(throws: Refusal()) {
                try await database.write { transaction in
                    try transaction.run("INSERT INTO item (name) VALUES ('a')")
                    throw Refusal()
                }
            }
            let names = try await database.names()
            #expect(names.isEmpty)
        }
    }

    @Test(arguments: Kind.allCases)
    func `a second row with the same key is a unique violation`(_ kind: Kind) async throws {
        try await withDatabase(kind) { database in
            try await database.insert("a")
            await #expect(throws: SQLError.uniqueViolation(message: "UNIQUE constraint failed: item.name")) {
                try await database.insert("a")
            }
        }
    }

    @Test(arguments: Kind.allCases)
    func `a row that refers to none is a foreign key violation`(_ kind: Kind) async throws {
        try await withDatabase(kind) { database in
            try await database.write { try $0.run("CREATE TABLE part (item INTEGER REFERENCES item (id))") }
            await #expect(throws: SQLError.foreignKeyViolation(message: "FOREIGN KEY constraint failed")) {
                try await database.write { try $0.run("INSERT INTO part (item) VALUES (7)") }
            }
        }
    }

    @Test(arguments: Kind.allCases)
    func `a failure that the body catches undoes only its statement`(_ kind: Kind) async throws {
        try await withDatabase(kind) { database in
            try await database.write { transaction in
                try transaction.run("INSERT INTO item (name) VALUES ('a')")
                #expect(throws: SQLError.self) { try transaction.run("INSERT INTO item (name) VALUES ('a')") }
                try transaction.run("INSERT INTO item (name) VALUES ('b')")
            }
            #expect(try await database.names() == ["a", "b"])
        }
    }

    @Test(arguments: Kind.allCases)
    func `a read cannot write`(_ kind: Kind) async throws {
        try await withDatabase(kind) { database in
            await #expect(throws: SQLError.readOnly("attempt to write a readonly database")) {
                try await database.read { _ = try $0.run("INSERT INTO item (name) VALUES ('a')") }
            }
            try await database.insert("b")
            #expect(try await database.names() == ["b"])
        }
    }

    @Test(arguments: Kind.allCases)
    func `nonsense and a wrong number of values fail with the statement's text`(_ kind: Kind) async throws {
        try await withDatabase(kind) { database in
            await #expect { try await database.read { try $0.rows("SELEKT 1").count } } throws: { error in
                guard case SQLError.failed(_, _, "SELEKT 1") = error else { return false }
                return true
            }
            await #expect(throws: SQLError.self) { try await database.read { try $0.rows("SELECT $1").count } }
        }
    }

    @Test(arguments: Kind.allCases)
    func `run answers how many rows it changed`(_ kind: Kind) async throws {
        try await withDatabase(kind) { database in
            for name in ["a", "b", "c"] { try await database.insert(name) }
            let changed = try await database.write { try $0.run("UPDATE item SET name = name || '!' WHERE id > 1") }
            #expect(changed == 2)
            let none = try await database.write { try $0.run("DELETE FROM item WHERE id > 9") }
            #expect(none == 0)
        }
    }

    @Test(arguments: Kind.allCases)
    func `a statement can run inside its own answer`(_ kind: Kind) async throws {
        try await withDatabase(kind) { database in
            for name in ["a", "b"] { try await database.insert(name) }
            let pairs = try await database.read { transaction in
                var pairs: [String] = []
                let all: SQLStatement = "SELECT name FROM item ORDER BY id"
                try transaction.forEach(all) { outer in
                    try transaction.forEach(all) { inner in
                        pairs.append(try outer.text("name") + inner.text("name"))
                    }
                }
                return pairs
            }
            #expect(pairs == ["aa", "ab", "ba", "bb"])
        }
    }

    @Test(arguments: Kind.allCases)
    func `what was written is read by the next read`(_ kind: Kind) async throws {
        try await withDatabase(kind) { database in
            for number in 1...50 {
                try await database.insert("\(number)")
                #expect(try await database.names().count == number)
            }
        }
    }

    @Test(arguments: Kind.allCases)
    func `a read sees one state, however many writers there are`(_ kind: Kind) async throws {
        try await withDatabase(kind) { database in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    // Two rows at a time: an odd number is never visible.
                    for number in 0..<60 {
                        try await database.write { transaction in
                            try transaction.run("INSERT INTO item (name) VALUES (\(.text("a\(number)")))")
                            try transaction.run("INSERT INTO item (name) VALUES (\(.text("b\(number)")))")
                        }
                    }
                }
                for _ in 0..<3 {
                    group.addTask {
                        for _ in 0..<60 {
                            let counts = try await database.read { transaction in
                                try (0..<3).map { _ in
                                    try transaction.row("SELECT COUNT(*) AS n FROM item")?.integer("n") ?? -1
                                }
                            }
                            #expect(Set(counts).count == 1)
                            #expect(counts[0] % 2 == 0)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test(arguments: Kind.allCases)
    func `a closed database refuses`(_ kind: Kind) async throws {
        try await withDatabase(kind) { database in
            await database.close()
            await #expect(throws: SQLError.closed) { try await database.names() }
            await #expect(throws: SQLError.closed) { try await database.insert("a") }
        }
    }

    @Test(arguments: Kind.allCases)
    func `a backup made during writes is one state and opens by itself`(_ kind: Kind) async throws {
        let folder = Folder()
        try await withDatabase(kind) { database in
            try await database.insert("a")
            async let more: Void = database.insert("b")
            try await database.backup(to: folder.file("copy"))
            try await more
            let copy = try SQLiteDatabase(path: folder.file("copy"))
            #expect(try await copy.names().first == "a")
            try await copy.insert("c")
            #expect(try await copy.names().last == "c")
            await copy.close()
            await #expect(throws: SQLError.self) { try await database.backup(to: folder.file("copy")) }
        }
    }
}
