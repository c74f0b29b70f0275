/// A database: the container of data sources.
struct NotionDatabase: Sendable {
    var title: String
    var description: JSONValue = []
    var isInline = false
    var isLocked = false
    var icon: JSONValue = nil
    var cover: JSONValue = nil
    /// The page it was made under.
    var parent: String?
}

extension NotionWorkspace {
    private static let databaseKeys: Set<String> = [
        "parent", "title", "description", "is_inline", "is_locked", "icon", "cover", "in_trash",
    ]

    /// `POST /v1/databases`.
    mutating func createDatabase(_ body: JSONValue) throws(NotionProblem) -> JSONValue {
        guard let parent = body["parent"]?["page_id"]?.string, parents.contains(parent.bareIdentifier) else {
            throw .notFound("page", body["parent"]?["page_id"]?.string ?? "")
        }
        // Properties at the top level are silently ignored: only the title column exists then.
        let columns = try columns(body["initial_data_source"]?["properties"])
        let source = addSource(title: Self.title(body["title"]), columns: columns)
        var database = NotionDatabase(title: source.title)
        database.parent = parent
        try Self.change(&database, body)
        databases[source.database.bareIdentifier] = database
        return try self.database(source.database)
    }

    /// `GET /v1/databases/{id}`.
    func database(_ id: String) throws(NotionProblem) -> JSONValue {
        let sources = siblings(inDatabase: id)
        guard let first = sources.first else { throw .notFound("database", id) }
        let database = databases[id.bareIdentifier] ?? NotionDatabase(title: first.title)
        let parent: JSONValue =
            database.parent.map { ["type": "page_id", "page_id": .string($0)] }
            ?? ["type": "workspace", "workspace": true]
        return [
            "object": "database", "id": .string(first.database),
            "title": database.title.isEmpty ? [] : [NotionText.run(database.title)],
            "description": database.description, "is_inline": .bool(database.isInline),
            "is_locked": .bool(database.isLocked), "icon": database.icon, "cover": database.cover, "parent": parent,
            "in_trash": .bool(sources.allSatisfy(\.isTrashed)), "public_url": nil,
            "created_time": .string(NotionPage.stamp(0)), "last_edited_time": .string(NotionPage.stamp(0)),
            "url": .string("https://www.notion.so/" + first.database.bareIdentifier),
            "data_sources": .array(sources.map { ["id": .string($0.id), "name": .string($0.title)] }),
        ]
    }

    /// `PATCH /v1/databases/{id}`: what the container says of itself; the columns are those of its data sources.
    mutating func updateDatabase(_ id: String, _ body: JSONValue) throws(NotionProblem) -> JSONValue {
        try Self.refuseUnknownKeys(body, allowed: Self.databaseKeys)
        let sources = siblings(inDatabase: id)
        guard let first = sources.first else { throw .notFound("database", id) }
        var database = databases[id.bareIdentifier] ?? NotionDatabase(title: first.title)
        if let parent = body["parent"]?["page_id"]?.string {
            guard parents.contains(parent.bareIdentifier) else { throw .notFound("page", parent) }
            database.parent = parent
        }
        try Self.change(&database, body)
        if let isTrashed = try Self.bool("in_trash", of: body) {
            for var source in sources {
                source.isTrashed = isTrashed
                store(source)
            }
        }
        databases[id.bareIdentifier] = database
        return try self.database(id)
    }

    private static func change(_ database: inout NotionDatabase, _ body: JSONValue) throws(NotionProblem) {
        if let title = body["title"] { database.title = title == .null ? "" : Self.title(title) }
        if let description = body["description"] {
            database.description = try NotionText.stored(description, at: "body.description")
        }
        database.isInline = try bool("is_inline", of: body) ?? database.isInline
        database.isLocked = try bool("is_locked", of: body) ?? database.isLocked
        database.icon = body["icon"] ?? database.icon
        database.cover = body["cover"] ?? database.cover
    }

    func siblings(inDatabase id: String) -> [NotionDataSource] {
        sources.values.filter { $0.database.bareIdentifier == id.bareIdentifier && $0.isShared }
            .sorted { $0.id < $1.id }
    }
}
