import SQL

extension CredentialStore {
    /// Remembers a browser session; those that have expired are forgotten.
    public func addSession(_ session: SessionRow) async throws {
        let now = now()
        try await database.write { transaction in
            try transaction.run("DELETE FROM session WHERE expires_at <= \(now.value)")
            try transaction.run(
                """
                INSERT INTO session (digest, principal, csrf_digest, expires_at)
                VALUES (
                    \(.blob(session.digest)), \(session.principal.value), \(.blob(session.csrfDigest)),
                    \(session.expiresAt.value)
                )
                """
            )
        }
    }

    /// The session with that digest, unless it has expired.
    public func session(digest: [UInt8]) async throws -> SessionRow? {
        let now = now()
        return try await database.read(.lookup) { transaction in
            let row = try transaction.row(
                """
                SELECT principal, csrf_digest, expires_at FROM session
                WHERE digest = \(.blob(digest)) AND expires_at > \(now.value)
                """
            )
            guard let row else { return nil }
            return SessionRow(
                digest: digest,
                principal: PrincipalID(rawValue: try row.integer("principal")),
                csrfDigest: try row.blob("csrf_digest"),
                expiresAt: try row.instant("expires_at")
            )
        }
    }

    /// Ends a session.
    public func removeSession(digest: [UInt8]) async throws {
        try await database.write { transaction in
            try transaction.run("DELETE FROM session WHERE digest = \(.blob(digest))")
        }
    }

    /// Ends all sessions of a principal, after a change of the password.
    public func removeSessions(of principal: PrincipalID) async throws {
        try await database.write { transaction in
            try transaction.run("DELETE FROM session WHERE principal = \(principal.value)")
        }
    }

    // MARK: Settings

    /// The value of a setting, sealed or plain as its writer chose.
    public func setting(_ key: String) async throws -> [UInt8]? {
        try await database.read(.lookup) { transaction in
            try transaction.row("SELECT value FROM setting WHERE name = \(.text(key))")?.blob("value")
        }
    }

    /// Sets a setting that still has the value `expected`, nil for none; false when it has another one by now.
    public func replaceSetting(_ key: String, _ expected: [UInt8]?, with value: [UInt8]) async throws -> Bool {
        try await database.write { transaction in
            let current = try transaction.row("SELECT value FROM setting WHERE name = \(.text(key))")?.blob("value")
            guard current == expected else { return false }
            try transaction.run(
                """
                INSERT INTO setting (name, value) VALUES (\(.text(key)), \(.blob(value)))
                ON CONFLICT (name) DO UPDATE SET value = excluded.value
                """
            )
            return true
        }
    }

    /// Sets a setting, nil to remove it, and writes a line into the audit trail with it.
    public func setSetting(_ key: String, _ value: [UInt8]?, telling line: AuditEntry? = nil) async throws {
        let now = now()
        try await database.write { transaction in
            if let line { try CalendarStore.audit(line, at: now, transaction) }
            guard let value else {
                try transaction.run("DELETE FROM setting WHERE name = \(.text(key))")
                return
            }
            try transaction.run(
                """
                INSERT INTO setting (name, value) VALUES (\(.text(key)), \(.blob(value)))
                ON CONFLICT (name) DO UPDATE SET value = excluded.value
                """
            )
        }
    }
}
