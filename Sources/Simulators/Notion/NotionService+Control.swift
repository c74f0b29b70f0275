import ICalendar

extension NotionService {
    /// `/control/…`: the person at the screen, and the hands of a test.
    func control(_ request: NotionRequest) -> NotionReply {
        let body = JSONValue(parsing: request.body) ?? [:]
        do throws(NotionProblem) {
            return NotionReply(200, try controlled(request, body))
        } catch {
            return NotionReply(error)
        }
    }

    private func controlled(_ request: NotionRequest, _ body: JSONValue) throws(NotionProblem) -> JSONValue {
        switch (request.method, request.path.dropFirst().joined(separator: "/")) {
        case ("POST", "data_sources"):
            return workspace.addSource(
                title: body["title"]?.string ?? "Calendar",
                columns: NotionWorkspace.calendarColumns
            ).json
        case ("POST", "parents"):
            let id = workspace.nextIdentifier(5)
            workspace.parents.insert(id.bareIdentifier)
            return ["id": .string(id)]
        case ("GET", "pages"):
            return .array(
                workspace.order.compactMap { workspace.pages[$0] }.compactMap { page in
                    workspace.sources[page.dataSource.bareIdentifier].map { page.json(in: $0) }
                }
            )
        case ("POST", "pages"): return try personCreates(body)
        case ("POST", "edit"): return try personEdits(body)
        case ("POST", "purge"):
            guard let id = body["id"]?.string else { throw .validation("id is missing") }
            workspace.pages[id.bareIdentifier]?.isPurged = true
            return [:]
        case ("POST", "share"):
            guard let id = body["id"]?.string else { throw .validation("id is missing") }
            workspace.sources[id.bareIdentifier]?.isShared = body["shared"]?.bool ?? false
            return [:]
        case ("POST", "tokens"):
            if let token = body["internal"]?.string { authorization.internalTokens.insert(token) }
            if body["expire"]?.bool == true { authorization.expireAccessTokens() }
            if body["revoke"]?.bool == true { authorization.revokeEverything() }
            return [:]
        case ("POST", "settings"): return settings(body)
        case ("GET", "log"): return .array(log.map { .string($0) })
        case ("DELETE", "log"):
            log = []
            return [:]
        default: throw NotionProblem(404, "invalid_request_url", "The control interface has no such address.")
        }
    }

    private func personCreates(_ body: JSONValue) throws(NotionProblem) -> JSONValue {
        let request: JSONValue = [
            "parent": ["type": "data_source_id", "data_source_id": body["data_source"] ?? nil],
            "properties": body["properties"] ?? [:],
        ]
        return try workspace.createPage(request, by: NotionWorkspace.person, at: instant)
    }

    private func personEdits(_ body: JSONValue) throws(NotionProblem) -> JSONValue {
        guard let id = body["id"]?.string else { throw .validation("id is missing") }
        var change: JSONValue = [:]
        change["properties"] = body["properties"]
        change["in_trash"] = body["in_trash"]
        return try workspace.updatePage(id, change, by: NotionWorkspace.person, at: instant)
    }

    private func settings(_ body: JSONValue) -> JSONValue {
        if let approves = body["approves_at_once"]?.bool { approvesAtOnce = approves }
        if let rate = body["rate_per_minute"]?.integer { ratePerMinute = rate }
        if let limit = body["row_limit"]?.integer { workspace.rowLimit = limit }
        for kind in NotionFaults.Kind.allCases {
            if let rate = body["faults"]?[kind.rawValue]?.integer { faults.perMille[kind] = rate }
        }
        for fault in body["next_faults"]?.array ?? [] {
            guard let kind = fault["kind"]?.string.flatMap(NotionFaults.Kind.init) else { continue }
            faults.next.append((fault["method"]?.string ?? "*", fault["path"]?.string ?? "", kind))
        }
        return [:]
    }
}
