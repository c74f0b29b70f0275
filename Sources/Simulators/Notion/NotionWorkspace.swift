import ICalendar

/// The state of a simulated workspace and everything its API does to it; knows no HTTP.
struct NotionWorkspace: Sendable {
    /// The bot of the connection, seen in `last_edited_by`.
    static let bot = "e4b06ce6-0000-4000-8000-0000000000b0"
    /// The person at the screen.
    static let person = "1e2feb89-0000-4000-8000-0000000000a1"

    var sources: [String: NotionDataSource] = [:]
    var pages: [String: NotionPage] = [:]
    /// Ids of pages in the order of creation.
    var order: [String] = []
    /// Shared pages that databases may be made under.
    var parents: Set<String> = []
    /// The most rows one query answers.
    var rowLimit = 10_000
    private var lastIdentifier: UInt64 = 0

    /// A new id in UUID form, the same in every run.
    mutating func nextIdentifier(_ kind: UInt8) -> String {
        lastIdentifier += 1
        let digits = String(lastIdentifier, radix: 16)
        let tail = String(repeating: "0", count: 12 - digits.count) + digits
        return "2f97000\(kind % 10)-1999-4e3f-a46d-" + tail
    }

    func source(_ id: String) throws(NotionProblem) -> NotionDataSource {
        guard let source = sources[id.bareIdentifier], source.isShared else { throw .notFound("data_source", id) }
        return source
    }

    func page(_ id: String) throws(NotionProblem) -> NotionPage {
        guard let page = pages[id.bareIdentifier], !page.isPurged,
            sources[page.dataSource.bareIdentifier]?.isShared == true
        else { throw .notFound("page", id) }
        return page
    }

    mutating func addSource(title: String, columns: [NotionColumn]) -> NotionDataSource {
        let source = NotionDataSource(
            id: nextIdentifier(1),
            database: nextIdentifier(2),
            title: title,
            columns: columns
        )
        sources[source.id.bareIdentifier] = source
        return source
    }

    /// `POST /v1/pages`.
    mutating func createPage(_ body: JSONValue, by editor: String, at now: Instant) throws(NotionProblem) -> JSONValue {
        try Self.refuseUnknownKeys(body, allowed: ["parent", "properties", "children", "icon", "cover"])
        guard let parent = body["parent"]?["data_source_id"]?.string else {
            throw .validation("body failed validation: body.parent.data_source_id should be defined.")
        }
        var source = try source(parent)
        let values = try source.accept(body["properties"] ?? [:])
        sources[source.id.bareIdentifier] = source
        let minute = now.seconds - now.seconds % 60
        let page = NotionPage(
            id: nextIdentifier(3),
            dataSource: source.id,
            values: values,
            created: minute,
            edited: minute,
            editedBy: editor
        )
        pages[page.id.bareIdentifier] = page
        order.append(page.id.bareIdentifier)
        return page.json(in: source)
    }

    /// `PATCH /v1/pages/{id}`.
    mutating func updatePage(
        _ id: String,
        _ body: JSONValue,
        by editor: String,
        at now: Instant
    ) throws(NotionProblem) -> JSONValue {
        try Self.refuseUnknownKeys(body, allowed: ["properties", "in_trash", "icon", "cover", "is_locked"])
        var page = try page(id)
        var source = try source(page.dataSource)
        if (page.isTrashed || source.isTrashed) && body["in_trash"] != false {
            throw .validation("Can't edit block that is archived. You must unarchive the block before editing.")
        }
        if let trashed = body["in_trash"]?.bool { page.isTrashed = trashed }
        if let properties = body["properties"] {
            page.values.merge(try source.accept(properties)) { $1 }
            sources[source.id.bareIdentifier] = source
        }
        page.edited = now.seconds - now.seconds % 60
        page.editedBy = editor
        pages[page.id.bareIdentifier] = page
        return page.json(in: source)
    }

    /// `POST /v1/data_sources/{id}/query`.
    func query(_ id: String, _ body: JSONValue, only: Set<String>?) throws(NotionProblem) -> JSONValue {
        try Self.refuseUnknownKeys(body, allowed: ["filter", "sorts", "page_size", "start_cursor", "is_archived"])
        let source = try source(id)
        let query = NotionQuery(source)
        var rows: [NotionPage] = []
        for key in order {
            guard let page = pages[key], page.dataSource == source.id, !page.isTrashed, !page.isPurged else { continue }
            if let filter = body["filter"], try !query.matches(page, filter) { continue }
            rows.append(page)
        }
        rows = query.sorted(rows, by: body["sorts"]?.array ?? [])
        let isCut = rows.count > rowLimit
        if isCut { rows = Array(rows.prefix(rowLimit)) }
        var answer = try Self.list(rows.map { $0.json(in: source, only: only) }, body, type: "page_or_data_source")
        if isCut {
            answer["request_status"] = ["type": "incomplete", "incomplete_reason": "query_result_limit_reached"]
        }
        return answer
    }

    /// `POST /v1/search`.
    func search(_ body: JSONValue) throws(NotionProblem) -> JSONValue {
        if let filter = body["filter"], filter["value"]?.string != "data_source", filter["value"]?.string != "page" {
            throw .validation("body failed validation: body.filter.value should be `\"page\"` or `\"data_source\"`.")
        }
        let wanted = body["query"]?.string?.lowercased() ?? ""
        let found = sources.values.filter { source in
            source.isShared && !source.isTrashed && (wanted.isEmpty || source.title.lowercased().contains(wanted))
        }
        return try Self.list(found.sorted { $0.id < $1.id }.map(\.json), body, type: "page_or_data_source")
    }

    /// Cuts one page out of a list.
    static func list(_ results: [JSONValue], _ body: JSONValue, type: String) throws(NotionProblem) -> JSONValue {
        let asked = body["page_size"]?.integer ?? 100
        guard (0...100).contains(asked) else {
            throw .validation("body failed validation: body.page_size should be ≤ `100`, instead was `\(asked)`.")
        }
        let size = asked == 0 ? 100 : asked
        var start = 0
        if let cursor = body["start_cursor"]?.string {
            guard cursor.hasPrefix("cursor-"), let place = Int(cursor.dropFirst(7)), place <= results.count else {
                throw .validation("The start_cursor provided is invalid: \(cursor)")
            }
            start = place
        }
        let end = min(start + size, results.count)
        return [
            "object": "list", "results": .array(Array(results[start..<end])),
            "next_cursor": end < results.count ? .string("cursor-\(end)") : .null,
            "has_more": .bool(end < results.count), "type": .string(type), type: [:],
        ]
    }

    static func refuseUnknownKeys(_ body: JSONValue, allowed: Set<String>) throws(NotionProblem) {
        for key in (body.object ?? [:]).keys.sorted() where !allowed.contains(key) {
            throw .validation("body failed validation: body.\(key) should be not present, instead was defined.")
        }
    }
}
