import ICalendar
import SimulatorNotion
import SyncTestSupport
import Testing

@Suite("Notion: the page of a series")
struct SeriesPageTests {
    private func column(_ table: OccurrenceTable) async -> String {
        await table.side.pages().first { $0.columnText("Calendar UID") == "series" }?.columnText("Repeats") ?? ""
    }

    private static let start = "DTSTART;TZID=Europe/Berlin:20261116T090000"

    /// The line for people.
    private func headline(_ table: OccurrenceTable) async -> String {
        await column(table).split(separator: "\n").first.map(String.init) ?? ""
    }

    private func write(_ rule: String, on table: OccurrenceTable) async throws {
        let text: JSONValue = ["rich_text": [["type": "text", "text": ["content": .string(rule)]]]]
        await table.edit(try await table.page("series"), ["properties": ["Repeats": text]])
    }

    private func override(_ day: Int, of table: OccurrenceTable, _ title: String = "Special") -> String {
        table.override(
            "202611\(day)T090000",
            "DTSTART;TZID=Europe/Berlin:202611\(day)T160000\nDTEND;TZID=Europe/Berlin:202611\(day)T170000\nSUMMARY:\(title)"
        )
    }

    // MARK: The line for people

    @Test(arguments: [nil, 21])
    func `the line for people follows what a client makes different later`(_ daysAhead: Int?) async throws {
        let table = try await OccurrenceTable(daysAhead: daysAhead)
        let sentence = "Every week, 20 times"
        try await table.put(OccurrenceTable.weekly)
        try await table.settle()
        #expect(await headline(table) == sentence)
        try await table.put(OccurrenceTable.weekly, override(23, of: table))
        try await table.settle()
        #expect(await headline(table) == sentence + " (changes: 1)")
        try await table.put(OccurrenceTable.weekly, override(23, of: table) + override(30, of: table))
        try await table.settle()
        #expect(await headline(table) == sentence + " (changes: 2)")
        try await table.put(OccurrenceTable.weekly.replacing("COUNT=20", with: "COUNT=9"), override(30, of: table))
        try await table.settle()
        #expect(await headline(table) == "Every week, 9 times (changes: 1)")
        try await table.put(OccurrenceTable.weekly)
        try await table.settle()
        let shown = await column(table)
        #expect(shown.hasPrefix(sentence + "\n"))
    }

    @Test func `the line for people follows the rule that a person writes below it`() async throws {
        let table = try await OccurrenceTable(daysAhead: nil)
        try await table.put(OccurrenceTable.weekly, override(30, of: table))
        try await table.settle()
        try await write("Every week, 20 times (changes: 1)\nRRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=9", on: table)
        try await table.settle()
        #expect(await headline(table) == "Every 2 weeks, 9 times (changes: 1)")
        try await write("Every 2 weeks, 9 times (changes: 1)\nRRULE:FREQ=DAILY", on: table)
        try await table.settle()
        #expect(await headline(table) == "Every day (changes: 1)")
    }

    @Test func `a person's own words above a rule stay, and so does a rule without any`() async throws {
        let table = try await OccurrenceTable(daysAhead: nil)
        try await table.put(OccurrenceTable.weekly)
        try await table.settle()
        for text in ["When we feel like it\nRRULE:FREQ=WEEKLY;COUNT=9", "RRULE:FREQ=DAILY;COUNT=9"] {
            try await write(text, on: table)
            try await table.settle()
            let told = text.replacing("RRULE", with: Self.start + "\nRRULE")
            #expect(await column(table) == told)
        }
    }

    @Test func `a line for people that somebody else writes again and again is not fought about`() async throws {
        let table = try await OccurrenceTable(daysAhead: nil)
        try await table.put(OccurrenceTable.weekly, override(23, of: table))
        try await table.settle()
        for changes in [" (changes: 3)", ""] {
            let text = "Every week, 20 times\(changes)\n\(Self.start)\nRRULE:FREQ=WEEKLY;COUNT=20"
            try await write(text, on: table)
            try await table.settle()
            #expect(await column(table) == text)
        }
    }

    // MARK: Another rule

