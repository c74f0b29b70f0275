import Bridging
import ICalendar
import OutboundHTTP
import Testing

@testable import BridgeNotion

@Suite("Notion: people columns")
struct NotionPeopleTests {
    private static let ana = "1e2feb89-0000-4000-8000-0000000000a1"
    private static let ben = "1e2feb89-0000-4000-8000-0000000000a2"
    private static let stranger = "1e2feb89-0000-4000-8000-0000000000ff"

    private static let directory = Directory([
        ["id": .string(ana), "name": "Ana", "type": "person", "person": ["email": "Ana@Example.com"]],
        ["id": .string(ben), "name": "Ben", "type": "person", "person": ["email": "ben@example.com"]],
        ["id": .string(stranger), "name": "Robot", "type": "bot"],
    ])

    private static let column = Column(id: "p", name: "People", type: .people, directory: directory)

    private func event(_ lines: String) throws -> CalendarObject {
        try CalendarObject(parsing: NotionTranslationTests.whole("UID:a\nDTSTART:20261123T090000Z\n" + lines))
    }

    private func columns(_ column: Column) -> Columns {
        Columns([
            .title: Column(id: "title", name: "Name", type: .title),
            .when: Column(id: "when", name: "When", type: .date), .attendees: column,
        ])
    }

    @Test func `people with a mail address are guests, and nobody else is`() {
        let property: JSON = ["people": .array([Self.ana, Self.stranger].map { ["id": .string($0)] })]
        let said = EventProperties(.attendees, ColumnValue(property, type: .people), of: Self.column)
        #expect(
            said.properties == [
                Property("ATTENDEE", parameters: [Parameter("CN", "Ana")], value: "mailto:ana@example.com")
            ]
        )
    }

    @Test func `only guests who are people of the workspace are written, each once`() throws {
        let object = try event(
            "ATTENDEE:mailto:ana@example.com\nATTENDEE;CN=A:MAILTO:ANA@example.com\nATTENDEE:mailto:guest@example.org\n"
                + "ATTENDEE:https://example.com/ben"
        )
        let values = try EventValues(object, columns: columns(Self.column), linkZone: NotionStage.zone)
        #expect(values[.attendees] == .people([Self.ana]))
    }

    @Test func `until it is known who they are, people are neither compared nor written`() throws {
        var column = Self.column
        column.directory = nil
        let columns = columns(column)
        #expect(!columns.fields.writable.contains(.attendees))
        let values = try EventValues(
            event("ATTENDEE:mailto:ana@example.com"),
            columns: columns,
            linkZone: NotionStage.zone
        )
        #expect(values[.attendees] == nil)
        #expect(self.columns(Self.column).fields.writable.contains(.attendees))
        #expect(self.columns(Self.column).fields.members?.mails == ["ana@example.com", "ben@example.com"])
    }

    @Test func `a people column is taken only when it is named`() throws {
        let schema = TableSchema([
            "properties": [
                "Name": ["id": "title", "type": "title"], "When": ["id": "w", "type": "date"],
                "Attendees": ["id": "p", "type": "people"],
            ]
        ])
        #expect(try Mapping(nil).resolved(in: schema).columns[.attendees] == nil)
        #expect(try Mapping(#"{"attendees":"Attendees"}"#).resolved(in: schema).columns[.attendees]?.type == .people)
    }

    // MARK: - Who they are

    private static let table = NotionShorthand.expanded([
        "$table": 1, "and": ["Team": ["id": "tEa", "name": "Team", "type": "people", "people": [:]]],
    ])

    private static func exchange(_ method: String, _ path: String, _ answer: JSON) -> NotionExchange {
        let reply = OutboundReply(status: 200, body: NotionShorthand.expanded(answer).octets)
        return NotionExchange(method: method, path: path, body: nil, answer: .success(reply))
    }

    private static var users: NotionExchange {
        let people: [JSON] = [
            ["id": .string(ana), "type": "person", "name": "Ana", "person": ["email": "ana@example.com"]]
        ]
        return exchange("GET", "/v1/users", ["$list": .array(people)])
    }

    private static var schema: NotionExchange { exchange("GET", "/v1/data_sources/\(NotionStage.table)", table) }

    private static var listing: NotionExchange {
        exchange("POST", "/v1/data_sources/\(NotionStage.table)/query", ["$list": []])
    }

    @Test func `the people of one pull are known before the next, and asked for again when everything is`() async throws
    {
        let script = NotionScript([
            Self.schema, Self.users, Self.listing, Self.listing,
            Self.schema, Self.listing, Self.listing,
            Self.schema, Self.users, Self.listing, Self.listing,
        ])
        let provider = NotionStage.provider(script)
        let link = NotionStage.link(mapping: #"{"attendees":"Team"}"#)
        let first = provider.notionBridge(to: link, using: NotionTokens())
        _ = try await first.pull(since: nil)
        let settled = NotionStage.link(mapping: Mapping.settled(first.columns))

        let second = provider.notionBridge(to: settled, using: NotionTokens())
        #expect(second.fields == first.fields)
        #expect(second.fields.members?.mails == ["ana@example.com"])
        _ = try await second.pull(since: nil)
        _ = try await second.sweeping().pull(since: nil)
        #expect(script.complaints.isEmpty)
    }

    @Test func `more guests than Notion takes are not written in part`() throws {
        let users = (0...EventValues.maximumPeople).map { number -> JSON in
            ["id": .string(NotionShorthand.id(number)), "person": ["email": .string("p\(number)@example.com")]]
        }
        let column = Column(id: "p", name: "People", type: .people, directory: Directory(users))
        let guests = (0...EventValues.maximumPeople).map { "ATTENDEE:mailto:p\($0)@example.com" }
        let object = try event(guests.joined(separator: "\n"))
        #expect(throws: TranslationError.self) {
            _ = try EventValues(object, columns: columns(column), linkZone: NotionStage.zone)
        }
    }
}
