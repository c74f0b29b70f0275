import ICalendar

/// `/control/…`: the person at the screen, and the hands of a test.
///
/// | address | body | does |
/// |---|---|---|
/// | `POST data_sources` | `title`, `database` | makes a calendar, in a database of its own or the given one |
/// | `POST schema` | `id` and a PATCH of the data source | renames, retypes, removes columns; trashes it |
/// | `POST options` | `id`, `column`, `name`, `new_name` | renames an option |
/// | `POST parents` | | makes a shared page to put databases under |
/// | `POST pages` | `data_source`, `properties` | makes a page |
/// | `POST edit` | `id` and a PATCH of the page, `is_archived` too | changes a page |
/// | `POST computed` | `id`, `column`, `value` | what a formula or rollup works out for a page |
/// | `POST formula` | `id`, `column`, `text` | what a formula says of every page: `{Column}` stands for what is in it |
/// | `POST blocks` | `id`, `children`, `position` | writes on a page |
/// | `POST move`, `duplicate`, `purge` | `id`, `data_source` | what the API cannot do to a page |
/// | `POST share` | `id`, `shared`, `listed` | shows or hides a data source, or hides it from search alone |
/// | `POST tokens` | `internal`, `expire`, `revoke` | admits an internal token, ends tokens |
/// | `POST settings` | see ``NotionService/settings(_:)`` | how the service behaves |
/// | `POST webhook` | `url`; `silently`: without telling the secret | enters the address of the subscription |
/// | `POST sign` | a call to the webhook | its octets as `body`, with the `signature`; it is not sent |
/// | `GET pages`, `GET log`, `DELETE log` | | every page, every request; the last one forgets what it answers |
extension NotionService {
    func control(_ request: NotionRequest) -> NotionReply {
        do throws(NotionProblem) {
            return NotionReply(200, try controlled(request, try request.object()))
        } catch {
            return NotionReply(error)
        }
    }

    private func controlled(_ request: NotionRequest, _ body: JSONValue) throws(NotionProblem) -> JSONValue {
        switch (request.method, request.path.dropFirst().joined(separator: "/")) {
        case ("POST", "data_sources"): return addSource(body)
        case ("POST", "parents"):
            let id = workspace.nextIdentifier(5)
            workspace.parents.insert(id.bareIdentifier)
            return ["id": .string(id)]
        case ("POST", "schema"): return try workspace.updateSource(text("id", body), without("id", body), by: .person)
        case ("POST", "options"):
            return try workspace.renameOption(
                text("name", body),
                to: text("new_name", body),
                ofColumn: text("column", body),
                in: text("id", body)
            )
        case ("GET", "pages"): return .array(workspace.allPages)
        case ("POST", "pages"): return try personCreates(body)
        case ("POST", "edit"):
            return try workspace.updatePage(text("id", body), without("id", body), by: .person, at: instant)
        case ("POST", "computed"):
            return try workspace.compute(text("id", body), text("column", body), body["value"] ?? nil)
        case ("POST", "formula"):
            return try workspace.setFormula(text("text", body), ofColumn: text("column", body), in: text("id", body))
        case ("POST", "blocks"):
            let edit = NotionWorkspace.BodyEdit(user: .person, instant: instant)
            return try workspace.appendBlocks(text("id", body), without("id", body), edit)
        case ("POST", "move"): return try workspace.move(text("id", body), to: text("data_source", body), at: instant)
        case ("POST", "duplicate"): return try workspace.duplicate(text("id", body), at: instant)
        case ("POST", "purge"): try workspace.purge(text("id", body))
        case ("POST", "share"):
            let isListed = body["listed"]?.bool ?? true
            try workspace.share(text("id", body), body["shared"]?.bool ?? (body["listed"] != nil), isListed: isListed)
        case ("POST", "tokens"): changeTokens(body)
        case ("POST", "settings"): try settings(body)
        case ("POST", "webhook"): try subscribe(body)
        case ("POST", "sign"):
            let call = NotionSubscription(address: "").call(body)
            return [
                "body": .string(String(decoding: call.body, as: UTF8.self)),
                "signature": call.signature.map(JSONValue.string) ?? .null,
            ]
        case ("GET", "log"): return .array(log.map { .string($0) })
        case ("DELETE", "log"):
            defer { log = [] }
            return .array(log.map { .string($0) })
        default: throw NotionProblem(404, "invalid_request_url", "The control interface has no such address.")
        }
        return [:]
    }

    private func subscribe(_ body: JSONValue) throws(NotionProblem) {
        let subscription = NotionSubscription(address: try text("url", body))
        self.subscription = subscription
        if body["silently"]?.bool != true { calls.yield(subscription.verification) }
    }

    private func text(_ key: String, _ body: JSONValue) throws(NotionProblem) -> String {
        guard let text = body[key]?.string else { throw .validation("\(key) is missing") }
        return text
    }

    private func without(_ key: String, _ body: JSONValue) -> JSONValue {
        var rest = body
        rest[key] = nil
        return rest
    }

