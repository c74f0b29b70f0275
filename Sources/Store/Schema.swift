extension CalendarStore {
    /// The steps to this module's tables, those of ``CredentialStore`` included.
    ///
    /// Times are seconds since 1970, truth is 1 or 0. Keys come from `counter`, so that none is ever given twice.
    public static let migrations: [Migration] = [
        Migration(name: "Principals", statements: principals),
        Migration(name: "Calendars, objects and their versions", statements: calendars),
        Migration(name: "Credentials, connections and sessions", statements: credentials),
        Migration(name: "Objects by their beginning and by their end", statements: spans),
        Migration(name: "The audit trail", statements: auditTable),
        Migration(name: "Shares, secret links and subscriptions", statements: sharing),
        Migration(name: "Answers to requests that may be repeated", statements: answers),
        Migration(name: "Locks", statements: lockTables),
        Migration(name: "Counters of what is stored", statements: quotaCounters),
        Migration(name: "The availability of principals", statements: availability),
        Migration(
            name: "What an event does to its owner's time",
            // NULL for what is no event, and for what was written before: it is read when it is asked for.
            statements: ["ALTER TABLE object ADD COLUMN occupancy_name TEXT"]
        ),
        Migration(name: "Dead properties of objects", statements: objectProperties),
        Migration(name: "Objects called by their first version", statements: versionIndexes),
        Migration(
            name: "Objects that no client may change",
            statements: ["ALTER TABLE object ADD COLUMN protection TEXT"]
        ),
        Migration(name: "Writes upstream of which no answer was noted", statements: begunWritesIndex),
        Migration(
            name: "Deletions by their time",
            statements: ["CREATE INDEX version_by_deletion ON version (calendar, number) WHERE kind = 'deleted'"]
        ),
    ]

    private static let principals = [
        "CREATE TABLE counter (name TEXT PRIMARY KEY, value BIGINT NOT NULL)",
        """
        CREATE TABLE principal (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            email TEXT,
            display_name TEXT,
            is_admin BIGINT NOT NULL,
            created_at BIGINT NOT NULL,
            password_hash TEXT
        )
        """,
    ]

    private static let calendars = [
        """
        CREATE TABLE calendar (
            id INTEGER PRIMARY KEY,
            owner INTEGER NOT NULL REFERENCES principal (id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            display_name TEXT,
            description TEXT,
            color TEXT,
            sort_order BIGINT,
            time_zone TEXT,
            components TEXT NOT NULL,
            revision BIGINT NOT NULL,
            purged_below BIGINT NOT NULL,
            is_write_protected BIGINT NOT NULL,
            created_at BIGINT NOT NULL,
            deleted_at BIGINT
        )
        """,
        // Partial: the name of a deleted calendar is free again.
        "CREATE UNIQUE INDEX calendar_by_name ON calendar (owner, name) WHERE deleted_at IS NULL",
        "CREATE INDEX calendar_by_owner ON calendar (owner)",
        """
        CREATE TABLE dead_property (
            calendar INTEGER NOT NULL REFERENCES calendar (id) ON DELETE CASCADE,
            namespace TEXT NOT NULL,
            name TEXT NOT NULL,
            xml TEXT NOT NULL,
            PRIMARY KEY (calendar, namespace, name)
        )
        """,
        // All texts are here, those of living objects too: a PUT writes its octets once, and a listing reads none.
        """
        CREATE TABLE version (
            number INTEGER PRIMARY KEY,
            object INTEGER NOT NULL,
            calendar INTEGER NOT NULL REFERENCES calendar (id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            uid TEXT NOT NULL,
            kind TEXT NOT NULL,
            at BIGINT NOT NULL,
            author_kind TEXT NOT NULL,
            author_name TEXT NOT NULL,
            run BIGINT,
            summary TEXT,
            text TEXT NOT NULL
        )
        """,
        "CREATE INDEX version_by_object ON version (object, number)",
        "CREATE INDEX version_by_uid ON version (calendar, uid, number)",
        "CREATE INDEX version_by_time ON version (at)",
        // first_start, last_end and precision are the time index; see TimeIndex.
        """
        CREATE TABLE object (
            id INTEGER PRIMARY KEY,
            calendar INTEGER NOT NULL REFERENCES calendar (id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            uid TEXT NOT NULL,
            etag TEXT NOT NULL,
            kind TEXT NOT NULL,
            size BIGINT NOT NULL,
            modified BIGINT NOT NULL,
            revision BIGINT NOT NULL,
            version INTEGER NOT NULL,
            first_start BIGINT NOT NULL,
            last_end BIGINT NOT NULL,
            precision_name TEXT NOT NULL
        )
        """,
        "CREATE UNIQUE INDEX object_by_name ON object (calendar, name)",
        "CREATE UNIQUE INDEX object_by_uid ON object (calendar, uid)",
        "CREATE UNIQUE INDEX object_by_revision ON object (calendar, revision)",
        "CREATE INDEX object_by_end ON object (calendar, last_end, first_start)",
        """
        CREATE TABLE occurrence_window (
            object INTEGER PRIMARY KEY REFERENCES object (id) ON DELETE CASCADE,
            starts_at BIGINT NOT NULL,
            ends_at BIGINT NOT NULL,
            occurrences BYTEA NOT NULL
        )
        """,
        // What is left of a deleted object in the change log; of a living one its own revision says it.
        """
        CREATE TABLE tombstone (
            calendar INTEGER NOT NULL REFERENCES calendar (id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            revision BIGINT NOT NULL,
            at BIGINT NOT NULL,
            PRIMARY KEY (calendar, name)
        )
        """,
        "CREATE UNIQUE INDEX tombstone_by_revision ON tombstone (calendar, revision)",
        "CREATE INDEX tombstone_by_time ON tombstone (at)",
    ]

    /// Short objects are found by where they begin, close to the range asked for; the few long ones by where they end.
    ///
    /// See ``candidates(in:kinds:range:)``, which names the same number of seconds: 32 days.
    private static let spans = [
        """
        CREATE INDEX object_by_start ON object (calendar, first_start, last_end)
        WHERE last_end <= first_start + 2764800
        """,
        """
        CREATE INDEX long_object_by_end ON object (calendar, last_end, first_start)
        WHERE last_end > first_start + 2764800
        """,
        "DROP INDEX object_by_end",
    ]

    /// Of all versions only those of deletions are looked for by UID, so that a new event enters one index less at a
    /// place of its own; the others are found by their calendar when that is deleted for good.
    private static let versionIndexes = [
        "CREATE INDEX version_by_calendar ON version (calendar)",
        "CREATE INDEX version_of_deleted ON version (calendar, uid, number) WHERE kind = 'deleted'",
        "DROP INDEX version_by_uid",
        // Every object has a version, so that no number of an object is greater; this makes sure of it.
        """
        UPDATE counter
        SET value = (SELECT MAX(other.value) FROM counter AS other WHERE other.name IN ('object', 'version'))
        WHERE name = 'version'
        """,
        "DELETE FROM counter WHERE name = 'object'",
    ]

    private static let credentials = [
        """
        CREATE TABLE app_password (
            id INTEGER PRIMARY KEY,
            principal INTEGER NOT NULL REFERENCES principal (id) ON DELETE CASCADE,
            label TEXT NOT NULL,
            hash TEXT NOT NULL,
            created_at BIGINT NOT NULL,
            last_used_at BIGINT
        )
        """,
        "CREATE INDEX app_password_by_principal ON app_password (principal)",
        """
        CREATE TABLE api_token (
            id INTEGER PRIMARY KEY,
            principal INTEGER NOT NULL REFERENCES principal (id) ON DELETE CASCADE,
            label TEXT NOT NULL,
            scopes TEXT NOT NULL,
            digest BYTEA NOT NULL UNIQUE,
            created_at BIGINT NOT NULL
        )
        """,
        "CREATE INDEX api_token_by_principal ON api_token (principal)",
        """
        CREATE TABLE connection (
            id INTEGER PRIMARY KEY,
            principal INTEGER NOT NULL REFERENCES principal (id) ON DELETE CASCADE,
            provider TEXT NOT NULL,
            state TEXT NOT NULL,
            account TEXT,
            problem_code TEXT,
            problem_message TEXT,
            problem_remedy TEXT,
            sealed_tokens BYTEA,
            created_at BIGINT NOT NULL
        )
        """,
        "CREATE INDEX connection_by_principal ON connection (principal)",
        """
        CREATE TABLE pending_authorization (
            state_digest BYTEA PRIMARY KEY,
            connection INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
            principal INTEGER NOT NULL REFERENCES principal (id) ON DELETE CASCADE,
            session_binding_digest BYTEA NOT NULL,
            sealed_verifier BYTEA NOT NULL,
            expires_at BIGINT NOT NULL
        )
        """,
        "CREATE INDEX pending_authorization_by_connection ON pending_authorization (connection)",
        "CREATE INDEX pending_authorization_by_principal ON pending_authorization (principal)",
        "CREATE INDEX pending_authorization_by_expiry ON pending_authorization (expires_at)",
        """
        CREATE TABLE session (
            digest BYTEA PRIMARY KEY,
            principal INTEGER NOT NULL REFERENCES principal (id) ON DELETE CASCADE,
            csrf_digest BYTEA NOT NULL,
            expires_at BIGINT NOT NULL
        )
        """,
        "CREATE INDEX session_by_principal ON session (principal)",
        "CREATE INDEX session_by_expiry ON session (expires_at)",
        "CREATE TABLE setting (name TEXT PRIMARY KEY, value BYTEA NOT NULL)",
    ]

    private static let answers = [
        """
        CREATE TABLE remembered_answer (
            principal INTEGER NOT NULL REFERENCES principal (id) ON DELETE CASCADE,
            name BYTEA NOT NULL,
            digest BYTEA NOT NULL,
            sealed BYTEA,
            created_at BIGINT NOT NULL,
            PRIMARY KEY (principal, name)
        )
        """,
        "CREATE INDEX remembered_answer_by_age ON remembered_answer (created_at)",
    ]

    private static let availability = [
        """
        CREATE TABLE availability (
            principal INTEGER PRIMARY KEY REFERENCES principal (id) ON DELETE CASCADE,
            text TEXT NOT NULL
        )
        """
    ]
}
