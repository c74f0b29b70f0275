import Bridging
import ICalendar
import SQL
import SQLite
import SimulatorNotion
import Store
import Sync
import Testing

@Suite("Notion: what makes no sense is put back")
struct RestoredTextTests {
    @Test func `whoever broke a rule is told on which page it was put back`() async throws {
        let table = try await BadPagesTests.Table()
        let rule: JSONValue = ["rich_text": BadPagesTests.Table.text("RRULE:FREQ=DAILY")]
        let id = try await table.make("Run", ["start": "2026-11-20"], ["Repeats": rule])
        #expect(try await table.world.pass(of: table.spoke).corrections.isEmpty)
        await table.edit(id, ["Repeats": ["rich_text": BadPagesTests.Table.text("RRULE:FREQ=DAILYISH")]])
        let report = try await table.world.pass(of: table.spoke)
        let sentence = try #require(report.corrections.first).message
        #expect(sentence.contains("“RRULE:FREQ=DAILYISH”"))
        #expect(sentence.contains("https://www.notion.so/" + id.filter { $0 != "-" }))

        let run = try #require(report.run)
        let items = try #require(await table.world.links.run(run)).items
        #expect(items.map(\.message) == [sentence])
        let trail = try await table.world.calendars.auditTrail(of: table.spoke.link.principal)
        #expect(trail.contains { $0.detail == sentence })
        #expect(try await table.world.pass(of: table.spoke).corrections.isEmpty)
    }

    @Test(arguments: [
        "RRULE:FREQ=DAILY;X-FOO=1", "RRULE:FREQ=DAILY;COUNT=99999", "RRULE:FREQ=DAILY;COUNT=2;UNTIL=20261125",
        "RRULE:FREQ=WEEKLY;BYDAY=2MO", "RRULE:FREQ=HOURLY;COUNT=5", "RRULE:FREQ=WEEKLY;BYDAY=MO TU",
    ])
    func `a rule that no calendar takes is put back, and whoever wrote it is told`(_ rule: String) async throws {
        let table = try await OccurrenceTable(daysAhead: nil)
        try await table.put("DTSTART;VALUE=DATE:20261123\nRRULE:FREQ=WEEKLY;COUNT=4\nSUMMARY:Run")
        try await table.settle()
        let column: JSONValue = ["rich_text": BadPagesTests.Table.text(rule)]
        await table.edit(try await table.page("series"), ["properties": ["Repeats": column]])
        let sentence = try #require(try await table.world.pass(of: table.spoke).corrections.first).message
        #expect(sentence.hasPrefix("“\(rule)” in the column “Repeats” of the Notion page"))
        try await table.settle()
        let page = try #require(await table.side.pages().first)
        #expect(page.columnText("Repeats") == "Every week, 4 times\nRRULE:FREQ=WEEKLY;COUNT=4")
        #expect(try await table.object()?.master?.first("RRULE")?.value == "FREQ=WEEKLY;COUNT=4")
        #expect(try await table.world.links.quarantine(of: table.spoke.link.principal).isEmpty)
    }

    @Test func `a rule that a page never had otherwise is told to be none in words`() async throws {
        let table = try await BadPagesTests.Table()
        let rule: JSONValue = ["rich_text": BadPagesTests.Table.text("RRULE:FREQ=HOURLY;COUNT=5")]
        try await table.make("Run", ["start": "2026-11-20"], ["Repeats": rule])
        try await table.world.pass(of: table.spoke)
        let reason = try #require(try await table.quarantine().first?.reason)
        #expect(reason.hasSuffix("has a rule that makes no sense: RRULE:FREQ=HOURLY;COUNT=5"))
    }

