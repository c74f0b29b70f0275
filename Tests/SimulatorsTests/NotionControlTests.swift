import HTTPTypes
import SimulatorNotion
import Testing

@Suite("Notion control interface: the person at the screen")
struct NotionControlTests {
    @Test
    func `a person's pages and edits are the person's`() async throws {
        try await NotionClient.serving { client in
            let source = JSONValue.string(client.source)
            let made = try await client.control(
                "pages",
                ["data_source": source, "properties": ["Name": NotionClient.title("Lunch")]]
            )
            let bot = try await client.call(.get, "users/me").id
            #expect(made.body["created_by"]?["id"]?.string != bot)
            let dated = try await client.change(made.id, ["properties": ["When": ["date": ["start": "2026-11-23"]]]])
            #expect(dated.body["last_edited_by"]?["id"]?.string == bot)
            #expect(dated.body["created_by"] == made.body["created_by"])
            let edited = try await client.control("edit", ["id": .string(made.id), "in_trash": true])
            #expect(edited.body["last_edited_by"] == made.body["created_by"])
            #expect(try await client.control("pages", [:], method: .get).body.array?.count == 1)
        }
    }

    @Test
    func `an archived page leaves the query for another one`() async throws {
        try await NotionClient.serving { client in
            let page = try await client.create("Lunch")
            #expect(try await client.change(page.id, ["is_archived": true]).status == 400)
            _ = try await client.control("edit", ["id": .string(page.id), "is_archived": true])
            #expect(try await client.query().results.isEmpty)
            #expect(try await client.query(["is_archived": true]).titles == ["Lunch"])
            #expect(try await client.page(page.id).body["in_trash"] == false)
        }
    }

    @Test
    func `a moved page takes its values along and has another parent`() async throws {
        try await NotionClient.serving { client in
            let tags: JSONValue = ["multi_select": [["name": "work"]]]
            let page = try await client.create([
                "Name": NotionClient.title("Lunch"), "Categories": tags, "Status": ["select": ["name": "Tentative"]],
            ])
            let other = try await client.control("data_sources", ["title": "Other"]).id
            _ = try await client.control("move", ["id": .string(page.id), "data_source": .string(other)])
            let moved = try await client.page(page.id)
            #expect(moved.body["parent"]?["data_source_id"]?.string == other)
            #expect(NotionClient.plain(moved.value("Name", "title")) == "Lunch")
            #expect(moved.value("Status", "select")?["name"] == "Tentative")
            #expect(try await client.query().results.isEmpty)
        }
    }

    @Test
    func `a duplicate copies everything, the event's identity too`() async throws {
        try await NotionClient.serving { client in
            let page = try await client.create(["Calendar UID": NotionClient.text("uid-1")])
            let copy = try await client.control("duplicate", ["id": .string(page.id)])
            #expect(copy.id != page.id)
            let same: JSONValue = ["property": "CuId", "rich_text": ["equals": "uid-1"]]
            #expect(try await client.query(["filter": same]).results.count == 2)
        }
    }

    @Test
    func `purged pages and unshared data sources are not found`() async throws {
        try await NotionClient.serving { client in
            let page = try await client.create("Lunch")
            let other = try await client.create("Dinner")
            _ = try await client.control("purge", ["id": .string(page.id)])
            #expect(try await client.page(page.id).status == 404)
            #expect(try await client.query().titles == ["Dinner"])
            _ = try await client.control("share", ["id": .string(client.source), "shared": false])
            #expect(try await client.page(other.id).status == 404)
            #expect(try await client.query().code == "object_not_found")
            #expect(try await client.call(.get, "data_sources/" + client.source).status == 404)
            let edit: JSONValue = ["id": .string(other.id), "properties": ["Name": NotionClient.title("Supper")]]
            #expect(try await client.control("edit", edit).status == 200)
            _ = try await client.control("share", ["id": .string(client.source), "shared": true])
            #expect(try await client.query().titles == ["Supper"])
            #expect(try await client.control("purge", ["id": .string(page.id)]).status == 404)
        }
    }

