extension CalendarStore {
    /// Locks (RFC 4918 §6): they outlive a restart, as their clients do.
    static let lockTables = [
        """
        CREATE TABLE dav_lock (
            token TEXT PRIMARY KEY,
            calendar INTEGER NOT NULL REFERENCES calendar (id) ON DELETE CASCADE,
            name TEXT,
            is_exclusive BIGINT NOT NULL,
            is_deep BIGINT NOT NULL,
            principal INTEGER NOT NULL REFERENCES principal (id) ON DELETE CASCADE,
            owner_xml TEXT,
            expires_at BIGINT NOT NULL
        )
        """,
        "CREATE INDEX dav_lock_by_calendar ON dav_lock (calendar, name)",
        "CREATE INDEX dav_lock_by_principal ON dav_lock (principal)",
    ]
}
