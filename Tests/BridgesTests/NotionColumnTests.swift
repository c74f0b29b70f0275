import Bridging
import ICalendar
import TestSupport
import Testing

@testable import BridgeNotion

/// `Fixtures/bridges/notion/columns`: one column of a table, its value, and what it says of an event.
///
/// `values` is the table of a mapping, `users` are the people of the workspace; `direction` limits a case to `down` from Notion or `up` to it.
@Suite("Notion: columns of other types")
struct NotionColumnTests {
    struct Case {
        let role: ColumnRole
        let column: Column
        let value: JSON
        let lines: String
        let direction: String?

        init(_ fixture: Fixture) throws {
            let json = try JSONReader.value(of: fixture.octets)
            role = try #require(json["role"]?.string.flatMap(ColumnRole.init(rawValue:)))
            let type = try #require(json["type"]?.string.flatMap(ColumnType.init(rawValue:)))
            column = Column(
                id: "c",
                name: "Column",
                type: type,
                options: json["options"]?.elements.compactMap(\.string) ?? [],
                customChoices: try ChoiceTable(json["values"], of: role),
                directory: json["users"].map { Directory($0.elements) }
            )
            value = json["value"] ?? .null
            lines = json["event"]?.string ?? ""
            direction = json["direction"]?.string
        }

        /// The event those lines are in.
        var event: CalendarObject {
            get throws {
                let lines = "UID:a\nDTSTART:20261123T090000Z\n" + lines
                return try CalendarObject(parsing: NotionTranslationTests.whole(lines))
            }
        }

        var columns: Columns {
            var columns = Columns([
                .title: Column(id: "title", name: "Name", type: .title),
                .when: Column(id: "when", name: "When", type: .date),
            ])
            columns[role] = column
            return columns
        }
    }

    @Test("column → event", arguments: Fixture.all(in: "bridges/notion/columns", extension: "json"))
    func reads(_ fixture: Fixture) throws {
        let given = try Case(fixture)
        guard given.direction != "up" else { return }
        let property: JSON = [given.column.type.rawValue: given.value]
        let said = EventProperties(given.role, ColumnValue(property, type: given.column.type), of: given.column)
        let expected = try #require(given.event.master)
        let base: Set = ["UID", "DTSTAMP", "DTSTART"]
        #expect(said.properties == expected.properties.filter { !base.contains($0.name) })
        #expect(said.alarms == expected.components("VALARM"))
    }

    @Test("event → column", arguments: Fixture.all(in: "bridges/notion/columns", extension: "json"))
    func writes(_ fixture: Fixture) throws {
        let given = try Case(fixture)
        let values = try EventValues(given.event, columns: given.columns, linkZone: NotionStage.zone)
        if given.column.type.isReadOnly {
            #expect(values[given.role] == nil, "Notion works it out")
        } else if given.direction != "down" {
            #expect(values[given.role]?.json(type: given.column.type)[given.column.type.rawValue] == given.value)
        }
    }

    @Test(arguments: Fixture.all(in: "bridges/notion/columns", extension: "json"))
    func `what was read and did not change is not written`(_ fixture: Fixture) throws {
        let given = try Case(fixture)
        // Who the people are is known to a bridge only after it asked.
        guard given.direction != "up", given.column.type != .people else { return }
        let page: JSON = [
            "id": .string(NotionShorthand.id(1)), "created_time": "2026-11-20T10:00:00.000Z",
            "properties": [
                "When": ["id": "when", "type": "date", "date": ["start": "2026-11-23"]],
                "Column": [
                    "id": "c", "type": .string(given.column.type.rawValue), given.column.type.rawValue: given.value,
                ],
            ],
        ]
        let link = NotionStage.link(mapping: Mapping.settled(given.columns))
        let bridge = NotionStage.provider(NotionScript([])).notionBridge(to: link, using: NotionTokens())
        let record = try #require(Page(page)).record(bridge.columns)
        #expect(try bridge.writes(toMake: bridge.object(from: [record]), from: [record]).isEmpty)
    }

    @Test func `an address that ends within the hour makes no other record`() throws {
        let columns = Columns([.attachments: Column(id: "c", name: "Files", type: .files)])
        let records = try ["1", "2"].map { signature in
            let file: JSON = ["file": ["url": .string("https://files.example/photo?sign=" + signature)]]
            let property: JSON = ["id": "c", "type": "files", "files": [file]]
            let page = Page(["id": .string(NotionShorthand.id(1)), "properties": ["Files": property]])
            return try #require(page).record(columns)
        }
        #expect(records[0] == records[1])
    }

    @Test func `what Notion works out comes down and never goes up`() {
        let columns = Columns([
            .when: Column(id: "when", name: "When", type: .date),
            .location: Column(id: "c", name: "Place", type: .formula),
        ])
        #expect(columns.fields.readOnly == [.location])
        #expect(!columns.fields.writable.contains(.location))
    }
}
