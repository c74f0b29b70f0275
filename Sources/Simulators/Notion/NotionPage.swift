import ICalendar

/// A row: what the service keeps of a page.
struct NotionPage: Sendable {
    var id: String
    var dataSource: String
    /// Column id → value in the form of an answer, without its type; of options, only their ids.
    var values: [String: JSONValue]
    /// When it was made, to the second; shown in minutes.
    var created: Int64
    /// When it was changed, to the second; shown in minutes.
    var edited: Int64
    var createdBy: NotionUser
    var editedBy: NotionUser
    var isTrashed = false
    /// A state apart from trash, which only a person gives.
    var isArchived = false
    var isLocked = false
    var icon: JSONValue = nil
    var cover: JSONValue = nil

    /// The page as answered, cut down to `only` columns when given.
    func json(in source: NotionDataSource, only: Set<String>? = nil) -> JSONValue {
        var properties: [String: JSONValue] = [:]
        for column in source.columns where only?.contains(column.id.percentDecoded) ?? true {
            properties[column.name] = shown(column, in: source)
        }
        return [
            "object": "page", "id": .string(id), "created_time": .string(Self.stamp(created)),
            "last_edited_time": .string(Self.stamp(edited)), "created_by": createdBy.reference,
            "last_edited_by": editedBy.reference, "cover": cover, "icon": icon,
            "parent": [
                "type": "data_source_id", "data_source_id": .string(source.id), "database_id": .string(source.database),
            ],
            "in_trash": .bool(isTrashed || source.isTrashed), "is_archived": .bool(isArchived),
            "is_locked": .bool(isLocked), "properties": .object(properties),
            "url": .string("https://www.notion.so/" + id.bareIdentifier), "public_url": nil,
        ]
    }

    /// The most people, related pages or mentions that a page tells of a column.
    static let maximumReferences = 25

    /// A column as a page has it: long lists are cut, and texts after so many mentions.
    private func shown(_ column: NotionColumn, in source: NotionDataSource) -> JSONValue {
        var value = column.formula.map { worked(out: $0, in: source) } ?? value(of: column)
        var property: JSONValue = ["id": .string(column.id), "type": .string(column.type)]
        if column.type == "people" || column.type == "relation", let all = value.array {
            value = .array(Array(all.prefix(Self.maximumReferences)))
            property["has_more"] = .bool(all.count > Self.maximumReferences)
        }
        if column.type == "title" || column.type == "rich_text", let runs = value.array {
            let mentions = runs.indices.filter { runs[$0]["type"] == "mention" }
            if mentions.count > Self.maximumReferences {
                value = .array(Array(runs[...mentions[Self.maximumReferences - 1]]))
            }
        }
        property[column.type] = value
        return property
    }

    /// What a formula says: its text with the contents of columns.
    private func worked(out formula: String, in source: NotionDataSource) -> JSONValue {
        var text = formula
        for column in source.columns where text.contains("{\(column.name)}") {
            let value = value(of: column)
            let shown = value["name"]?.string ?? value["start"]?.string ?? value.string ?? NotionText.plain(value)
            text = text.replacing("{\(column.name)}", with: shown)
        }
        return ["type": "string", "string": .string(text)]
    }

    /// The value of a column in the form of an answer, without its type.
    func value(of column: NotionColumn) -> JSONValue {
        let stored = values[column.id] ?? .null
        switch column.type {
        case "title", "rich_text", "people", "relation", "files": return stored == .null ? [] : stored
        case "multi_select": return .array((stored.array ?? []).compactMap { column.option($0.string) })
        case "select": return column.option(stored.string) ?? .null
        case "status": return column.option(stored.string) ?? column.options.first?.json ?? .null
        case "checkbox": return stored == .null ? false : stored
        case "created_time": return .string(Self.stamp(created))
        case "last_edited_time": return .string(Self.stamp(edited))
        case "created_by": return createdBy.json
        case "last_edited_by": return editedBy.json
        default: return stored
        }
    }

    /// A time as answered: rounded down to the minute.
    static func stamp(_ seconds: Int64) -> String {
        String(Instant(seconds: NotionDate.minute(seconds)).rfc3339.dropLast()) + ".000Z"
    }
}
