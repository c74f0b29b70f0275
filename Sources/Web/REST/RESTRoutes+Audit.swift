import HTTPTypes
import ICalendar
import Store

extension RESTRoutes {
    static let auditOperations: [Operation] = {
        var list = Operation.list(
            "/audit",
            "list_audit",
            "Every change to calendars, links and connections, and every write upstream, the latest first",
            query: [
                "since": .text.noted("RFC 3339"),
                "kind": .choice(Set(AuditEntry.Action.allCases.map(\.kind)).sorted()),
                "format": .choice(["json", "csv"]),
            ],
            of: Schemas.auditLine
        ) { rest, request in try await rest.listAudit(request) }
        list.answer = .jsonOrCSV(.page(of: Schemas.auditLine))
        return [list]
    }()

    /// A page of what grows for ever.
    private static let linesAtOnce = 500

    private func listAudit(_ request: RESTRequest) async throws -> RESTReply {
        let page = Page(request)
        var since: Instant?
        if let text = request.query["since"] {
            guard let time = Instant(rfc3339: text) else {
                throw RESTProblem.invalid("since is no time.", "Write 2026-11-21T09:00:00Z.")
            }
            since = time
        }
        let limit = min(page.limit, Self.linesAtOnce)
        let lines = try await gateway.calendars.auditTrail(
            of: request.visitor.principal.id,
            since: since,
            kind: request.query["kind"],
            before: try page.number(),
            limit: limit + 1
        )
        if request.query["format"] == "csv" { return Self.table(lines.prefix(limit)) }
        return Page.reply(lines.prefix(limit).map(Self.row), hasMore: lines.count > limit) {
            $0["id"]?.integer.map(String.init)
        }
    }

    private static func table(_ lines: some Sequence<AuditEntry>) -> RESTReply {
        var table = CSV(["id", "at", "by", "action", "subject", "detail", "calendar", "connection", "link", "run"])
        for line in lines {
            let numbers = [line.calendar?.rawValue, line.connection?.rawValue, line.link, line.run]
            table.add(
                [String(line.id), line.at.rfc3339, line.actor, line.action.rawValue, line.subject, line.detail]
                    + numbers.map { $0.map(String.init) }
            )
        }
        return RESTReply(.file(type: "text/csv; charset=utf-8", name: "audit.csv", text: table.text))
    }

    private static func row(_ line: AuditEntry) -> JSON {
        func number(_ value: Int64?) -> JSON { value.map(JSON.integer) ?? .null }
        return [
            "id": .integer(line.id), "at": .string(line.at.rfc3339), "by": .string(line.actor),
            "action": .string(line.action.rawValue), "subject": .text(line.subject), "detail": .text(line.detail),
            "calendar": number(line.calendar?.rawValue), "connection": number(line.connection?.rawValue),
            "link": number(line.link), "run": number(line.run),
        ]
    }
}

extension Schemas {
    static let auditLine = Schema.object([
        "id": .identifier, "at": .time, "by": .text, "action": .choice(AuditEntry.Action.self),
        "subject": .text.orNull, "detail": .text.orNull, "calendar": .identifier.orNull,
        "connection": .identifier.orNull, "link": .identifier.orNull, "run": .identifier.orNull,
    ])
}
