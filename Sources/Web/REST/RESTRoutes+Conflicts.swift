import HTTPTypes
import ICalendar
import Store
import Sync

extension RESTRoutes {
    static let conflictOperations: [Operation] = [
        listConflicts,
        .get("/conflicts/{id}", "show_conflict", "One conflict: base, ours and theirs", answer: .named("Conflict")) {
            rest,
            request in RESTReply(.ok, row(try await rest.conflict(request)))
        },
        .post(
            "/conflicts/{id}",
            "settle_conflict",
            "Settles a conflict",
            body: .named("Decision"),
            answer: .named("Conflict")
        ) { rest, request in
            let row = try await rest.conflict(request)
            let members = try request.members()
            try await rest.gateway.settle(
                row.id,
                keep: members["keep"]?.string ?? "",
                merged: members["merged"],
                by: request.visitor.author
            )
            return RESTReply(.ok, Self.row(try await rest.conflict(request)))
        },
    ]

    private static let listConflicts: Operation = {
        var operation = Operation.list(
            "/conflicts",
            "list_conflicts",
            "Events that both sides changed, the latest first",
            query: [
                "state": .choice(ConflictState.self), "link": .identifier, "format": .choice(["json", "csv"]),
            ],
            of: .named("Conflict")
        ) { rest, request in try await rest.listConflicts(request) }
        operation.answer = .jsonOrCSV(.page(of: .named("Conflict")))
        return operation
    }()

    /// A page of what grows for ever.
    private static let conflictsAtOnce = 100

    private func listConflicts(_ request: RESTRequest) async throws -> RESTReply {
        let page = Page(request)
        let limit = min(page.limit, Self.conflictsAtOnce)
        let beginning = try page.number().map(ConflictID.init(rawValue:))
        if request.query["format"] == "csv" { return Self.table(try await allConflicts(request, before: beginning)) }
        let rows = try await conflicts(request, before: beginning, limit: limit + 1)
        return Page.reply(rows.map(Self.row).prefix(limit), hasMore: rows.count > limit) {
            $0["id"]?.integer.map(String.init)
        }
    }

    private func conflicts(_ request: RESTRequest, before: ConflictID?, limit: Int) async throws -> [ConflictRow] {
        try await gateway.links.conflicts(
            of: request.visitor.principal.id,
            request.query["state"].flatMap(ConflictState.init),
            link: request.query["link"].flatMap { Int64($0) }.map(LinkID.init(rawValue:)),
            before: before,
            limit: limit
        )
    }

    /// Everything that was asked for: a table has no next page.
    private func allConflicts(_ request: RESTRequest, before: ConflictID?) async throws -> [ConflictRow] {
        var rows: [ConflictRow] = []
        repeat {
            let more = try await conflicts(request, before: rows.last?.id ?? before, limit: Self.conflictsAtOnce)
            rows += more
            guard more.count == Self.conflictsAtOnce else { return rows }
        } while true
    }

    /// A line for every field in conflict; where one side deleted the event, one that says so.
    private static func table(_ rows: some Sequence<ConflictRow>) -> RESTReply {
        var table = CSV([
            "id", "link", "event", "summary", "state", "field", "base", "gateway", "upstream", "resolution",
            "created_at", "resolved_at",
        ])
        for row in rows {
            for cells in Self.cells(row) {
                table.add(
                    [String(row.id.rawValue), String(row.link.rawValue), row.uid, row.summary, row.state.rawValue]
                        + cells + [row.resolution?.rawValue, row.createdAt.rfc3339, row.resolvedAt?.rfc3339]
                )
            }
        }
        return RESTReply(.file(type: "text/csv; charset=utf-8", name: "conflicts.csv", text: table.text))
    }

    private static func cells(_ row: ConflictRow) -> [[String?]] {
        guard row.fields.isEmpty else { return row.fields.map { [$0.name, $0.base, $0.gateway, $0.upstream] } }
        let words = [row.gatewayText, row.upstreamText].map { $0 == nil ? "deleted" : "edited" }
        return [["event", nil] + words]
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
