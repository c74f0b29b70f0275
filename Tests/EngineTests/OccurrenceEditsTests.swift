import ICalendar
import OutboundHTTP
import SimulatorNotion
import SyncTestSupport
import Synchronization
import Testing

@testable import Sync

@Suite("Notion: edits of one occurrence, there and here")
struct OccurrenceEditsTests {
    private static let occurrence = "series / 20261130T080000Z"

    private func table(policy: ConflictPolicy = .newest) async throws -> OccurrenceTable {
        let table = try await OccurrenceTable(policy: policy)
        try await table.put(OccurrenceTable.weekly)
        try await table.settle()
        return table
    }

    private func write(_ location: String, on page: String, of table: OccurrenceTable) async {
        let text: JSONValue = ["rich_text": [["type": "text", "text": ["content": .string(location)]]]]
        await table.edit(page, ["properties": ["Location": text]])
    }

    /// A client's override of the occurrence whose page is ``occurrence``.
    private func override(of table: OccurrenceTable, _ title: String, at hour: Int) -> String {
        let times = (0...1).map { "20261130T\(hour + $0)0000" }
        return table.override(
            "20261130T090000",
            "DTSTART;TZID=Europe/Berlin:\(times[0])\nDTEND;TZID=Europe/Berlin:\(times[1])\nSUMMARY:\(title)"
        )
    }

    private func places(_ table: OccurrenceTable) async throws -> [String?] {
        try await table.object()?.overrides.map { $0.first("LOCATION")?.text } ?? []
    }

    @Test func `a page that lost its date is put where its series has it, and keeps what it says otherwise`()
        async throws
    {
        let table = try await table()
        let page = try await table.page(Self.occurrence)
        await table.edit(page, ["properties": ["When": ["date": .null]]])
        await table.rename(page, "Special")
        try await table.settle()
        #expect(try await table.overrides() == ["20261130T090000 at 20261130T090000 Special"])
        #expect(await table.shown().contains("\(Self.occurrence): 2026-11-30T09:00:00.000+01:00 Special"))
    }

    @Test func `an event that goes first in a process that has looked at everything gets its pages`() async throws {
        let table = try await OccurrenceTable()
        var process = Process()
        try await table.world.pass(of: table.spoke, in: process)
        try await table.put(OccurrenceTable.weekly)
        process.isNew = false
        process.bell.ring()
        try await table.world.pass(of: table.spoke, in: process)
        #expect(await table.shown() == OccurrencePagesTests.plain)
    }

    // MARK: Both sides

    @Test(arguments: [ConflictPolicy.newest, .gateway, .upstream, .ask])
    func `edits of different fields of an occurrence that was no override yet are both kept`(
        _ policy: ConflictPolicy
    ) async throws {
        let table = try await table(policy: policy)
        await write("Roof", on: try await table.page(Self.occurrence), of: table)
        try await table.put(OccurrenceTable.weekly, override(of: table, "Special", at: 12))
        try await table.settle()
        #expect(try await table.overrides() == ["20261130T090000 at 20261130T120000 Special"])
        #expect(try await places(table) == ["Roof"])
        let shown = "\(Self.occurrence): 2026-11-30T12:00:00.000+01:00 Special"
        #expect(await table.shown() == [OccurrencePagesTests.plain[0], shown, OccurrencePagesTests.plain[2]])
        let page = await table.side.pages().first { $0.columnText("Calendar UID") == Self.occurrence }
        #expect(page?.columnText("Location") == "Roof")
        #expect(try await table.world.links.conflicts(of: table.spoke.link.principal, .open).isEmpty)
    }

    @Test(arguments: [(ConflictPolicy.gateway, "Ours"), (.upstream, "Theirs")])
    func `of a field that both edited the policy decides, and the others are kept`(
        _ policy: ConflictPolicy,
        _ winner: String
    ) async throws {
        let table = try await table(policy: policy)
        let page = try await table.page(Self.occurrence)
        await table.rename(page, "Theirs")
        await write("Roof", on: page, of: table)
        try await table.put(OccurrenceTable.weekly, override(of: table, "Ours", at: 12))
        try await table.settle()
        #expect(try await table.overrides() == ["20261130T090000 at 20261130T120000 \(winner)"])
        #expect(try await places(table) == ["Roof"])
        #expect(await table.shown().contains("\(Self.occurrence): 2026-11-30T12:00:00.000+01:00 \(winner)"))
    }

    @Test func `what a person edits in the moment before we write another column is an edit`() async throws {
        let table = try await table()
        let page = try await table.page(Self.occurrence)
        let side = table.side
        side.intrusion.withLock { intrusion in
            intrusion = { request in
                guard request.url.contains(page) else { return }
                side.intrusion.withLock { $0 = nil }
                let when: JSONValue = [
                    "date": ["start": "2026-11-30T18:00:00.000+01:00", "end": "2026-11-30T19:00:00.000+01:00"]
                ]
                _ = await side.simulator.control(
                    "POST",
                    "edit",
                    ["id": .string(page), "properties": ["When": when]]
                )
            }
        }
        try await table.put(OccurrenceTable.weekly + "\nLOCATION:Roof")
        try await table.world.pass(of: table.spoke)
        table.clock.advance(200)
        #expect(side.intrusion.withLock { $0 == nil })
        try await table.settle()
        #expect(try await table.overrides() == ["20261130T090000 at 20261130T180000 Jour fixe"])
        #expect(try await places(table) == ["Roof"])
        #expect(await table.shown().contains("\(Self.occurrence): 2026-11-30T18:00:00.000+01:00 Jour fixe"))
    }

