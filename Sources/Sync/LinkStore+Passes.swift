import Bridging
import ICalendar
import Reconcile
import SQL
import Store

/// Where a link stands before a pass.
struct LinkPlace: Sendable {
    var cursor: SyncCursor?
    /// The revision of our calendar; nil when it is gone.
    var revision: Int64?
    var seenRevision: Int64?
    var mark: String
    var pending: Int
    var hasIntents: Bool
    /// Whether a pass ever carried out all that could be carried out.
    var hasSynced: Bool
    /// Whether a pass ever ended while the account might write there.
    var hasWritten: Bool
    /// How often somebody decided something so far.
    var decisions: Int64
    /// Before then the upstream takes no writes.
    var writesNotBefore: Instant?
    /// Whether the upstream said so itself.
    var isPauseTold: Bool

    /// Whether anything may have changed since the last pass ended with everything in step.
    func needsLook(at mark: String) -> Bool {
        seenRevision == nil || seenRevision != revision || self.mark != mark || pending > 0 || hasIntents
    }

    /// What must be looked at, after these series changed: little where everything else was in step.
    func scope(at mark: String, _ touched: Set<String>) -> SnapshotScope {
        guard self.mark == mark else { return .everything }
        guard let seenRevision, pending == 0, !hasIntents else { return .unsettled }
        return .recent(since: seenRevision, series: touched)
    }
}

/// What is known of a link after a pass.
struct Finish: Sendable {
    var revision: Int64?
    var mark: String
    var pending: Int
    /// The decisions that the pass knew of; what was decided since is for the next one.
    var decisions: Int64
    /// What is wrong though the pass came to its end.
    var problem: LinkProblem?
    /// Whether everything was carried out but what waits for a person, for another try, or for leave of the upstream.
    var isSynced = true

    init(of place: LinkPlace, revision: Int64?, mark: String, pending: Int) {
        self.revision = revision
        self.mark = mark
        self.pending = pending
        decisions = place.decisions
    }
}

extension LinkStore {
    /// Where a link stands; nil when there is no such link.
    func place(of link: Link) async throws -> LinkPlace? {
        try await database.read { transaction in
            let row = try transaction.row(
                """
                SELECT cursor, seen_revision, seen_mark, pending, decisions, last_synced_at IS NOT NULL AS has_synced,
                    has_written, writes_not_before, is_pause_told,
                    (SELECT revision FROM calendar WHERE calendar.id = link.calendar AND deleted_at IS NULL) AS revision,
                    EXISTS (SELECT 1 FROM intent WHERE intent.link = link.id) AS has_intents
                FROM link WHERE id = \(link.id.value)
                """
            )
            return try row.map { row in
                LinkPlace(
                    cursor: try row.optionalText("cursor").map(SyncCursor.init(rawValue:)),
                    revision: try row.optionalInteger("revision"),
                    seenRevision: try row.optionalInteger("seen_revision"),
                    mark: try row.text("seen_mark"),
                    pending: Int(try row.integer("pending")),
                    hasIntents: try row.bool("has_intents"),
                    hasSynced: try row.bool("has_synced"),
                    hasWritten: try row.bool("has_written"),
                    decisions: try row.integer("decisions"),
                    writesNotBefore: try row.optionalInstant("writes_not_before"),
                    isPauseTold: try row.bool("is_pause_told")
                )
            }
        }
    }

    /// The UIDs of a calendar.
    func uids(in calendar: CalendarID) async throws -> Set<String> {
        try await database.read { transaction in
            let rows = try transaction.rows("SELECT uid FROM object WHERE calendar = \(calendar.value)")
            return Set(try rows.map { try $0.text("uid") })
        }
    }