    @Test(arguments: [nil, 21])
    func `dates that a rule takes off, and added ones with their lengths, stay with a series that a person changes`(
        _ daysAhead: Int?
    ) async throws {
        let table = try await OccurrenceTable(daysAhead: daysAhead)
        let added = "RDATE;VALUE=PERIOD;TZID=Europe/Berlin:20261118T090000/PT3H"
        try await table.put(OccurrenceTable.weekly + "\nEXRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO;COUNT=4\n" + added)
        try await table.settle()
        try await write(await column(table).replacing("FREQ=WEEKLY;COUNT=20", with: "FREQ=WEEKLY;COUNT=9"), on: table)
        try await table.settle()
        let page = try await table.page("series")
        await table.move(page, to: "2026-11-17T10:00:00.000+01:00", "2026-11-17T11:00:00.000+01:00")
        try await table.settle()
        let series = try #require(try await table.object()?.master)
        #expect(series.all("RRULE").map(\.value) == ["FREQ=WEEKLY;COUNT=9"])
        #expect(series.all("EXRULE").map(\.value) == ["FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;COUNT=4"])
        #expect(series.all("RDATE").map(\.value) == ["20261119T100000/PT3H"])
    }

    @Test func `a rule that takes dates off is told once a client changes it`() async throws {
        let table = try await OccurrenceTable(daysAhead: nil)
        try await table.put(OccurrenceTable.weekly)
        try await table.settle()
        for exceptions in ["FREQ=MONTHLY;BYDAY=1MO", "FREQ=MONTHLY;BYDAY=2MO"] {
            try await table.put(OccurrenceTable.weekly + "\nEXRULE:" + exceptions)
            try await table.settle()
            #expect(await column(table).contains("\nEXRULE:" + exceptions + "\n"))
        }
    }

    @Test(arguments: [nil, 21])
    func `what is different of an occurrence goes with the occurrence`(_ daysAhead: Int?) async throws {
        let table = try await OccurrenceTable(daysAhead: daysAhead)
        let exceptions = [7, 14].map { "\nEXDATE;TZID=Europe/Berlin:202612\($0 < 10 ? "0" : "")\($0)T090000" }.joined()
        try await table.put(
            OccurrenceTable.weekly + exceptions,
            override(23, of: table, "Odd") + override(30, of: table, "Even")
        )
        try await table.settle()
        let text = await column(table).replacing("FREQ=WEEKLY;COUNT=20", with: "FREQ=WEEKLY;INTERVAL=2;COUNT=9")
        try await write(text, on: table)
        try await table.settle()
        #expect(try await table.overrides() == ["20261130T090000 at 20261130T160000 Even"])
        #expect(try await table.exceptions() == ["20261214T090000"])
        #expect(await column(table).contains("20261207") == false)
        #expect(await headline(table) == "Every 2 weeks, 9 times (changes: 1)")
    }

    @Test(arguments: [nil, 21])
    func `a rule that a person clears leaves a single event`(_ daysAhead: Int?) async throws {
        let table = try await OccurrenceTable(daysAhead: daysAhead)
        let first = override(23, of: table).replacing("20261123T090000", with: "20261116T090000")
        try await table.put(OccurrenceTable.weekly, first + override(30, of: table))
        try await table.settle()
        let page = try await table.page("series")
        await table.edit(page, ["properties": ["Repeats": ["rich_text": []]]])
        try await table.settle()
        #expect(try await table.overrides().isEmpty)
        #expect(try await table.object()?.master?.first("RRULE") == nil)
        #expect(await column(table).isEmpty)
        #expect(await table.side.pages().count == 1)
    }

    @Test func `a series that is moved keeps what is different where it still has that day`() async throws {
        let table = try await OccurrenceTable(daysAhead: nil)
        let twice = OccurrenceTable.weekly.replacing("FREQ=WEEKLY", with: "FREQ=WEEKLY;BYDAY=MO,WE")
        let other = override(25, of: table, "Wednesday")
        try await table.put(twice, override(30, of: table, "Monday") + other)
        try await table.settle()
        let page = try await table.page("series")
        await table.move(page, to: "2026-11-18T09:00:00.000+01:00", "2026-11-18T10:00:00.000+01:00")
        try await table.settle()
        #expect(
            try await table.overrides() == [
                "20261125T090000 at 20261125T160000 Wednesday", "20261202T090000 at 20261202T160000 Monday",
            ]
        )
    }
}
