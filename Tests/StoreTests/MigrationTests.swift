import ICalendar
import SQL
import SQLite
import Store
import TestSupport
import Testing

@Suite("Migrations")
struct MigrationTests {
    private let first = Migration(name: "First", statements: ["CREATE TABLE a (x BIGINT)", "INSERT INTO a VALUES (1)"])
    private let second = Migration(name: "Second", statements: ["UPDATE a SET x = x + 1"])

    private func value(_ database: SQLiteDatabase) async throws -> Int64? {
        try await database.read { try $0.row("SELECT x FROM a")?.integer("x") }
    }

    @Test func `each step is taken once, in order`() async throws {
        let database = try SQLiteDatabase.inMemory()
        try await migrate(database, [first])
        try await migrate(database, [first, second])
        try await migrate(database, [first, second])
        #expect(try await value(database) == 2)
        let names = try await database.read { transaction in
            try transaction.rows("SELECT name FROM schema_migration ORDER BY position").map { try $0.text("name") }
        }
        #expect(names == ["First", "Second"])
    }

    @Test func `a database of a newer program is refused and left alone`() async throws {
        let database = try SQLiteDatabase.inMemory()
        try await migrate(database, [first, second])
        let third = Migration(name: "Third", statements: ["DELETE FROM a"])
        await #expect(throws: MigrationError.databaseIsNewer(unknown: ["Second"])) {
            try await migrate(database, [first, third])
        }
        #expect(try await value(database) == 2)
    }

    @Test func `a step that fails leaves nothing of itself, and is taken again`() async throws {
        let database = try SQLiteDatabase.inMemory()
        let broken = Migration(name: "Second", statements: ["UPDATE a SET x = 9", "UPDATE nowhere SET x = 1"])
        await #expect(throws: SQLError.self) { try await migrate(database, [first, broken]) }
        #expect(try await value(database) == 1)
        try await migrate(database, [first, second])
        #expect(try await value(database) == 2)
    }

    @Test func `two steps of one name are refused before anything is done`() async throws {
        let database = try SQLiteDatabase.inMemory()
        await #expect(throws: MigrationError.nameOccursTwice("First")) {
            try await migrate(database, [first, first])
        }
        await #expect(throws: SQLError.self) { try await value(database) }
    }

    @Test func `two programs that start at once take each step once`() async throws {
        let database = try SQLiteDatabase.inMemory()
        let steps = [first, second]
        async let one: Void = migrate(database, steps)
        async let two: Void = migrate(database, steps)
        _ = try await (one, two)
        #expect(try await value(database) == 2)
    }

    // MARK: Released schemas

    /// Runs the statements of a schema dump; each ends with a semicolon at the end of a line.
    private func load(_ dump: Fixture) async throws -> SQLiteDatabase {
        let database = try SQLiteDatabase.inMemory()
        try await database.write { transaction in
            for statement in dump.text.split(separator: ";\n") where !statement.allSatisfy(\.isWhitespace) {
                try transaction.run(SQLStatement(raw: String(statement)))
            }
        }
        return database
    }

    @Test(arguments: Fixture.all(in: "store", extension: "sql"))
    func `the data of every released version is there after migrating`(_ dump: Fixture) async throws {
        let database = try await load(dump)
        try await migrate(database, CalendarStore.migrations)
        let store = CalendarStore(database: database, now: { Instant(seconds: 1_795_251_600) })
        let alice = try #require(try await store.principal(named: "alice"))
        let calendar = try #require(try await store.calendar(named: "default", of: alice.id))
        #expect(calendar.revision == 3)
        let object = try #require(try await store.object(named: "lunch.ics", in: calendar.id))
        #expect(try object.object().uid == "lunch@example.org")
        #expect(object.etag == ETag.of(object.text))
        #expect(try await store.versions(uid: "gone@example.org", in: calendar.id).map(\.kind) == [.created, .deleted])
        guard case .page(let page) = try await store.changes(in: calendar.id, since: 1) else {
            Issue.record("the token of the dump is refused")
            return
        }
        #expect(page.states.map(\.name) == ["gone.ics"] && page.revision == 3)
        #expect(
            try await store.put(object.object(), named: "new.ics", in: calendar.id, if: .absent, by: client)
                == .uidInUse(by: "lunch.ics")
        )
    }

    @Test func `a migrated database has the schema of a new one`() async throws {
        let schema: SQLStatement = """
            SELECT type, name, sql FROM sqlite_schema WHERE name <> 'schema_migration' AND sql IS NOT NULL ORDER BY name
            """
        let new = try SQLiteDatabase.inMemory()
        try await migrate(new, CalendarStore.migrations)
        let expected = try await new.read { try $0.rows(schema).map(\.values) }
        for dump in Fixture.all(in: "store", extension: "sql") {
            let database = try await load(dump)
            try await migrate(database, CalendarStore.migrations)
            let found = try await database.read { try $0.rows(schema).map(\.values) }
            #expect(found == expected, "\(dump.name)")
        }
    }
}
