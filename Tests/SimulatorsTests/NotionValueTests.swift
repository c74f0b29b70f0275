import HTTPTypes
import SimulatorNotion
import Testing

@Suite("Notion property values")
struct NotionValueTests {
    /// What is written, and what is read.
    private static let dates: [(JSONValue, start: String, end: String?)] = [
        (["start": "2026-11-23"], "2026-11-23", nil),
        (["start": "2026-11-23", "end": "2026-11-25"], "2026-11-23", "2026-11-25"),
        (["start": "2026-11-23T09:00:00+01:00"], "2026-11-23T09:00:00.000+01:00", nil),
        (["start": "2026-11-23T09:00:59.999Z"], "2026-11-23T09:00:00.000+00:00", nil),
        (["start": "2026-11-23T09:00:00"], "2026-11-23T09:00:00.000+00:00", nil),
        (["start": "2026-11-23T09:00:00-0330"], "2026-11-23T09:00:00.000-03:30", nil),
        (["start": "2026-11-23T09:00:00Z", "time_zone": "UTC"], "2026-11-23T09:00:00.000+00:00", nil),
        (
            ["start": "2026-10-25T01:00:00", "end": "2026-10-25T04:00:00", "time_zone": "Europe/Berlin"],
            "2026-10-25T01:00:00.000+02:00", "2026-10-25T04:00:00.000+01:00"
        ),
        (
            // Half past two does not come on that day.
            ["start": "2026-03-29T02:30:00", "time_zone": "Europe/Berlin"], "2026-03-29T03:30:00.000+02:00", nil
        ),
        (["start": "1969-12-31T23:59:30Z"], "1969-12-31T23:59:00.000+00:00", nil),
    ]

    private static let badDates: [JSONValue] = [
        [:], ["start": nil], ["start": 5], ["start": "tomorrow"], ["start": "2026-02-30"], ["start": ""],
        ["start": "2026-11-23T25:00:00Z"], ["start": "2026-11-23", "end": "2026-11-22"],
        ["start": "2026-11-23", "end": "2026-11-23T09:00:00Z"], ["start": "2026-11-23", "end": 7],
        ["start": "2026-11-23", "time_zone": "Europe/Berlin"],
        ["start": "2026-11-23T09:00:00", "time_zone": "Mars/Base"],
        ["start": "2026-11-23T09:00:00Z", "end": "2026-11-23T08:00:00Z"], ["start": "2026-11-23", "zone": nil], [],
    ]

    @Test
    func `dates come back in minutes, with an offset and without a zone`() async throws {
        try await NotionClient.serving { client in
            for (written, start, end) in Self.dates {
                let page = try await client.create(["When": ["date": written]])
                let read: JSONValue = [
                    "start": .string(start), "end": end.map { .string($0) } ?? nil, "time_zone": nil,
                ]
                #expect(page.value("When", "date") == read, "\(written)")
            }
        }
    }

    @Test
    func `bad dates are refused`() async throws {
        try await NotionClient.serving { client in
            for date in Self.badDates {
                let answer = try await client.create(["When": ["date": date]])
                #expect(answer.code == "validation_error", "\(date)")
            }
        }
    }

    @Test
    func `a run of 2001 units is refused, two shorter ones are not`() async throws {
        try await NotionClient.serving { client in
            let refused = try await client.create(String(repeating: "x", count: 1999) + "🎉")
            let path = "body failed validation: body.properties.Name.title[0].text.content.length"
            #expect(refused.message == path + " should be ≤ `2000`, instead was `2001`.")
            let runs = JSONValue.array(Array(repeating: ["text": ["content": .string(long)]], count: 2))
            let page = try await client.create(["Description": ["rich_text": runs]])
            #expect(NotionClient.plain(page.value("Description", "rich_text")) == long + long)
            let many = JSONValue.array(Array(repeating: ["text": ["content": "a"]], count: 101))
            let crowded = try await client.create(["Description": ["rich_text": many]])
            #expect(crowded.message.hasSuffix("rich_text.length should be ≤ `100`, instead was `101`."))
        }
    }

