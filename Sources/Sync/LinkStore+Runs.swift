public import ICalendar
import Reconcile
import SQL
public import Store

/// One event a run touched, as it is written down.
struct RunEntry: Sendable {
    var uid: String
    var summary: String?
    var action: String
    var fields: [String]
    var outcome = "done"
    var message: String?

    /// What undoing makes of the event here; nil leaves it alone.
    var undo: String?

    /// What the upstream had where the run was the first to bring both sides of the event together; undoing parts them.
    var undoUpstream: String?

    /// On which side the run made the event, so that undoing takes it away again.
    var removes: HeldRow.Side?

    /// The series upstream that an event was split off from, or that others may have been split off from in this run; nil
    /// where neither is so.
    var family: String?

    /// Whether guests were mailed about the event that the run made upstream.
    var tellsGuests = false

    init(_ item: SnapshotItem, _ action: String, _ fields: Set<FieldKey>, undo: String?) {
        uid = item.uid
        summary = item.summary
        self.action = action
        self.fields = Set(fields.map(\.shownName)).sorted()
        self.undo = undo
        let isFirst = item.base == nil && item.departed == nil && item.local != nil
        undoUpstream = undo != nil && isFirst ? item.remote?.object.text : nil
    }
}

extension SyncPass {
    /// Gives the pass its line, before it does the first thing worth one.
    mutating func beginRun() async throws {
        guard run == nil else { return }
        run = try await state.newRun(of: link, .running)
        report.run = run
    }

    /// Writes down what became of an item.
    mutating func note(_ outcome: ItemOutcome, _ entry: RunEntry, _ count: (inout PassCounts) -> Void) {
        var entry = entry
        switch outcome {
        case .done: break
        case .failed(let problem): (entry.outcome, entry.message) = ("failed", problem.message)
        case .conflict, .held: entry.outcome = "held"
        case .again, .notDue:
            entry.outcome = "again"
            items.append(entry)
            return
        }
        count(&report.counts)
        items.append(entry)
    }

    /// Ends the line of the pass.
    func finishRun(_ error: (any Error)?) async throws {
        guard let run else { return }
        let outcome: RunRow.Outcome
        if error != nil {
            outcome = .failed
        } else if report.isHeld {
            outcome = .held
        } else {
            outcome = report.counts.failed > 0 ? .partial : .done
        }
        try await state.end(run, outcome, report.counts, error.map(LinkProblem.init), items)
    }
}

extension LinkStore {
    /// Gives a pass its line.
    func newRun(of link: Link, _ outcome: RunRow.Outcome) async throws -> RunID {
        let now = now()
        return try await database.write { transaction in
            let id = RunID(rawValue: try SyncCounter.run.next(transaction))
            try transaction.run(
                """
                INSERT INTO pass (id, link, calendar, started_at, outcome)
                VALUES (\(id.value), \(link.id.value), \(link.calendar.value), \(now.value), \(.text(outcome.rawValue)))
                """
            )
            return id
        }
    }

    /// Notes that a run that was asked for begins.
    func begin(_ run: RunID) async throws {
        let now = now()
        try await database.write { transaction in
            try transaction.run(
                "UPDATE pass SET outcome = 'running', started_at = \(now.value) WHERE id = \(run.value)"
            )
        }
    }

    /// Ends the line of a pass.
    func end(
        _ run: RunID,
        _ outcome: RunRow.Outcome,
        _ counts: PassCounts,
        _ problem: LinkProblem?,
        _ entries: [RunEntry]
    ) async throws {
        let now = now()
        try await database.write { transaction in
            try transaction.run(
                """
                UPDATE pass SET finished_at = \(now.value), outcome = \(.text(outcome.rawValue)),
                    pulled = \(.integer(counts.pulled)), pushed = \(.integer(counts.pushed)),
                    merged = \(.integer(counts.merged)), deleted_here = \(.integer(counts.deletedHere)),
                    deleted_upstream = \(.integer(counts.deletedUpstream)), conflicts = \(.integer(counts.conflicts)),
                    failed = \(.integer(counts.failed)), held = \(.integer(counts.held)),
                    error_code = \(.text(problem?.code)), error_message = \(.text(problem?.message)),
                    error_remedy = \(.text(problem?.remedy))
                WHERE id = \(run.value)
                """
            )
            for entry in entries { try Self.insert(entry, of: run, transaction) }
        }
    }

