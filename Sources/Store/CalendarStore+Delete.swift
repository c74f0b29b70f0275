import ICalendar
public import SQL

extension CalendarStore {
    /// Deletes an object if the condition holds, and announces it once it is durable.
    ///
    /// What does not exist is not found, whatever the condition (RFC 9110 §13.2.1).
    ///
    /// - Throws: ``ReadOnlyCalendar`` where the author may only read, ``ReadOnlyObject`` where nobody may do more.
    public func delete(
        named name: String,
        in calendar: CalendarID,
        if condition: WriteCondition,
        past wish: WriteGuard? = nil,
        by author: Author
    ) async throws -> DeleteOutcome {
        let now = now()
        let outcome = try await database.write { transaction in
            try Self.delete(named: name, in: calendar, if: condition, past: wish, by: author, at: now, transaction)
        }
        if outcome == .deleted { announce(Commit(calendar: calendar, author: author)) }
        return outcome
    }

    /// Deletes an object in the caller's own transaction; the caller announces it.
    public func delete(
        named name: String,
        in calendar: CalendarID,
        if condition: WriteCondition,
        by author: Author,
        _ transaction: borrowing SQLTransaction
    ) throws -> DeleteOutcome {
        try Self.delete(named: name, in: calendar, if: condition, by: author, at: now(), transaction)
    }

    static func delete(
        named name: String,
        in calendar: CalendarID,
        if condition: WriteCondition,
        past wish: WriteGuard? = nil,
        by author: Author,
        at now: Instant,
        _ transaction: borrowing SQLTransaction
    ) throws -> DeleteOutcome {
        guard let written = try writableCalendar(calendar, by: author, transaction) else { return .notFound }
        let current = try transaction.row(
            "SELECT id, etag, version, size, protection FROM object WHERE calendar = \(calendar.value) AND name = \(.text(name))"
        )
        guard let current else { return .notFound }
        guard condition.allows(ETag(rawValue: try current.text("etag"))) else { return .conditionFailed }
        try refuseIfProtected(current, from: author, transaction)
        if let wish, try admit(wish, to: .membership(name), in: calendar, at: now, transaction) {
            try removeLocks(at: ObjectPlace(calendar: calendar, name: name), transaction)
        }
        guard let last = try version(current.integer("version"), transaction) else {
            throw SQLError.corrupt("the object \(name) has no version")
        }
        let revision = try written.nextRevision(growingBy: -current.integer("size"), transaction)
        try NewVersion(Counter.version.next(transaction), deletionAfter: last, at: now, author)
            .insert(named: name, in: calendar, transaction)
        try transaction.run("DELETE FROM object WHERE id = \(last.object.value)")
        try transaction.run(
            """
            INSERT INTO tombstone (calendar, name, revision, at)
            VALUES (\(calendar.value), \(.text(name)), \(.integer(revision)), \(now.value))
            ON CONFLICT (calendar, name) DO UPDATE SET revision = excluded.revision, at = excluded.at
            """
        )
        return .deleted
    }
}
