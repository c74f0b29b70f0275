import Bridging
import ICalendar
import SQL
import Store

extension LinkStore {
    /// When a link may run, as it is written down.
    struct Readiness: Sendable {
        var link: Link
        var state: LinkState
        var nextSyncAt: Instant?
        /// Before then not even a person may hurry it.
        var notBefore: Instant?
        var failures: Int
    }

    func readiness(of id: LinkID) async throws -> Readiness? {
        try await database.read(.lookup) { transaction in
            try transaction.row("SELECT * FROM link WHERE id = \(id.value)").map { row in
                Readiness(
                    link: try Link(row),
                    state: try row.word("state"),
                    nextSyncAt: try row.optionalInstant("next_sync_at"),
                    notBefore: try row.optionalInstant("not_before"),
                    failures: Int(try row.integer("failures"))
                )
            }
        }
    }

    /// Resumes a paused link, or pauses it; answers whether there is such a link.
    func setState(_ state: LinkState, of id: LinkID) async throws -> Bool {
        let (now, actor) = (now(), AuditActor.current)
        return try await database.write { try Self.setState(state, of: id, by: actor, at: now, $0) }
    }

    static func setState(
        _ state: LinkState,
        of id: LinkID,
        by actor: String?,
        at now: Instant,
        _ transaction: borrowing SQLTransaction
    ) throws -> Bool {
        let count = try transaction.run(
            "UPDATE link SET state = \(.text(state.rawValue)), next_sync_at = NULL, failures = 0 WHERE id = \(id.value)"
        )
        guard count > 0 else { return false }
        try audit(.linkState, id, by: actor, detail: state.rawValue, at: now, transaction)
        return true
    }

    /// Notes when the next pass is due.
    func setNext(_ next: Instant?, of id: LinkID) async throws {
        try await database.write { transaction in
            try transaction.run("UPDATE link SET next_sync_at = \(next.value) WHERE id = \(id.value)")
        }
    }

    /// Notes that a pass failed as a whole; one that is counted makes the wait after the next failure longer.
    func fail(_ id: LinkID, _ step: NextStep, isCounted: Bool) async throws -> Instant? {
        let now = now()
        let state: LinkState
        let problem: LinkProblem
        var next: Instant?
        var notBefore: Instant?
        var pause: (until: Instant, isTold: Bool)?
        switch step {
        case .wait(let seconds, let isBinding, let reason):
            (state, problem, next) = (.waiting, reason, now + seconds)
            if isBinding { notBefore = next }
        case .readOnly(let seconds, let isBinding, let reason):
            // The next pass comes at once, and only reads.
            (state, problem, next) = (.waiting, reason, now)
            pause = (now + seconds, isBinding)
        case .stop(let reason):
            (state, problem) = (.error, reason)
        }
        let (times, paused) = ((next: next, notBefore: notBefore), pause)
        try await database.write { transaction in
            let known = try transaction.row("SELECT state FROM link WHERE id = \(id.value)")?.text("state")
            if state == .error, known != state.rawValue {
                let detail = "\(problem.code): \(problem.message)"
                try Self.audit(.linkState, id, by: "gateway", detail: detail, at: now, transaction)
            }
            try transaction.run(
                """
                UPDATE link SET state = CASE WHEN state IN ('paused', 'preview') THEN state
                        ELSE \(.text(state.rawValue)) END,
                    failures = failures + \(.integer(isCounted)), next_sync_at = \(times.next.value),
                    not_before = \(times.notBefore.value),
                    error_code = \(.text(problem.code)), error_message = \(.text(problem.message)),
                    error_remedy = \(.text(problem.remedy))
                WHERE id = \(id.value)
                """
            )
            if let paused {
                try Self.pauseWrites(ofAccountOf: id, until: paused.until, isTold: paused.isTold, transaction)
            }
        }
        return next
    }

    /// Shows a problem of a link that goes on nevertheless.
    func setComplaint(_ problem: LinkProblem, of id: LinkID) async throws {
        try await database.write { transaction in
            try transaction.run(
                """
                UPDATE link SET error_code = \(.text(problem.code)), error_message = \(.text(problem.message)),
                    error_remedy = \(.text(problem.remedy))
                WHERE id = \(id.value)
                """
            )
        }
    }

    // MARK: The end of a link

    /// An event that the gateway created upstream.
    struct Creation: Sendable {
        var uid: String
        var records: [UpstreamRecord]
        /// Whether the upstream says something that was not agreed upon: nobody has decided about it yet.
        var isUndecided: Bool
    }