    @Test
    func `columns are renamed, retyped and removed, and keep or lose their values`() async throws {
        try await NotionClient.serving { client in
            let page = try await client.create([
                "Location": NotionClient.text("Here"), "Description": NotionClient.text("Soup"),
            ])
            let changes: JSONValue = [
                "Location": ["name": "Place"], "Description": ["number": [:]], "URL": nil, "Extra": ["checkbox": [:]],
            ]
            let schema = try await client.control("schema", ["id": .string(client.source), "properties": changes])
            #expect(schema.body["properties"]?["Place"]?["id"] == "%3AlOc")
            let changed = try await client.page(page.id)
            #expect(NotionClient.plain(changed.value("Place", "rich_text")) == "Here")
            #expect(changed.value("Description", "number") == .null)
            #expect(changed.value("Extra", "checkbox") == false)
            #expect(changed.body["properties"]?["URL"] == nil)
            let write: JSONValue = ["properties": ["Location": NotionClient.text("There")]]
            #expect(try await client.change(page.id, write).message == "Location is not a property that exists.")
            for bad: JSONValue in [["title": nil], ["title": ["date": [:]]], ["Place": ["name": "When"]]] {
                let refused = try await client.control("schema", ["id": .string(client.source), "properties": bad])
                #expect(refused.status == 400, "\(bad)")
            }
        }
    }

    @Test
    func `a renamed option is renamed on every page`() async throws {
        try await NotionClient.serving { client in
            let page = try await client.create(["Categories": ["multi_select": [["name": "work"]]]])
            let rename: JSONValue = [
                "id": .string(client.source), "column": "Categories", "name": "work", "new_name": "Job",
            ]
            _ = try await client.control("options", rename)
            let read = try await client.page(page.id).value("Categories", "multi_select")?.array
            #expect(read?.compactMap { $0["name"]?.string } == ["Job"])
        }
    }

    @Test
    func `databases are made under shared pages, and may hold several data sources`() async throws {
        try await NotionClient.serving { client in
            let parent = try await client.control("parents", [:]).id
            let columns: JSONValue = ["properties": ["Title": ["title": [:]], "Day": ["date": [:]]]]
            let under: JSONValue = ["type": "page_id", "page_id": .string(parent)]
            let made = try await client.call(.post, "databases", ["parent": under, "initial_data_source": columns])
            let first = try #require(made.body["data_sources"]?.array?.first?["id"]?.string)
            let schema = try await client.call(.get, "data_sources/" + first).body["properties"]
            #expect(schema?.object?.keys.sorted() == ["Day", "Title"])
            #expect(schema?["Day"]?["id"]?.string?.contains("%") == true)
            let second: JSONValue = [
                "parent": ["type": "database_id", "database_id": .string(made.id)], "properties": [:],
            ]
            #expect(try await client.call(.post, "data_sources", second).status == 200)
            let database = try await client.call(.get, "databases/" + made.id)
            #expect(database.body["data_sources"]?.array?.count == 2)
            let ignored = try await client.call(.post, "databases", ["parent": under, "properties": columns])
            let bare = try #require(ignored.body["data_sources"]?.array?.first?["id"]?.string)
            #expect(try await client.call(.get, "data_sources/" + bare).body["properties"]?.object?.count == 1)
        }
    }

    @Test
    func `the log has every request of the API until it is emptied`() async throws {
        try await NotionClient.serving { client in
            _ = try await client.create("Lunch")
            let log = try await client.control("log", [:], method: .get).body.array?.compactMap(\.string) ?? []
            #expect(log.count == 1)
            #expect(log.first?.hasPrefix("POST /v1/pages {") == true)
            _ = try await client.control("log", [:], method: .delete)
            #expect(try await client.control("log", [:], method: .get).body == [])
            #expect(try await client.control("nothing", [:]).status == 404)
        }
    }
}
