import Accounts
import Bridging
import CalDAV
import HTTPTypes
import ICalendar
import Store
import Sync

extension RESTRoutes {
    static let connectionOperations: [Operation] = [
        .list("/connections", "list_connections", "Your accounts at providers", of: .named("Connection")) {
            rest,
            request in
            let all = try await rest.gateway.credentials.connections(of: request.visitor.principal.id)
            return try Page(request).reply(all.sorted { $0.id.rawValue < $1.id.rawValue }.map(rest.row))
        },
        .post(
            "/connections",
            "connect",
            "Begins a connection: with a token at once, else with an address to consent at",
            body: .named("NewConnection"),
            .created,
            answer: .named("Connection")
        ) { rest, request in try await rest.connect(request) },
        .get("/connections/{id}", "show_connection", "One account", answer: .named("Connection")) { rest, request in
            RESTReply(.ok, rest.row(try await rest.connection(request)))
        },
        .delete(
            "/connections/{id}",
            "disconnect",
            "Removes a connection and its links; upstream events stay. `Prefer: return=representation` asks for the receipt",
            query: ["purge": .truth.noted("whether what it brought here is removed too")]
        ) { rest, request in try await rest.disconnect(request) },
        .post(
            "/connections/{id}/reconnect",
            "reconnect",
            "Renews a grant that is dead",
            body: .object(["token?": .text(0...4096).orNull]),
            answer: .object(["id": .identifier, "authorize_url?": .text, "state?": .text])
        ) { rest, request in try await rest.reconnect(request) },
        .get(
            "/connections/{id}/capabilities",
            "show_capabilities",
            "What the grant of an account may do, tried just now",
            answer: .object([
                "items": .list(
                    of: .object(["key": .text, "name": .text, "granted": .truth, "needed": .truth])
                )
            ])
        ) { rest, request in
            let found = try await rest.gateway.capabilities(of: try await rest.connection(request)) ?? []
            return RESTReply(.ok, ["items": .array(found.map(row))])
        },
        .list(
            "/connections/{id}/calendars",
            "list_upstream_calendars",
            "The calendars of an account; at Notion also those at a pasted address, whether the search finds them or not",
            query: ["address": .text],
            of: .named("UpstreamCalendar")
        ) { rest, request in try await rest.upstreamCalendars(request) },
        .post(
            "/connections/{id}/calendars",
            "create_upstream_calendar",
            "Makes a calendar upstream",
            body: .object(["name": .text(1...200), "parent?": .text.orNull]),
            .created,
            answer: .named("UpstreamCalendar")
        ) { rest, request in try await rest.makeUpstreamCalendar(request) },
    ]

    private func connect(_ request: RESTRequest) async throws -> RESTReply {
        let members = try request.members()
        guard let provider = members["provider"]?.string, gateway.provider(provider) != nil else {
            let known = gateway.providers.map(\.name).joined(separator: ", ")
            throw RESTProblem.invalid("provider must be one of: \(known).")
        }
        if let token = members["token"]?.string, !token.isEmpty {
            let row = try await gateway.connect.connect(
                provider: provider,
                token: token,
                for: request.visitor.principal
            )
            return RESTReply(.created, self.row(try await gateway.examined(row)))
        }
        let (id, address) = try await gateway.connect.begin(
            provider: provider,
            for: request.visitor.principal,
            sessionBinding: request.visitor.binding
        )
        return RESTReply(
            .created,
            [
                "id": .integer(id.rawValue), "provider": .string(provider), "state": "awaiting_authorization",
                "authorize_url": .string(address),
            ]
        )
    }

    private func reconnect(_ request: RESTRequest) async throws -> RESTReply {
        let connection = try await connection(request)
        if let token = try request.members()["token"]?.string {
            let row = try await gateway.connect.reconnect(connection.id, token: token, for: request.visitor.principal)
            try await gateway.scheduler.connectionMended(connection.id)
            return RESTReply(.ok, self.row(try await gateway.examined(row)))
        }
        let address = try await gateway.connect.reconnect(
            connection.id,
            for: request.visitor.principal,
            sessionBinding: request.visitor.binding
        )
        return RESTReply(.ok, ["id": .integer(connection.id.rawValue), "authorize_url": .string(address)])
    }

