/// Rich text as the service stores and answers it.
enum NotionText {
    /// The most UTF-16 units one run may hold.
    static let maximumRun = 2000

    /// The most elements an array in a request may have.
    static let maximumElements = 100

    private static let plainStyle: JSONValue = [
        "bold": false, "italic": false, "strikethrough": false, "underline": false, "code": false, "color": "default",
    ]

    static func run(_ content: String, link: JSONValue = nil, style: JSONValue? = nil) -> JSONValue {
        [
            "type": "text", "text": ["content": .string(content), "link": link], "plain_text": .string(content),
            "href": link["url"] ?? nil, "annotations": style ?? plainStyle,
        ]
    }

    static func plain(_ value: JSONValue?) -> String {
        (value?.array ?? []).compactMap { $0["plain_text"]?.string }.joined()
    }

    /// Checks a rich text of a request and gives it the form of an answer.
    static func stored(_ value: JSONValue, at path: String) throws(NotionProblem) -> JSONValue {
        guard let runs = value.array else {
            throw .validation("body failed validation: \(path) should be an array, instead was `\(value.text)`.")
        }
        try checkLength(runs.count, maximumElements, path)
        var stored: [JSONValue] = []
        for (index, element) in runs.enumerated() {
            guard let run = try read(element, at: "\(path)[\(index)]") else { continue }
            if let last = stored.last, let joined = joined(last, run) {
                stored[stored.count - 1] = joined
            } else {
                stored.append(run)
            }
        }
        return .array(stored)
    }

    static func checkLength(_ length: Int, _ most: Int, _ path: String) throws(NotionProblem) {
        guard length <= most else {
            throw .validation(
                "body failed validation: \(path).length should be ≤ `\(most)`, instead was `\(length)`."
            )
        }
    }

    /// One run as stored, nil when it is empty.
    private static func read(_ element: JSONValue, at path: String) throws(NotionProblem) -> JSONValue? {
        let keys: Set<String> = ["type", "text", "mention", "equation", "annotations", "plain_text", "href"]
        try NotionWorkspace.refuseUnknownKeys(element, allowed: keys, at: path)
        var style = plainStyle
        for (key, value) in element["annotations"]?.object ?? [:] { style[key] = value }
        if let expression = element["equation"]?["expression"] {
            return special("equation", element, plain: expression, style)
        }
        if element["mention"] != nil {
            return special("mention", element, plain: element["plain_text"] ?? "@Untitled", style)
        }
        guard let content = element["text"]?["content"]?.string else {
            throw .validation("body failed validation: \(path).text should be defined, instead was `undefined`.")
        }
        try checkLength(content.utf16.count, maximumRun, path + ".text.content")
        let link = element["text"]?["link"] ?? nil
        try checkLength(link["url"]?.string?.utf16.count ?? 0, maximumRun, path + ".text.link.url")
        if content.isEmpty { return Optional.none }
        return run(content, link: link, style: style)
    }

    private static func special(_ type: String, _ element: JSONValue, plain: JSONValue, _ style: JSONValue) -> JSONValue
    {
        [
            "type": .string(type), type: element[type] ?? nil, "plain_text": plain, "href": element["href"] ?? nil,
            "annotations": style,
        ]
    }

    /// Neighbours of one style come back as one run, so that nobody relies on runs.
    private static func joined(_ first: JSONValue, _ second: JSONValue) -> JSONValue? {
        guard first["type"] == "text", second["type"] == "text", first["annotations"] == second["annotations"],
            first["text"]?["link"] == second["text"]?["link"],
            let head = first["plain_text"]?.string, let tail = second["plain_text"]?.string,
            head.utf16.count + tail.utf16.count <= maximumRun
        else { return nil }
        return run(head + tail, link: first["text"]?["link"] ?? nil, style: first["annotations"])
    }
}
