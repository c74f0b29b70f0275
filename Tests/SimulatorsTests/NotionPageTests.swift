import HTTPTypes
import SimulatorNotion
import Testing

@Suite("Notion pages")
struct NotionPageTests {
    @Test
    func `a new page has every column, minute stamps and its makers`() async throws {
        try await NotionClient.serving { client in
            let page = try await client.create("Lunch", start: "2026-11-23")
            #expect(page.status == 200)
            #expect(NotionClient.plain(page.value("Name", "title")) == "Lunch")
            #expect(page.value("When", "date") == ["start": "2026-11-23", "end": nil, "time_zone": nil])
            #expect(page.value("Categories", "multi_select") == [])
            #expect(page.value("Status", "select") == .null)
            #expect(page.body["properties"]?["When"]?["id"] == "D%5BBw")
            #expect(page.body["created_time"] == "2026-11-21T10:00:00.000Z")
            #expect(page.body["parent"]?["data_source_id"]?.string == client.source)
            #expect(page.body["request_id"] != nil)
            let bot = try await client.call(.get, "users/me").id
            #expect(page.body["created_by"]?["id"]?.string == bot)
        }
    }

    @Test
    func `a patch changes what it names, by name or by id, and nothing else`() async throws {
        try await NotionClient.serving { client in
            let page = try await client.create("Lunch", start: "2026-11-23")
            _ = try await client.control("settings", ["clock_offset": 120])
            let renamed = try await client.change(page.id, ["properties": ["title": NotionClient.title("Dinner")]])
            #expect(NotionClient.plain(renamed.value("Name", "title")) == "Dinner")
            #expect(renamed.value("When", "date")?["start"] == "2026-11-23")
            #expect(renamed.body["created_time"] == "2026-11-21T10:00:00.000Z")
            #expect(renamed.body["last_edited_time"] == "2026-11-21T10:02:00.000Z")
            let encoded = try await client.change(page.id, ["properties": ["D%5BBw": ["date": nil]]])
            #expect(encoded.value("When", "date") == .null)
            let bare = page.id.filter { $0 != "-" }
            #expect(try await client.page(bare.uppercased()).id == page.id)
        }
    }

    @Test
    func `a trashed page is read, but not edited until it is back`() async throws {
        try await NotionClient.serving { client in
            let page = try await client.create("Lunch")
            #expect(try await client.change(page.id, ["in_trash": true]).body["in_trash"] == true)
            #expect(try await client.page(page.id).body["in_trash"] == true)
            #expect(try await client.query().results.isEmpty)
            for edit: JSONValue in [["in_trash": true], ["properties": [:]]] {
                let refused = try await client.change(page.id, edit)
                #expect(refused.status == 400)
                #expect(refused.message.hasPrefix("Can't edit block that is archived."))
            }
            #expect(try await client.change(page.id, ["in_trash": false]).body["in_trash"] == false)
            #expect(try await client.query().titles == ["Lunch"])
        }
    }

    @Test
    func `pages of a trashed database are in the trash, and cannot be taken out alone`() async throws {
        try await NotionClient.serving { client in
            let page = try await client.create("Lunch")
            _ = try await client.control("schema", ["id": .string(client.source), "in_trash": true])
            #expect(try await client.page(page.id).body["in_trash"] == true)
            #expect(try await client.change(page.id, ["in_trash": false]).status == 400)
            #expect(try await client.create("Late").status == 400)
            #expect(try await client.query().results.isEmpty)
        }
    }

    @Test
    func `unknown keys, columns, types and ids are refused by name`() async throws {
        try await NotionClient.serving { client in
            let page = try await client.create("Lunch")
            let archived = try await client.change(page.id, ["archived": true])
            #expect(
                archived.message == "body failed validation: body.archived should be not present, instead was `true`."
            )
            #expect(
                try await client.create(["Colour": ["select": nil]]).message == "Colour is not a property that exists."
            )
            let mistyped = try await client.create(["Description": ["title": []]])
            #expect(mistyped.message == "Description is expected to be rich_text.")
            #expect(try await client.page("not-an-id").code == "validation_error")
            let missing = try await client.page("2f978d87-1999-4e3f-a46d-6753ec148cb4")
            #expect(missing.status == 404)
            #expect(missing.code == "object_not_found")
            #expect(try await client.call(.delete, "pages/" + page.id).code == "invalid_request_url")
            #expect(try await client.call(.post, "pages", ["a"]).status == 400)
        }
    }

    @Test
    func `without token 401, without version 400, with broken JSON 400`() async throws {
        try await NotionClient.serving { client in
            var stranger = client
            stranger.token = "wrong"
            #expect(try await stranger.call(.get, "users/me").code == "unauthorized")
            let bare = try await client.send(.get, "/v1/users/me", [.authorization: "Bearer " + client.token])
            #expect(bare.code == "missing_version")
            let reply = try await client.call(.post, "search", .string("no object"))
            #expect(reply.status == 400)
        }
    }

    @Test
    func `long texts are answered one property at a time`() async throws {
        try await NotionClient.serving { client in
            let page = try await client.create([
                "Description": NotionClient.text("Soup"), "URL": ["url": "https://a.b"],
            ])
            let list = try await client.call(.get, "pages/\(page.id)/properties/dEsC?page_size=1")
            #expect(list.body["type"] == "property_item")
            #expect(list.results.first?["rich_text"]?["plain_text"] == "Soup")
            let item = try await client.call(.get, "pages/\(page.id)/properties/uRl_")
            #expect(item.body["object"] == "property_item")
            #expect(item.body["url"] == "https://a.b")
        }
    }
}
