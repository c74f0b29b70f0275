extension NotionWorkspace {
    /// The columns that a ready-made calendar has.
    static let calendarColumns = [
        NotionColumn(id: "title", name: "Name", type: "title"),
        NotionColumn(id: "D%5BBw", name: "When", type: "date"),
        NotionColumn(id: "dEsC", name: "Description", type: "rich_text"),
        NotionColumn(id: "%3AlOc", name: "Location", type: "rich_text"),
        NotionColumn(id: "uRl_", name: "URL", type: "url"),
        NotionColumn(id: "StAt", name: "Status", type: "select", options: ["Confirmed", "Tentative", "Cancelled"]),
        NotionColumn(id: "%3B%5Cds", name: "Categories", type: "multi_select"),
        NotionColumn(id: "AtTn", name: "Attendees", type: "rich_text"),
        NotionColumn(id: "RePt", name: "Repeats", type: "rich_text"),
        NotionColumn(id: "CuId", name: "Calendar UID", type: "rich_text"),
    ]

    /// `POST /v1/databases`.
    mutating func createDatabase(_ body: JSONValue) throws(NotionProblem) -> JSONValue {
        guard let parent = body["parent"]?["page_id"]?.string, parents.contains(parent.bareIdentifier) else {
            throw .notFound("page", body["parent"]?["page_id"]?.string ?? "")
        }
        let title = (body["title"]?.array ?? []).compactMap { $0["text"]?["content"]?.string }.joined()
        // Properties at the top level are silently ignored: only the title column exists then.
        let properties = body["initial_data_source"]?["properties"]?.object ?? [:]
        var columns: [NotionColumn] = []
        for (name, definition) in properties.sorted(by: { $0.key < $1.key }) {
            columns.append(try column(named: name, definition))
        }
        if !columns.contains(where: { $0.type == "title" }) {
            columns.insert(NotionColumn(id: "title", name: "Name", type: "title"), at: 0)
        }
        let source = addSource(title: title, columns: columns)
        return database(of: source)
    }

    /// `GET /v1/databases/{id}`.
    func database(_ id: String) throws(NotionProblem) -> JSONValue {
        guard
            let source = sources.values.first(where: { $0.database.bareIdentifier == id.bareIdentifier && $0.isShared })
        else { throw .notFound("database", id) }
        return database(of: source)
    }

    private func database(of source: NotionDataSource) -> JSONValue {
        [
            "object": "database", "id": .string(source.database), "title": [NotionText.run(source.title)],
            "in_trash": .bool(source.isTrashed),
            "data_sources": [["id": .string(source.id), "name": .string(source.title)]],
        ]
    }

    /// `PATCH /v1/data_sources/{id}`.
    mutating func updateSource(_ id: String, _ body: JSONValue) throws(NotionProblem) -> JSONValue {
        try Self.refuseUnknownKeys(body, allowed: ["properties", "title", "icon", "in_trash"])
        var source = try source(id)
        for (key, definition) in (body["properties"]?.object ?? [:]).sorted(by: { $0.key < $1.key }) {
            guard let known = source.column(key), let index = source.columns.firstIndex(of: known) else {
                source.columns.append(try column(named: key, definition))
                continue
            }
            if definition == .null {
                guard known.type != "title" else { throw .validation("Cannot delete the title property.") }
                source.columns.remove(at: index)
            } else if let name = definition["name"]?.string {
                source.columns[index].name = name
            }
        }
        if let trashed = body["in_trash"]?.bool { source.isTrashed = trashed }
        sources[source.id.bareIdentifier] = source
        return source.json
    }

    private mutating func column(named name: String, _ definition: JSONValue) throws(NotionProblem) -> NotionColumn {
        let types: Set<String> = [
            "title", "rich_text", "date", "select", "multi_select", "status", "checkbox", "number", "url", "email",
            "phone_number", "people", "relation", "files", "created_time", "last_edited_time",
        ]
        guard let type = definition.object?.keys.first(where: types.contains) else {
            throw .validation("body failed validation: body.properties.\(name) should name a property type.")
        }
        let options = (definition[type]?["options"]?.array ?? []).compactMap { $0["name"]?.string }
        let id = type == "title" ? "title" : "c" + String(nextIdentifier(4).suffix(4))
        return NotionColumn(id: id, name: name, type: type, options: options)
    }
}
