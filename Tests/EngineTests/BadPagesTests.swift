import BridgeNotion
import Bridging
import ICalendar
import SimulatorNotion
import Store
import Sync
import SyncTestSupport
import Testing

@Suite("Pages of Notion that are no good events")
struct BadPagesTests {
    /// A table with two good pages, linked and pulled, and a way to make others.
    struct Table {
        let side: NotionSide
        let world: World
        var spoke: World.Spoke { world.spokes[0] }

        init() async throws {
            let clock = WorldClock()
            let words = Words()
            side = try await NotionSide(seed: 1, clock: clock, words: words)
            world = try await World(seed: 1, clock, words, policy: .newest, [side])
            try await make("Good", ["start": "2026-11-23"])
            try await make("Fine", ["start": "2026-11-24T09:00:00.000+01:00", "end": "2026-11-24T10:00:00.000+01:00"])
            try await world.pass(of: spoke)
        }

        @discardableResult
        func make(_ title: String, _ when: JSONValue, _ more: JSONValue = [:]) async throws -> String {
            var properties: JSONValue = ["Name": ["title": Self.text(title)], "When": ["date": when]]
            for (name, value) in more.object ?? [:] { properties[name] = value }
            let source = JSONValue.string(side.calendarIdentifier)
            let body: JSONValue = ["data_source": source, "properties": properties]
            let page = await side.simulator.control("POST", "pages", body)
            world.clock.advance(200)
            return try #require(page["id"]?.string)
        }

        func edit(_ id: String, _ properties: JSONValue) async {
            let body: JSONValue = ["id": .string(id), "properties": properties]
            _ = await side.simulator.control("POST", "edit", body)
            world.clock.advance(200)
        }

        /// Removes or changes columns.
        func changeSchema(_ properties: JSONValue) async {
            let body: JSONValue = ["id": .string(side.calendarIdentifier), "properties": properties]
            _ = await side.simulator.control("POST", "schema", body)
        }

        static func text(_ text: String) -> JSONValue { [["type": "text", "text": ["content": .string(text)]]] }

        func summaries() async throws -> [String] {
            try await world.calendars.all(in: world.calendar)
                .map { try $0.object().master?.first("SUMMARY")?.text ?? "" }.sorted()
        }

        func differences() async throws -> [String] {
            try await side.differences(from: world.calendars.all(in: world.calendar), knowing: World.Memory())
        }

        /// A bridge with another mapping, which remembers what it learns.
        func bridge(mapping: String) async throws -> any Bridge {
            try await side.bridge(mapping: mapping, of: spoke, world.clock)
        }

        /// A pass over that bridge.
        func pass(over bridge: any Bridge) async throws {
            try await world.pass(of: spoke, over: bridge)
        }

        func quarantine() async throws -> [QuarantineRow] { try await world.links.quarantine(of: spoke.link.principal) }
    }

    @Test func `an impossible date is quarantined with the address of its page, and the others go on`() async throws {
        let table = try await Table()
        let id = try await table.make("Odd", ["start": "2026-11-30"])
        table.side.tampering.set { $0.replacing("2026-11-30", with: "2026-13-45") }
        try await table.world.pass(of: table.spoke)
        #expect(try await table.summaries() == ["Fine", "Good"])
        let reason = try #require(try await table.quarantine().first?.reason)
        #expect(reason.contains("2026-13-45"))
        #expect(reason.contains("https://www.notion.so/" + id.filter { $0 != "-" }))
    }

    @Test func `a date that becomes impossible takes no event away`() async throws {
        let table = try await Table()
        let id = try await table.make("Odd", ["start": "2026-11-30"])
        try await table.world.pass(of: table.spoke)
        table.side.tampering.set { $0.replacing("2026-11-30", with: "2026-13-45") }
        await table.edit(id, ["Location": ["rich_text": Table.text("Here")]])
        try await table.world.pass(of: table.spoke)
        #expect(try await table.summaries() == ["Fine", "Good", "Odd"])
        #expect(try await table.quarantine().count == 1)
        table.side.tampering.set(nil)
        await table.edit(id, ["Location": ["rich_text": Table.text("There")]])
        try await table.world.pass(of: table.spoke)
        #expect(try await table.quarantine().isEmpty)
        #expect(try await table.differences().isEmpty)
    }

