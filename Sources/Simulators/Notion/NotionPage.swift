import ICalendar

/// A row: what the service keeps of a page.
struct NotionPage: Sendable {
    var id: String
    var dataSource: String
    /// Column id → value in the form of an answer, without its type.
    var values: [String: JSONValue]
    /// Seconds since 1970, rounded down to the minute.
    var created: Int64
    var edited: Int64
    var isTrashed = false
    var editedBy: String
    /// Purged for good: GET answers 404.
    var isPurged = false

    /// The page as answered, cut down to `only` columns when given.
    func json(in source: NotionDataSource, only: Set<String>? = nil) -> JSONValue {
        var properties: [String: JSONValue] = [:]
        for column in source.columns {
            if let only, !only.contains(column.id.percentDecoded) { continue }
            properties[column.name] = [
                "id": .string(column.id), "type": .string(column.type), column.type: value(of: column, in: source),
            ]
        }
        return [
            "object": "page", "id": .string(id), "created_time": .string(Self.stamp(created)),
            "last_edited_time": .string(Self.stamp(edited)),
            "created_by": ["object": "user", "id": .string(editedBy)],
            "last_edited_by": ["object": "user", "id": .string(editedBy)], "cover": nil, "icon": nil,
            "parent": [
                "type": "data_source_id", "data_source_id": .string(source.id), "database_id": .string(source.database),
            ],
            "in_trash": .bool(isTrashed || source.isTrashed), "is_archived": false, "is_locked": false,
            "properties": .object(properties),
            "url": .string("https://www.notion.so/" + id.bareIdentifier), "public_url": nil,
        ]
    }

    private func value(of column: NotionColumn, in source: NotionDataSource) -> JSONValue {
        if let value = values[column.id] { return value }
        switch column.type {
        case "title", "rich_text", "multi_select", "people", "relation", "files": return []
        case "checkbox": return false
        case "created_time": return .string(Self.stamp(created))
        case "last_edited_time": return .string(Self.stamp(edited))
        case "status":
            return column.options.first.map { ["id": "opt0", "name": .string($0), "color": "default"] } ?? .null
        default: return .null
        }
    }

    static func stamp(_ seconds: Int64) -> String {
        Instant(seconds: seconds).rfc3339.replacingZulu(with: ".000Z")
    }
}

extension String {
    fileprivate func replacingZulu(with ending: String) -> String {
        hasSuffix("Z") ? String(dropLast()) + ending : self
    }
}

extension NotionDataSource {
    /// Checks the `properties` of a create or update request: column id → value as stored.
    ///
    /// New options of select and multi_select are made on the fly, those of status are not.
    mutating func accept(_ properties: JSONValue) throws(NotionProblem) -> [String: JSONValue] {
        guard let members = properties.object else {
            throw .validation("body failed validation: body.properties should be an object.")
        }
        var accepted: [String: JSONValue] = [:]
        for (key, value) in members.sorted(by: { $0.key < $1.key }) {
            guard let column = column(key) else { throw .validation("\(key) is not a property that exists.") }
            guard let content = value[column.type] else {
                throw .validation("\(column.name) is expected to be \(column.type).")
            }
            accepted[column.id] = try stored(content, in: column)
        }
        return accepted
    }

    private mutating func stored(_ content: JSONValue, in column: NotionColumn) throws(NotionProblem) -> JSONValue {
        let path = "body.properties.\(column.name).\(column.type)"
        switch column.type {
        case "title", "rich_text": return try NotionText.stored(content, at: path)
        case "date": return try NotionDate.stored(content, at: path)
        case "select", "status": return try option(content, in: column)
        case "multi_select":
            guard let elements = content.array, elements.count <= NotionText.maximumElements else {
                throw .validation("body failed validation: \(path) should be an array of at most 100.")
            }
            var options: [JSONValue] = []
            for element in elements { options.append(try option(element, in: column)) }
            return .array(options)
        case "checkbox": return try checked(content, content.bool != nil, path)
        case "number":
            if case .number = content { return content }
            return try checked(content, content == .null, path)
        case "url", "email", "phone_number":
            return try checked(content, content == .null || (1...2000).contains(content.string?.utf16.count ?? 0), path)
        case "people", "relation": return try checked(content, (content.array?.count ?? 101) <= 100, path)
        default: throw .validation("Cannot write to a property of type \(column.type).")
        }
    }

    private func checked(_ content: JSONValue, _ isRight: Bool, _ path: String) throws(NotionProblem) -> JSONValue {
        guard isRight else { throw .validation("body failed validation: \(path) has the wrong type or length.") }
        return content
    }

    private mutating func option(_ content: JSONValue, in column: NotionColumn) throws(NotionProblem) -> JSONValue {
        if content == .null, column.type != "multi_select" { return .null }
        guard let name = content["name"]?.string else {
            throw .validation("body failed validation: body.properties.\(column.name) should name an option.")
        }
        guard !name.utf8.contains(UInt8(ascii: ",")) else {
            throw .validation("Invalid select option, commas not allowed: \(name)")
        }
        guard let index = columns.firstIndex(where: { $0.id == column.id }) else {
            throw .validation("\(column.name) is not a property that exists.")
        }
        if let known = columns[index].options.first(where: { $0.lowercased() == name.lowercased() }) {
            return ["id": .string("opt-" + known), "name": .string(known), "color": "default"]
        }
        guard column.type != "status" else {
            throw .validation("Invalid status option. Status option \"\(name)\" does not exist.")
        }
        columns[index].options.append(name)
        return ["id": .string("opt-" + name), "name": .string(name), "color": "default"]
    }
}
