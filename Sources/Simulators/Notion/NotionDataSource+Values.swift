extension NotionDataSource {
    /// Types of columns whose values nobody writes.
    static let readOnlyTypes: Set<String> = [
        "formula", "rollup", "created_time", "created_by", "last_edited_time", "last_edited_by", "unique_id", "button",
    ]

    /// The most UTF-16 units of an address, and of an e-mail address or telephone number.
    private static let maximumLength = ["url": 2000, "email": 200, "phone_number": 200]

    /// Checks the `properties` of a create or update request: column id → value as stored.
    ///
    /// New options of select and multi_select are made on the fly, those of status are not.
    mutating func accept(_ properties: JSONValue) throws(NotionProblem) -> [String: JSONValue] {
        guard let members = properties.object else {
            throw .validation("body failed validation: body.properties should be an object.")
        }
        var accepted: [String: JSONValue] = [:]
        for (key, value) in members.sorted(by: { $0.key < $1.key }) {
            guard let index = index(of: key) else { throw .validation("\(key) is not a property that exists.") }
            let column = columns[index]
            guard let content = value[column.type] else {
                throw .validation("\(column.name) is expected to be \(column.type).")
            }
            accepted[column.id] = try stored(content, inColumn: index, at: "body.properties.\(key).\(column.type)")
        }
        return accepted
    }

    private mutating func stored(
        _ content: JSONValue,
        inColumn index: Int,
        at path: String
    ) throws(NotionProblem) -> JSONValue {
        let type = columns[index].type
        switch type {
        case "title", "rich_text": return try NotionText.stored(content, at: path)
        case "date": return try NotionDate.stored(content, at: path)
        case "select", "status": return content == .null ? .null : try option(content, inColumn: index, at: path)
        case "multi_select":
            let elements = try array(content, at: path)
            var options: [JSONValue] = []
            for element in elements {
                let option = try option(element, inColumn: index, at: path)
                if !options.contains(option) { options.append(option) }
            }
            return .array(options)
        case "checkbox":
            guard content.bool != nil else { throw .validation(Self.wrong(path, "a boolean", content)) }
            return content
        case "number":
            if case .number = content { return content }
            guard content == .null else { throw .validation(Self.wrong(path, "a number or `null`", content)) }
            return .null
        case "url", "email", "phone_number":
            if content == .null { return .null }
            guard let text = content.string, !text.isEmpty else {
                throw .validation(Self.wrong(path, "a text or `null`", content))
            }
            try NotionText.checkLength(text.utf16.count, Self.maximumLength[type] ?? 0, path)
            return content
        case "people":
            return .array(
                try array(content, at: path).map { (element) throws(NotionProblem) in
                    let id = element["id"]?.string?.bareIdentifier
                    guard let user = NotionUser.allCases.first(where: { $0.rawValue.bareIdentifier == id }) else {
                        throw .validation("\(path) names a user that is not in the workspace.")
                    }
                    return user.reference
                }
            )
        case "relation", "files": return .array(try array(content, at: path))
        default: throw .validation("Cannot write to a property of type \(type).")
        }
    }

    private func array(_ content: JSONValue, at path: String) throws(NotionProblem) -> [JSONValue] {
        guard let elements = content.array else { throw .validation(Self.wrong(path, "an array", content)) }
        try NotionText.checkLength(elements.count, NotionText.maximumElements, path)
        return elements
    }

    /// The id of the option that a request names or identifies.
    private mutating func option(
        _ content: JSONValue,
        inColumn index: Int,
        at path: String
    ) throws(NotionProblem) -> JSONValue {
        let column = columns[index]
        if let id = content["id"]?.string {
            guard column.option(id) != nil else { throw .validation("The option \"\(id)\" does not exist.") }
            return .string(id)
        }
        guard let name = content["name"]?.string, !name.isEmpty else {
            throw .validation(Self.wrong(path, "an option", content))
        }
        if let known = column.options.first(where: { $0.name.lowercased() == name.lowercased() }) {
            return .string(known.id)
        }
        guard column.type != "status" else {
            throw .validation("Invalid status option. Status option \"\(name)\" does not exist.")
        }
        guard !name.utf8.contains(UInt8(ascii: ",")) else {
            throw .validation("Invalid select option, commas not allowed: \(name)")
        }
        try NotionText.checkLength(name.utf16.count, NotionText.maximumElements, path + ".name")
        return .string(columns[index].addOption(name).id)
    }

    private static func wrong(_ path: String, _ expected: String, _ content: JSONValue) -> String {
        "body failed validation: \(path) should be \(expected), instead was `\(content.text)`."
    }
}
