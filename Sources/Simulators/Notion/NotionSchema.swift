/// A choice of a select, multi_select or status column.
struct NotionOption: Sendable, Hashable {
    var id: String
    var name: String
    var color = "default"

    var json: JSONValue { ["id": .string(id), "name": .string(name), "color": .string(color)] }
}

/// One column of a data source.
struct NotionColumn: Sendable, Hashable {
    /// The short opaque id, as returned (URL-encoded).
    var id: String
    var name: String
    /// The type of its values: `title`, `rich_text`, `date` and so on.
    var type: String
    private(set) var options: [NotionOption] = []
    /// Where a relation leads.
    var relatedSource: String?
    /// What a formula says of a page, `{Column}` for what is in a column; nil for one whose values are given one by one.
    var formula: String?
    private var lastOption = 0

    init(id: String, name: String, type: String, options: [String] = []) {
        self.id = id
        self.name = name
        self.type = type
        for name in options { _ = addOption(name) }
    }

    /// Whether its values name options.
    var hasOptions: Bool { type == "select" || type == "multi_select" || type == "status" }

    /// Adds an option; its id stays when its name changes.
    mutating func addOption(_ name: String, color: String = "default") -> NotionOption {
        lastOption += 1
        let option = NotionOption(id: "\(id)-\(lastOption)", name: name, color: color)
        options.append(option)
        return option
    }

    /// The option with that id, as answered.
    func option(_ id: String?) -> JSONValue? { options.first { $0.id == id }?.json }

    /// Replaces the list: known options keep id, name and colour, unknown ones are made, the others go.
    mutating func setOptions(_ wanted: [JSONValue], at path: String) throws(NotionProblem) {
        try NotionText.checkLength(wanted.count, NotionText.maximumElements, path)
        let known = options
        options = []
        for option in wanted {
            let name = option["name"]?.string
            if let kept = known.first(where: { $0.id == option["id"]?.string || $0.name == name }) {
                options.append(kept)
            } else if let name {
                _ = addOption(name, color: option["color"]?.string ?? "default")
            } else {
                throw .validation("body failed validation: \(path) should name every option.")
            }
        }
    }

    /// A person gives an option another name.
    mutating func renameOption(_ name: String, to newName: String) {
        for index in options.indices where options[index].name == name { options[index].name = newName }
    }

    /// The column as a schema lists it.
    var json: JSONValue {
        var details: JSONValue = hasOptions ? ["options": .array(options.map(\.json))] : [:]
        if let relatedSource {
            details = ["data_source_id": .string(relatedSource), "type": "single_property", "single_property": [:]]
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
    /// Whether search knows of it.
    var isListed = true
    var isTrashed = false

    /// The place of the column called so, or with that id, in either spelling of the id.
    func index(of key: String) -> Int? {
        let decoded = key.percentDecoded
        return columns.firstIndex { $0.name == key || $0.id == key || $0.id.percentDecoded == decoded }
    }

    func column(_ key: String) -> NotionColumn? { index(of: key).map { columns[$0] } }

    var json: JSONValue {
        [
            "object": "data_source", "id": .string(id), "in_trash": .bool(isTrashed),
            "title": title.isEmpty ? [] : [NotionText.run(title)], "description": [], "icon": nil, "cover": nil,
            "parent": ["type": "database_id", "database_id": .string(database)],
            "url": .string("https://www.notion.so/" + database.bareIdentifier),
            "properties": .object(Dictionary(columns.map { ($0.name, $0.json) }, uniquingKeysWith: { $1 })),
        ]
    }
}

extension String {
    /// The text with `%XX` decoded; malformed sequences stay.
    var percentDecoded: String {
        guard utf8.contains(UInt8(ascii: "%")) else { return self }
        let source = Array(utf8)
        var octets: [UInt8] = []
        var index = 0
        while index < source.count {
            if source[index] == UInt8(ascii: "%"), index + 2 < source.count,
                let high = Self.hexValue(source[index + 1]), let low = Self.hexValue(source[index + 2])
            {
                octets.append(high << 4 | low)
                index += 3
            } else {
                octets.append(source[index])
                index += 1
            }
        }
        return String(decoding: octets, as: UTF8.self)
    }

    private static func hexValue(_ octet: UInt8) -> UInt8? {
        switch octet {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): octet - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): octet - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): octet - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// An id in lower case without dashes, the form in which ids are compared.
    var bareIdentifier: String { lowercased().filter { $0 != "-" } }
}
