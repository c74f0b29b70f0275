import ICalendar
import SQL
public import Store

extension LinkStore {
    /// How a link is doing as far as it is written down; a running pass is known to the scheduler only.
    public func status(of id: LinkID) async throws -> LinkStatus? {
        try await statuses("WHERE id = \(id.value)").first
    }

    /// How the links of a principal are doing.
    public func statuses(of principal: PrincipalID) async throws -> [LinkStatus] {
        try await statuses("WHERE principal = \(principal.value)")
    }

    /// How all links are doing.
    public func allStatuses() async throws -> [LinkStatus] { try await statuses("") }

    private func statuses(_ condition: SQLStatement) async throws -> [LinkStatus] {
        let now = now()
        return try await database.read { transaction in
            let statement: SQLStatement = """
                SELECT link.*,
                    (SELECT COUNT(*) FROM base WHERE base.link = link.id AND agreed_at IS NOT NULL) AS events,
                    (SELECT COUNT(*) FROM conflict WHERE conflict.link = link.id AND is_open = 1
                        AND \(Self.isInUse)) AS conflicts,
                    (SELECT COUNT(*) FROM retry WHERE retry.link = link.id AND due_at IS NULL AND is_dismissed = 0)
                        AS failed,
                    (SELECT COUNT(*) FROM held WHERE held.link = link.id AND is_approved = 0) AS held,
                    (SELECT MAX(expires_at) FROM channel WHERE channel.link = link.id AND resource <> '')
                        AS channel_expires_at
                FROM link \(condition) ORDER BY id
                """
            return try transaction.rows(statement).map { try status($0, at: now, transaction) }
        }
    }

    private func status(
        _ row: SQLRow,
        at now: Instant,
        _ transaction: borrowing SQLTransaction
    ) throws -> LinkStatus {
        let link = try Link(row)
        var status = LinkStatus(
            link: link,
            state: try row.word("state"),
            lastSyncedAt: try row.optionalInstant("last_synced_at"),
            nextSyncAt: try row.optionalInstant("next_sync_at"),
            progress: nil,
            events: Int(try row.integer("events")),
            pending: Int(try row.integer("pending"))
                + (try unseen(link, since: row.optionalInteger("seen_revision"), transaction)),
            failed: Int(try row.integer("failed")),
            conflicts: Int(try row.integer("conflicts")),
            lastError: try row.problem(),
            channelExpiresAt: try row.optionalInstant("channel_expires_at"),
            channelProblem: try row.optionalText("channel_problem"),
            lastRangAt: try row.optionalInstant("rang_at")
        )
        if let end = try row.optionalInstant("writes_not_before"), end > now, link.effectiveDirection != .pull {
            status.writesResumeAt = end
            // It reads on, and so is not held up; what a person changed is.
            if status.state == .idle, status.pending > 0 { status.state = .waiting }
        }
        if status.state == .needsApproval, status.lastError == nil {
            status.lastError = .heldDeletions(Int(try row.integer("held")))
        }
        return status
    }

    /// Counts the objects written here since the last pass looked, other than by that pass itself.
    private func unseen(
        _ link: Link,
        since revision: Int64?,
        _ transaction: borrowing SQLTransaction
    ) throws -> Int {
        guard let revision else { return 0 }
        let row = try transaction.row(
            """
            SELECT
                (SELECT COUNT(*) FROM object
                 WHERE object.calendar = \(link.calendar.value) AND object.revision > \(.integer(revision))
                    AND object.kind = 'VEVENT' AND NOT EXISTS (
                        SELECT 1 FROM base WHERE base.link = \(link.id.value) AND base.uid = object.uid
                            AND base.local_digest = object.etag))
                +
                (SELECT COUNT(*) FROM base
                 WHERE base.link = \(link.id.value) AND agreed_at IS NOT NULL AND EXISTS (
                        SELECT 1 FROM tombstone WHERE tombstone.calendar = \(link.calendar.value)
                            AND tombstone.revision > \(.integer(revision)))
                    AND NOT EXISTS (
                        SELECT 1 FROM object WHERE object.calendar = \(link.calendar.value)
                            AND object.uid = base.uid))
                AS unseen
            """
        )
        return Int(try row?.integer("unseen") ?? 0)
    }
}
