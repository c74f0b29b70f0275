public import SQL

/// One step of the schema's history; once released it never changes.
public struct Migration: Sendable, Hashable {
    /// A sentence that says what the step does; the database remembers it by this name.
    public var name: String

    /// The SQL, one statement each.
    public var statements: [String]

    /// Describes a step.
    public init(name: String, statements: [String]) {
        self.name = name
        self.statements = statements
    }
}

/// Why a database cannot be brought to this program's schema.
public enum MigrationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A newer program has taken steps that this one does not know; nothing was changed.
    case databaseIsNewer(unknown: [String])

    /// Two steps have one name.
    case nameOccursTwice(String)

    public var description: String {
        switch self {
        case .databaseIsNewer(let unknown):
            "The data was written by a newer version of this program (it knows \"\(unknown.joined(separator: "\", \""))\"). "
                + "Install that version, or restore a backup made by this one."
        case .nameOccursTwice(let name): "Two migrations are called \"\(name)\"."
        }
    }
}

/// Takes the steps that the database has not taken yet, in order, each in a transaction of its own.
///
/// `migrations` is the whole list of the program, of all its modules: a step that the database remembers and the list
/// does not name was taken by a newer program.
///
/// - Throws: ``MigrationError``, before anything is changed.
public func migrate(_ database: any SQLDatabase, _ migrations: [Migration]) async throws {
    let names = Set(migrations.map(\.name))
    for name in names where migrations.count(where: { $0.name == name }) > 1 {
        throw MigrationError.nameOccursTwice(name)
    }
    try await database.write { transaction in
        try transaction.run(
            "CREATE TABLE IF NOT EXISTS schema_migration (position BIGINT NOT NULL UNIQUE, name TEXT PRIMARY KEY)"
        )
    }
    for migration in migrations {
        try await database.write { transaction in
            // Read again in each transaction: another process may be taking the same steps.
            let taken = try transaction.rows("SELECT name FROM schema_migration ORDER BY position").map {
                try $0.text("name")
            }
            let unknown = taken.filter { !names.contains($0) }
            guard unknown.isEmpty else { throw MigrationError.databaseIsNewer(unknown: unknown) }
            guard !taken.contains(migration.name) else { return }
            for statement in migration.statements { try transaction.run(SQLStatement(raw: statement)) }
            try transaction.run(
                """
                INSERT INTO schema_migration (position, name)
                VALUES (\(.integer(taken.count + 1)), \(.text(migration.name)))
                """
            )
        }
    }
}
