import Bridging
import ICalendar
import SimulatorNotion
import Store
import Sync
import SyncTestSupport
import Synchronization
import Testing

@Suite("Notion: a page that comes out of the trash keeps what says the same")
struct BroughtBackPagesTests {
    /// How an event that was deleted here comes back.
    enum Way: CaseIterable {
        case undo, restore, put
    }

    /// A table in which people plan in stages, and one event of it.
    private struct Board {
        let table: BadPagesTests.Table
        let bridge: any Bridge
        let page: String

        static let stages = ["Not started", "In progress", "Confirmed", "Done"]

        /// A text with everything that a plain one cannot hold.
        static let styled: JSONValue = [
            ["type": "text", "text": ["content": "bold "], "annotations": ["bold": true]],
            ["type": "text", "text": ["content": "link", "link": ["url": "https://example.com/x"]]],
            [
                "type": "mention", "mention": ["type": "date", "date": ["start": "2026-11-23"]],
                "plain_text": " @Monday",
            ],
        ]

        init(stage: String = "In progress", _ more: JSONValue = [:]) async throws {
            table = try await BadPagesTests.Table()
            let options = Self.stages.map { name -> JSONValue in ["name": .string(name)] }
            await table.changeSchema(["Stage": ["status": ["options": .array(options)]]])
            var properties: JSONValue = [
                "Stage": ["status": ["name": .string(stage)]], "URL": ["url": "notaurl"],
                "Location": ["rich_text": BadPagesTests.Table.text("Roof")],
                "Description": ["rich_text": Self.styled],
            ]
            for (name, value) in more.object ?? [:] { properties[name] = value }
            page = try await table.make("Plan", ["start": "2026-12-01"], properties)
            bridge = try await table.bridge(mapping: "{\"status\":\"Stage\"}")
            try await pass()
        }

        func pass(_ count: Int = 1) async throws {
            for _ in 0..<count { try await table.pass(over: bridge) }
        }

        func event() async throws -> StoredObject? {
            try await table.world.calendars.all(in: table.world.calendar).first {
                try $0.object().master?.first("SUMMARY")?.text == "Plan"
            }
        }

        func says(_ name: String) async throws -> String? {
            try await event()?.object().master?.first(name)?.text
        }

        /// Deletes the event here, and its page with it.
        func delete() async throws -> StoredObject {
            let stored = try #require(try await event())
            let author = Author(.client, name: "test")
            let world = table.world
            _ = try await world.calendars.delete(named: stored.name, in: world.calendar, if: .always, by: author)
            try await pass()
            let pages = await table.side.pages()
            #expect(!pages.contains { $0["id"]?.string == page })
            return stored
        }

        func bringBack(_ stored: StoredObject, by way: Way) async throws {
            let world = table.world
            switch way {
            case .undo:
                let run = try #require(try await world.links.runs(of: world.owner, limit: 1).first)
                let undone = try await world.scheduler(of: table.spoke).undo(
                    run.id,
                    by: Author(.restore, name: "alice")
                )
                #expect(undone?.restored == [stored.uid])
            case .restore:
                let author = Author(.restore, name: "alice")
                let object = try stored.object()
                _ = try await world.links.bringBack(object, named: stored.name, in: world.calendar, by: author)
            case .put:
                try await put(stored) { _ in }
            }
            try await pass(2)
        }

        /// Puts an event again, changed.
        func put(_ stored: StoredObject, _ change: (inout Component) -> Void) async throws {
            var calendar = try stored.object().calendar
            calendar.updateComponents(where: { $0.name == "VEVENT" }, change)
            let world = table.world
            _ = try await world.calendars.put(
                CalendarObject(calendar),
                named: stored.name,
                in: world.calendar,
                if: .absent,
                by: Author(.client, name: "test")
            )
        }

        /// What the page says, but for the UID that is written on it.
        func content() async throws -> [String: JSONValue] {
            let pages = await table.side.pages()
            let found = try #require(pages.first { $0["id"]?.string == page }, "its page is there")
            #expect(pages.count == 3)
            var content = found["properties"]?.object ?? [:]
            content["Calendar UID"] = nil
            return content
        }

        func column(_ name: String) async throws -> JSONValue {
            let property = try #require(try await content()[name])
            return property[property["type"]?.string ?? ""] ?? .null
        }

        func text(_ name: String) async throws -> String {
            try await (column(name).array ?? []).compactMap { $0["plain_text"]?.string }.joined()
        }

        /// What somebody does there in the moment before the page is written.
        func intrude(_ act: @escaping @Sendable (BadPagesTests.Table) async -> Void) {
            let table = table
            table.side.intrusion.withLock { intrusion in
                intrusion = { _ in
                    table.side.intrusion.withLock { $0 = nil }
                    await act(table)
                }
            }
        }
    }

