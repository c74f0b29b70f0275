public import ICalendar
import SQL

extension CalendarStore {
    /// The secret links to a calendar, oldest first.
    public func feeds(of calendar: CalendarID) async throws -> [Feed] {
        try await database.read { transaction in
            try transaction.rows("\(Feed.select) WHERE calendar = \(calendar.value) ORDER BY id").map(Feed.init)
        }
    }

    /// Makes a secret link; `digest` is all that is kept of its secret.
    public func addFeed(
        to calendar: CalendarID,
        label: String,
        privacy: FeedPrivacy,
        expiresAt: Instant?,
        digest: [UInt8]
    ) async throws -> Feed {
        let (now, actor) = (now(), AuditActor.current)
        return try await database.write { transaction in
            let id = try Counter.feed.next(transaction)
            try transaction.run(
                """
                INSERT INTO feed (id, calendar, label, privacy, digest, expires_at, created_at)
                VALUES (
                    \(.integer(id)), \(calendar.value), \(.text(label)), \(.text(privacy.rawValue)), \(.blob(digest)),
                    \(.integer(expiresAt?.seconds)), \(now.value)
                )
                """
            )
            if let collection = try Self.calendar(calendar, transaction) {
                try Self.audit(.feedMade, collection, by: actor, detail: label, at: now, transaction)
            }
            return Feed(
                id: id,
                calendar: calendar,
                label: label,
                privacy: privacy,
                expiresAt: expiresAt,
                lastUsedAt: nil,
                createdAt: now
            )
        }
    }

    /// Revokes a secret link; false when the calendar has no such.
    public func removeFeed(_ id: Int64, of calendar: CalendarID) async throws -> Bool {
        let (now, actor) = (now(), AuditActor.current)
        return try await database.write { transaction in
            let row = try transaction.row(
                "SELECT label FROM feed WHERE id = \(.integer(id)) AND calendar = \(calendar.value)"
            )
            guard let row else { return false }
            try transaction.run("DELETE FROM feed WHERE id = \(.integer(id))")
            guard let collection = try Self.calendar(calendar, transaction) else { return true }
            try Self.audit(.feedRevoked, collection, by: actor, detail: row.text("label"), at: now, transaction)
            return true
        }
    }

    /// The link with that digest and the calendar it leads to; nil once it has expired or the calendar is deleted.
    public func feed(digest: [UInt8]) async throws -> (feed: Feed, calendar: CalendarCollection)? {
        let now = now()
        return try await database.read { transaction in
            let row = try transaction.row("\(Feed.select) WHERE digest = \(.blob(digest))")
            guard let feed = try row.map(Feed.init), feed.expiresAt.map({ $0 > now }) ?? true,
                let calendar = try Self.calendar(feed.calendar, transaction)
            else { return nil }
            return (feed, calendar)
        }
    }

    /// How exactly ``Feed/lastUsedAt`` is kept: a link that is polled every second is not written every second.
    private static let lastUsePrecision: Int64 = 60

    /// Notes that a link has been followed now.
    public func touch(_ feed: Feed) async throws {
        let now = now()
        if let last = feed.lastUsedAt, now - last < Self.lastUsePrecision { return }
        try await database.write { transaction in
            try transaction.run("UPDATE feed SET last_used_at = \(now.value) WHERE id = \(.integer(feed.id))")
        }
    }
}

extension Feed {
    fileprivate static let select: SQLStatement =
        "SELECT id, calendar, label, privacy, expires_at, last_used_at, created_at FROM feed"

    fileprivate init(_ row: SQLRow) throws {
        self.init(
            id: try row.integer("id"),
            calendar: CalendarID(rawValue: try row.integer("calendar")),
            label: try row.text("label"),
            privacy: try row.word("privacy"),
            expiresAt: try row.optionalInstant("expires_at"),
            lastUsedAt: try row.optionalInstant("last_used_at"),
            createdAt: try row.instant("created_at")
        )
    }
}
