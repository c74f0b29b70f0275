import Bridging
import ICalendar
import Testing

@testable import BridgeNotion

@Suite("Notion: what pages there are for occurrences")
struct NotionUpkeepTests {
    private static var columns: Columns {
        var columns = NotionStage.columns
        columns.daysAhead = 60
        return columns
    }

    private static func bridge(_ columns: Columns) -> NotionBridge {
        let link = NotionStage.link(mapping: Mapping.settled(columns))
        return NotionStage.provider(NotionScript([])).notionBridge(to: link, using: NotionTokens())
    }

    private func creations(_ rule: String, _ columns: Columns = columns) throws -> [String] {
        let event = try CalendarObject(
            parsing: NotionTranslationTests.whole("UID:a@x\nDTSTART:20261121T090000Z\nRRULE:\(rule)\nSUMMARY:Bell")
        )
        let json = NotionShorthand.expanded(["$page": 1, "uid": "a@x", "title": "Bell"])
        let record = try #require(Page(json)).record(columns)
        return try Self.bridge(columns).upkeep(of: event, from: [record], isChanged: false).compactMap { write in
            guard case .create(let creation) = write else { return nil }
            return creation.uid
        }
    }

    @Test func `an hourly series does not flood the table`() throws {
        let names = try creations("FREQ=HOURLY")
        #expect(names.count == NotionBridge.maximumOccurrences)
        #expect(names.first == "a@x / 20261121T100000Z", "the first one is on the page of the series")
    }

    @Test func `as many days are shown as were asked for`() throws {
        let names = try creations("FREQ=DAILY")
        #expect(names.count == 60)
        #expect(names.last == "a@x / 20270120T090000Z")
    }

    @Test func `nothing is shown where nothing was asked for`() throws {
        #expect(try creations("FREQ=DAILY", NotionStage.columns).isEmpty)
    }

    @Test func `without the column for their names the pages of occurrences stay as they are`() async throws {
        let event = try CalendarObject(
            parsing: NotionTranslationTests.whole("UID:a@x\nDTSTART:20261121T090000Z\nRRULE:FREQ=DAILY\nSUMMARY:Bell")
        )
        func record(_ number: Int, _ occurrence: OccurrenceNote?) throws -> UpstreamRecord {
            var page = try #require(
                Page(NotionShorthand.expanded(["$page": .number(String(number)), "title": "Bell"]))
            )
            page.note.occurrence = occurrence
            return page.record(Self.columns)
        }
        let shown = OccurrenceNote(series: compactID(NotionShorthand.id(1)), stamp: "20261123T090000Z")
        let records = [try record(1, nil), try record(2, shown)]
        let table = NotionShorthand.expanded(["$table": 1, "without": ["Calendar UID"]])
        let bridge = NotionStage.provider(NotionScript([NotionExchange(answering: table)]))
            .notionBridge(to: NotionStage.link(mapping: Mapping.settled(Self.columns)), using: NotionTokens())
        #expect(try !bridge.upkeep(of: event, from: records, isChanged: false).isEmpty)
        try await bridge.inquire()
        #expect(bridge.complaint != nil)
        #expect(try bridge.upkeep(of: event, from: records, isChanged: false).isEmpty)
    }

    @Test func `a number of days is kept with the mapping, and one that is none is refused`() throws {
        let mapping = try Mapping(Mapping.settled(Self.columns))
        #expect(mapping.daysAhead == 60)
        for days in ["0", "367", "\"many\"", "1.5"] {
            #expect(throws: Refusal.self) { _ = try Mapping("{\"occurrences\":\(days)}") }
        }
        #expect(try Mapping(#"{"occurrences":null}"#).daysAhead == nil)
    }

    @Test func `pages of occurrences need a column for their names`() throws {
        let schema = TableSchema([
            "properties": ["Name": ["id": "title", "type": "title"], "When": ["id": "w", "type": "date"]]
        ])
        let resolution = try Mapping(#"{"occurrences":30}"#).resolved(in: schema)
        #expect(resolution.columns.daysAhead == nil)
        #expect(resolution.problems[.uid] != nil)
    }
}