    @Test(arguments: Way.allCases, ["In progress", "Done"])
    func `an event that comes back finds its page as it was`(_ way: Way, _ stage: String) async throws {
        let board = try await Board(stage: stage)
        let former = try await board.content()
        try await board.bringBack(board.delete(), by: way)
        #expect(try await board.content() == former)
        #expect(try await board.says("DESCRIPTION") == "bold link @Monday")
    }

    @Test func `a series that comes back finds the words of a person about it as they were`() async throws {
        let words = BadPagesTests.Table.text("Tuesdays, for now\nRRULE:FREQ=WEEKLY;COUNT=5")
        let board = try await Board(["Repeats": ["rich_text": words]])
        let former = try await board.content()
        try await board.bringBack(board.delete(), by: .put)
        #expect(try await board.content() == former)
    }

    @Test(arguments: 0..<3)
    func `its page is found though nothing was listed since it was thrown away`(_ passes: Int) async throws {
        let board = try await Board()
        try await board.pass(passes)
        let former = try await board.content()
        try await board.bringBack(board.delete(), by: .put)
        #expect(try await board.content() == former)
    }

    @Test func `what the event says otherwise is written, and nothing else`() async throws {
        let board = try await Board()
        try await board.put(board.delete()) { event in
            event.set("LOCATION", Property("LOCATION", text: "Hall"))
            event.set("URL", Property("URL", value: "https://example.com/"))
            event.set("STATUS", Property("STATUS", value: "CONFIRMED"))
        }
        try await board.pass(2)
        #expect(try await board.text("Location") == "Hall")
        #expect(try await board.column("URL") == "https://example.com/")
        #expect(try await board.column("Stage")["name"] == "Confirmed")
        #expect(try await board.column("Description").array?.first?["annotations"]?["bold"] == true)
    }

    @Test func `what the event does not say any more is emptied, but for what never told anything`() async throws {
        let board = try await Board(stage: "Confirmed")
        try await board.put(board.delete()) { event in
            for name in ["LOCATION", "DESCRIPTION", "STATUS"] { event.set(name, nil) }
        }
        try await board.pass(2)
        #expect(try await board.text("Location") == "")
        #expect(try await board.text("Description") == "")
        #expect(try await board.column("Stage")["name"] == "Not started")
        #expect(try await board.column("URL") == "notaurl")
    }

    @Test(arguments: [0, 2])
    func `a stage that means none stays, and so does the STATUS from before it`(_ passes: Int) async throws {
        let board = try await Board(stage: "Confirmed")
        await board.table.edit(board.page, ["Stage": ["status": ["name": "In progress"]]])
        try await board.pass(1 + passes)
        #expect(try await board.says("STATUS") == "CONFIRMED")
        let former = try await board.content()
        try await board.bringBack(board.delete(), by: .put)
        try await board.pass(2)
        #expect(try await board.content() == former)
        #expect(try await board.says("STATUS") == "CONFIRMED")
    }

    @Test func `what a person changed on the page in between gives way to the event that is brought back`() async throws
    {
        let board = try await Board()
        let former = try await board.content()
        let stored = try await board.delete()
        let change: JSONValue = ["Location": ["rich_text": BadPagesTests.Table.text("Hall")]]
        for body: JSONValue in [["in_trash": false, "properties": change], ["in_trash": true]] {
            var body = body
            body["id"] = .string(board.page)
            _ = await board.table.side.simulator.control("POST", "edit", body)
        }
        try await board.bringBack(stored, by: .restore)
        #expect(try await board.content() == former)
        #expect(try await board.says("LOCATION") == "Roof")
    }

    @Test func `what a person writes on it in the very moment is not overlooked`() async throws {
        let board = try await Board()
        let stored = try await board.delete()
        let page = board.page
        board.intrude { table in
            let change: JSONValue = ["Location": ["rich_text": BadPagesTests.Table.text("Hall")]]
            let body: JSONValue = ["id": .string(page), "in_trash": false, "properties": change]
            _ = await table.side.simulator.control("POST", "edit", body)
        }
        try await board.bringBack(stored, by: .put)
        #expect(try await board.text("Location") == board.says("LOCATION"))
        #expect(try await board.table.world.keptTexts().contains { $0.contains("Hall") })
        #expect(try await board.column("Description").array?.first?["annotations"]?["bold"] == true)
    }

    @Test(arguments: ["failure", "unavailable", "lostAnswer", "savedButUnavailable"])
    func `it is the same page though the answer is lost`(_ fault: String) async throws {
        let board = try await Board()
        let former = try await board.content()
        let stored = try await board.delete()
        board.intrude { table in
            let faults: JSONValue = [["kind": .string(fault), "path": "pages"]]
            _ = await table.side.simulator.control("POST", "settings", ["next_faults": faults])
        }
        do {
            try await board.bringBack(stored, by: .put)
        } catch is BridgeError {
            // A pass may end with what happened.
        }
        try await board.pass(2)
        #expect(try await board.content() == former)
        #expect(board.table.side.intrusion.withLock { $0 == nil })
    }
}
