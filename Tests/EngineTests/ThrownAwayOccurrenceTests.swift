import ICalendar
import SimulatorNotion
import Sync
import SyncTestSupport
import Testing

/// A person throws the page of an occurrence away, and its series goes elsewhere, perhaps to other days that it had before.
@Suite("Notion: the page of an occurrence that is thrown away from a series that moves")
struct ThrownAwayOccurrenceTests {
    /// A series of which Wednesday, the 25th of November, is an occurrence, and the same a period later.
    struct Move: Sendable {
        var rule: String
        var day: String

        func lines(_ day: String) -> String {
            """
            DTSTART;TZID=Europe/Berlin:\(day)T090000
            DTEND;TZID=Europe/Berlin:\(day)T100000
            RRULE:FREQ=\(rule)
            SUMMARY:Jour fixe
            """
        }

        /// The day that is off once the series has moved.
        let excluded: String
    }

    static let moves = [
        Move(rule: "DAILY;COUNT=30", day: "20261119", excluded: "20261126"),
        Move(rule: "WEEKLY;COUNT=10", day: "20261125", excluded: "20261202"),
        Move(rule: "WEEKLY;COUNT=40;BYDAY=MO,TU,WE,TH,FR", day: "20261119", excluded: "20261126"),
    ]

    private func table(_ move: Move, policy: ConflictPolicy = .newest) async throws -> OccurrenceTable {
        let table = try await OccurrenceTable(policy: policy)
        try await table.put(move.lines("20261118"))
        try await table.settle()
        await table.edit(try await table.page("series / 20261125T080000Z"), ["in_trash": true])
        try await table.settle()
        #expect(try await table.exceptions() == ["20261125T090000"])
        return table
    }

    private func check(_ table: OccurrenceTable, _ move: Move) async throws {
        #expect(try await table.exceptions() == [move.excluded + "T090000"])
        #expect(try await table.overrides().isEmpty)
        #expect(await !table.shows("series / \(move.excluded)T080000Z"))
        #expect(try await table.count() == 1)
    }

    private func movePage(of table: OccurrenceTable, _ move: Move) async throws {
        let day = "\(move.day.prefix(4))-\(move.day.dropFirst(4).prefix(2))-\(move.day.suffix(2))"
        let page = try await table.page("series")
        await table.move(page, to: day + "T09:00:00.000+01:00", day + "T10:00:00.000+01:00")
    }

    @Test(arguments: moves)
    func `one day is off and no other once a person has moved the series`(_ move: Move) async throws {
        let table = try await table(move)
        try await movePage(of: table, move)
        try await table.settle()
        try await check(table, move)
    }

    @Test(arguments: moves, [ConflictPolicy.newest, .upstream])
    func `one day is off and no other once a client has moved the series`(
        _ move: Move,
        _ policy: ConflictPolicy
    ) async throws {
        let table = try await table(move, policy: policy)
        try await table.put(move.lines(move.day) + "\nEXDATE;TZID=Europe/Berlin:\(move.excluded)T090000")
        try await table.settle()
        try await check(table, move)
        #expect(try await table.world.links.conflicts(of: table.spoke.link.principal, nil).isEmpty)
    }

    @Test func `a client brings back the day whose page is in the trash`() async throws {
        let move = Self.moves[0]
        let table = try await table(move)
        try await table.put(move.lines("20261118"))
        try await table.settle()
        #expect(try await table.exceptions().isEmpty)
        #expect(await table.shows("series / 20261125T080000Z"))
    }

    @Test(arguments: moves)
    func `a client brings back the day that is off once a person has moved the series`(_ move: Move) async throws {
        let table = try await table(move)
        try await movePage(of: table, move)
        try await table.settle()
        try await table.put(move.lines(move.day))
        try await table.settle()
        #expect(try await table.exceptions().isEmpty)
        #expect(await table.shows("series / \(move.excluded)T080000Z"))
    }

    @Test func `where times are in UTC, what was thrown away before anybody looked is off where the series went`()
        async throws
    {
        let table = try await SharedTable([(21, "UTC")])
        let series = "DTSTART:20261116T090000Z\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=20\nSUMMARY:Jour fixe"
        try await table.put("DTSTART:20261116T090000Z\nDURATION:PT1H\nSUMMARY:Jour fixe")
        try await table.settle()
        let rule: JSONValue = [["type": "text", "text": ["content": "FREQ=WEEKLY;COUNT=20"]]]
        try await table.edit(page: ["Repeats": ["rich_text": rule]])
        try await table.settle()
        #expect(await table.column().contains("DTSTART:20261116T090000Z"))
        let page = await table.side.pages().first { $0.columnText("Calendar UID") == "series / 20261130T090000Z" }
        _ = await table.side.simulator.control("POST", "edit", ["id": try #require(page?["id"]), "in_trash": true])
        table.clock.advance(200)
        try await table.put(series.replacing("T090000Z", with: "T130000Z"))
        try await table.settle()
        let exceptions = try await table.object(at: 0)?.master?.all("EXDATE").flatMap(\.dateTimes).map(\.text)
        #expect(exceptions == ["20261130T130000Z"])
    }
}
