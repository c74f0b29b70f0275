import SQL

extension CredentialStore {
    /// Adds a connection and answers its identifier.
    public func addConnection(
        provider: String,
        of principal: PrincipalID,
        state: ConnectionState
    ) async throws -> ConnectionID {
        let (now, actor) = (now(), AuditActor.current)
        return try await database.write { transaction in
            let id = ConnectionID(rawValue: try Counter.connection.next(transaction))
            try transaction.run(
                """
                INSERT INTO connection (id, principal, provider, state, created_at)
                VALUES (\(id.value), \(principal.value), \(.text(provider)), \(.text(state.rawValue)), \(now.value))
                """
            )
            try Self.audit(.connectionAdded, id, by: actor, at: now, transaction)
            return id
        }
    }

    /// The connection with that identifier.
    public func connection(_ id: ConnectionID) async throws -> ConnectionRow? {
        try await database.read { transaction in
            try transaction.row("\(ConnectionRow.select) WHERE id = \(id.value)").map(ConnectionRow.init)
        }
    }

    /// The connections of a principal, oldest first.
    public func connections(of principal: PrincipalID) async throws -> [ConnectionRow] {
        try await database.read { transaction in
            try transaction.rows("\(ConnectionRow.select) WHERE principal = \(principal.value) ORDER BY id")
                .map(ConnectionRow.init)
        }
    }

    /// The connections of all principals, oldest first.
    public func allConnections() async throws -> [ConnectionRow] {
        try await database.read { transaction in
            try transaction.rows("\(ConnectionRow.select) ORDER BY id").map(ConnectionRow.init)
        }
    }

    /// Removes a connection with its tokens, telling the audit trail so; false when there is no such.
    @discardableResult
    public func removeConnection(_ id: ConnectionID, telling detail: String? = nil) async throws -> Bool {
        let (now, actor) = (now(), AuditActor.current)
        return try await database.write { transaction in
            try Self.audit(.connectionRemoved, id, by: actor, detail: detail, at: now, transaction)
            return try transaction.run("DELETE FROM connection WHERE id = \(id.value)") > 0
        }
    }

    /// Says how a connection stands, and what is wrong with it; nil clears the problem.
    public func setConnectionState(
        _ id: ConnectionID,
        state: ConnectionState,
        error: ConnectionProblem?
    ) async throws {
        let (now, actor) = (now(), AuditActor.current)
        try await database.write { transaction in
            let known = try transaction.row("SELECT state FROM connection WHERE id = \(id.value)")?.text("state")
            if let known, known != state.rawValue {
                let detail = error.map { "\(state.rawValue): \($0.message)" } ?? state.rawValue
                try Self.audit(.connectionState, id, by: actor, detail: detail, at: now, transaction)
            }
            try transaction.run(
                """
                UPDATE connection SET
                    state = \(.text(state.rawValue)), problem_code = \(.text(error?.code)),
                    problem_message = \(.text(error?.message)), problem_remedy = \(.text(error?.remedy))
                WHERE id = \(id.value)
                """
            )
        }
    }

    /// Sets what the provider calls the account.
    public func setConnectionLabel(_ id: ConnectionID, account: String) async throws {
        let (now, actor) = (now(), AuditActor.current)
        try await database.write { transaction in
            let known = try transaction.row("SELECT account FROM connection WHERE id = \(id.value)")?
                .optionalText("account")
            try transaction.run("UPDATE connection SET account = \(.text(account)) WHERE id = \(id.value)")
            // The first name comes with the connection.
            guard let known, known != account else { return }
            let detail = "account \(known) → \(account)"
            try Self.audit(.connectionChanged, id, by: actor, detail: detail, at: now, transaction)
        }
    }

    // MARK: Tokens

    /// The tokens of a connection, sealed; nil where it has none.
    public func sealedTokens(of id: ConnectionID) async throws -> [UInt8]? {
        try await database.read { transaction in
            try transaction.row("SELECT sealed_tokens FROM connection WHERE id = \(id.value)")?
                .optionalBlob("sealed_tokens")
        }
    }

    /// Sets the tokens of a connection, all at once; nil erases them.
    public func setSealedTokens(_ tokens: [UInt8]?, of id: ConnectionID) async throws {
        try await database.write { transaction in
            try transaction.run("UPDATE connection SET sealed_tokens = \(.blob(tokens)) WHERE id = \(id.value)")
        }
    }

    // MARK: Authorisations that have begun

    /// Remembers an authorisation until it is taken or expires.
    public func addPendingAuthorization(_ pending: PendingAuthorization) async throws {
        let now = now()
        try await database.write { transaction in
            try transaction.run("DELETE FROM pending_authorization WHERE expires_at <= \(now.value)")
            try transaction.run(
                """
                INSERT INTO pending_authorization (
                    state_digest, connection, principal, session_binding_digest, sealed_verifier, expires_at
                ) VALUES (
                    \(.blob(pending.stateDigest)), \(pending.connection.value), \(pending.principal.value),
                    \(.blob(pending.sessionBindingDigest)), \(.blob(pending.sealedVerifier)),
                    \(pending.expiresAt.value)
                )
                """
            )
        }
    }

    /// Takes an authorisation away, so that a second callback with its state finds nothing; nil also when it expired.
    public func takePendingAuthorization(stateDigest: [UInt8]) async throws -> PendingAuthorization? {
        let now = now()
        return try await database.write { transaction in
            let row = try transaction.row(
                """
                DELETE FROM pending_authorization WHERE state_digest = \(.blob(stateDigest))
                RETURNING connection, principal, session_binding_digest, sealed_verifier, expires_at
                """
            )
            guard let row, try row.instant("expires_at") > now else { return nil }
            return PendingAuthorization(
                stateDigest: stateDigest,
                connection: ConnectionID(rawValue: try row.integer("connection")),
                principal: PrincipalID(rawValue: try row.integer("principal")),
                sessionBindingDigest: try row.blob("session_binding_digest"),
                sealedVerifier: try row.blob("sealed_verifier"),
                expiresAt: try row.instant("expires_at")
            )
        }
    }
}

extension ConnectionRow {
    fileprivate static let select: SQLStatement = """
        SELECT id, principal, provider, state, account, problem_code, problem_message, problem_remedy, created_at
        FROM connection
        """

    fileprivate init(_ row: SQLRow) throws {
        var problem: ConnectionProblem?
        if let code = try row.optionalText("problem_code") {
            problem = ConnectionProblem(
                code: code,
                message: try row.text("problem_message"),
                remedy: try row.text("problem_remedy")
            )
        }
        self.init(
            id: ConnectionID(rawValue: try row.integer("id")),
            principal: PrincipalID(rawValue: try row.integer("principal")),
            provider: try row.text("provider"),
            state: try row.word("state"),
            account: try row.optionalText("account"),
            problem: problem,
            createdAt: try row.instant("created_at")
        )
    }
}