    private let long = String(repeating: "y", count: 2000)

    @Test
    func `neighbours of one style come back as one run, style and link stay`() async throws {
        try await NotionClient.serving { client in
            let bold: JSONValue = ["text": ["content": "now"], "annotations": ["bold": true]]
            let linked: JSONValue = ["text": ["content": "here", "link": ["url": "https://a.b"]]]
            let runs: JSONValue = [
                ["text": ["content": "Come "]], ["text": ["content": ""]], ["text": ["content": "in "]], bold, linked,
            ]
            let page = try await client.create(["Description": ["rich_text": runs]])
            let read = page.value("Description", "rich_text")?.array ?? []
            #expect(read.compactMap { $0["plain_text"]?.string } == ["Come in ", "now", "here"])
            #expect(read.count == 3 && read[1]["annotations"]?["bold"] == true && read[2]["href"] == "https://a.b")
        }
    }

    @Test
    func `options are made on the fly, without commas, and matched without case`() async throws {
        try await NotionClient.serving { client in
            let tags: JSONValue = [["name": "Work"], ["name": "home"], ["name": "work"]]
            let page = try await client.create(["Categories": ["multi_select": tags]])
            let read = page.value("Categories", "multi_select")?.array ?? []
            #expect(read.compactMap { $0["name"]?.string } == ["Work", "home"])
            let schema = try await client.call(.get, "data_sources/" + client.source)
            let options = schema.body["properties"]?["Categories"]?["multi_select"]?["options"]
            #expect(options == .array(read))
            let comma = try await client.create(["Status": ["select": ["name": "a, b"]]])
            #expect(comma.message == "Invalid select option, commas not allowed: a, b")
            let byID = try await client.create(["Categories": ["multi_select": [["id": read[1]["id"] ?? nil]]]])
            #expect(byID.value("Categories", "multi_select") == .array([read[1]]))
            let cleared = try await client.change(page.id, ["properties": ["Categories": ["multi_select": []]]])
            #expect(cleared.value("Categories", "multi_select") == [])
        }
    }

    @Test
    func `a status is never made, and null is its default`() async throws {
        try await NotionClient.serving { client in
            let options: JSONValue = ["options": [["name": "Open"], ["name": "Done"]]]
            let schema: JSONValue = ["properties": ["State": ["status": options]]]
            _ = try await client.call(.patch, "data_sources/" + client.source, schema)
            let page = try await client.create(["State": ["status": ["name": "done"]]])
            #expect(page.value("State", "status")?["name"] == "Done")
            let cleared = try await client.change(page.id, ["properties": ["State": ["status": nil]]])
            #expect(cleared.value("State", "status")?["name"] == "Open")
            #expect(try await client.create(["State": ["status": ["name": "New"]]]).status == 400)
            let open: JSONValue = ["property": "State", "status": ["equals": "Open"]]
            #expect(try await client.query(["filter": open]).results.count == 1)
        }
    }

    @Test
    func `plain values are checked, and read-only ones are not written`() async throws {
        try await NotionClient.serving { client in
            let columns: JSONValue = [
                "Done": ["checkbox": [:]], "Size": ["number": [:]], "Mail": ["email": [:]],
                "Made": ["created_time": [:]],
            ]
            _ = try await client.call(.patch, "data_sources/" + client.source, ["properties": columns])
            let page = try await client.create(["Done": ["checkbox": true], "Size": ["number": .number(2.5)]])
            #expect(page.value("Done", "checkbox") == true)
            #expect(page.value("Size", "number") == .number(2.5))
            #expect(page.value("Made", "created_time") == "2026-11-21T10:00:00.000Z")
            let bad: [JSONValue] = [
                ["Done": ["checkbox": nil]], ["Size": ["number": "2"]], ["URL": ["url": ""]],
                ["Mail": ["email": .string(String(repeating: "m", count: 201))]], ["Made": ["created_time": "now"]],
            ]
            for properties in bad {
                #expect(try await client.create(properties).code == "validation_error", "\(properties)")
            }
        }
    }
}
