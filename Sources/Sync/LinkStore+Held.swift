import ICalendar
import SQL
import Store

extension LinkStore {
    /// Replaces the deletions that wait for a person; those that were let go stay let go.
    func setHeld(_ deletions: [HeldDeletion], of link: Link) async throws {
        let now = now()
        try await database.write { transaction in
            let known = try transaction.rows(
                "SELECT uid, since FROM held WHERE link = \(link.id.value) AND is_approved = 0"
            )
            .reduce(into: [String: Instant]()) { $0[try $1.text("uid")] = try $1.instant("since") }
            try transaction.run("DELETE FROM held WHERE link = \(link.id.value) AND is_approved = 0")
            for deletion in deletions {
                try transaction.run(
                    """
                    INSERT INTO held (link, uid, summary, side, since, is_approved)
                    VALUES (\(link.id.value), \(.text(deletion.uid)), \(.text(deletion.summary)),
                        \(.text(deletion.side.rawValue)), \((known[deletion.uid] ?? now).value), 0)
                    ON CONFLICT (link, uid) DO NOTHING
                    """
                )
            }
        }
    }

    /// The deletions of a link that wait for a person.
    public func held(_ link: LinkID) async throws -> [HeldRow] {
        try await database.read { transaction in
            try transaction.rows(
                "SELECT * FROM held WHERE link = \(link.value) AND is_approved = 0 ORDER BY side, uid"
            )
            .map { row in
                HeldRow(
                    link: link,
                    uid: try row.text("uid"),
                    summary: try row.optionalText("summary"),
                    side: try row.word("side"),
                    since: try row.instant("since")
                )
            }
        }
    }

    /// Lets exactly the held deletions go on; answers how many.
    func approve(_ link: LinkID) async throws -> Int {
        let (now, actor) = (now(), AuditActor.current)
        return try await database.write { transaction in
            let count = try transaction.run(
                "UPDATE held SET is_approved = 1 WHERE link = \(link.value) AND is_approved = 0"
            )
            try Self.leaveApproval(link, transaction)
            try Self.audit(.deletionsApproved, link, by: actor, detail: "\(count) events", at: now, transaction)
            return count
        }
    }

    /// Ends the agreement on every held event, so that the side that still has it gives it back; answers how many.
    func reject(_ link: LinkID) async throws -> Int {
        let (now, actor) = (now(), AuditActor.current)
        return try await database.write { transaction in
            try transaction.run(
                """
                UPDATE base SET agreed_at = NULL WHERE link = \(link.value) AND uid IN (
                    SELECT uid FROM held WHERE held.link = \(link.value) AND is_approved = 0)
                """
            )
            let count = try transaction.run("DELETE FROM held WHERE link = \(link.value) AND is_approved = 0")
            try Self.leaveApproval(link, transaction)
            try Self.audit(.deletionsRejected, link, by: actor, detail: "\(count) events", at: now, transaction)
            return count
        }
    }

    private static func leaveApproval(_ link: LinkID, _ transaction: borrowing SQLTransaction) throws {
        try transaction.run(
            "UPDATE link SET state = 'idle' WHERE id = \(link.value) AND state = 'needs_approval'"
        )
        try lookAgain(link, transaction)
    }
}
