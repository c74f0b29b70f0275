import HTTPTypes
import SimulatorNotion
import Testing

@Suite("Notion queries and lists")
struct NotionQueryTests {
    /// Five rows, a minute apart; the last without a date.
    private func fill(_ client: NotionClient) async throws {
        let starts = ["2026-11-23", "2026-11-24T09:00:00Z", "2026-11-22", "2026-12-24"]
        for (index, title) in ["Ann", "Ben", "Cleo", "Dan", "Eve"].enumerated() {
            _ = try await client.control("settings", ["clock_offset": .number(Double(index * 60))])
            let page = try await client.create(title, start: index < starts.count ? starts[index] : nil)
            let details: JSONValue = [
                "Calendar UID": NotionClient.text("uid-\(index)"),
                "Status": ["select": ["name": .string(index < 2 ? "Confirmed" : "Tentative")]],
                "Categories": ["multi_select": index == 0 ? [["name": "work"]] : []],
            ]
            _ = try await client.change(page.id, ["properties": details])
        }
    }

    private static let filters: [(JSONValue, titles: [String])] = [
        (["property": "When", "date": ["on_or_after": "2026-11-24"]], ["Ben", "Dan"]),
        (["property": "D%5BBw", "date": ["on_or_before": "2026-11-24"]], ["Ann", "Ben", "Cleo"]),
        (["property": "D[Bw", "date": ["equals": "2026-11-24"]], ["Ben"]),
        (["property": "When", "date": ["after": "2026-11-24T09:00:00Z"]], ["Dan"]),
        (["property": "When", "date": ["before": "2026-11-23"]], ["Cleo"]),
        (["property": "When", "date": ["is_empty": true]], ["Eve"]),
        (["property": "When", "date": ["is_not_empty": true]], ["Ann", "Ben", "Cleo", "Dan"]),
        (["property": "CuId", "rich_text": ["equals": "uid-1"]], ["Ben"]),
        (["property": "Name", "title": ["contains": "n"]], ["Ann", "Ben", "Dan"]),
        (["property": "Name", "title": ["does_not_contain": "n"]], ["Cleo", "Eve"]),
        (["property": "Name", "title": ["ends_with": "an"]], ["Dan"]),
        (["property": "URL", "url": ["is_not_empty": true]], []),
        (["property": "Status", "select": ["equals": "Confirmed"]], ["Ann", "Ben"]),
        (
            ["property": "Status", "select": ["equals": ["Confirmed", "Tentative"]]],
            ["Ann", "Ben", "Cleo", "Dan", "Eve"]
        ),
        (["property": "Categories", "multi_select": ["contains": "work"]], ["Ann"]),
        (["property": "Categories", "multi_select": ["is_empty": true]], ["Ben", "Cleo", "Dan", "Eve"]),
        (
            ["timestamp": "last_edited_time", "last_edited_time": ["on_or_after": "2026-11-21T10:03:00.000Z"]],
            ["Dan", "Eve"]
        ),
        // Stamps are rounded down: an edit at 10:03:30 is not found after 10:03:01.
        (
            ["timestamp": "last_edited_time", "last_edited_time": ["on_or_after": "2026-11-21T10:03:01.000Z"]],
            ["Eve"]
        ),
        (
            [
                "and": [
                    ["property": "Name", "title": ["contains": "n"]],
                    [
                        "or": [
                            ["property": "Status", "select": ["equals": "Tentative"]],
                            ["timestamp": "created_time", "created_time": ["before": "2026-11-21T10:01:00Z"]],
                        ]
                    ],
                ]
            ], ["Ann", "Dan"]
        ),
    ]

    private static let badFilters: [JSONValue] = [
        ["property": "Colour", "select": ["equals": "red"]], ["property": "When", "rich_text": ["equals": "x"]],
        ["property": "When", "date": ["on_or_after": "soon"]], ["property": "When", "date": [:]],
        ["property": "When", "date": ["before": "2026-11-24", "after": "2026-11-22"]],
        ["property": "Name", "title": ["resembles": "x"]],
        ["property": "When", "timestamp": "created_time", "created_time": ["after": "2026-11-22"]],
        ["timestamp": "trashed_time", "trashed_time": ["after": "2026-11-22"]],
        ["and": [["or": [["and": [["property": "Name", "title": ["contains": "n"]]]]]]]],
        ["or": [["property": "Name", "title": ["contains": "n"]], ["property": "Colour", "date": [:]]]],
    ]

    @Test
    func `filters find what they say`() async throws {
        try await NotionClient.serving { client in
            try await fill(client)
            for (filter, titles) in Self.filters {
                #expect(try await client.titles(where: filter) == titles, "\(filter)")
            }
        }
    }

    @Test
    func `bad filters are refused even where there is no row`() async throws {
        try await NotionClient.serving { client in
            for filter in Self.badFilters {
                #expect(try await client.query(["filter": filter]).code == "validation_error", "\(filter)")
            }
            let unknown = try await client.query(["filter": Self.badFilters[0]])
            #expect(unknown.message == "Could not find property with name or id: Colour")
        }
    }

