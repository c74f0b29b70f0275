/// One block of the body of a page.
struct NotionBlock: Sendable {
    var id: String
    /// The page or block it is in, compactly.
    var parent: String
    /// The page it is on, compactly.
    var page: String
    var type: String
    /// What stands under the key of its type.
    var content: JSONValue
    var created: Int64
    var edited: Int64
    var createdBy: NotionUser
    var editedBy: NotionUser
    var isTrashed = false

    /// Types that hold rich text, and what else they say where nothing is said.
    static let textTypes: [String: JSONValue] = [
        "paragraph": ["color": "default"], "heading_1": ["color": "default", "is_toggleable": false],
        "heading_2": ["color": "default", "is_toggleable": false],
        "heading_3": ["color": "default", "is_toggleable": false], "bulleted_list_item": ["color": "default"],
        "numbered_list_item": ["color": "default"], "to_do": ["color": "default", "checked": false],
        "toggle": ["color": "default"], "quote": ["color": "default"],
        "callout": ["color": "default", "icon": ["type": "emoji", "emoji": "💡"]],
        "code": ["language": "plain text", "caption": []],
    ]

    /// Types that hold an address.
    static let addressTypes: Set<String> = ["bookmark", "embed"]

    /// Reads the type and the content of a block as a request has them.
    static func read(
        _ request: JSONValue,
        at path: String
    ) throws(NotionProblem) -> (type: String, content: JSONValue) {
        let known = Set(textTypes.keys).union(addressTypes).union(["divider"])
        let allowed = known.union(["object", "type"])
        guard let type = request.object?.keys.filter(known.contains).sorted().first else {
            throw .validation(
                "body failed validation: \(path) should define one of \(known.sorted().joined(separator: ", "))."
            )
        }
        try NotionWorkspace.refuseUnknownKeys(request, allowed: allowed, at: path)
        return (type, try content(request[type] ?? [:], of: type, over: textTypes[type] ?? [:], at: "\(path).\(type)"))
    }

    /// What a request says of a block, over what is known of it.
    static func content(
        _ request: JSONValue,
        of type: String,
        over known: JSONValue,
        at path: String
    ) throws(NotionProblem) -> JSONValue {
        guard let members = request.object else {
            throw .validation("body failed validation: \(path) should be an object, instead was `\(request.text)`.")
        }
        var content = known
        for (key, value) in members where key != "children" && key != "rich_text" { content[key] = value }
        if textTypes[type] != nil {
            guard members["rich_text"] != nil || known["rich_text"] != nil else {
                throw .validation(
                    "body failed validation: \(path).rich_text should be defined, instead was `undefined`."
                )
            }
            if let text = members["rich_text"] {
                content["rich_text"] = try NotionText.stored(text, at: path + ".rich_text")
            }
        } else if addressTypes.contains(type), content["url"]?.string?.isEmpty ?? true {
            throw .validation("body failed validation: \(path).url should be defined, instead was `undefined`.")
        }
        return content
    }

    /// The block as answered.
    func json(hasChildren: Bool) -> JSONValue {
        let isOnPage = parent == page
        let parentType = isOnPage ? "page_id" : "block_id"
        return [
            "object": "block", "id": .string(id),
            "parent": ["type": .string(parentType), parentType: .string(parent.dashedIdentifier)],
            "created_time": .string(NotionPage.stamp(created)), "last_edited_time": .string(NotionPage.stamp(edited)),
            "created_by": createdBy.reference, "last_edited_by": editedBy.reference,
            "has_children": .bool(hasChildren), "in_trash": .bool(isTrashed), "type": .string(type), type: content,
        ]
    }
}

extension String {
    /// A compact identifier in the form in which it is answered.
    var dashedIdentifier: String {
        let digits = Array(bareIdentifier.utf8)
        guard digits.count == 32 else { return self }
        return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(decoding: digits[$0], as: UTF8.self) }
            .joined(separator: "-")
    }
}
