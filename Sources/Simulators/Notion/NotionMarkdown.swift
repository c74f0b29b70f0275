/// A body as the service's markdown, as far as it is simulated: plain text without styles.
enum NotionMarkdown {
    /// A block and what is in it.
    struct Node {
        var block: NotionBlock
        var children: [Node]
    }

    private static let marks: [(type: String, mark: String)] = [
        ("heading_3", "### "), ("heading_2", "## "), ("heading_1", "# "), ("bulleted_list_item", "- "),
        ("numbered_list_item", "1. "), ("quote", "> "), ("paragraph", ""),
    ]

    /// The text of some blocks; what has no form here is named by a tag and in `unknown`.
    static func text(of nodes: [Node], unknown: inout [JSONValue], indent: String = "") -> String {
        var lines: [String] = []
        for node in nodes {
            lines.append(indent + line(of: node.block, unknown: &unknown))
            let inner = text(of: node.children, unknown: &unknown, indent: indent + "\t")
            if !inner.isEmpty { lines.append(inner) }
        }
        return lines.joined(separator: "\n")
    }

    private static func line(of block: NotionBlock, unknown: inout [JSONValue]) -> String {
        let text = NotionText.plain(block.content["rich_text"])
        if let mark = marks.first(where: { $0.type == block.type })?.mark { return mark + text }
        switch block.type {
        case "to_do": return (block.content["checked"]?.bool == true ? "- [x] " : "- [ ] ") + text
        case "divider": return "---"
        case "code": return "```\n\(text)\n```"
        default:
            unknown.append(.string(block.id))
            return "<unknown id=\"\(block.id)\" type=\"\(block.type)\"/>"
        }
    }

    /// The blocks of a text, as a request has them.
    static func blocks(of text: String) -> [JSONValue] {
        var blocks: [JSONValue] = []
        var code: [String]?
        for line in text.split(separator: "\n", omittingEmptySubsequences: true).map(String.init) {
            if line.hasPrefix("```") {
                if let lines = code { blocks.append(block("code", lines.joined(separator: "\n"))) }
                code = code == nil ? [] : nil
            } else if code != nil {
                code?.append(line)
            } else {
                blocks.append(block(of: String(line.drop { $0 == "\t" })))
            }
        }
        return blocks
    }

    private static func block(of line: String) -> JSONValue {
        if line == "---" { return ["type": "divider", "divider": [:]] }
        for (mark, isChecked) in [("- [ ] ", false), ("- [x] ", true)] where line.hasPrefix(mark) {
            var block = block("to_do", String(line.dropFirst(mark.count)))
            block["to_do"]?["checked"] = .bool(isChecked)
            return block
        }
        let (type, mark) = marks.first { line.hasPrefix($0.mark) } ?? ("paragraph", "")
        return block(type, String(line.dropFirst(mark.count)))
    }

    private static func block(_ type: String, _ text: String) -> JSONValue {
        var runs: [JSONValue] = []
        var rest = Substring(text)
        while !rest.isEmpty {
            // A character has at most a few dozen units, so that half the limit in characters is far below it.
            let run = rest.prefix(NotionText.maximumRun / 2)
            runs.append(["type": "text", "text": ["content": .string(String(run))]])
            rest = rest.dropFirst(run.count)
        }
        return ["type": .string(type), type: ["rich_text": .array(runs)]]
    }

    /// A text after one of the commands of a request.
    static func edited(_ text: String, by body: JSONValue) throws(NotionProblem) -> String {
        let commands: Set<String> = ["update_content", "replace_content", "insert_content"]
        try NotionWorkspace.refuseUnknownKeys(body, allowed: commands.union(["type"]))
        guard let type = body["type"]?.string, commands.contains(type), let command = body[type] else {
            throw .validation("body failed validation: body.type should be one of \(commands.sorted()).")
        }
        switch type {
        case "replace_content": return try needed("new_str", of: command, type)
        case "insert_content":
            let content = try needed("content", of: command, type)
            guard !text.isEmpty else { return content }
            return command["position"]?["type"] == "start" ? content + "\n" + text : text + "\n" + content
        default: return try updated(text, by: command)
        }
    }

    private static func needed(_ key: String, of command: JSONValue, _ type: String) throws(NotionProblem) -> String {
        guard let text = command[key]?.string else {
            throw .validation("body failed validation: body.\(type).\(key) should be a string.")
        }
        return text
    }

    private static func updated(_ text: String, by command: JSONValue) throws(NotionProblem) -> String {
        var text = text
        for update in command["content_updates"]?.array ?? [] {
            let old = try needed("old_str", of: update, "update_content")
            let new = try needed("new_str", of: update, "update_content")
            let matches = old.isEmpty ? 0 : text.ranges(of: old).count
            guard matches > 0 else { throw .validation("Could not find text to replace: \(old)") }
            guard matches == 1 || update["replace_all_matches"]?.bool == true else {
                throw .validation("Found \(matches) matches of the text to replace: \(old)")
            }
            text = text.replacing(old, with: new)
        }
        return text
    }
}
