public import ICalendar
import SQL
public import Store

/// How long is kept what is no longer needed.
public struct Retention: Sendable, Hashable {
    /// Days that former versions of events are kept.
    public var versionDays: Int

    /// Days that runs, resolved conflicts and the audit trail are kept.
    public var logDays: Int

    /// Days that deleted calendars, and deleted events at least, can be had back, that the memory of deletions upstream is
    /// kept, and connections that were never completed.
    public var trashDays: Int

    /// Says how long; a year, three months and a month unless said otherwise.
    public init(versionDays: Int = 365, logDays: Int = 90, trashDays: Int = 30) {
        self.versionDays = versionDays
        self.logDays = logDays
        self.trashDays = trashDays
    }

    private static let secondsPerDay: Int64 = 86_400

    static func horizon(_ days: Int, before now: Instant) -> Instant {
        now.advanced(by: -Int64(max(days, 1)) * secondsPerDay)
    }
}

/// What a purge has forgotten.
public struct RetentionReport: Sendable, Hashable {
    public var store = PurgeReport()
    public var runs = 0
    public var conflicts = 0
    public var auditLines = 0
    /// Series that are gone upstream.
    public var mirrored = 0
    /// Events that were left alone and are gone on both sides.
    public var leftAlone = 0
    /// Connections that were begun and never completed.
    public var connections = 0
}

extension LinkStore {
    /// Forgets what is older than is kept; what is still needed, an open conflict or a run going on, stays.
    @discardableResult
    public func purge(_ retention: Retention) async throws -> RetentionReport {
        let now = now()
        let (versions, logs, trash) = (
            Retention.horizon(retention.versionDays, before: now), Retention.horizon(retention.logDays, before: now),
            Retention.horizon(retention.trashDays, before: now)
        )
        var report = RetentionReport()
        report.store = try await calendars.purge(
            changesBefore: versions,
            versionsBefore: versions,
            trashedBefore: trash
        )
        report.auditLines = try await calendars.purgeAudit(before: logs)
        report.connections = try await removeAbandonedConnections(before: trash)
        (report.runs, report.conflicts) = try await database.write { transaction in
            let runs = try transaction.run(
                "DELETE FROM pass WHERE started_at < \(logs.value) AND outcome NOT IN ('waiting', 'running')"
            )
            let conflicts = try transaction.run(
                "DELETE FROM conflict WHERE is_open = 0 AND resolved_at < \(logs.value)"
            )
            return (runs, conflicts)
        }
        // What has no version any more cannot be brought back.
        try await database.write { transaction in
            try transaction.run("DELETE FROM departed WHERE since < \(versions.value)")
        }
        report.mirrored = try await database.write { try Self.forgetGoneSeries(before: trash, $0) }
        report.leftAlone = try await database.write { try Self.forgetLeftAlone($0) }
        return report
    }

    /// Removes connections that were begun, never completed, and are used by no link.
    private func removeAbandonedConnections(before horizon: Instant) async throws -> Int {
        let abandoned = try await database.read { transaction in
            try transaction.rows(
                """
                SELECT id FROM connection WHERE state = \(.text(ConnectionState.awaitingAuthorization.rawValue))
                    AND created_at < \(horizon.value)
                    AND NOT EXISTS (SELECT 1 FROM link WHERE link.connection = connection.id)
                """
            )
            .map { ConnectionID(rawValue: try $0.integer("id")) }
        }
        let credentials = CredentialStore(database: database, now: now)
        for id in abandoned { try await credentials.removeConnection(id) }
        return abandoned.count
    }

    /// Forgets series of which nothing lives upstream, and that no agreement names.
    private static func forgetGoneSeries(before horizon: Instant, _ transaction: borrowing SQLTransaction) throws -> Int
    {
        let rows = try transaction.rows(
            """
            SELECT link, series FROM mirror
            WHERE NOT EXISTS (SELECT 1 FROM base WHERE base.link = mirror.link AND base.series = mirror.series)
            GROUP BY link, series HAVING MIN(is_deleted) = 1 AND COALESCE(MAX(modified), 0) < \(horizon.value)
            """
        )
        for row in rows {
            try forget(series: row.text("series"), LinkID(rawValue: try row.integer("link")), transaction)
        }
        return rows.count
    }
}

extension Retention {
    /// When an event that was deleted at that time can no longer be had back.
    public func end(ofDeletionAt time: Instant) -> Instant {
        time + Int64(max(versionDays, trashDays, 1)) * Self.secondsPerDay
    }
}

extension SyncScheduler {
    /// How long is kept what is no longer needed.
    public nonisolated var retention: Retention { configuration.retention }

    /// A start is a bad moment for tidying up: clients and links come first.
    private static let firstPurge: Int64 = 300

    private static let purgeInterval: Int64 = 86_400

    /// Forgets once a day what is older than is kept.
    func keepHouse() async {
        var due = clock.now() + Self.firstPurge
        while !Task.isCancelled {
            do {
                try await clock.sleep(due)
                try await links.purge(configuration.retention)
            } catch {
                // Cancelled, or the database failed: what is too old today is too old tomorrow.
                guard !Task.isCancelled else { return }
            }
            due = clock.now() + Self.purgeInterval
        }
    }
}