    /// Writes down what a run did to one event; of one that it dealt with twice, both together.
    ///
    /// What was done stays to be undone, whatever failed after it.
    static func insert(_ entry: RunEntry, of run: RunID, _ transaction: borrowing SQLTransaction) throws {
        try transaction.run(
            """
            INSERT INTO pass_item (
                pass, uid, summary, action, outcome, message, fields, undo_text, undo_upstream, undo_removes, family,
                tells_guests
            )
            VALUES (\(run.value), \(.text(entry.uid)), \(.text(entry.summary)), \(.text(entry.action)),
                \(.text(entry.outcome)), \(.text(entry.message)), \(.text(entry.fields.joined(separator: "\n"))),
                \(.text(entry.undo)), \(.text(entry.undoUpstream)), \(.text(entry.removes?.rawValue)),
                \(.text(entry.family)), \(.integer(entry.tellsGuests ? 1 : 0)))
            ON CONFLICT (pass, uid) DO UPDATE SET action = excluded.action, outcome = excluded.outcome,
                message = excluded.message, family = excluded.family,
                fields = CASE WHEN pass_item.fields = '' OR excluded.fields = ''
                    THEN pass_item.fields || excluded.fields
                    ELSE pass_item.fields || \(.text("\n")) || excluded.fields END
            WHERE pass_item.outcome <> 'done' OR excluded.outcome = 'done'
            """
        )
    }

    /// Ends the lines of passes that the end of the process cut off; called once, before any pass.
    func endInterruptedRuns() async throws {
        let now = now()
        func count(_ outcome: String, _ actions: String...) -> SQLStatement {
            let all = actions.map { "'\($0)'" }.joined(separator: ", ")
            let isAction: SQLStatement = actions.isEmpty ? "" : "AND action IN (\(raw: all))"
            return """
                (SELECT COUNT(*) FROM pass_item WHERE pass = pass.id AND pass_item.outcome = \(.text(outcome)) \(isAction))
                """
        }
        // What was counted went with the process; its lines are there.
        let counts: SQLStatement = """
            pulled = \(count("done", "pull", "create")), pushed = \(count("done", "push", "create-upstream")),
            merged = \(count("done", "merge")), deleted_here = \(count("done", "pull-deletion")),
            deleted_upstream = \(count("done", "push-deletion")), failed = \(count("failed"))
            """
        try await database.write { transaction in
            try transaction.run(
                """
                UPDATE pass SET outcome = 'interrupted', finished_at = \(now.value), \(counts)
                WHERE outcome IN ('running', 'waiting')
                """
            )
        }
    }

    // MARK: Asking

    /// The runs of a principal's links, newest first.
    ///
    /// All of them, those of one link, those older than `before` for the next page, or those since a time.
    public func runs(
        of principal: PrincipalID,
        link: LinkID? = nil,
        before: RunID? = nil,
        since: Instant? = nil,
        limit: Int = 100
    ) async throws -> [RunRow] {
        try await database.read { transaction in
            try transaction.rows(
                """
                SELECT pass.* FROM pass JOIN link ON link.id = pass.link
                WHERE link.principal = \(principal.value)
                    AND (\(.integer(link?.rawValue)) IS NULL OR pass.link = \(.integer(link?.rawValue)))
                    AND (\(.integer(before?.rawValue)) IS NULL OR pass.id < \(.integer(before?.rawValue)))
                    AND (\(since.value) IS NULL OR pass.started_at >= \(since.value))
                ORDER BY pass.id DESC LIMIT \(.integer(limit))
                """
            )
            .map(RunRow.init)
        }
    }

    /// One run and every event it touched.
    public func run(_ id: RunID) async throws -> (row: RunRow, items: [RunItem])? {
        try await database.read { transaction in
            let row = try transaction.row("SELECT * FROM pass WHERE id = \(id.value)").map(RunRow.init)
            guard let row else { return nil }
            let items = try transaction.rows("SELECT * FROM pass_item WHERE pass = \(id.value) ORDER BY uid")
            return (row, try items.map(RunItem.init))
        }
    }
}

extension RunRow {
    init(_ row: SQLRow) throws {
        id = RunID(rawValue: try row.integer("id"))
        link = LinkID(rawValue: try row.integer("link"))
        calendar = CalendarID(rawValue: try row.integer("calendar"))
        startedAt = try row.instant("started_at")
        finishedAt = try row.optionalInstant("finished_at")
        outcome = try row.word("outcome")
        counts = PassCounts()
        counts.pulled = Int(try row.integer("pulled"))
        counts.pushed = Int(try row.integer("pushed"))
        counts.merged = Int(try row.integer("merged"))
        counts.deletedHere = Int(try row.integer("deleted_here"))
        counts.deletedUpstream = Int(try row.integer("deleted_upstream"))
        counts.conflicts = Int(try row.integer("conflicts"))
        counts.failed = Int(try row.integer("failed"))
        counts.held = Int(try row.integer("held"))
        error = try row.problem()
        undoneAt = try row.optionalInstant("undone_at")
    }
}

extension RunItem {
    init(_ row: SQLRow) throws {
        uid = try row.text("uid")
        summary = try row.optionalText("summary")
        action = try row.text("action")
        outcome = try row.text("outcome")
        message = try row.optionalText("message")
        let names = try row.text("fields").utf8.split(separator: UInt8(ascii: "\n")).map { String(Substring($0)) }
        fields = Set(names).sorted()
    }
}
