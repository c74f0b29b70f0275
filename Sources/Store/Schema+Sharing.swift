extension CalendarStore {
    /// Shares with what their sharees set, secret links, and where subscribed sources are.
    static let sharing = [
        // Where a client fetches a subscribed source from.
        "ALTER TABLE calendar ADD COLUMN source TEXT",
        // What a sharee sets on a shared calendar is null until it does.
        """
        CREATE TABLE share (
            id INTEGER PRIMARY KEY,
            calendar INTEGER NOT NULL REFERENCES calendar (id) ON DELETE CASCADE,
            principal INTEGER NOT NULL REFERENCES principal (id) ON DELETE CASCADE,
            access TEXT NOT NULL,
            state TEXT NOT NULL,
            name TEXT NOT NULL,
            display_name TEXT,
            description TEXT,
            color TEXT,
            sort_order BIGINT,
            time_zone TEXT,
            created_at BIGINT NOT NULL
        )
        """,
        "CREATE INDEX principal_by_email ON principal (LOWER(email))",
        "CREATE UNIQUE INDEX share_by_sharee ON share (calendar, principal)",
        "CREATE UNIQUE INDEX share_by_name ON share (principal, name)",
        """
        CREATE TABLE share_property (
            share INTEGER NOT NULL REFERENCES share (id) ON DELETE CASCADE,
            namespace TEXT NOT NULL,
            name TEXT NOT NULL,
            xml TEXT NOT NULL,
            PRIMARY KEY (share, namespace, name)
        )
        """,
        """
        CREATE TABLE feed (
            id INTEGER PRIMARY KEY,
            calendar INTEGER NOT NULL REFERENCES calendar (id) ON DELETE CASCADE,
            label TEXT NOT NULL,
            privacy TEXT NOT NULL,
            digest BYTEA NOT NULL UNIQUE,
            expires_at BIGINT,
            last_used_at BIGINT,
            created_at BIGINT NOT NULL
        )
        """,
        "CREATE INDEX feed_by_calendar ON feed (calendar)",
    ]
}
