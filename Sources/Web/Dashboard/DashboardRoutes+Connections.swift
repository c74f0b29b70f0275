import Accounts
import Bridging
import Hummingbird
import ICalendar
import Store
import Sync

extension DashboardRoutes {
    /// The calendars of an account, or those at a pasted address, each with what it takes to link it.
    func connectionPage(_ request: PageRequest) async throws -> Response {
        let (visitor, address) = (request.visitor, request.query["address"])
        let connection = try await connection(request.id, visitor)
        guard let provider = gateway.provider(connection.provider) else { throw RESTProblem.notFound }
        var content: [String: Any] = [
            "provider": Self.label(connection.provider), "account": connection.account ?? "",
            "connection": connection.id.rawValue, "timeZone": request.zone ?? "",
        ]
        if connection.state == .connected {
            let capabilities = try await gateway.capabilities(of: connection) ?? []
            let isBlind = capabilities.contains { $0.key == "read_content" && !$0.isGranted }
            let upstreams = isBlind ? [] : try await self.upstreams(of: connection.id, provider, at: address, &content)
            let links = try await gateway.links.links(over: connection.id)
            content["upstreams"] = upstreams.map { Self.row($0, links) }
            content["isLacking"] = capabilities.contains { !$0.isGranted }
            content["capabilities"] = capabilities.map {
                ["name": $0.name, "isGranted": $0.isGranted, "isNeeded": $0.isNeeded]
            }
        } else {
            content["problem"] = [
                "message": connection.problem?.message
                    ?? "\(Self.label(connection.provider)) has not let Kalends in yet.",
                "remedy": connection.problem?.remedy ?? "Connect again, and allow access.",
            ]
        }
        content["emptyHint"] =
            connection.provider == "notion"
            ? "No database is shared with the integration. In Notion open the database, choose “…” → Connections, and add it."
            : "The account has no calendar."
        content["targets"] = try await gateway.calendars.calendars(of: visitor.principal.id).map { calendar in
            ["id": calendar.id.rawValue, "name": calendar.properties.displayName ?? calendar.name] as [String: Any]
        }
        return page("connection", content, for: visitor)
    }

    /// What is at a pasted address, where there is one; else everything that is listed.
    private func upstreams(
        of connection: ConnectionID,
        _ provider: any UpstreamProvider,
        at address: String?,
        _ content: inout [String: Any]
    ) async throws -> [UpstreamCalendar] {
        guard let finding = provider as? any FindingProvider else {
            return try await gateway.upstreamCalendars(of: connection, provider)
        }
        content["isFinding"] = true
        guard let address, !address.isEmpty else {
            return try await gateway.upstreamCalendars(of: connection, provider)
        }
        content["address"] = address
        do {
            return try await finding.calendars(at: address, using: gateway.vault.source(for: connection))
        } catch .refused(let refusal) {
            content["addressProblem"] = refusal.message
            return try await gateway.upstreamCalendars(of: connection, provider)
        }
    }

    /// Makes a ready-made database under a page, and shows it.
    func makeUpstream(_ request: PageRequest) async throws -> Response {
        let connection = try await connection(request.id, request.visitor)
        guard let provider = gateway.provider(connection.provider) else { throw RESTProblem.notFound }
        guard let name = request.form["name"], !name.isEmpty else { throw RESTProblem.invalid("name is missing.") }
        let made = try await provider.makeCalendar(
            named: name,
            parent: request.form["parent"],
            using: gateway.vault.source(for: connection.id)
        )
        return .seeOther("/connections/\(connection.id.rawValue)?address=\(made.id)")
    }

    private static func row(_ upstream: UpstreamCalendar, _ links: [Link]) -> [String: Any] {
        var row: [String: Any] = [
            "id": upstream.id, "name": upstream.name, "isMapped": upstream.schema != nil,
            "access": upstream.access == .reader ? "may only be read" : "can be written",
        ]
        if let link = links.first(where: { $0.upstreamCalendar == upstream.id }) { row["linked"] = link.id.rawValue }
        return row
    }

    /// Begins a connection: on to the provider's consent page, or done at once with a token.
    func connect(_ form: FormFields, _ visitor: Visitor) async throws -> Response {
        guard let provider = form["provider"], gateway.provider(provider) != nil else { throw RESTProblem.notFound }
        if let token = form["token"], !token.isEmpty {
            let row = try await gateway.connect.connect(provider: provider, token: token, for: visitor.principal)
            _ = try await gateway.examined(row)
            return .seeOther("/connections/\(row.id.rawValue)")
        }
        let (_, address) = try await gateway.connect.begin(
            provider: provider,
            for: visitor.principal,
            sessionBinding: visitor.binding
        )
        return .seeOther(address)
    }

    func change(connection id: String, _ verb: String, _ request: PageRequest) async throws -> Response {
        let visitor = request.visitor
        let connection = try await connection(id, visitor)
        switch verb {
        case "reconnect":
            if let token = request.form["token"], !token.isEmpty {
                let row = try await gateway.connect.reconnect(connection.id, token: token, for: visitor.principal)
                _ = try await gateway.examined(row)
                try await gateway.scheduler.connectionMended(connection.id)
                return .seeOther("/")
            }
            return .seeOther(
                try await gateway.connect.reconnect(
                    connection.id,
                    for: visitor.principal,
                    sessionBinding: visitor.binding
                )
            )
        case "disconnect":
            let purge: LinkPurge = request.form["purge"] == "yes" ? .copies : .nothing
            let done = try await gateway.disconnect(connection, purge: purge, for: visitor)
            let said = done.links.map { "\($0.name): \($0.sentence)" } + [done.receipt.sentence]
            return message("The account is disconnected", said.joined(separator: " "), for: visitor, .ok)
        default: throw RESTProblem.notFound
        }
    }

    func connection(_ id: String, _ visitor: Visitor) async throws -> ConnectionRow {
        guard let number = Int64(id),
            let row = try await gateway.credentials.connection(ConnectionID(rawValue: number)),
            row.principal == visitor.principal.id
        else { throw RESTProblem.notFound }
        return row
    }
}
