import HTTPTypes
import ICalendar
import Store
import Sync

extension RESTRoutes {
    /// Answers `/sync-status`, `/sync`, `/runs`, `/queue` and `/quarantine`.
    func passes(_ request: RESTRequest) async throws -> RESTReply {
        let owner = request.visitor.principal.id
        switch (request.method, request.path.count, request.path.first ?? "") {
        case (.get, 1, "sync-status"):
            let all = try await gateway.scheduler.statuses(of: owner)
            return .list(all.map(Self.row))
        case (.post, 1, "sync"):
            for status in try await gateway.scheduler.statuses(of: owner) where status.state != .paused {
                _ = try await gateway.scheduler.syncNow(status.link.id)
            }
            return RESTReply(.accepted, ["state": "syncing"])
        case (.get, 1, "runs"):
            let link = request.query["link"].flatMap { Int64($0) }.map { LinkID(rawValue: $0) }
            return .list(try await gateway.links.runs(of: owner, link: link).map(Self.row))
        case (.get, 2, "runs"):
            let wanted = RunID(rawValue: try request.identifier(1))
            guard let run = try await gateway.links.run(wanted) else { throw RESTProblem.notFound }
            _ = try await gateway.ownLink(run.row.link, request.visitor)
            return RESTReply(.ok, Self.row(run.row))
        case (.get, 1, "queue"): return .list(try await gateway.links.queue(of: owner).map(Self.row))
        case (.post, 3, "queue") where request.path.last == "retry":
            let id = QueueID(rawValue: try request.identifier(1))
            guard let item = try await gateway.links.queued(id) else { throw RESTProblem.notFound }
            _ = try await gateway.ownLink(item.link, request.visitor)
            _ = try await gateway.scheduler.retry(id)
            return RESTReply(.accepted, ["state": "syncing"])
        case (.delete, 2, "queue"):
            let id = QueueID(rawValue: try request.identifier(1))
            guard let item = try await gateway.links.queued(id) else { throw RESTProblem.notFound }
            _ = try await gateway.ownLink(item.link, request.visitor)
            guard try await gateway.links.dismiss(id) else { throw RESTProblem.notFound }
            return .done
        case (.post, 3, "runs") where request.path.last == "undo":
            let id = RunID(rawValue: try request.identifier(1))
            guard let run = try await gateway.links.run(id) else { throw RESTProblem.notFound }
            _ = try await gateway.ownLink(run.row.link, request.visitor)
            guard let undone = try await gateway.links.undo(id, by: request.visitor.author) else {
                throw RESTProblem(.conflict, "conflict", "The run was undone already.", "Nothing is left to do.")
            }
            return RESTReply(.ok, ["restored": .array(undone.map(JSON.string))])
        case (.get, 1, "quarantine"): return .list(try await gateway.links.quarantine(of: owner).map(Self.row))
        default: throw request.methodNotAllowed
        }
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
            "summary": .text(item.summary), "action": .string(item.action), "attempts": .integer(item.attempts),
            "due_at": .text(item.dueAt?.rfc3339), "since": .string(item.since.rfc3339),
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

    /// Answers `/conflicts`.
    func conflicts(_ request: RESTRequest) async throws -> RESTReply {
        let owner = request.visitor.principal.id
        switch (request.method, request.path.count) {
        case (.get, 1):
            let state = request.query["state"].flatMap(ConflictState.init)
            return .list(try await gateway.links.conflicts(of: owner, state).map(Self.row))
        case (.get, 2): return RESTReply(.ok, Self.row(try await conflict(request)))
        case (.post, 2):
            let row = try await conflict(request)
            let members = try request.members()
            try await gateway.settle(
                row.id,
                keep: members["keep"]?.string ?? "",
                merged: members["merged"],
                by: request.visitor.author
            )
            return RESTReply(.ok, Self.row(try await conflict(request)))
        default: throw request.methodNotAllowed
        }
    }

    private func conflict(_ request: RESTRequest) async throws -> ConflictRow {
        let wanted = ConflictID(rawValue: try request.identifier(1))
        guard let row = try await gateway.links.conflict(wanted) else { throw RESTProblem.notFound }
        _ = try await gateway.ownLink(row.link, request.visitor)
        return row
    }

    private static func row(_ conflict: ConflictRow) -> JSON {
        let fields = conflict.fields.map { field -> (String, JSON) in
            (
                field.name,
                ["base": .text(field.base), "gateway": .text(field.gateway), "upstream": .text(field.upstream)]
            )
        }
        return [
            "id": .integer(conflict.id.rawValue), "link": .integer(conflict.link.rawValue),
            "uid": .string(conflict.uid),
            "event": .string(conflict.uid), "summary": .text(conflict.summary),
            "state": .string(conflict.state.rawValue),
            "fields": .object(Dictionary(fields, uniquingKeysWith: { $1 })),
            "resolution": .text(conflict.resolution?.rawValue), "created_at": .string(conflict.createdAt.rfc3339),
            "resolved_at": .text(conflict.resolvedAt?.rfc3339), "base": .text(conflict.baseText),
            "gateway": .text(conflict.gatewayText), "upstream": .text(conflict.upstreamText),
        ]
    }
}

extension Gateway {
    /// Settles a conflict the way a person chose.
    func settle(_ conflict: ConflictID, keep: String, merged: JSON?, by author: Author) async throws {
        let decision: ConflictDecision
        switch keep {
        case "gateway": decision = .gateway
        case "upstream": decision = .upstream
        case "both": decision = .both
        case "merged":
            guard let members = merged?.object else { throw RESTProblem.invalid("merged must be an object.") }
            decision = .merged(members.mapValues(\.string))
        default: throw RESTProblem.invalid("keep must be one of: gateway, upstream, both, merged.")
        }
        switch try await scheduler.resolve(conflict, decision, by: author) {
        case .resolved: return
        case .notFound: throw RESTProblem.notFound
        case .alreadyResolved:
            throw RESTProblem(.conflict, "conflict", "The conflict is settled already.", "Nothing is left to do.")
        case .invalid(let sentence):
            throw RESTProblem(.unprocessableContent, "invalid_event", sentence, "Correct the fields.")
        }
    }
}
