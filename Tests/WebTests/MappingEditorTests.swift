import Foundation
import SimulatorGoogle
import Testing

@Suite("Dashboard: the mapping editor")
struct MappingEditorTests {
    private typealias JSON = SimulatorGoogle.JSON

    /// A form as a browser would send it: every field of the page with its value.
    private static func fields(of page: String) -> [String: String] {
        var fields: [String: String] = [:]
        for part in page.components(separatedBy: "<input type=\"hidden\" ").dropFirst() {
            guard let name = attribute("name", part), let value = attribute("value", part) else { continue }
            fields[name] = value
        }
        for part in page.components(separatedBy: "<select ").dropFirst() {
            guard let name = attribute("name", part), let end = part.range(of: "</select>") else { continue }
            let options = String(part[..<end.lowerBound]).components(separatedBy: "<option").dropFirst()
            let chosen = options.first { $0.prefix { $0 != ">" }.contains(" selected") } ?? options.first ?? ""
            fields[name] = attribute("value", String(chosen.prefix { $0 != ">" })) ?? text(chosen)
        }
        return fields
    }

    private static func attribute(_ name: String, _ tag: String) -> String? {
        let parts = tag.components(separatedBy: name + "=\"")
        return parts.count < 2 ? nil : unescaped(String(parts[1].prefix { $0 != "\"" }))
    }

    private static func text(_ option: String) -> String {
        unescaped(String(option.drop { $0 != ">" }.dropFirst().prefix { $0 != "<" }))
    }

    private static func unescaped(_ text: String) -> String {
        text.replacing("&quot;", with: "\"").replacing("&lt;", with: "<").replacing("&gt;", with: ">")
            .replacing("&#39;", with: "'").replacing("&amp;", with: "&")
    }

    /// The number the editor gives a column.
    private static func number(of column: String, _ page: String) throws -> String {
        let cards = page.components(separatedBy: "<li class=\"card\">")
        let card = cards.first { $0.contains("<strong>\(column)</strong>") }
        return try #require(card.flatMap { attribute("name", $0) }.map { String($0.dropFirst("column.".count)) })
    }

    /// A table with a board's status and a checkbox, and a page in it.
    private func table(_ test: TestGateway) async throws -> String {
        let database = try await test.upstreams.makeDatabase()
        let columns: JSON = [
            "Stage": ["status": ["options": [["name": "Planned"], ["name": "Sure"], ["name": "Off"]]]],
            "Quiet": ["checkbox": [:]],
        ]
        try await test.upstreams.inNotion("POST", "schema", ["id": .string(database), "properties": columns])
        let properties: JSON = [
            "Name": ["title": [["text": ["content": "<b>Report</b>"]]]], "When": ["date": ["start": "2026-11-23"]],
            "Stage": ["status": ["name": "Sure"]],
        ]
        try await test.upstreams.inNotion(
            "POST",
            "pages",
            ["data_source": .string(database), "properties": properties]
        )
        return database
    }

    @Test func `the columns of a table are chosen before it is linked, and saved only if they hold`() async throws {
        try await TestGateway.run { test in
            let connection = try await test.connectNotion()
            let database = try await table(test)
            let browser = try await Browser(test)
            let wish = ["upstream_calendar": database, "calendar": "", "conflicts": "ask"]
            let path = "/connections/\(connection)/mapping"
            let first = try await browser.post(path, wish)
            #expect(first.status == 200)
            #expect(first.text.contains("<dt>DTSTART</dt><dd>20261123</dd>"))
            #expect(!first.text.contains("<b>Report"))
            let stage = try Self.number(of: "Stage", first.text)
            let whenColumn = try Self.number(of: "When", first.text)

            // Chosen anew, the column shows what its values would mean.
            var fields = Self.fields(of: first.text)
            let status = try Self.number(of: "Status", first.text)
            fields["role.\(status)"] = ""
            fields["role.\(stage)"] = "status"
            fields["verb"] = "preview"
            let shown = try await browser.post(path, fields)
            #expect(shown.text.contains("What its values mean"))
            fields = Self.fields(of: shown.text)
            #expect(fields["name.\(stage).1"] == "Sure")
            fields["option.\(stage).0"] = "CONFIRMED"
            fields["option.\(stage).1"] = "CONFIRMED"
            fields["option.\(stage).2"] = "CANCELLED"
            fields["verb"] = "preview"
            let meant = try await browser.post(path, fields)
            #expect(meant.text.contains("<dt>STATUS</dt><dd>CONFIRMED</dd>"))

            // Without a date there is no calendar: said, and not saved.
            fields = Self.fields(of: meant.text)
            fields["written.\(stage).CONFIRMED"] = "Sure"
            fields["verb"] = "save"
            let bad = try await browser.post(path, fields.merging(["role.\(whenColumn)": ""]) { $1 })
            #expect(bad.status == 422)
            #expect(bad.text.contains("“when” cannot be null"))
            let twice = try await browser.post(path, fields.merging(["role.\(status)": "status"]) { $1 })
            #expect(twice.status == 422)
            #expect(twice.text.contains("Another column holds this already"))
            #expect(try await test.call("GET", "/links").items.isEmpty)

            let saved = try await browser.post(path, fields)
            #expect(saved.status == 303)
            let link = try #require(try await test.call("GET", "/links").items.first)
            #expect(link["conflict_policy"]?.text == "ask")
            let values = link["mapping"]?["status"]?["values"]
            #expect(values?["CONFIRMED"]?.elements?.compactMap(\.text) == ["Sure", "Planned"])
            #expect(values?["CANCELLED"]?.elements?.compactMap(\.text) == ["Off"])
        }
    }

