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

    private static let writableTypes: Set<String> = [
        "title", "rich_text", "date", "select", "multi_select", "status", "checkbox", "number", "url", "email",
        "phone_number", "people", "relation", "files",
    ]

    /// Makes a data source, in a database of its own unless one is given.
    mutating func addSource(title: String, columns: [NotionColumn], database: String? = nil) -> NotionDataSource {
        var source = NotionDataSource(
            id: nextIdentifier(1),
            database: database ?? nextIdentifier(2),
            title: title,
            columns: columns
        )
        source.isListed = listsNewSources
        store(source)
        return source
    }

    /// `POST /v1/data_sources`: a further table in a database.
    mutating func createSource(_ body: JSONValue) throws(NotionProblem) -> JSONValue {
        try Self.refuseUnknownKeys(body, allowed: ["parent", "properties", "title", "icon"])
        let id = body["parent"]?["database_id"]?.string ?? ""
        guard let sibling = siblings(inDatabase: id).first else { throw .notFound("database", id) }
        let columns = try columns(body["properties"])
        return addSource(title: Self.title(body["title"]), columns: columns, database: sibling.database).json
    }

    /// `PATCH /v1/data_sources/{id}`.
    mutating func updateSource(
        _ id: String,
        _ body: JSONValue,
        by user: NotionUser
    ) throws(NotionProblem) -> JSONValue {
        try Self.refuseUnknownKeys(body, allowed: ["properties", "title", "icon", "in_trash"])
        var source = try source(id, for: user)
        let wasTrashed = source.isTrashed
        source.isTrashed = try Self.bool("in_trash", of: body) ?? source.isTrashed
        guard !(wasTrashed && source.isTrashed) else { throw .inTrash }
        for (key, definition) in (body["properties"]?.object ?? [:]).sorted(by: { $0.key < $1.key }) {
            try change(key, definition, of: &source)
        }
        if let title = body["title"] { source.title = Self.title(title) }
        store(source)
        return source.json
    }

    /// Adds, renames, retypes or removes one column.
    private mutating func change(
        _ key: String,
        _ definition: JSONValue,
        of source: inout NotionDataSource
    ) throws(NotionProblem) {
        guard let index = source.index(of: key) else {
            guard definition != .null else { throw .validation("\(key) is not a property that exists.") }
            source.columns.append(try column(named: key, definition))
            return
        }
        let known = source.columns[index]
        guard definition != .null else {
            guard known.type != "title" else { throw .validation("Cannot delete the title property.") }
            source.columns.remove(at: index)
            return
        }
        if let name = definition["name"]?.string {
            guard !source.columns.contains(where: { $0.name == name && $0.id != known.id }) else {
                throw .validation("A property with the name \(name) exists already.")
            }
            source.columns[index].name = name
        }
        guard let type = Self.type(of: definition) else { return }
        if type != known.type {
            guard known.type != "title", type != "title" else {
                throw .validation("Cannot change the type of the title property.")
            }
            // Values of one type mean nothing in another here; the service converts some of them.
            for id in order where pages[id]?.dataSource == source.id { pages[id]?.values[known.id] = nil }
            source.columns[index] = NotionColumn(id: known.id, name: source.columns[index].name, type: type)
        }
        if let options = definition[type]?["options"]?.array {
            try source.columns[index].setOptions(options, at: "body.properties.\(key).\(type).options")
        }
    }

    mutating func columns(_ definitions: JSONValue?) throws(NotionProblem) -> [NotionColumn] {
        var columns: [NotionColumn] = []
        for (name, definition) in (definitions?.object ?? [:]).sorted(by: { $0.key < $1.key }) {
            columns.append(try column(named: name, definition))
        }
        switch columns.count(where: { $0.type == "title" }) {
        case 0: columns.insert(NotionColumn(id: "title", name: "Name", type: "title"), at: 0)
        case 1: break
        default: throw .validation("body failed validation: there should be one property of type title.")
        }
        return columns
    }

    private mutating func column(named name: String, _ definition: JSONValue) throws(NotionProblem) -> NotionColumn {
        guard let type = Self.type(of: definition) else {
            throw .validation("body failed validation: body.properties.\(name) should name a property type.")
        }
        // Half of each id needs URL encoding: nobody may take an id for a plain word.
        let id = type == "title" ? "title" : "%3B" + String(nextNumber(), radix: 36) + "%5D"
        var column = NotionColumn(id: id, name: name, type: type)
        let options = definition[type]?["options"]?.array ?? []
        try column.setOptions(options, at: "body.properties.\(name).\(type).options")
        if type == "relation" { try relate(&column, definition[type]) }
        return column
    }

    /// Where a relation leads.
    private func relate(_ column: inout NotionColumn, _ definition: JSONValue?) throws(NotionProblem) {
        guard let target = definition?["data_source_id"]?.string else {
            throw .validation(
                "body failed validation: body.properties.\(column.name).relation.data_source_id should be defined, "
                    + "instead was `undefined`."
            )
        }
        column.relatedSource = try source(target, for: .bot).id
    }

    private static func type(of definition: JSONValue) -> String? {
        definition.object?.keys.sorted().first {
            writableTypes.contains($0) || NotionDataSource.readOnlyTypes.contains($0)
        }
    }

    static func title(_ value: JSONValue?) -> String {
        (value?.array ?? []).compactMap { $0["text"]?["content"]?.string }.joined()
    }
}
