import HTTPTypes
import ICalendar
import Store
import Sync

extension RESTRoutes {
    static let passOperations: [Operation] = [
        .list("/sync-status", "list_sync_status", "How every link is doing", of: .named("Link")) { rest, request in
            let all = try await rest.gateway.scheduler.statuses(of: request.visitor.principal.id)
            return try Page(request).reply(all.sorted { $0.link.id.rawValue < $1.link.id.rawValue }.map(row))
        },
        .post("/sync", "sync_all", "Runs a pass of every link", .accepted, answer: .object(["state": .text])) {
            rest,
            request in
            for status in try await rest.gateway.scheduler.statuses(of: request.visitor.principal.id)
            where status.state != .paused {
                _ = try await rest.gateway.scheduler.syncNow(status.link.id)
            }
            return RESTReply(.accepted, ["state": "syncing"])
        },
        .list("/runs", "list_runs", "Passes, the latest first", query: ["link": .identifier], of: .named("Run")) {
            rest,
            request in try await rest.listRuns(request)
        },
        .get("/runs/{id}", "show_run", "One pass and every event it touched", answer: .named("Run")) { rest, request in
            try await rest.showRun(request)
        },
        .post(
            "/runs/{id}/undo",
            "undo_run",
            "Brings back what a pass changed or deleted, and takes away what it made",
            answer: .object([
                "restored": .list(of: .text), "removed": .list(of: .text),
                "kept": .list(of: .text).noted("events that somebody has changed since"), "message": .text,
            ])
        ) { rest, request in try await rest.undoRun(request) },
        .list(
            "/queue",
            "list_queue",
            "What waits for another try",
            query: [
                "link": .identifier,
                "state": .choice(QueueState.self).noted("what a person gave up is told only where it is asked for"),
            ],
            of: .named("QueueItem")
        ) { rest, request in
            let owner = request.visitor.principal.id
            let state = request.query["state"].flatMap(QueueState.init)
            let all = try await rest.gateway.links.queue(
                of: owner,
                link: request.link,
                dismissed: state == .dismissed
            )
            .filter { state == nil || $0.state == state }
            return try Page(request).reply(all.sorted { $0.id.rawValue < $1.id.rawValue }.map(row))
        },
        .post("/queue/{id}/retry", "retry", "Tries again at once", .accepted, answer: .object(["state": .text])) {
            rest,
            request in
            _ = try await rest.gateway.scheduler.retry(try await rest.queued(request))
            return RESTReply(.accepted, ["state": "syncing"])
        },
        .delete("/queue/{id}", "give_up", "Gives up until the event changes again") { rest, request in
            guard try await rest.gateway.links.dismiss(try await rest.queued(request)) else {
                throw RESTProblem.notFound
            }
            return .done
        },
        .list(
            "/quarantine",
            "list_quarantine",
            "What could not be read",
            query: ["link": .identifier],
            of: .named("QuarantineItem")
        ) { rest, request in
            let owner = request.visitor.principal.id
            let all = try await rest.gateway.links.quarantine(of: owner, link: request.link)
            return try Page(request).reply(all.sorted { $0.id.rawValue < $1.id.rawValue }.map(row))
        },
    ]

    private func listRuns(_ request: RESTRequest) async throws -> RESTReply {
        let page = Page(request)
        let runs = try await gateway.links.runs(
            of: request.visitor.principal.id,
            link: request.link,
            before: try page.number().map(RunID.init(rawValue:)),
            limit: min(page.limit, Self.runsAtOnce) + 1
        )
        return Page.reply(
            runs.map(Self.row).prefix(min(page.limit, Self.runsAtOnce)),
            hasMore: runs.count > min(page.limit, Self.runsAtOnce)
        ) { $0["id"]?.integer.map(String.init) }
    }

    /// A page of what grows for ever.
    private static let runsAtOnce = 100

    private func showRun(_ request: RESTRequest) async throws -> RESTReply {
        let run = try await ownRun(request)
        let items = run.items.map { item -> JSON in
            [
                "uid": .string(item.uid), "summary": .text(item.summary), "action": .string(item.action),
                "outcome": .string(item.outcome), "message": .text(item.message),
                "fields": .array(item.fields.map(JSON.string)),
            ]
        }
        var members = Self.row(run.row).object ?? [:]
        members["items"] = .array(items)
        return RESTReply(.ok, .object(members))
    }

    private func undoRun(_ request: RESTRequest) async throws -> RESTReply {
        let run = try await ownRun(request)
        guard let undone = try await gateway.scheduler.undo(run.row.id, by: request.visitor.author) else {
            throw RESTProblem(.conflict, "conflict", "The run was undone already.", "Nothing is left to do.")
        }
        return RESTReply(
            .ok,
            [
                "restored": .array(undone.restored.map(JSON.string)),
                "removed": .array(undone.removed.map(JSON.string)), "kept": .array(undone.kept.map(JSON.string)),
                "message": .string(undone.sentence),
            ]
        )
    }

    private func ownRun(_ request: RESTRequest) async throws -> (row: RunRow, items: [RunItem]) {
        let wanted = RunID(rawValue: try request.identifier(1))
        guard let run = try await gateway.links.run(wanted) else { throw RESTProblem.notFound }
        _ = try await gateway.ownLink(run.row.link, request.visitor)
        return run
    }

    private func queued(_ request: RESTRequest) async throws -> QueueID {
        let id = QueueID(rawValue: try request.identifier(1))
        guard let item = try await gateway.links.queued(id) else { throw RESTProblem.notFound }
        _ = try await gateway.ownLink(item.link, request.visitor)
        return id
    }

    private static func row(_ run: RunRow) -> JSON {
        let counts = run.counts
        return [
            "id": .integer(run.id.rawValue), "link": .integer(run.link.rawValue),
            "state": .string(run.outcome.rawValue),
            "started_at": .string(run.startedAt.rfc3339), "finished_at": .text(run.finishedAt?.rfc3339),
            "pulled": .integer(counts.pulled), "pushed": .integer(counts.pushed), "merged": .integer(counts.merged),
            "deleted_here": .integer(counts.deletedHere), "deleted_upstream": .integer(counts.deletedUpstream),
            "conflicts": .integer(counts.conflicts), "failed": .integer(counts.failed), "held": .integer(counts.held),
            "last_error": run.error.map(row) ?? .null,
        ]
    }

    private static func row(_ item: QueueRow) -> JSON {
        [
            "id": .integer(item.id.rawValue), "link": .integer(item.link.rawValue), "uid": .string(item.uid),
            "summary": .text(item.summary), "action": .string(item.action), "state": .string(item.state.rawValue),
            "attempts": .integer(item.attempts), "due_at": .text(item.dueAt?.rfc3339),
            "since": .string(item.since.rfc3339),
            "last_error": row(item.lastError),
        ]
    }

    private static func row(_ item: QuarantineRow) -> JSON {
        [
            "id": .integer(item.id.rawValue), "link": .integer(item.link.rawValue), "uid": .text(item.uid),
            "item": .string(item.series), "raw": .string(item.raw), "reason": .string(item.reason),
            "line": item.line.map { .integer($0) } ?? .null, "since": .string(item.since.rfc3339),
        ]
    }
}

extension RESTRequest {
    /// The link that the query names.
    fileprivate var link: LinkID? { query["link"].flatMap { Int64($0) }.map(LinkID.init(rawValue:)) }
}