    @Test func `a mapping saved as it is shown is the same mapping`() async throws {
        try await TestGateway.run { test in
            let connection = try await test.connectNotion()
            let database = try await table(test)
            let mapping: JSON = [
                "status": ["column": "Stage", "values": ["CONFIRMED": ["Sure", "Planned"], "TENTATIVE": "Off"]],
                "transparency": "Quiet", "description": .null,
            ]
            let made = try await test.call(
                "POST",
                "/links",
                [
                    "connection": .integer(Int64(connection)), "upstream_calendar": .string(database),
                    "mapping": mapping,
                ]
            )
            let id = try #require(made.body["id"]?.number)
            let before = try #require(made.body["mapping"])
            let browser = try await Browser(test)
            let page = try await browser.get("/links/\(id)/mapping")
            #expect(!page.text.contains("<script>") && !page.text.contains("style="))
            let saved = try await browser.post(
                "/links/\(id)/mapping",
                Self.fields(of: page.text).merging(["verb": "save"]) { $1 }
            )
            #expect(saved["Location"] == "/links/\(id)")
            #expect(try await test.call("GET", "/links/\(id)").body["mapping"] == before)
            #expect(try await browser.get("/links/\(id)").text.contains("/links/\(id)/mapping"))
        }
    }

    @Test func `pages for single occurrences are asked for in days ahead, and not wanted once the field is empty`()
        async throws
    {
        try await TestGateway.run { test in
            let connection = try await test.connectNotion()
            let database = try await table(test)
            let link: JSON = ["connection": .integer(Int64(connection)), "upstream_calendar": .string(database)]
            let id = try #require(try await test.call("POST", "/links", link).body["id"]?.number)
            let browser = try await Browser(test)
            let page = try await browser.get("/links/\(id)/mapping")
            let shown = Self.fields(of: page.text).merging(["verb": "save"]) { $1 }
            for (typed, kept) in [("60", 60), ("", nil)] as [(String, Int64?)] {
                let saved = try await browser.post("/links/\(id)/mapping", shown.merging(["occurrences": typed]) { $1 })
                #expect(saved["Location"] == "/links/\(id)")
                #expect(
                    try await test.call("GET", "/links/\(id)").body["mapping"]?["occurrences"]?.number.map(Int64.init)
                        == kept
                )
                #expect(try await browser.get("/links/\(id)/mapping").text.contains("value=\"60\"") == (kept != nil))
            }
            for wrong in ["0", "367", "-1", "many"] {
                let refused = try await browser.post(
                    "/links/\(id)/mapping",
                    shown.merging(["occurrences": wrong]) { $1 }
                )
                #expect(refused["Location"] == nil, "\(wrong)")
                #expect(try await test.call("GET", "/links/\(id)").body["mapping"]?["occurrences"] == nil)
            }
        }
    }

    @Test func `a column is added only where it was ticked`() async throws {
        try await TestGateway.run { test in
            let connection = try await test.connectNotion()
            let database = try await table(test)
            let wish: JSON = [
                "connection": .integer(Int64(connection)), "upstream_calendar": .string(database),
                "mapping": ["uid": .null],
            ]
            let id = try #require(try await test.call("POST", "/links", wish).body["id"]?.number)
            let browser = try await Browser(test)
            let page = try await browser.get("/links/\(id)/mapping")
            let fields = Self.fields(of: page.text).merging(["verb": "save", "add.reminder": "yes"]) { $1 }
            #expect(try await browser.post("/links/\(id)/mapping", fields).status == 303)
            let calendars = try await test.call("GET", "/connections/\(connection)/calendars")
            let schema = try #require(calendars.items.first?["schema"])
            #expect(schema["Remind (min)"]?["type"]?.text == "number")
            #expect(schema["Priority"] == nil)
            let link = try await test.call("GET", "/links/\(id)").body
            #expect(link["mapping"]?["reminder"]?.text != nil)
            #expect(link["mapping"]?["uid"] == .null)
        }
    }

    @Test func `a table whose date has another name is shown in the editor instead of refused`() async throws {
        try await TestGateway.run { test in
            let connection = try await test.connectNotion()
            let database = try await table(test)
            let rename: JSON = ["When": ["name": "Deadline"]]
            try await test.upstreams.inNotion("POST", "schema", ["id": .string(database), "properties": rename])
            let wish = [
                "connection": String(connection), "upstream_calendar": database, "calendar": "",
                "conflicts": "newest",
            ]
            let browser = try await Browser(test)
            let page = try await browser.post("/links", wish)
            #expect(page.status == 200)
            #expect(page.text.contains("Deadline"))
            #expect(try await test.call("GET", "/links").items.isEmpty)
            let fields = Self.fields(of: page.text).merging(["verb": "save"]) { $1 }
            #expect(try await browser.post("/connections/\(connection)/mapping", fields).status == 303)
            #expect(try await test.call("GET", "/links").items.count == 1)
        }
    }

    /// The card of a column in the editor.
    private static func card(of column: String, _ page: String) throws -> String {
        let cards = page.components(separatedBy: "<li class=\"card\">")
        return try #require(cards.first { $0.contains("<strong>\(column)</strong>") })
    }

    @Test(arguments: [("select", "save the columns of this link again"), ("number", "choose another column")])
    func `a column that became one of another type says so, and what helps`(_ type: String, _ help: String) async throws
    {
        try await TestGateway.run { test in
            let connection = try await test.connectNotion()
            let database = try await table(test)
            let wish: JSON = ["connection": .integer(Int64(connection)), "upstream_calendar": .string(database)]
            let id = try #require(try await test.call("POST", "/links", wish).body["id"]?.number)
            let browser = try await Browser(test)
            let before = try await browser.get("/links/\(id)/mapping").text
            #expect(try !Self.card(of: "Location", before).contains("class=\"failure\""))
            let retyped: JSON = ["Location": [type: [:]]]
            try await test.upstreams.inNotion("POST", "schema", ["id": .string(database), "properties": retyped])

            let page = try await browser.get("/links/\(id)/mapping").text
            let card = try Self.card(of: "Location", page)
            #expect(card.contains("was of type rich_text and is of type \(type) now: change it back in Notion"))
            #expect(card.contains(help))
            // It stays while columns are chosen, and goes once they are saved.
            let fields = Self.fields(of: page)
            let shown = try await browser.post("/links/\(id)/mapping", fields.merging(["verb": "preview"]) { $1 }).text
            #expect(try Self.card(of: "Location", shown).contains(help))
            let saved = try await browser.post("/links/\(id)/mapping", fields.merging(["verb": "save"]) { $1 })
            #expect(saved.status == 303)
            let after = try await browser.get("/links/\(id)/mapping").text
            #expect(try !Self.card(of: "Location", after).contains("class=\"failure\""))
        }
    }

    @Test func `a formula can name events, and the editor says what becomes of the names of pages`() async throws {
        try await TestGateway.run { test in
            let connection = try await test.connectNotion()
            let database = try await table(test)
            let source: JSON = .string(database)
            let columns: JSON = ["Line": ["formula": [:]]]
            try await test.upstreams.inNotion("POST", "schema", ["id": source, "properties": columns])
            let formula: JSON = ["id": source, "column": "Line", "text": "{Name} at noon"]
            try await test.upstreams.inNotion("POST", "formula", formula)
            let browser = try await Browser(test)
            let path = "/connections/\(connection)/mapping"
            let first = try await browser.post(path, ["upstream_calendar": database, "calendar": ""]).text
            let (name, line) = (try Self.number(of: "Name", first), try Self.number(of: "Line", first))
            let chosen = ["role.\(name)": "", "role.\(line)": "title", "verb": "preview"]
            let shown = try await browser.post(path, Self.fields(of: first).merging(chosen) { $1 }).text
            #expect(shown.contains("<dt>SUMMARY</dt><dd>&lt;b&gt;Report&lt;/b&gt; at noon</dd>"))
            #expect(try Self.card(of: "Line", shown).contains("Notion works this out"))
            #expect(try Self.card(of: "Name", shown).contains("A new page is called like its event"))
            #expect(try !Self.card(of: "Name", first).contains("A new page is called like its event"))
            let saved = try await browser.post(path, Self.fields(of: shown).merging(["verb": "save"]) { $1 })
            #expect(saved.status == 303)
            let link = try #require(try await test.call("GET", "/links").items.first)
            #expect(link["mapping"]?["columns"]?["title"]?["type"]?.text == "formula")
        }
    }

    @Test func `nobody edits the mapping of another's link`() async throws {
        try await TestGateway.run { test in
            let browser = try await Browser(test)
            #expect(try await browser.get("/links/999/mapping").status == 404)
            #expect(try await browser.post("/links/999/mapping", ["verb": "save"]).status == 404)
            #expect(try await browser.post("/connections/999/mapping", ["verb": "save"]).status == 404)
        }
    }
}