    /// The events the gateway created upstream, with their records.
    func createdUpstream(by link: Link) async throws -> [Creation] {
        try await database.read { transaction in
            let rows = try transaction.rows(
                """
                SELECT uid, series, EXISTS (
                        SELECT 1 FROM conflict WHERE conflict.link = base.link AND conflict.uid = base.uid
                            AND is_open = 1 AND upstream_text IS NOT NULL
                    ) OR EXISTS (
                        SELECT 1 FROM mirrored_object AS seen WHERE seen.link = base.link AND seen.series = base.series
                            AND seen.digest <> base.remote_digest AND (text IS NOT NULL OR problem IS NOT NULL)
                    ) AS is_undecided
                FROM base WHERE link = \(link.id.value) AND series IS NOT NULL
                    AND origin = \(.text(Origin.gateway.rawValue)) ORDER BY uid
                """
            )
            return try rows.map { row in
                Creation(
                    uid: try row.text("uid"),
                    records: try Self.records(of: row.text("series"), link.id, transaction),
                    isUndecided: try row.bool("is_undecided")
                )
            }
        }
    }

    /// Removes a link with its memory, and where `purge` says so the events it brought here; their versions stay.
    ///
    /// - Returns: the receipt, to which is added what was done here.
    func remove(
        _ link: Link,
        purge: LinkPurge,
        by author: Author,
        _ receipt: LinkReceipt
    ) async throws -> LinkReceipt {
        let (now, calendars) = (now(), calendars)
        let receipt = try await database.write { transaction in
            var receipt = receipt
            try Self.letGo(of: link, calendars, transaction)
            if purge != .nothing { try Self.removeBrought(by: link, purge, calendars, author, &receipt, transaction) }
            try Self.keepUndecided(of: link, calendars, by: author, at: now, transaction)
            let detail = receipt.sentence
            try Self.audit(.linkRemoved, link, by: author.name, detail: detail, at: now, transaction)
            try transaction.run("DELETE FROM link WHERE id = \(link.id.value)")
            return receipt
        }
        if receipt.removedHere > 0 { calendars.announce(Commit(calendar: link.calendar, author: author)) }
        try await protectCalendar(link.calendar)
        return receipt
    }

    /// Removes here what the link brought, but for what another upstream of the calendar had before, as it would go there,
    /// too, and for what was changed here and never came upstream, as nobody else has it.
    ///
    /// Where only copies are to go, what another upstream has got since stays as well: of links that end together none passes
    /// anything on.
    private static func removeBrought(
        by link: Link,
        _ purge: LinkPurge,
        _ calendars: CalendarStore,
        _ author: Author,
        _ receipt: inout LinkReceipt,
        _ transaction: borrowing SQLTransaction
    ) throws {
        let rows = try transaction.rows(
            """
            SELECT uid, EXISTS (
                    SELECT 1 FROM base AS other JOIN link ON link.id = other.link
                    WHERE link.calendar = \(link.calendar.value) AND other.link <> base.link AND other.uid = base.uid
                        AND other.agreed_at IS NOT NULL
                        AND (other.origin <> \(.text(Origin.gateway.rawValue))
                            OR (\(.integer(purge == .copies ? 1 : 0)) = 1
                                AND link.connection <> \(link.connection.value)))
                ) AS is_shared,
                EXISTS (SELECT 1 FROM retry WHERE retry.link = base.link AND retry.uid = base.uid) AS is_waiting,
                local_digest, local_text
            FROM base WHERE link = \(link.id.value) AND origin = \(.text(Origin.upstream.rawValue)) ORDER BY uid
            """
        )
        for row in rows {
            let object = try calendars.object(uid: try row.text("uid"), in: link.calendar, transaction)
            guard let object else { continue }
            guard try !row.bool("is_shared") else {
                receipt.sharedHere += 1
                continue
            }
            guard try !row.bool("is_waiting"), try !isEdited(object, since: row) else {
                receipt.editedHere += 1
                continue
            }
            _ = try calendars.delete(named: object.name, in: link.calendar, if: .always, by: author, transaction)
            receipt.removedHere += 1
        }
    }

    /// Whether an event says something here that its link's agreement does not; a row of `base` tells of that.
    private static func isEdited(_ object: StoredObject, since base: SQLRow) throws -> Bool {
        guard try base.text("local_digest") == object.etag.rawValue else { return true }
        // What does not travel, be it for its direction, is in step for the link, and yet only here.
        let agreed = try base.text("local_text")
        guard agreed != object.text else { return false }
        let fieldSet = FieldSet(writable: Set(Field.allCases), overrides: .all)
        let (was, isNow) = (try CalendarObject(parsing: agreed), try object.object())
        return Projection(of: was, onto: fieldSet).fields != Projection(of: isNow, onto: fieldSet).fields
    }
}