    // MARK: The series moves

    private func moveSeries(of table: OccurrenceTable) async throws {
        let series = try await table.page("series")
        await table.move(series, to: "2026-11-16T13:00:00.000+01:00", "2026-11-16T14:30:00.000+01:00")
        try await table.settle()
    }

    private static let moved = [
        "series / 20261123T120000Z: 2026-11-23T13:00:00.000+01:00 Jour fixe",
        "series / 20261130T120000Z: 2026-11-30T13:00:00.000+01:00 Jour fixe",
        "series / 20261207T120000Z: 2026-12-07T13:00:00.000+01:00 Jour fixe",
    ]

    @Test(arguments: [true, false])
    func `a page of which only another field was edited goes along with its series`(_ isSeen: Bool) async throws {
        let table = try await table()
        await write("Roof", on: try await table.page(Self.occurrence), of: table)
        if isSeen { try await table.settle() }
        try await moveSeries(of: table)
        #expect(try await table.overrides() == ["20261130T130000 at 20261130T130000 Jour fixe"])
        #expect(try await table.object()?.overrides.first?.first("DTEND")?.dateTime?.text == "20261130T143000")
        #expect(try await places(table) == ["Roof"])
        #expect(await table.shown() == Self.moved)
    }

    @Test func `an occurrence that a client only renamed goes along with its series`() async throws {
        let table = try await table()
        let renamed = override(of: table, "Special", at: 9).replacing("T90", with: "T090")
        try await table.put(OccurrenceTable.weekly, renamed)
        try await table.settle()
        try await moveSeries(of: table)
        #expect(try await table.overrides() == ["20261130T130000 at 20261130T130000 Special"])
    }

    @Test func `a page that a person moved stays when its series moves`() async throws {
        let table = try await table()
        let page = try await table.page(Self.occurrence)
        await table.move(page, to: "2026-12-01T14:00:00.000+01:00", "2026-12-01T15:00:00.000+01:00")
        try await table.settle()
        try await moveSeries(of: table)
        #expect(try await table.overrides() == ["20261130T130000 at 20261201T140000 Jour fixe"])
    }

    // MARK: This and all that follow

    private func ranged(of table: OccurrenceTable) -> String {
        table.override(
            "20261123T090000",
            "DTSTART;TZID=Europe/Berlin:20261123T120000\nDTEND;TZID=Europe/Berlin:20261123T130000\nSUMMARY:Later"
        )
        .replacing("RECURRENCE-ID;", with: "RECURRENCE-ID;RANGE=THISANDFUTURE;")
    }

    private static let later = [
        "series / 20261123T080000Z: 2026-11-23T12:00:00.000+01:00 Later",
        "series / 20261130T080000Z: 2026-11-30T12:00:00.000+01:00 Later",
        "series / 20261207T080000Z: 2026-12-07T12:00:00.000+01:00 Later",
    ]

    @Test func `what a client changes of this and all that follow stays as the client wrote it`() async throws {
        let table = try await OccurrenceTable()
        try await table.put(OccurrenceTable.weekly, ranged(of: table))
        let text = try await table.object()?.text
        try await table.settle()
        #expect(await table.shown() == Self.later)
        #expect(try await table.object()?.text == text)
        table.clock.advance(7 * 86_400)
        try await table.settle()
        #expect(await table.shown().count == 4)
        #expect(try await table.object()?.text == text)
    }

    @Test func `a page of one that follows is an override once a person edits it`() async throws {
        let table = try await OccurrenceTable()
        try await table.put(OccurrenceTable.weekly, ranged(of: table))
        try await table.settle()
        await table.rename(try await table.page(Self.occurrence), "Special")
        try await table.settle()
        #expect(
            try await table.overrides() == [
                "20261123T090000 at 20261123T120000 Later", "20261130T090000 at 20261130T120000 Special",
            ]
        )
        #expect(try await table.object()?.text.contains("RANGE=THISANDFUTURE") == true)
        #expect(
            await table.shown() == [Self.later[0], Self.later[1].replacing("Later", with: "Special"), Self.later[2]]
        )
    }

    @Test func `this and all that follow stay different when a person moves the series`() async throws {
        let table = try await OccurrenceTable()
        try await table.put(OccurrenceTable.weekly, ranged(of: table))
        try await table.settle()
        try await moveSeries(of: table)
        let overrides = try await table.overrides()
        #expect(overrides == ["20261123T130000 at 20261123T120000 Later"])
        #expect(try await table.object()?.text.contains("RANGE=THISANDFUTURE") == true)
    }

    @Test func `what a person edits on the page from which all that follow are different is so of all`() async throws {
        let table = try await OccurrenceTable()
        try await table.put(OccurrenceTable.weekly, ranged(of: table))
        try await table.settle()
        await table.rename(try await table.page("series / 20261123T080000Z"), "Theirs")
        try await table.settle()
        #expect(try await table.overrides() == ["20261123T090000 at 20261123T120000 Theirs"])
        #expect(try await table.object()?.text.contains("RANGE=THISANDFUTURE") == true)
        #expect(await table.shown() == Self.later.map { $0.replacing("Later", with: "Theirs") })
    }
}
