import Accounts
import Bridging
import HTTPTypes
import ICalendar
import Store
import Sync

extension RESTRoutes {
    /// `/connections`.
    func connections(_ request: RESTRequest) async throws -> RESTReply {
        switch (request.method, request.path.count, request.path.last ?? "") {
        case (.get, 1, _):
            let all = try await gateway.credentials.connections(of: request.visitor.principal.id)
            return .list(all.map(row))
        case (.post, 1, _): return try await connect(request)
        case (.get, 2, _): return RESTReply(.ok, row(try await connection(request)))
        case (.delete, 2, _): return try await disconnect(request)
        case (.post, 3, "reconnect"): return try await reconnect(request)
        case (.get, 3, "calendars"): return try await upstreamCalendars(request)
        case (.post, 3, "calendars"): return try await makeUpstreamCalendar(request)
        default: throw request.methodNotAllowed
        }
    }

    private func connect(_ request: RESTRequest) async throws -> RESTReply {
        let members = try request.members()
        guard let provider = members["provider"]?.string, gateway.provider(provider) != nil else {
            let known = gateway.providers.map(\.name).joined(separator: ", ")
            throw RESTProblem.invalid("provider must be one of: \(known).")
        }
        if let token = members["token"]?.string {
            let row = try await gateway.connect.connect(
                provider: provider,
                token: token,
                for: request.visitor.principal
            )
            return RESTReply(.created, self.row(row))
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
            return RESTReply(.ok, self.row(row))
        }
        let address = try await gateway.connect.reconnect(
            connection.id,
            for: request.visitor.principal,
            sessionBinding: request.visitor.binding
        )
        return RESTReply(.ok, ["id": .integer(connection.id.rawValue), "authorize_url": .string(address)])
    }

    /// Removes the connection and its links; upstream events are never touched.
    private func disconnect(_ request: RESTRequest) async throws -> RESTReply {
        let connection = try await connection(request)
        let purges = request.query["purge"] == "true"
        for link in try await gateway.links.links(over: connection.id) {
            _ = try await gateway.scheduler.delete(link.id, purge: purges, by: request.visitor.author)
        }
        _ = try await gateway.connect.disconnect(connection.id, for: request.visitor.principal)
        return .done
    }

    private func upstreamCalendars(_ request: RESTRequest) async throws -> RESTReply {
        let connection = try await connection(request)
        guard let provider = gateway.provider(connection.provider) else { throw RESTProblem.notFound }
        let all = try await provider.calendars(using: gateway.vault.source(for: connection.id))
        return .list(all.map(row))
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
        return RESTReply(.created, row(made))
    }

    private func connection(_ request: RESTRequest) async throws -> ConnectionRow {
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

    private func row(_ calendar: UpstreamCalendar) -> JSON {
        [
            "id": .string(calendar.id), "name": .string(calendar.name), "color": .text(calendar.color),
            "access": .string(calendar.access.rawValue), "time_zone": .text(calendar.timeZone),
            "schema": calendar.schema.flatMap { JSON(parsing: Array($0.utf8)) } ?? .null,
        ]
    }
}
