public import ICalendar
import SQL

/// What a purge has forgotten.
public struct PurgeReport: Sendable, Hashable {
    /// Deletions that clients can no longer ask for.
    public var changes = 0

    /// Former versions of objects.
    public var versions = 0

    /// Deleted calendars with all that was in them.
    public var calendars = 0

    /// A report of nothing.
    public init() {}
}

extension CalendarStore {
    /// So many rows go in one write, so that nobody waits long behind a purge.
    private static let purgedAtOnce = 500

    /// Forgets deletions, and versions that no object shows any more, from before the horizons.
    ///
    /// Sync tokens that have not seen a forgotten deletion are refused from then on. Calendars deleted before
    /// `trashedBefore` go for good; without it, those deleted before `versionsBefore`. What an object was when it was deleted
    /// is kept until both.
    @discardableResult
    public func purge(
        changesBefore: Instant,
        versionsBefore: Instant,
        trashedBefore: Instant? = nil
    ) async throws -> PurgeReport {
        let trashedBefore = trashedBefore ?? versionsBefore
        var report = PurgeReport()
        report.changes = try await database.write { try Self.purgeTombstones(before: changesBefore, $0) }
        var purged = 0
        repeat {
            purged = try await database.write {
                try Self.purgeVersions(before: versionsBefore, deletionsBefore: min(versionsBefore, trashedBefore), $0)
            }
            report.versions += purged
        } while purged == Self.purgedAtOnce
        let now = now()
        report.calendars = try await database.write { transaction in
            let gone = try transaction.rows(
                "DELETE FROM calendar WHERE deleted_at < \(trashedBefore.value) RETURNING id, owner, name"
            )
            for row in gone {
                let entry = AuditEntry(
                    .calendarPurged,
                    of: PrincipalID(rawValue: try row.integer("owner")),
                    by: "gateway",
                    calendar: CalendarID(rawValue: try row.integer("id")),
                    subject: try row.text("name")
                )
                try Self.audit(entry, at: now, transaction)
            }
            return gone.count
        }
        return report
    }

    private static func purgeTombstones(before horizon: Instant, _ transaction: borrowing SQLTransaction) throws -> Int
    {
        let newest = try transaction.rows(
            """
            SELECT calendar, MAX(revision) AS revision FROM tombstone WHERE at < \(horizon.value) GROUP BY calendar
            """
        )
        for row in newest {
            let revision = try row.integer("revision")
            try transaction.run(
                """
                UPDATE calendar SET purged_below = \(.integer(revision))
                WHERE id = \(.integer(try row.integer("calendar"))) AND purged_below < \(.integer(revision))
                """
            )
        }
        return try transaction.run("DELETE FROM tombstone WHERE at < \(horizon.value)")
    }

    private static func purgeVersions(
        before horizon: Instant,
        deletionsBefore trashHorizon: Instant,
        _ transaction: borrowing SQLTransaction
    ) throws -> Int {
        try transaction.run(
            """
            DELETE FROM version WHERE number IN (
                SELECT number FROM version WHERE at < \(horizon.value)
                    AND (kind <> 'deleted' OR at < \(trashHorizon.value))
                    AND NOT EXISTS (SELECT 1 FROM object WHERE object.id = version.object AND object.version = number)
                LIMIT \(.integer(purgedAtOnce))
            )
            """
        )
    }
}
