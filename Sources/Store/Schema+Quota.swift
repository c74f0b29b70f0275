extension CalendarStore {
    /// Counters of what is stored, so that a write need not add it all up (RFC 4331).
    static let quotaCounters = [
        "ALTER TABLE calendar ADD COLUMN used_octets BIGINT NOT NULL DEFAULT 0",
        "ALTER TABLE principal ADD COLUMN used_octets BIGINT NOT NULL DEFAULT 0",
        """
        UPDATE calendar SET used_octets =
            COALESCE((SELECT SUM(size) FROM object WHERE object.calendar = calendar.id), 0)
        """,
        """
        UPDATE principal SET used_octets = COALESCE(
            (SELECT SUM(calendar.used_octets) FROM calendar
                WHERE calendar.owner = principal.id AND calendar.deleted_at IS NULL),
            0
        )
        """,
    ]
}
