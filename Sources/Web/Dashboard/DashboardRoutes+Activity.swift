import Hummingbird
import ICalendar
import Store
import Sync

extension DashboardRoutes {
    /// How many rows a table shows.
    private static let shown = 200

    /// What waits, what is held, what could not be read, and what was done.
    func activityPage(_ request: PageRequest) async throws -> Response {
        let visitor = request.visitor
        let statuses = try await gateway.scheduler.statuses(of: visitor.principal.id)
        let names = Dictionary(statuses.map { ($0.link.id.rawValue, $0.link.upstreamName) }, uniquingKeysWith: { $1 })
        func link(_ row: JSON) -> [String: Any] {
            let id = row["link"]?.integer ?? 0
            return ["link": id, "upstream": names[id] ?? ""]
        }
        let queue = try await rows("queue", for: visitor).prefix(Self.shown).map { row in
            link(row).merging(Self.queued(row) { time($0) }) { $1 }
        }
        let quarantine = try await rows("quarantine", for: visitor).prefix(Self.shown).map { row in
            link(row).merging(
                [
                    "item": row["uid"]?.string ?? row["item"]?.string ?? "", "reason": row["reason"]?.string ?? "",
                    "raw": row["raw"]?.string ?? "",
                ]
            ) { $1 }
        }
        let runs = try await rows("runs", query: "limit=50", for: visitor).map { row in
            link(row).merging(Self.run(row) { time($0) }) { $1 }
        }
        var held: [[String: Any]] = []
        for status in statuses where status.state == .needsApproval {
            held.append(try await heldCard(status))
        }
        let paused = statuses.filter { $0.state == .waiting && $0.writesResumeAt != nil }.map(pausedCard)
        let content: [String: Any] = [
            "queue": queue, "paused": paused, "isQuiet": queue.isEmpty && paused.isEmpty, "quarantine": quarantine,
            "runs": runs, "held": held,
        ]
        return page("activity", content, for: visitor)
    }

    /// What waits because the upstream takes no changes for a time.
    private func pausedCard(_ status: LinkStatus) -> [String: Any] {
        [
            "id": status.link.id.rawValue, "upstream": status.link.upstreamName,
            "reason": status.lastError?.message ?? "", "remedy": status.lastError?.remedy ?? "",
            "what": status.pending == 1 ? "One change is" : "\(status.pending) changes are",
            "resumes": time(status.writesResumeAt),
        ]
    }

    private func heldCard(_ status: LinkStatus) async throws -> [String: Any] {
        let items = try await gateway.links.held(status.link.id).sorted { ($0.summary ?? "") < ($1.summary ?? "") }
        return [
            "id": status.link.id.rawValue, "upstream": status.link.upstreamName, "count": items.count,
            "items": items.prefix(Self.shown).map { item -> [String: Any] in
                [
                    "summary": item.summary ?? item.uid,
                    "side": item.side == .gateway ? "here" : "at " + Self.label(status.link.provider),
                ]
            },
        ]
    }

    private static func queued(_ row: JSON, _ time: (Instant?) -> String) -> [String: Any] {
        let due = row["due_at"]?.string.flatMap(Instant.init(rfc3339:))
        return [
            "id": row["id"]?.integer ?? 0, "item": row["summary"]?.string ?? row["uid"]?.string ?? "",
            "attempts": times(row["attempts"]?.integer ?? 0), "due": due == nil ? "when you ask" : time(due),
            "reason": row["last_error"]?["message"]?.string ?? "", "remedy": row["last_error"]?["remedy"]?.string ?? "",
        ]
    }

    private static func times(_ count: Int64) -> String { count == 1 ? "once" : "\(count) times" }

    private static func run(_ row: JSON, _ time: (Instant?) -> String) -> [String: Any] {
        func sum(_ names: String...) -> Int64 { names.reduce(0) { $0 + (row[$1]?.integer ?? 0) } }
        return [
            "id": row["id"]?.integer ?? 0, "at": time(row["started_at"]?.string.flatMap(Instant.init(rfc3339:))),
            "state": row["state"]?.string ?? "", "pulled": sum("pulled", "deleted_here"),
            "pushed": sum("pushed", "deleted_upstream"), "failed": sum("failed"), "held": sum("held"),
            "undoable": sum("pulled", "deleted_here", "pushed", "deleted_upstream", "merged") > 0,
            "problem": row["last_error"]?["message"]?.string ?? "",
        ]
    }

    func changeQueue(_ request: PageRequest) async throws -> Response {
        switch request.path[2] {
        case "retry": _ = try await ask(.post, ["queue", request.id, "retry"], for: request.visitor)
        case "dismiss": _ = try await ask(.delete, ["queue", request.id], for: request.visitor)
        default: throw RESTProblem.notFound
        }
        return .seeOther("/activity")
    }

    func undoRun(_ request: PageRequest) async throws -> Response {
        _ = try await ask(.post, ["runs", request.id, "undo"], for: request.visitor)
        return .seeOther("/activity")
    }

    // MARK: The audit trail

    /// Who did what, the latest first.
    func auditPage(_ request: PageRequest) async throws -> Response {
        let since = request.query["since"].flatMap(Day.init)
        let kinds = Set(AuditEntry.Action.allCases.map(\.kind)).sorted()
        // What is no kind filters nothing.
        let kind = request.query["action"].flatMap { kinds.contains($0) ? $0 : nil }
        let before = request.place("before")
        // One more than is shown tells whether there is an older page.
        let found = try await gateway.calendars.auditTrail(
            of: request.visitor.principal.id,
            since: since.map { Instant(seconds: $0.number * 86_400) },
            kind: kind,
            before: before,
            limit: Self.shown + 1
        )
        let entries = Array(found.prefix(Self.shown))
        let events = try await events(of: entries)
        let lines = entries.map { entry -> [String: Any] in
            var line: [String: Any] = [
                "at": time(entry.at), "exactly": entry.at.rfc3339, "actor": entry.actor,
                "action": entry.action.rawValue.replacing("_", with: " ").replacing(".", with: " "),
                "subject": entry.subject ?? "", "detail": entry.detail ?? "",
            ]
            if let key = Subject(entry), let event = events[key] { line.merge(event) { $1 } }
            return line
        }
        var content: [String: Any] = [
            "entries": lines, "kinds": kinds.map { ["name": $0, "chosen": $0 == kind] as [String: Any] },
        ]
        if let kind { content["kind"] = kind }
        if let since { content["since"] = since.text }
        if found.count > Self.shown, let last = entries.last { content["before"] = last.id }
        content["isPast"] = before != nil
        return page("audit", content, for: request.visitor)
    }

    /// The event a line tells of.
    private struct Subject: Hashable {
        var calendar: CalendarID
        var uid: String

        /// Nil for a line about something else.
        init?(_ entry: AuditEntry) {
            guard entry.action.kind == AuditEntry.Action.upstreamCreated.kind, let calendar = entry.calendar,
                let subject = entry.subject
            else { return nil }
            self.calendar = calendar
            uid = subject
        }
    }

    /// The titles and addresses of the events that lines tell of, where they are still here.
    private func events(of entries: [AuditEntry]) async throws -> [Subject: [String: Any]] {
        var found: [Subject: [String: Any]] = [:]
        for subject in Set(entries.compactMap(Subject.init)) {
            guard let stored = try await gateway.calendars.object(uid: subject.uid, in: subject.calendar),
                let title = try stored.object().master?.first("SUMMARY")?.text, !title.isEmpty
            else { continue }
            found[subject] = ["title": title, "event": stored.id.rawValue]
        }
        return found
    }
}