    @Test func `a bad rule for an event that does not repeat is taken away, and whoever wrote it is told`() async throws
    {
        let table = try await OccurrenceTable(daysAhead: nil)
        let event = "DTSTART:20261124T090000Z\nDTEND:20261124T100000Z\nSUMMARY:Lunch\nX-OWN:kept"
        try await table.put(event)
        try await table.settle()
        let text = try await table.object()?.text
        let page = try await table.page("series")
        let column: JSONValue = ["rich_text": BadPagesTests.Table.text("RRULE:FREQ=DAILYISH")]
        await table.edit(page, ["properties": ["Repeats": column]])
        let sentence = try #require(try await table.world.pass(of: table.spoke).corrections.first).message
        #expect(sentence.hasPrefix("“RRULE:FREQ=DAILYISH” in the column “Repeats” of the Notion page"))
        try await table.settle()
        #expect(await table.side.pages().first?.columnText("Repeats") == "")
        #expect(try await table.object()?.text == text)
        #expect(try await table.world.links.quarantine(of: table.spoke.link.principal).isEmpty)
    }

    @Test(arguments: ["", "LY"])
    func `a rule that a person is about to type is left alone until they leave it`(_ rest: String) async throws {
        let table = try await OccurrenceTable(daysAhead: nil)
        try await table.put("DTSTART:20261124T090000Z\nDTEND:20261124T100000Z\nSUMMARY:Lunch")
        try await table.settle()
        let page = try await table.page("series")
        for typed in ["FREQ=WEEK", "FREQ=WEEK" + rest] {
            let column: JSONValue = ["Repeats": ["rich_text": BadPagesTests.Table.text(typed)]]
            _ = await table.side.simulator.control("POST", "edit", ["id": .string(page), "properties": column])
            table.clock.advance(5)
            try await table.world.pass(of: table.spoke)
            #expect(await table.side.pages().first?.columnText("Repeats").contains(typed) == true)
            let isBad = try await !table.world.links.quarantine(of: table.spoke.link.principal).isEmpty
            #expect(isBad == (typed == "FREQ=WEEK"))
        }
        table.clock.advance(200)
        try await table.settle(isSweeping: false)
        #expect(try await table.object()?.master?.first("RRULE")?.value == (rest.isEmpty ? nil : "FREQ=WEEKLY"))
        #expect(await table.side.pages().first?.columnText("Repeats").isEmpty == rest.isEmpty)
        #expect(try await table.world.links.quarantine(of: table.spoke.link.principal).isEmpty)
    }

    @Test func `a rule that never was one is left alone by one who comes from an earlier release, too`() async throws {
        let table = try await BadPagesTests.Table()
        let rule: JSONValue = ["rich_text": BadPagesTests.Table.text("RRULE:FREQ=HOURLY;COUNT=5")]
        let id = try await table.make("Run", ["start": "2026-11-20"], ["Repeats": rule])
        try await table.world.pass(of: table.spoke)
        // What that one did not remember.
        try await table.world.database.write { transaction in
            try transaction.run(
                """
                UPDATE link
                SET cursor = REPLACE(
                    REPLACE(cursor, '"departed":{},', ''), \(.text(rules(of: id))), '"repeats":{}')
                """
            )
        }
        for _ in 0..<2 { try await table.world.pass(of: table.spoke, isSweeping: true) }
        #expect(try await table.quarantine().count == 1)
        let page = await table.side.pages().first { $0["id"]?.string == id }
        #expect(page?.columnText("Repeats") == "RRULE:FREQ=HOURLY;COUNT=5")
    }

    /// What a cursor remembers of the rules of a table with one bad page.
    private func rules(of page: String) -> String {
        "\"repeats\":{\"\(page.filter { $0 != "-" })\":\"RRULE:FREQ=HOURLY;COUNT=5\"}"
    }

    @Test func `a rule that never was one stays in quarantine whatever else changes on its page`() async throws {
        let table = try await BadPagesTests.Table()
        let rule: JSONValue = ["rich_text": BadPagesTests.Table.text("RRULE:FREQ=HOURLY;COUNT=5")]
        let id = try await table.make("Run", ["start": "2026-11-20"], ["Repeats": rule])
        try await table.world.pass(of: table.spoke)
        await table.edit(id, ["Name": ["title": BadPagesTests.Table.text("Walk")]])
        try await table.world.pass(of: table.spoke)
        #expect(try await table.quarantine().count == 1)
        let page = await table.side.pages().first { $0["id"]?.string == id }
        #expect(page?.columnText("Repeats") == "RRULE:FREQ=HOURLY;COUNT=5")
    }

