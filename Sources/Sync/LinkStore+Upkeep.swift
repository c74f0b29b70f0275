import Bridging
import SQL
import Store

/// A series whose upkeep failed and waits for another try.
struct WaitingUpkeep: Sendable {
    /// Under which UID it is in the queue.
    var uid: String
    var wait: WaitingItem
}

extension LinkStore {
    /// What is in the queue because of its upkeep, by series.
    func waitingUpkeep(of link: Link) async throws -> [String: WaitingUpkeep] {
        try await database.read { transaction in
            let rows = try transaction.rows(
                """
                SELECT retry.uid, attempts, due_at, retry.local_digest, retry.remote_digest, error_code,
                    undo_text, COALESCE(base.series, retry.uid) AS series
                FROM retry LEFT JOIN base ON base.link = retry.link AND base.uid = retry.uid
                WHERE retry.link = \(link.id.value) AND action = \(.text(SyncPass.upkeepWord))
                """
            )
            return try rows.reduce(into: [:]) { waiting, row in
                waiting[try row.text("series")] = WaitingUpkeep(uid: try row.text("uid"), wait: try WaitingItem(row))
            }
        }
    }

    /// Takes an item whose upkeep is done out of the queue.
    func endUpkeepWait(_ uid: String, of link: Link) async throws {
        try await database.write { transaction in
            try transaction.run(
                """
                DELETE FROM retry
                WHERE link = \(link.id.value) AND uid = \(.text(uid)) AND action = \(.text(SyncPass.upkeepWord))
                """
            )
        }
    }

    /// The series that recur, and those of which more is shown than themselves.
    func seriesShowingOccurrences(of link: Link) async throws -> Set<String> {
        try await database.read { transaction in
            let recurring = try transaction.rows(
                """
                SELECT series FROM mirrored_object WHERE link = \(link.id.value)
                    AND (text LIKE '%RRULE%' OR text LIKE '%RDATE%')
                """
            )
            let shown = try transaction.rows(
                """
                SELECT DISTINCT series FROM mirror
                WHERE link = \(link.id.value) AND record <> series AND is_deleted = 0
                """
            )
            return Set(try (recurring + shown).map { try $0.text("series") })
        }
    }

    /// The records of what is shown besides the series themselves.
    func shownOccurrences(of link: Link) async throws -> [UpstreamRecord] {
        try await database.read { transaction in
            try transaction.rows(
                """
                SELECT record, series, revision, payload, is_deleted, modified FROM mirror
                WHERE link = \(link.id.value) AND record <> series AND is_deleted = 0
                """
            )
            .map(UpstreamRecord.init)
        }
    }

    /// The records of a series that is no event, that nothing was agreed on, and of which something is still shown.
    func orphans(of series: String, _ link: Link) async throws -> [UpstreamRecord]? {
        try await database.read { transaction in
            let isKnown = try transaction.row(
                """
                SELECT 1 AS is_known FROM mirrored_object WHERE link = \(link.id.value) AND series = \(.text(series))
                    AND (text IS NOT NULL OR problem IS NOT NULL)
                UNION SELECT 1 AS is_known FROM base WHERE link = \(link.id.value) AND series = \(.text(series))
                """
            )
            guard isKnown == nil else { return nil }
            let records = try Self.records(of: series, link.id, transaction)
            return records.contains { !$0.isDeleted && $0.id != series } ? records : nil
        }
    }

    /// Forgets what was shown of a series besides itself.
    func forgetOccurrences(of series: String, _ link: Link) async throws {
        try await database.write { transaction in
            try transaction.run(
                """
                DELETE FROM mirror
                WHERE link = \(link.id.value) AND series = \(.text(series)) AND record <> \(.text(series))
                """
            )
        }
    }
}

extension WaitingItem {
    init(_ row: SQLRow) throws {
        attempts = Int(try row.integer("attempts"))
        dueAt = try row.optionalInstant("due_at")
        localDigest = try row.text("local_digest")
        remoteDigest = try row.text("remote_digest")
        isDisputed = try row.text("error_code") == LinkProblem.changedMeanwhile.code
        undo = try row.optionalText("undo_text")
    }
}