    /// Notes that a pass came to its end.
    ///
    /// A link counts as synced once both sides were listed and all was carried out: one event that is refused, or waits for a
    /// person, is pending, and does not make the rest look as if it stood still. What was decided meanwhile is still to come.
    func finish(_ link: Link, _ finish: Finish) async throws {
        let now = now()
        let isUndisturbed: SQLStatement = "decisions = \(.integer(finish.decisions))"
        try await database.write { transaction in
            let problem = try finish.problem ?? Self.missingPermission(link, transaction)
            let heldRow = try transaction.row(
                "SELECT COUNT(*) AS held FROM held WHERE link = \(link.id.value) AND is_approved = 0"
            )
            let isHeld = try heldRow.map { try $0.integer("held") > 0 } ?? false
            let state: LinkState = isHeld ? .needsApproval : .idle
            try transaction.run(
                """
                UPDATE link SET
                    seen_revision = CASE WHEN \(isUndisturbed) THEN \(.integer(finish.revision)) ELSE NULL END,
                    seen_mark = CASE WHEN \(isUndisturbed) THEN \(.text(finish.mark)) ELSE seen_mark END,
                    pending = \(.integer(finish.pending)), failures = 0, not_before = NULL,
                    has_written = CASE WHEN access = 'reader' THEN has_written ELSE 1 END,
                    last_synced_at = CASE WHEN \(.integer(finish.isSynced)) = 1 AND \(isUndisturbed) THEN \(now.value)
                        ELSE last_synced_at END,
                    state = CASE WHEN state IN ('paused', 'preview') THEN state ELSE \(.text(state.rawValue)) END,
                    error_code = \(.text(problem?.code)), error_message = \(.text(problem?.message)),
                    error_remedy = \(.text(problem?.remedy))
                WHERE id = \(link.id.value)
                """
            )
            // A creation nobody heard of again for so long was never done; its event is compared like any other.
            try transaction.run(
                """
                DELETE FROM intent WHERE link = \(link.id.value) AND at < \((now + -Self.intentLife).value)
                    AND NOT EXISTS (SELECT 1 FROM object WHERE object.calendar = \(link.calendar.value)
                        AND object.uid = intent.uid)
                """
            )
        }
    }

    /// The permission that what waits needs, which is all that the upstream lets nobody do; nil where none is missing.
    private static func missingPermission(
        _ link: Link,
        _ transaction: borrowing SQLTransaction
    ) throws -> LinkProblem? {
        try transaction.row(
            """
            SELECT error_code, error_message, error_remedy FROM retry
            WHERE link = \(link.id.value) AND error_code = \(.text(LinkProblem.permissionDenied)) AND is_dismissed = 0
            ORDER BY id LIMIT 1
            """
        )?
        .problem()
    }

    /// Makes the next pass look at what is not in step, or at everything, whatever a running one finds.
    static func lookAgain(
        _ link: LinkID,
        atEverything: Bool = false,
        _ transaction: borrowing SQLTransaction
    ) throws {
        let mark: SQLStatement = atEverything ? ", seen_mark = ''" : ""
        try transaction.run(
            "UPDATE link SET decisions = decisions + 1, seen_revision = NULL\(mark) WHERE id = \(link.value)"
        )
    }

    /// A day: by then the slowest upstream lists what it was told to create.
    private static let intentLife: Int64 = 86_400

    /// Notes the octets of items that changed in nothing that is compared, so that they are not looked at again.
    func refresh(_ items: [String: SnapshotItem], of link: Link) async throws {
        let stale = items.values.filter { item in
            guard let base = item.base, !base.isVoid, item.local != nil, item.remote != nil, item.conflict == nil else {
                return false
            }
            return base.localDigest != item.localDigest || base.remoteDigest != item.remoteDigest || item.retry != nil
                || item.intent != nil
        }
        let solved = items.values.filter { $0.conflict != nil }
        guard !stale.isEmpty || !solved.isEmpty else { return }
        let now = now()
        let pairs = stale.map { (uid: $0.uid, local: $0.localDigest, remote: $0.remoteDigest) }
        let uids = solved.map(\.uid)
        try await database.write { transaction in
            for pair in pairs {
                try transaction.run(
                    """
                    UPDATE base SET local_digest = \(.text(pair.local)), remote_digest = \(.text(pair.remote))
                    WHERE link = \(link.id.value) AND uid = \(.text(pair.uid))
                    """
                )
                for table in ["intent", "retry"] {
                    try transaction.run(
                        "DELETE FROM \(raw: table) WHERE link = \(link.id.value) AND uid = \(.text(pair.uid))"
                    )
                }
            }
            for uid in uids { try Self.closeConflict(of: uid, link.id, at: now, transaction) }
        }
    }

    /// The item of a series that is in step; nil where it is not.
    func itemInStep(_ series: String, of link: Link, fields: FieldSet) async throws -> SnapshotItem? {
        let uid = try await database.read { transaction in
            try transaction.row(
                """
                SELECT base.uid FROM base
                JOIN mirrored_object ON mirrored_object.link = base.link AND mirrored_object.series = base.series
                    AND mirrored_object.digest = base.remote_digest AND mirrored_object.text IS NOT NULL
                WHERE base.link = \(link.id.value) AND base.series = \(.text(series)) AND agreed_at IS NOT NULL
                """
            )?
            .text("uid")
        }
        guard let uid else { return nil }
        let item = try await snapshot(of: link, fields: fields, uid: uid)
        guard let item, item.base?.localDigest == item.localDigest else { return nil }
        return item
    }
}