    private func disconnect(_ request: RESTRequest) async throws -> RESTReply {
        let connection = try await connection(request)
        let purge: LinkPurge = request.query["purge"] == "true" ? .copies : .nothing
        let (links, receipt) = try await gateway.disconnect(connection, purge: purge, for: request.visitor)
        guard request.wantsRepresentation else { return .done }
        return RESTReply(
            .ok,
            [
                "id": .integer(connection.id.rawValue), "revocation": .string(receipt.revocation.word),
                "tokens_erased": .bool(receipt.areTokensErased), "message": .string(receipt.sentence),
                "links": .array(links.map(row)),
            ]
        )
    }

    /// What the removal of a link did.
    func row(_ receipt: LinkReceipt) -> JSON {
        [
            "id": .integer(receipt.link.rawValue), "removed_here": .integer(Int64(receipt.removedHere)),
            "removed_upstream": .integer(Int64(receipt.removedUpstream)),
            "left_upstream": .integer(Int64(receipt.leftUpstream)),
            "kept_here": .integer(Int64(receipt.keptHere)),
            "message": .string(receipt.sentence),
        ]
    }

    private func upstreamCalendars(_ request: RESTRequest) async throws -> RESTReply {
        let connection = try await connection(request)
        guard let provider = gateway.provider(connection.provider) else { throw RESTProblem.notFound }
        guard let address = request.query["address"], !address.isEmpty else {
            return try Page(request).reply(
                ofNamed: try await gateway.upstreamCalendars(of: connection.id, provider).map(row)
            )
        }
        guard let provider = provider as? any FindingProvider else {
            throw RESTProblem.invalid("\(connection.provider) lists all its calendars.", "Leave address out.")
        }
        let source = gateway.vault.source(for: connection.id)
        return try Page(request).reply(ofNamed: try await provider.calendars(at: address, using: source).map(row))
    }

    private func makeUpstreamCalendar(_ request: RESTRequest) async throws -> RESTReply {
        let connection = try await connection(request)
        let members = try request.members()
        guard let provider = gateway.provider(connection.provider) else { throw RESTProblem.notFound }
        guard let name = members["name"]?.string, !name.isEmpty else { throw RESTProblem.invalid("name is missing.") }
        let made = try await provider.makeCalendar(
            named: name,
            parent: members["parent"]?.string,
            using: gateway.vault.source(for: connection.id)
        )
        let line = AuditEntry(
            .upstreamCreated,
            of: request.visitor.principal.id,
            by: request.visitor.principal.name,
            connection: connection.id,
            subject: name,
            detail: "A calendar of its own."
        )
        try await gateway.links.record([line])
        return RESTReply(.created, row(made))
    }

    func connection(_ request: RESTRequest) async throws -> ConnectionRow {
        try await ownConnection(ConnectionID(rawValue: request.identifier(1)), request.visitor)
    }

    func ownConnection(_ id: ConnectionID, _ visitor: Visitor) async throws -> ConnectionRow {
        guard let row = try await gateway.credentials.connection(id), row.principal == visitor.principal.id else {
            throw RESTProblem.notFound
        }
        return row
    }

    private func row(_ connection: ConnectionRow) -> JSON {
        [
            "id": .integer(connection.id.rawValue), "provider": .string(connection.provider),
            "state": .string(connection.state.rawValue), "account": .text(connection.account),
            "created_at": .string(connection.createdAt.rfc3339),
            "last_error": connection.problem.map { problem in
                [
                    "code": .string(problem.code), "message": .string(problem.message),
                    "remedy": .string(problem.remedy),
                ]
            } ?? .null,
        ]
    }

    private static func row(_ capability: Capability) -> JSON {
        [
            "key": .string(capability.key), "name": .string(capability.name), "granted": .bool(capability.isGranted),
            "needed": .bool(capability.isNeeded),
        ]
    }

    private func row(_ calendar: UpstreamCalendar) -> JSON {
        [
            "id": .string(calendar.id), "name": .string(calendar.name), "color": .text(calendar.color),
            "access": .string(calendar.access.rawValue), "time_zone": .text(calendar.timeZone),
            "schema": calendar.schema.flatMap { JSON(parsing: Array($0.utf8)) } ?? .null,
        ]
    }
}

extension RESTRequest {
    /// Whether a DELETE is to be answered with the receipt of what was done (RFC 7240 §4.2).
    var wantsRepresentation: Bool { Preferences(headers).returning == .representation }
}

extension DisconnectReceipt.Revocation {
    /// The word of the REST interface.
    fileprivate var word: String {
        switch self {
        case .revoked: "revoked"
        case .notNeeded: "not_needed"
        case .failed: "failed"
        }
    }
}