    @Test
    func `rows come in the order asked for, those without the value last`() async throws {
        try await NotionClient.serving { client in
            try await fill(client)
            func titles(_ sorts: JSONValue) async throws -> [String] { try await client.query(["sorts": sorts]).titles }
            let newest: JSONValue = ["timestamp": "last_edited_time", "direction": "descending"]
            #expect(try await titles([newest]) == ["Eve", "Dan", "Cleo", "Ben", "Ann"])
            let byDate: JSONValue = ["property": "When", "direction": "descending"]
            #expect(try await titles([byDate]) == ["Dan", "Ben", "Ann", "Cleo", "Eve"])
            #expect(try await titles([["property": "Status"], newest]) == ["Ben", "Ann", "Eve", "Dan", "Cleo"])
            let unknown = try await client.query(["sorts": [["property": "Colour"]]])
            #expect(unknown.message == "Could not find sort property with name or id: Colour")
        }
    }

    @Test
    func `pages of an answer join to the whole, however few rows each holds`() async throws {
        try await NotionClient.serving { client in
            try await fill(client)
            _ = try await client.control("settings", ["answer_limit": 2])
            var titles: [String] = []
            var body: JSONValue = ["page_size": 3]
            var answer = try await client.query(body)
            titles += answer.titles
            while answer.body["has_more"] == true {
                #expect(answer.titles.count == 2)
                body["start_cursor"] = answer.body["next_cursor"]
                answer = try await client.query(body)
                titles += answer.titles
            }
            #expect(titles == ["Ann", "Ben", "Cleo", "Dan", "Eve"])
            #expect(answer.body["next_cursor"] == .null)
            #expect(answer.body["request_status"] == nil)
        }
    }

    @Test
    func `bad sizes and cursors are refused`() async throws {
        try await NotionClient.serving { client in
            let tooMany = try await client.query(["page_size": 101])
            #expect(tooMany.message == "body failed validation: body.page_size should be ≤ `100`, instead was `101`.")
            let bad: [JSONValue] = [
                ["page_size": -1], ["page_size": "10"], ["page_size": .number(1.5)], ["start_cursor": "cursor--3"],
                ["start_cursor": "x"], ["start_cursor": 3], ["in_trash": true],
            ]
            for body in bad { #expect(try await client.query(body).code == "validation_error", "\(body)") }
            #expect(try await client.query(["page_size": 0, "start_cursor": nil]).status == 200)
            #expect(try await client.query(["start_cursor": "cursor-9223372036854775807"]).results.isEmpty)
        }
    }

    @Test
    func `past the limit every answer says that it is incomplete`() async throws {
        try await NotionClient.serving { client in
            try await fill(client)
            _ = try await client.control("settings", ["row_limit": 3])
            let first = try await client.query(["page_size": 2])
            #expect(first.body["request_status"]?["incomplete_reason"] == "query_result_limit_reached")
            let last = try await client.query(["page_size": 2, "start_cursor": first.body["next_cursor"] ?? nil])
            #expect(last.body["has_more"] == false)
            #expect(last.body["request_status"]?["type"] == "incomplete")
        }
    }

    @Test
    func `only the columns asked for are answered`() async throws {
        try await NotionClient.serving { client in
            _ = try await client.create("Lunch")
            let path = "data_sources/\(client.source)/query?filter_properties[]=title&filter_properties[]=D%5BBw"
            let row = try #require(
                try await client.call(.post, path.replacing("[]", with: "%5B%5D"), [:]).results.first
            )
            #expect(row["properties"]?.object?.keys.sorted() == ["Name", "When"])
        }
    }

    @Test
    func `new rows may show up late`() async throws {
        try await NotionClient.serving { client in
            _ = try await client.control("settings", ["lag_seconds": 5])
            _ = try await client.create("Lunch")
            #expect(try await client.query().results.isEmpty)
            _ = try await client.control("settings", ["clock_offset": 5])
            #expect(try await client.query().titles == ["Lunch"])
        }
    }

    @Test
    func `search finds shared data sources and pages by title`() async throws {
        try await NotionClient.serving { client in
            _ = try await client.create("Team lunch")
            func count(_ body: JSONValue) async throws -> Int {
                try await client.call(.post, "search", body).results.count
            }
            let sources: JSONValue = ["property": "object", "value": "data_source"]
            #expect(try await count(["filter": sources]) == 1)
            #expect(try await count(["query": "team"]) == 2)
            #expect(try await count(["query": "team", "filter": ["property": "object", "value": "page"]]) == 1)
            let database = try await client.call(
                .post,
                "search",
                ["filter": ["property": "object", "value": "database"]]
            )
            #expect(database.code == "validation_error")
            _ = try await client.control("share", ["id": .string(client.source), "shared": false])
            #expect(try await count([:]) == 0)
        }
    }
}
