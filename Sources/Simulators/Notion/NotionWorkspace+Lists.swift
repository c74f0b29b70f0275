import ICalendar

extension NotionWorkspace {
    /// The most results one answer may have.
    private static let maximumPageSize = 100

    private static let queryKeys: Set<String> = [
        "filter", "sorts", "page_size", "start_cursor", "is_archived", "result_type",
    ]

    /// `POST /v1/data_sources/{id}/query`.
    func query(
        _ id: String,
        _ body: JSONValue,
        only: Set<String>?,
        at now: Instant
    ) throws(NotionProblem) -> JSONValue {
        try Self.refuseUnknownKeys(body, allowed: Self.queryKeys)
        let source = try source(id, for: .bot)
        let filter: NotionFilter?
        if let asked = body["filter"] { filter = try NotionFilter(asked, in: source) } else { filter = nil }
        let query = try NotionQuery(body["sorts"], in: source)
        let isArchived = try Self.bool("is_archived", of: body) ?? false
        var rows: [NotionPage] = []
        for key in source.isTrashed ? [] : order {
            guard let page = (indexedPages ?? pages)[key], page.dataSource == source.id, !page.isTrashed,
                page.isArchived == isArchived,
                page.created + lagSeconds <= now.seconds, filter?.matches(page) ?? true
            else { continue }
            rows.append(page)
        }
        rows = query.sorted(rows)
        let isCut = rows.count > rowLimit
        if isCut { rows.removeLast(rows.count - rowLimit) }
        var answer = try Self.list(rows, body, type: "page_or_data_source", atMost: answerLimit) {
            $0.json(in: source, only: only)
        }
        if isCut {
            answer["request_status"] = ["type": "incomplete", "incomplete_reason": "query_result_limit_reached"]
        }
        return answer
    }

    /// `POST /v1/search`: by title, over everything shared.
    func search(_ body: JSONValue) throws(NotionProblem) -> JSONValue {
        try Self.refuseUnknownKeys(body, allowed: ["query", "filter", "sort", "page_size", "start_cursor"])
        let kind = body["filter"]?["value"]?.string
        if let filter = body["filter"] {
            guard filter["property"] == "object", kind == "data_source" || kind == "page" else {
                throw .validation(
                    "body failed validation: body.filter.value should be `\"page\"` or `\"data_source\"`."
                )
            }
        }
        let wanted = body["query"]?.string?.lowercased() ?? ""
        func isWanted(_ title: String) -> Bool { wanted.isEmpty || title.lowercased().contains(wanted) }
        var found: [JSONValue] = []
        let shared = sources.values.filter { $0.isShared && !$0.isTrashed }
        if kind != "page" {
            found += shared.filter { $0.isListed && isWanted($0.title) }.sorted { $0.id < $1.id }.map(\.json)
        }
        if kind != "data_source" {
            for page in order.compactMap({ pages[$0] }) where !page.isTrashed && !page.isArchived {
                guard isWanted(NotionText.plain(page.values["title"])),
                    let source = shared.first(where: { $0.id == page.dataSource })
                else { continue }
                found.append(page.json(in: source))
            }
        }
        return try Self.list(found, body, type: "page_or_data_source") { $0 }
    }

    /// `GET /v1/pages/{id}/properties/{property}`.
    func property(_ key: String, of id: String, _ paging: JSONValue) throws(NotionProblem) -> JSONValue {
        let (page, source) = try page(id, for: .bot)
        guard let column = source.column(key) else {
            throw .validation("Could not find property with name or id: \(key)")
        }
        func item(_ value: JSONValue) -> JSONValue {
            [
                "object": "property_item", "id": .string(column.id), "type": .string(column.type), column.type: value,
            ]
        }
        let value = page.value(of: column)
        guard let elements = value.array, ["title", "rich_text", "people", "relation"].contains(column.type) else {
            return item(value)
        }
        var answer = try Self.list(elements, paging, type: "property_item", render: item)
        answer["property_item"] = [
            "id": .string(column.id), "next_url": nil, "type": .string(column.type), column.type: [:],
        ]
        return answer
    }

    /// Cuts one answer out of a list; a cursor is a place in it, so the list may move under its reader.
    static func list<Row>(
        _ rows: [Row],
        _ body: JSONValue,
        type: String,
        atMost limit: Int = maximumPageSize,
        render: (Row) -> JSONValue
    ) throws(NotionProblem) -> JSONValue {
        let size = min(try pageSize(body), limit)
        var start = 0
        if let given = body["start_cursor"], given != .null {
            guard let cursor = given.string, cursor.hasPrefix("cursor-"), let place = Int(cursor.dropFirst(7)),
                place >= 0
            else { throw .validation("The start_cursor provided is invalid: \(given.text)") }
            start = min(place, rows.count)
        }
        let end = min(start + size, rows.count)
        return [
            "object": "list", "results": .array(rows[start..<end].map(render)),
            "next_cursor": end < rows.count ? .string("cursor-\(end)") : .null,
            "has_more": .bool(end < rows.count), "type": .string(type), type: [:],
        ]
    }

    private static func pageSize(_ body: JSONValue) throws(NotionProblem) -> Int {
        guard let given = body["page_size"], given != .null else { return maximumPageSize }
        guard let size = given.integer, size >= 0 else {
            throw .validation(
                "body failed validation: body.page_size should be a number or `undefined`, instead was `\(given.text)`."
            )
        }
        guard size <= maximumPageSize else {
            throw .validation(
                "body failed validation: body.page_size should be ≤ `\(maximumPageSize)`, instead was `\(size)`."
            )
        }
        return size == 0 ? maximumPageSize : size
    }
}