    @Test(arguments: ["", "There"])
    func `an event that is deleted while its page is bad is decided about once the page is mended`(
        _ location: String
    ) async throws {
        let table = try await Table()
        let id = try await table.make("Odd", ["start": "2026-11-30"])
        try await table.world.pass(of: table.spoke)
        table.side.tampering.set { $0.replacing("2026-11-30", with: "2026-13-45") }
        await table.edit(id, ["Location": ["rich_text": Table.text("Here")]])
        try await table.world.pass(of: table.spoke)
        let stored = try await table.world.calendars.all(in: table.world.calendar)
        let odd = try #require(try stored.first { try $0.object().master?.first("SUMMARY")?.text == "Odd" })
        _ = try await table.world.calendars.delete(
            named: odd.name,
            in: table.world.calendar,
            if: .always,
            by: Author(.client, name: "test")
        )
        try await table.world.pass(of: table.spoke)
        #expect(try await table.quarantine().count == 1)
        #expect(try await table.summaries() == ["Fine", "Good"])
        table.side.tampering.set(nil)
        await table.edit(id, ["Location": ["rich_text": Table.text(location)]])
        try await table.world.pass(of: table.spoke)
        // As it was it goes as well; edited, it outlives its deletion, and that is written down.
        let isKept = !location.isEmpty
        #expect(try await table.summaries() == (isKept ? ["Fine", "Good", "Odd"] : ["Fine", "Good"]))
        #expect(await table.side.pages().count == (isKept ? 3 : 2))
        let conflicts = try await table.world.links.conflicts(of: table.spoke.link.principal, .resolved)
        #expect(conflicts.map(\.summary) == (isKept ? ["Odd"] : []))
        #expect(try await table.quarantine().isEmpty)
    }

    @Test(
        arguments: [
            ["start": "9999-12-31"], ["start": "9999-12-30", "end": "9999-12-31"],
            ["start": "9999-12-31T23:00:00.000-05:00", "end": "9999-12-31T23:30:00.000-05:00"],
        ] as [JSONValue]
    )
    func `a page of the last day that can be told is quarantined, and the others go on`(_ when: JSONValue) async throws
    {
        let table = try await Table()
        try await table.make("Last", when)
        try await table.make("Other", ["start": "2026-11-30"])
        try await table.world.pass(of: table.spoke)
        #expect(try await table.summaries() == ["Fine", "Good", "Other"])
        #expect(try await table.quarantine().first?.reason.contains("9999") == true)
    }

    @Test(arguments: ["DTSTART;VALUE=DATE:99991231", "DTSTART:99991231T100000Z"])
    func `an event of the last day that can be told waits with the reason, and the others go on`(
        _ start: String
    ) async throws {
        let table = try await OccurrenceTable(daysAhead: nil)
        try await table.put(start + "\nSUMMARY:Last", uid: "last")
        try await table.put("DTSTART:20261124T090000Z\nSUMMARY:Other", uid: "other")
        try await table.world.pass(of: table.spoke)
        #expect(await table.side.pages().map { $0.columnText("Name") } == ["Other"])
        let queue = try await table.world.links.queue(of: table.spoke.link.principal)
        #expect(queue.map { $0.lastError.message.contains("9999") } == [true])
    }

    @Test func `a page without a title is an event without one`() async throws {
        let table = try await Table()
        try await table.make("", ["start": "2026-11-30"])
        try await table.world.pass(of: table.spoke)
        #expect(try await table.summaries() == ["", "Fine", "Good"])
        #expect(try await table.quarantine().isEmpty)
    }

