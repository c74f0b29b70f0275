public import ICalendar
public import SQL

/// Credentials at rest: hashes, digests and sealed octets.
///
/// It knows no cryptography: what comes in is hashed or sealed already, and what goes out is of no use without the key.
/// Its tables are among ``CalendarStore/migrations``.
public struct CredentialStore: Sendable {
    let database: any SQLDatabase
    let now: @Sendable () -> Instant

    /// Asks `database`, which ``migrate(_:_:)`` has prepared.
    public init(database: any SQLDatabase, now: @escaping @Sendable () -> Instant) {
        self.database = database
        self.now = now
    }

    // MARK: Passwords

    /// The encoded hash of a principal's password; nil where none was set.
    public func passwordHash(of principal: PrincipalID) async throws -> String? {
        try await database.read(.lookup) { transaction in
            try transaction.row("SELECT password_hash FROM principal WHERE id = \(principal.value)")?
                .optionalText("password_hash")
        }
    }

    /// Sets the hash of a principal's password; nil takes the password away.
    public func setPasswordHash(_ hash: String?, of principal: PrincipalID) async throws {
        try await database.write { transaction in
            try transaction.run("UPDATE principal SET password_hash = \(.text(hash)) WHERE id = \(principal.value)")
        }
    }

    // MARK: App passwords

    /// The app passwords of a principal, oldest first.
    public func appPasswords(of principal: PrincipalID) async throws -> [AppPasswordRow] {
        try await database.read(.lookup) { transaction in
            try transaction.rows(
                """
                SELECT id, label, hash, created_at, last_used_at FROM app_password
                WHERE principal = \(principal.value) ORDER BY id
                """
            )
            .map { row in
                AppPasswordRow(
                    id: try row.integer("id"),
                    label: try row.text("label"),
                    hash: try row.text("hash"),
                    createdAt: try row.instant("created_at"),
                    lastUsedAt: try row.optionalInstant("last_used_at")
                )
            }
        }
    }

    /// Adds an app password and answers its identifier.
    public func addAppPassword(label: String, hash: String, of principal: PrincipalID) async throws -> Int64 {
        let now = now()
        return try await database.write { transaction in
            let id = try Counter.appPassword.next(transaction)
            try transaction.run(
                """
                INSERT INTO app_password (id, principal, label, hash, created_at)
                VALUES (\(.integer(id)), \(principal.value), \(.text(label)), \(.text(hash)), \(now.value))
                """
            )
            return id
        }
    }

    /// Removes an app password of a principal; false when that principal has no such.
    public func removeAppPassword(_ id: Int64, of principal: PrincipalID) async throws -> Bool {
        try await database.write { transaction in
            try transaction.run(
                "DELETE FROM app_password WHERE id = \(.integer(id)) AND principal = \(principal.value)"
            ) > 0
        }
    }

    /// Notes that an app password has been used now.
    public func touchAppPassword(_ id: Int64) async throws {
        let now = now()
        try await database.write { transaction in
            try transaction.run("UPDATE app_password SET last_used_at = \(now.value) WHERE id = \(.integer(id))")
        }
    }

    // MARK: API tokens

    /// The API tokens of a principal, oldest first.
    public func apiTokens(of principal: PrincipalID) async throws -> [ApiTokenRow] {
        try await database.read(.lookup) { transaction in
            try transaction.rows("\(ApiTokenRow.select) WHERE principal = \(principal.value) ORDER BY id")
                .map(ApiTokenRow.init)
        }
    }

    /// The API token with that digest.
    public func apiToken(digest: [UInt8]) async throws -> ApiTokenRow? {
        try await database.read(.lookup) { transaction in
            try transaction.row("\(ApiTokenRow.select) WHERE digest = \(.blob(digest))").map(ApiTokenRow.init)
        }
    }

    /// Adds an API token and answers its identifier; a scope is a word without blanks.
    public func addAPIToken(
        label: String,
        scopes: [String],
        digest: [UInt8],
        of principal: PrincipalID
    ) async throws -> Int64 {
        let now = now()
        return try await database.write { transaction in
            let id = try Counter.apiToken.next(transaction)
            try transaction.run(
                """
                INSERT INTO api_token (id, principal, label, scopes, digest, created_at)
                VALUES (
                    \(.integer(id)), \(principal.value), \(.text(label)), \(.text(scopes.joined(separator: " "))),
                    \(.blob(digest)), \(now.value)
                )
                """
            )
            return id
        }
    }

    /// Removes an API token of a principal; false when that principal has no such.
    public func removeAPIToken(_ id: Int64, of principal: PrincipalID) async throws -> Bool {
        try await database.write { transaction in
            try transaction.run("DELETE FROM api_token WHERE id = \(.integer(id)) AND principal = \(principal.value)")
                > 0
        }
    }
}

extension ApiTokenRow {
    fileprivate static let select: SQLStatement =
        "SELECT id, principal, label, scopes, digest, created_at FROM api_token"

    fileprivate init(_ row: SQLRow) throws {
        self.init(
            id: try row.integer("id"),
            principal: PrincipalID(rawValue: try row.integer("principal")),
            label: try row.text("label"),
            scopes: try row.text("scopes").split(separator: " ").map(String.init),
            digest: try row.blob("digest"),
            createdAt: try row.instant("created_at")
        )
    }
}
