/// One column of a data source.
struct NotionColumn: Sendable, Hashable {
    /// The short opaque id, as returned (URL-encoded).
    var id: String
    var name: String
    /// The type of its values: `title`, `rich_text`, `date` and so on.
    var type: String
    /// Names of the options of select, multi_select and status.
    var options: [String] = []

    /// The column as a schema lists it.
    var json: JSONValue {
        var details: JSONValue = [:]
        if type == "select" || type == "multi_select" || type == "status" {
            details = [
                "options": .array(
                    options.enumerated().map { index, name in
                        ["id": .string("opt\(index)-\(id)"), "name": .string(name), "color": "default"]
                    }
                )
            ]
        }
        return ["id": .string(id), "name": .string(name), "type": .string(type), "description": nil, type: details]
    }
}

/// A data source: the table that holds the rows.
struct NotionDataSource: Sendable {
    var id: String
    var database: String
    var title: String
    var columns: [NotionColumn]
    var isShared = true
    var isTrashed = false

    /// The column called so, or with that id, in either spelling of the id.
    func column(_ key: String) -> NotionColumn? {
        let decoded = key.percentDecoded
        return columns.first { $0.name == key || $0.id == key || $0.id.percentDecoded == decoded }
    }

    var json: JSONValue {
        [
            "object": "data_source", "id": .string(id), "in_trash": .bool(isTrashed),
            "title": [NotionText.run(title)],
            "parent": ["type": "database_id", "database_id": .string(database)],
            "properties": .object(Dictionary(columns.map { ($0.name, $0.json) }, uniquingKeysWith: { $1 })),
        ]
    }
}

extension String {
    /// The text with `%XX` decoded; malformed sequences stay.
    var percentDecoded: String {
        var octets: [UInt8] = []
        var rest = Substring(self).utf8
        while let first = rest.popFirst() {
            if first == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(Substring(rest.prefix(2))), radix: 16)
            {
                octets.append(value)
                rest = rest.dropFirst(2)
            } else {
                octets.append(first)
            }
        }
        return String(decoding: octets, as: UTF8.self)
    }

    /// An id in lower case without dashes, the form in which ids are compared.
    var bareIdentifier: String { lowercased().filter { $0 != "-" } }
}