    @Test(arguments: [
        "Grüße 👩‍👩‍👧‍👦 ⏰", "שלום (עולם) 123", "مرحبا \u{202E}gnihton\u{202C}", "e\u{301}\u{200D}",
    ])
    func `emoji and text from right to left come through both ways`(_ text: String) async throws {
        let table = try await Table()
        let id = try await table.make(text, ["start": "2026-11-30"])
        try await table.world.pass(of: table.spoke)
        #expect(try await table.summaries().contains(text))
        let stored = try #require(
            try await table.world.calendars.all(in: table.world.calendar).first {
                try $0.object().master?.first("SUMMARY")?.text == text
            }
        )
        var calendar = try stored.object().calendar
        calendar.updateComponents(where: { $0.name == "VEVENT" }) {
            $0.set("LOCATION", Property("LOCATION", text: text))
        }
        _ = try await table.world.calendars.put(
            CalendarObject(calendar),
            named: stored.name,
            in: table.world.calendar,
            if: .always,
            by: Author(.client, name: "test")
        )
        try await table.world.pass(of: table.spoke)
        let page = try #require(await table.side.pages().first { $0["id"]?.string == id })
        #expect(page.columnText("Location") == text)
        #expect(page.columnText("Name") == text)
    }

    @Test func `a hundred kilobytes of text come through and are never written back cut`() async throws {
        let table = try await Table()
        let text = String(repeating: "0123456789abcde ", count: 6400)
        let runs = stride(from: 0, to: text.count, by: 2000).map { start -> JSONValue in
            let content = String(text.dropFirst(start).prefix(2000))
            return ["type": "text", "text": ["content": .string(content)]]
        }
        let id = try await table.make("Long", ["start": "2026-11-30"], ["Description": ["rich_text": .array(runs)]])
        try await table.world.pass(of: table.spoke)
        try await table.world.pass(of: table.spoke)
        #expect(try await table.summaries() == ["Fine", "Good", "Long"])
        let page = try #require(await table.side.pages().first { $0["id"]?.string == id })
        #expect(page.columnText("Description") == text)
        let stored = try await table.world.calendars.all(in: table.world.calendar)
        let here = try stored.compactMap { try $0.object().master?.first("DESCRIPTION")?.text }.first
        #expect(here == text.trimmingSuffix(" ") || here == text)
    }

    @Test(arguments: ["Name", "Location"])
    func `a text that is longer than we would write is never written back cut`(_ column: String) async throws {
        let table = try await Table()
        let run: JSONValue = ["type": "text", "text": ["content": .string(String(repeating: "ninechars", count: 222))]]
        let type = column == "Name" ? "title" : "rich_text"
        let runs = JSONValue.array(Array(repeating: run, count: 30))
        try await table.make("Long", ["start": "2026-11-30"], .object([column: [type: runs]]))
        for _ in 0..<3 { try await table.world.pass(of: table.spoke) }
        #expect(await table.side.pages().contains { $0.columnText(column).count == 222 * 9 * 30 })
    }

    @Test(arguments: ["When", "Description", "Repeats", "Calendar UID"])
    func `a column that is removed in the middle of a pass takes nothing away`(_ name: String) async throws {
        let table = try await Table()
        let rule: JSONValue = ["rich_text": Table.text("RRULE:FREQ=DAILY;COUNT=3")]
        let description: JSONValue = ["rich_text": Table.text("Said")]
        try await table.make("More", ["start": "2026-11-30"], ["Repeats": rule, "Description": description])
        try await table.world.pass(of: table.spoke)
        let before = try await table.world.calendars.all(in: table.world.calendar).map(\.text)
        // The second request is the one after the schema was read.
        for place in 1...3 {
            let calls = Counter()
            var process = Process()
            process.meanwhile = {
                guard calls.next() == place else { return }
                await table.changeSchema([name: nil])
            }
            do {
                try await table.world.pass(of: table.spoke, in: process, isSweeping: true)
            } catch {
                // The link says what is wrong.
            }
            #expect(try await table.world.calendars.all(in: table.world.calendar).map(\.text) == before)
        }
    }

    @Test func `a column that changes its type in the middle of a pass empties nothing`() async throws {
        let table = try await Table()
        let place: JSONValue = ["rich_text": Table.text("Roof")]
        try await table.make("More", ["start": "2026-11-30"], ["Location": place])
        try await table.world.pass(of: table.spoke)
        let before = try await table.world.calendars.all(in: table.world.calendar).map(\.text)
        let calls = Counter()
        var process = Process()
        process.meanwhile = {
            if calls.next() == 1 { await table.changeSchema(["Location": ["number": [:]]]) }
        }
        _ = try? await table.world.pass(of: table.spoke, in: process, isSweeping: true)
        try await table.world.pass(of: table.spoke, isSweeping: true)
        #expect(try await table.world.calendars.all(in: table.world.calendar).map(\.text) == before)
    }

    @Test func `a renamed column changes nothing in the middle of a pass`() async throws {
        let table = try await Table()
        let before = try await table.world.calendars.all(in: table.world.calendar).map(\.text)
        let calls = Counter()
        var process = Process()
        process.meanwhile = {
            if calls.next() == 1 { await table.changeSchema(["When": ["name": "Wann"]]) }
        }
        try await table.world.pass(of: table.spoke, in: process, isSweeping: true)
        #expect(try await table.world.calendars.all(in: table.world.calendar).map(\.text) == before)
        #expect(process.writes.next() == 0)
    }
}

extension String {
    fileprivate func trimmingSuffix(_ suffix: String) -> String {
        hasSuffix(suffix) ? String(dropLast(suffix.count)) : self
    }
}

extension NotionSide {
    /// A bridge over a mapping that is settled just now.
    func bridge(mapping: String, of spoke: World.Spoke, _ clock: WorldClock) async throws -> any Bridge {
        let provider = NotionProvider(
            transport: ServiceTransport(service: self, process: { Process() }, words: Words()),
            apiURL: "https://simulated.test",
            requestsPerMinute: 1_000_000,
            sweepInterval: 300,
            now: { clock.gatewayNow },
            sleep: { clock.advance($0.components.seconds) }
        )
        var link = spoke.link.upstream
        link.mapping = mapping
        let token = FixedToken(token: AccessToken("ntn_test"))
        link.mapping = try await provider.settle(link, createColumns: .none, using: token).mapping
        return provider.bridge(to: link, using: token)
    }
}

extension World {
    /// Runs one pass over a bridge that was made before.
    func pass(of spoke: Spoke, over bridge: any Bridge) async throws {
        let clock = clock
        var pass = SyncPass(
            of: spoke.link,
            over: bridge,
            state: links,
            configuration: SyncConfiguration(),
            clock: SyncClock(now: { clock.gatewayNow }, sleep: { _ in }, random: { 0 })
        )
        _ = try await pass.run()
        clock.advance(200)
    }
}
