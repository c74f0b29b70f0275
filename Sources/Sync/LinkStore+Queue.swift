import Bridging
import ICalendar
import SQL
public import Store

/// A failure of one item, to be tried again.
struct NewRetry: Sendable {
    var uid: String
    var summary: String?
    var action: String
    var attempts: Int
    var dueAt: Instant?
    var localDigest: String
    var remoteDigest: String
    var problem: LinkProblem
    /// What undoing makes of the event, where the upstream took some of its writes before one failed.
    var undo: String?
}

extension LinkStore {
    /// Puts an item into the queue; what is to be done is decided anew when it is due.
    func save(_ retry: NewRetry, of link: Link) async throws {
        let now = now()
        try await database.write { transaction in
            let id = QueueID(rawValue: try SyncCounter.retry.next(transaction))
            try transaction.run(
                """
                INSERT INTO retry (
                    id, link, uid, summary, action, attempts, due_at, local_digest, remote_digest, since,
                    error_code, error_message, error_remedy, undo_text
                ) VALUES (
                    \(id.value), \(link.id.value), \(.text(retry.uid)), \(.text(retry.summary)),
                    \(.text(retry.action)), \(.integer(retry.attempts)), \(retry.dueAt.value),
                    \(.text(retry.localDigest)), \(.text(retry.remoteDigest)), \(now.value),
                    \(.text(retry.problem.code)), \(.text(retry.problem.message)), \(.text(retry.problem.remedy)),
                    \(.text(retry.undo))
                )
                ON CONFLICT (link, uid) DO UPDATE SET summary = excluded.summary, action = excluded.action,
                    attempts = excluded.attempts, due_at = excluded.due_at, is_dismissed = 0,
                    local_digest = excluded.local_digest, remote_digest = excluded.remote_digest,
                    error_code = excluded.error_code, error_message = excluded.error_message,
                    error_remedy = excluded.error_remedy, undo_text = COALESCE(retry.undo_text, excluded.undo_text)
                """
            )
        }
    }

    /// When the next item of a link is due, or its writes may go on, of what was not due before; nil when nothing is.
    func nextDue(of link: LinkID, after then: Instant) async throws -> Instant? {
        try await database.read { transaction in
            try transaction.row(
                """
                SELECT MIN(due_at) AS due FROM (
                    SELECT due_at FROM retry WHERE link = \(link.value)
                    UNION ALL SELECT writes_not_before FROM link WHERE id = \(link.value)
                ) AS waiting WHERE due_at > \(then.value)
                """
            )?
            .optionalInstant("due")
        }
    }

    /// Takes items out of the queue for which there is nothing to do any more.
    func endWaits(of uids: Set<String>, over link: Link) async throws {
        guard !uids.isEmpty else { return }
        try await database.write { transaction in
            for uid in uids.sorted() {
                try transaction.run("DELETE FROM retry WHERE link = \(link.id.value) AND uid = \(.text(uid))")
            }
        }
    }

    /// What waits for another try on a principal's links, oldest first; with `dismissed` what was given up instead.
    public func queue(
        of principal: PrincipalID,
        link: LinkID? = nil,
        dismissed: Bool = false
    ) async throws -> [QueueRow] {
        try await database.read { transaction in
            try transaction.rows(
                """
                SELECT retry.*, link.calendar FROM retry JOIN link ON link.id = retry.link
                WHERE link.principal = \(principal.value) AND is_dismissed = \(.integer(dismissed))
                    AND (\(.integer(link?.rawValue)) IS NULL OR retry.link = \(.integer(link?.rawValue)))
                ORDER BY retry.since, retry.id
                """
            )
            .map(QueueRow.init)
        }
    }

    /// One entry of the queue.
    public func queued(_ id: QueueID) async throws -> QueueRow? {
        try await database.read { transaction in
            try transaction.row(
                "SELECT retry.*, link.calendar FROM retry JOIN link ON link.id = retry.link WHERE retry.id = \(id.value)"
            )
            .map(QueueRow.init)
        }
    }

    /// Makes an entry of the queue due; ``SyncScheduler/retry(_:)`` also wakes its link.
    ///
    /// - Returns: its link, or nil when there is no such entry.
    func makeDue(_ id: QueueID) async throws -> LinkID? {
        try await change(id, noting: .queueRetried) { now in "due_at = \(now.value), is_dismissed = 0" }
    }

    /// Makes due what waits for a change of its event: with another mapping the upstream may take it as it is.
    static func retryRefused(_ link: LinkID, at now: Instant, _ transaction: borrowing SQLTransaction) throws {
        try transaction.run(
            """
            UPDATE retry SET due_at = \(now.value), attempts = 0
            WHERE link = \(link.value) AND due_at IS NULL AND is_dismissed = 0
            """
        )
    }

    /// Gives an entry of the queue up: the event stays as it is on both sides until one of them changes it again.
    ///
    /// - Returns: whether there was such an entry.
    public func dismiss(_ id: QueueID) async throws -> Bool {
        try await change(id, noting: .queueDismissed) { _ in "due_at = NULL, is_dismissed = 1, undo_text = NULL" }
            != nil
    }