    @Test(arguments: [
        "FREQ=WEEKLY;COU\n NT=5", "RRULE:FREQ=WEEKLY;\n COUNT=5", "RRULE:FREQ=WEEKLY;\nCOUNT=5",
        "RRULE:FREQ=WEEKLY\nCOUNT=5", "Weekly RRULE:FREQ=WEEKLY;COUNT=5",
        "Every week, 5 timesRRULE:FREQ=WEEKLY;COUNT=5",
        "Weekly FREQ=WEEKLY;COUNT=5", "RRULE:FREQ=WEEKLY;COUNT=5\nsee you there",
    ])
    func `a rule that came folded, or pasted behind words, is read whole`(_ rule: String) async throws {
        let table = try await OccurrenceTable(daysAhead: nil)
        try await table.put("DTSTART;VALUE=DATE:20261123\nRRULE:FREQ=WEEKLY;COUNT=4\nSUMMARY:Run")
        try await table.settle()
        let column: JSONValue = ["rich_text": BadPagesTests.Table.text(rule)]
        await table.edit(try await table.page("series"), ["properties": ["Repeats": column]])
        try await table.settle()
        #expect(try await table.object()?.master?.first("RRULE")?.value == "FREQ=WEEKLY;COUNT=5")
        #expect(await table.side.pages().first?.columnText("Repeats") == rule)
    }

    @Test(arguments: [
        "RRULE:FREQ=WEEKLY;COUNT=5 or so", "RRULE:FREQ=WEEKLY\n or twice", "RRULE:FREQ=WEEKLY\nT=5",
        "Weekly RRULE:FREQ=WEEKLY;COU",
    ])
    func `of a rule that cannot be read whole no half is read`(_ rule: String) async throws {
        let table = try await OccurrenceTable(daysAhead: nil)
        try await table.put("DTSTART;VALUE=DATE:20261123\nRRULE:FREQ=WEEKLY;COUNT=4\nSUMMARY:Run")
        try await table.settle()
        let column: JSONValue = ["rich_text": BadPagesTests.Table.text(rule)]
        await table.edit(try await table.page("series"), ["properties": ["Repeats": column]])
        #expect(try await table.world.pass(of: table.spoke).corrections.count == 1)
        try await table.settle()
        #expect(try await table.object()?.master?.first("RRULE")?.value == "FREQ=WEEKLY;COUNT=4")
        #expect(
            await table.side.pages().first?.columnText("Repeats") == "Every week, 4 times\nRRULE:FREQ=WEEKLY;COUNT=4"
        )
    }

    @Test(arguments: ["RRULE:FREQ=DAILY; COUNT=2", "RRULE: freq = daily ; count = 2 ;", "FREQ=DAILY;\u{A0}COUNT=2"])
    func `blanks in a rule mean nothing`(_ rule: String) async throws {
        let table = try await OccurrenceTable(daysAhead: nil)
        try await table.put("DTSTART;VALUE=DATE:20261123\nRRULE:FREQ=WEEKLY;COUNT=4\nSUMMARY:Run")
        try await table.settle()
        let column: JSONValue = ["rich_text": BadPagesTests.Table.text(rule)]
        await table.edit(try await table.page("series"), ["properties": ["Repeats": column]])
        try await table.settle()
        #expect(try await table.object()?.master?.first("RRULE")?.value.uppercased() == "FREQ=DAILY;COUNT=2")
        #expect(await table.side.pages().first?.columnText("Repeats") == rule)
    }

    @Test(arguments: ["", "mine", "a / b", "series / 20261124T090000Z"])
    func `a UID that a person writes over is put back, and the event keeps what only we hold`(_ text: String)
        async throws
    {
        let table = try await OccurrenceTable(daysAhead: nil)
        try await table.put("DTSTART:20261124T090000Z\nDTEND:20261124T100000Z\nSUMMARY:Lunch\nX-OWN:kept")
        try await table.settle()
        let page = try await table.page("series")
        await table.edit(page, ["properties": ["Calendar UID": ["rich_text": BadPagesTests.Table.text(text)]]])
        try await table.settle()
        #expect(try await table.count() == 1)
        #expect(try await table.object()?.master?.first("X-OWN")?.value == "kept")
        #expect(try await table.page("series") == page)
    }
}
