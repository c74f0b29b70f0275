/// Rich text as the service stores and answers it.
enum NotionText {
    /// The most UTF-16 units one run may hold.
    static let maximumRun = 2000

    /// The most elements an array in a request may have.
    static let maximumElements = 100

    static func run(_ content: String) -> JSONValue {
        [
            "type": "text", "text": ["content": .string(content), "link": nil], "plain_text": .string(content),
            "href": nil,
            "annotations": [
                "bold": false, "italic": false, "strikethrough": false, "underline": false, "code": false,
                "color": "default",
            ],
        ]
    }

    static func plain(_ value: JSONValue?) -> String {
        (value?.array ?? []).compactMap { $0["plain_text"]?.string }.joined()
    }

    /// Checks a rich text of a request and gives it the form of an answer.
    static func stored(_ value: JSONValue, at path: String) throws(NotionProblem) -> JSONValue {
        guard let runs = value.array else { throw .validation("body failed validation: \(path) should be an array.") }
        guard runs.count <= maximumElements else {
            throw .validation(
                "body failed validation: \(path).length should be ≤ `\(maximumElements)`, instead was `\(runs.count)`."
            )
        }
        var stored: [JSONValue] = []
        for (index, element) in runs.enumerated() {
            guard let content = element["text"]?["content"]?.string else {
                throw .validation(
                    "body failed validation: \(path)[\(index)].text should be defined, instead was `undefined`."
                )
            }
            let length = content.utf16.count
            guard length <= maximumRun else {
                throw .validation(
                    "body failed validation: \(path)[\(index)].text.content.length should be ≤ `\(maximumRun)`, instead was `\(length)`."
                )
            }
            if !content.isEmpty { stored.append(run(content)) }
        }
        return .array(stored)
    }
}