    /// What a person does about an entry of the queue, which belongs to the trail.
    private func change(
        _ id: QueueID,
        noting action: AuditEntry.Action,
        _ assignment: @Sendable (Instant) -> SQLStatement
    ) async throws -> LinkID? {
        let (now, actor) = (now(), AuditActor.current)
        let assignment = assignment(now)
        return try await database.write { transaction in
            let row = try transaction.row(
                """
                UPDATE retry SET \(assignment) WHERE id = \(id.value)
                RETURNING link, uid, summary, action, error_message
                """
            )
            guard let row else { return nil }
            let link = LinkID(rawValue: try row.integer("link"))
            let name = try row.optionalText("summary") ?? ""
            let detail = "\(try row.text("action")) \(name): \(try row.optionalText("error_message") ?? "")"
            let subject = try row.text("uid")
            try Self.audit(action, link, by: actor, subject: subject, detail: detail, at: now, transaction)
            return link
        }
    }

    /// Replaces what is known of items that cannot be read.
    func setUnreadable(_ items: [UnreadableItem], of link: Link) async throws {
        let now = now()
        try await database.write { transaction in
            let known = try transaction.rows("SELECT uid FROM unreadable WHERE link = \(link.id.value)")
            let names = Set(items.map(\.uid))
            for uid in try known.map({ try $0.text("uid") }) where !names.contains(uid) {
                try transaction.run("DELETE FROM unreadable WHERE link = \(link.id.value) AND uid = \(.text(uid))")
            }
            for item in items {
                let id = try SyncCounter.quarantine.next(transaction)
                try transaction.run(
                    """
                    INSERT INTO unreadable (link, uid, text, problem, problem_id, problem_since)
                    VALUES (\(link.id.value), \(.text(item.uid)), \(.text(item.text)), \(.text(item.problem)),
                        \(.integer(id)), \(now.value))
                    ON CONFLICT (link, uid) DO UPDATE SET text = excluded.text, problem = excluded.problem
                    """
                )
            }
        }
    }

    /// What could not be read on a principal's links, of the upstream's and of ours.
    public func quarantine(of principal: PrincipalID, link: LinkID? = nil) async throws -> [QuarantineRow] {
        try await database.read { transaction in
            try Self.unreadableRecords(of: principal, link, transaction)
                + Self.unreadableObjects(of: principal, link, transaction)
        }
    }

    private static func unreadableObjects(
        of principal: PrincipalID,
        _ link: LinkID?,
        _ transaction: borrowing SQLTransaction
    ) throws -> [QuarantineRow] {
        let rows = try transaction.rows(
            """
            SELECT unreadable.*, link.calendar FROM unreadable JOIN link ON link.id = unreadable.link
            WHERE link.principal = \(principal.value)
                AND (\(.integer(link?.rawValue)) IS NULL OR unreadable.link = \(.integer(link?.rawValue)))
            ORDER BY problem_id
            """
        )
        return try rows.map { row in
            let reason = try row.text("problem")
            return QuarantineRow(
                id: QuarantineID(rawValue: try row.integer("problem_id")),
                link: LinkID(rawValue: try row.integer("link")),
                calendar: CalendarID(rawValue: try row.integer("calendar")),
                series: try row.text("uid"),
                uid: try row.text("uid"),
                raw: try row.text("text"),
                reason: reason,
                line: line(in: reason),
                since: try row.instant("problem_since")
            )
        }
    }

    private static func unreadableRecords(
        of principal: PrincipalID,
        _ link: LinkID?,
        _ transaction: borrowing SQLTransaction
    ) throws -> [QuarantineRow] {
        let rows = try transaction.rows(
            """
            SELECT mirrored_object.*, link.calendar FROM mirrored_object JOIN link ON link.id = mirrored_object.link
            WHERE link.principal = \(principal.value) AND problem IS NOT NULL
                AND (\(.integer(link?.rawValue)) IS NULL OR mirrored_object.link = \(.integer(link?.rawValue)))
            ORDER BY problem_id
            """
        )
        return try rows.map { row in
            let link = LinkID(rawValue: try row.integer("link"))
            let series = try row.text("series")
            let reason = try row.text("problem")
            return QuarantineRow(
                id: QuarantineID(rawValue: try row.integer("problem_id")),
                link: link,
                calendar: CalendarID(rawValue: try row.integer("calendar")),
                series: series,
                uid: try row.optionalText("uid"),
                raw: try records(of: series, link, transaction).map(\.payload).joined(separator: "\n"),
                reason: reason,
                line: line(in: reason),
                since: try row.instant("problem_since")
            )
        }
    }

    /// The number after the word "line" in a sentence about calendar data.
    private static func line(in sentence: String) -> Int? {
        let words = sentence.lowercased().utf8.split {
            !(UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) && !(48...57).contains($0)
        }
        .map { String(Substring($0)) }
        guard let word = words.firstIndex(of: "line"), words.indices.contains(word + 1) else { return nil }
        return Int(words[word + 1])
    }
}

extension QueueRow {
    init(_ row: SQLRow) throws {
        id = QueueID(rawValue: try row.integer("id"))
        link = LinkID(rawValue: try row.integer("link"))
        calendar = CalendarID(rawValue: try row.integer("calendar"))
        uid = try row.text("uid")
        summary = try row.optionalText("summary")
        action = try row.text("action")
        attempts = Int(try row.integer("attempts"))
        dueAt = try row.optionalInstant("due_at")
        lastError = try row.problem() ?? .unreachable("")
        since = try row.instant("since")
        isDismissed = try row.bool("is_dismissed")
    }
}
