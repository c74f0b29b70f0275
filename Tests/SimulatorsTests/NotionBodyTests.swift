import HTTPTypes
import SimulatorNotion
import Testing

@Suite("Notion bodies of pages")
struct NotionBodyTests {
    private static func block(_ type: String, _ text: String) -> JSONValue {
        ["type": .string(type), type: ["rich_text": [["text": ["content": .string(text)]]]]]
    }

    private func texts(_ client: NotionClient, _ id: String) async throws -> [String] {
        try await client.call(.get, "blocks/\(id)/children").results.map { block in
            NotionClient.plain(block[block["type"]?.string ?? ""]?["rich_text"])
        }
    }

    @Test func `blocks come to the end, to the start, or after another`() async throws {
        try await NotionClient.serving { client in
            let page = try await client.create("Lunch").id
            func append(_ text: String, _ position: JSONValue? = nil) async throws -> NotionClient.Answer {
                var body: JSONValue = ["children": [Self.block("paragraph", text)]]
                body["position"] = position
                return try await client.call(.patch, "blocks/\(page)/children", body)
            }
            let first = try await append("one")
            #expect(first.results.first?["parent"] == ["type": "page_id", "page_id": .string(page)])
            let id = try #require(first.results.first?["id"])
            _ = try await append("three", ["type": "end"])
            _ = try await append("zero", ["type": "start"])
            _ = try await append("two", ["type": "after_block", "after_block": ["id": id]])
            #expect(try await texts(client, page) == ["zero", "one", "two", "three"])
            let after = try await client.call(.patch, "blocks/\(page)/children", ["children": [], "after": id])
            #expect(after.status == 400)
            #expect(after.message.contains("body.after should be not present"))
        }
    }

    @Test func `two levels come with one request, and no more`() async throws {
        try await NotionClient.serving { client in
            let page = try await client.create("Lunch").id
            var outer = Self.block("toggle", "outer")
            var inner = Self.block("toggle", "inner")
            outer["toggle"]?["children"] = [inner]
            let answer = try await client.call(.patch, "blocks/\(page)/children", ["children": [outer]])
            #expect(answer.results.first?["has_children"] == true)
            let id = try #require(answer.results.first?["id"]?.string)
            #expect(try await texts(client, id) == ["inner"])
            inner["toggle"]?["children"] = [Self.block("paragraph", "innermost")]
            outer["toggle"]?["children"] = [inner]
            #expect(try await client.call(.patch, "blocks/\(page)/children", ["children": [outer]]).status == 400)
            let many = JSONValue.array(Array(repeating: Self.block("paragraph", "x"), count: 101))
            #expect(try await client.call(.patch, "blocks/\(page)/children", ["children": many]).status == 400)
        }
    }

    @Test func `a block is changed and goes into the trash`() async throws {
        try await NotionClient.serving { client in
            let page = try await client.create("Lunch").id
            let body: JSONValue = ["children": [Self.block("to_do", "Milk"), Self.block("paragraph", "Bread")]]
            let made = try await client.call(.patch, "blocks/\(page)/children", body)
            let id = try #require(made.results.first?["id"]?.string)
            let checked = try await client.call(.patch, "blocks/" + id, ["to_do": ["checked": true]])
            #expect(checked.body["to_do"]?["checked"] == true)
            #expect(NotionClient.plain(checked.body["to_do"]?["rich_text"]) == "Milk")
            #expect(try await client.call(.delete, "blocks/" + id).body["in_trash"] == true)
            #expect(try await texts(client, page) == ["Bread"])
            #expect(try await client.call(.delete, "blocks/" + id).message.hasPrefix("Can't edit block"))
            #expect(try await client.call(.get, "blocks/" + page).body["child_page"]?["title"] == "Lunch")
        }
    }

    @Test func `only what a person writes on a page moves its stamp`() async throws {
        try await NotionClient.serving { client in
            let page = try await client.create("Lunch")
            _ = try await client.control("settings", ["clock_offset": 300])
            let children: JSONValue = [Self.block("paragraph", "Bread")]
            _ = try await client.call(.patch, "blocks/\(page.id)/children", ["children": children])
            #expect(try await client.page(page.id).body["last_edited_time"] == page.body["last_edited_time"])
            _ = try await client.control("blocks", ["id": .string(page.id), "children": children])
            #expect(try await client.page(page.id).body["last_edited_time"] == "2026-11-21T10:05:00.000Z")
        }
    }

    @Test func `a body is read and written as markdown`() async throws {
        try await NotionClient.serving { client in
            let text = "# Agenda\nMilk\n- [x] Bread\n1. First\n---\n> Said"
            let parent: JSONValue = ["type": "data_source_id", "data_source_id": .string(client.source)]
            let page = try await client.call(.post, "pages", ["parent": parent, "markdown": .string(text)]).id
            let read = try await client.call(.get, "pages/\(page)/markdown")
            #expect(read.body["markdown"]?.string == text)
            #expect(read.body["object"] == "page_markdown")
            #expect(read.body["truncated"] == false)
            func change(_ type: String, _ command: JSONValue) async throws -> NotionClient.Answer {
                try await client.call(.patch, "pages/\(page)/markdown", ["type": .string(type), type: command])
            }
            let updates: JSONValue = [["old_str": "Milk", "new_str": "Cheese"]]
            let updated = try await change("update_content", ["content_updates": updates])
            #expect(updated.body["markdown"]?.string == text.replacing("Milk", with: "Cheese"))
            #expect(try await change("update_content", ["content_updates": updates]).status == 400)
            #expect(try await change("replace_content", ["new_str": "New"]).body["markdown"] == "New")
            let inserted = try await change("insert_content", ["content": "Newer", "position": ["type": "start"]])
            #expect(inserted.body["markdown"] == "Newer\nNew")
            _ = try await client.call(.patch, "blocks/\(page)/children", ["children": [Self.block("callout", "!")]])
            let unknown = try await client.call(.get, "pages/\(page)/markdown").body["unknown_block_ids"]
            #expect(unknown?.array?.count == 1)
        }
    }

    @Test func `a text shows twenty-five mentions, and all of them as a property`() async throws {
        try await NotionClient.serving { client in
            let mention: JSONValue = ["mention": ["type": "date", "date": ["start": "2026-11-23"]], "plain_text": "@"]
            let runs = Array(repeating: mention, count: 30) + [["text": ["content": "end"]]]
            let page = try await client.create(["Description": ["rich_text": .array(runs)]])
            #expect(page.value("Description", "rich_text")?.array?.count == 25)
            let whole = try await client.call(.get, "pages/\(page.id)/properties/dEsC")
            #expect(whole.results.count == 31)
        }
    }

    @Test func `a formula says what its text says of the columns`() async throws {
        try await NotionClient.serving { client in
            let source = JSONValue.string(client.source)
            _ = try await client.control("schema", ["id": source, "properties": ["Line": ["formula": [:]]]])
            let formula: JSONValue = ["id": source, "column": "Line", "text": "{Name}: {When}"]
            _ = try await client.control("formula", formula)
            let page = try await client.create("Lunch", start: "2026-11-23")
            #expect(page.value("Line", "formula") == ["type": "string", "string": "Lunch: 2026-11-23"])
        }
    }
}