    private func addSource(_ body: JSONValue) -> JSONValue {
        workspace.addSource(
            title: body["title"]?.string ?? "Calendar",
            columns: NotionWorkspace.calendarColumns,
            database: body["database"]?.string
        ).json
    }

    private func personCreates(_ body: JSONValue) throws(NotionProblem) -> JSONValue {
        let request: JSONValue = [
            "parent": ["type": "data_source_id", "data_source_id": body["data_source"] ?? nil],
            "properties": body["properties"] ?? [:],
        ]
        return try workspace.createPage(request, by: .person, at: instant)
    }

    private func changeTokens(_ body: JSONValue) {
        if let token = body["internal"]?.string { authorization.internalTokens.insert(token) }
        if body["expire"]?.bool == true { authorization.expireAccessTokens() }
        if body["revoke"]?.bool == true { authorization.revokeEverything() }
    }

    /// `approves_at_once`, `lists_new_sources` (false: search knows nothing of what is made from now on), `capabilities` by name, numbers,
    /// `freezes_queries` (true: they answer what there is now until it is false), and faults: `faults` is a rate in 1,000 for each kind,
    /// `clear_faults` takes back those planned, `next_faults` is a list of `kind`, `method` and `path` (a part of it), used
    /// up one by one.
    private func settings(_ body: JSONValue) throws(NotionProblem) {
        let keys =
            [
                "approves_at_once", "lists_new_sources", "capabilities", "faults", "next_faults", "clear_faults",
                "clock_offset", "freezes_queries",
            ]
            + Self.counts
        try NotionWorkspace.refuseUnknownKeys(body, allowed: Set(keys))
        var counts: [String: Int] = [:]
        for key in Self.counts {
            guard let value = body[key], value != .null else { continue }
            guard let count = value.integer, Self.sensible.contains(count) else {
                throw .validation("\(key) should be a number in \(Self.sensible).")
            }
            counts[key] = count
        }
        let rates = try rates(body["faults"])
        let planned = try plannedFaults(body["next_faults"])
        for (name, isGranted) in body["capabilities"]?.object ?? [:] {
            guard let capability = NotionCapability(rawValue: name) else {
                throw .validation("There is no capability \(name).")
            }
            if isGranted.bool == false { capabilities.remove(capability) } else { capabilities.insert(capability) }
        }
        if let approves = body["approves_at_once"]?.bool { approvesAtOnce = approves }
        workspace.listsNewSources = body["lists_new_sources"]?.bool ?? workspace.listsNewSources
        if let freezes = body["freezes_queries"]?.bool { workspace.indexedPages = freezes ? workspace.pages : nil }
        if let offset = body["clock_offset"]?.integer { clockOffset = Int64(offset.clamped(to: -Self.far...Self.far)) }
        ratePerMinute = counts["rate_per_minute"] ?? ratePerMinute
        workspace.rowLimit = counts["row_limit"] ?? workspace.rowLimit
        workspace.answerLimit = counts["answer_limit"].map { max($0, 1) } ?? workspace.answerLimit
        workspace.lagSeconds = counts["lag_seconds"].map(Int64.init) ?? workspace.lagSeconds
        if let seconds = body["access_seconds"] {
            authorization.accessSeconds = seconds == .null ? nil : counts["access_seconds"].map(Int64.init)
        }
        faults.perMille.merge(rates) { $1 }
        if body["clear_faults"]?.bool == true { faults.next = [] }
        faults.next += planned
    }

    private static let counts = ["rate_per_minute", "row_limit", "answer_limit", "lag_seconds", "access_seconds"]

    /// The numbers a setting may have: nothing is counted beyond a billion here.
    private static let sensible = 0...1_000_000_000

    /// The clock may be put a hundred years off, where every time still has four digits of year.
    private static let far = 3_155_760_000

    private func rates(_ body: JSONValue?) throws(NotionProblem) -> [NotionFaults.Kind: Int] {
        var rates: [NotionFaults.Kind: Int] = [:]
        for (name, rate) in body?.object ?? [:] {
            guard let rate = rate.integer else { throw .validation("faults.\(name) should be a number.") }
            rates[try kind(name)] = rate
        }
        return rates
    }

    private func plannedFaults(_ body: JSONValue?) throws(NotionProblem) -> [NotionFaults.Planned] {
        var planned: [NotionFaults.Planned] = []
        for fault in body?.array ?? [] {
            planned.append(
                NotionFaults.Planned(
                    method: fault["method"]?.string ?? "*",
                    pathContains: fault["path"]?.string ?? "",
                    kind: try kind(try text("kind", fault))
                )
            )
        }
        return planned
    }

    private func kind(_ name: String) throws(NotionProblem) -> NotionFaults.Kind {
        guard let kind = NotionFaults.Kind(rawValue: name) else { throw .validation("There is no fault \(name).") }
        return kind
    }
}

extension Int {
    fileprivate func clamped(to range: ClosedRange<Int>) -> Int {
        Swift.min(Swift.max(self, range.lowerBound), range.upperBound)
    }
}
