import SimulatorNotion
import Store
import Sync
import SyncTestSupport
import Testing

@Suite("Notion: a series that a client moves while a person is at one of its occurrences")
struct MovedPagesTests {
    private static let later = OccurrenceTable.weekly.replacing("T090000", with: "T070000")
        .replacing("T100000", with: "T080000")

    private func table(_ policy: ConflictPolicy = .newest) async throws -> OccurrenceTable {
        let table = try await OccurrenceTable(policy: policy)
        try await table.put(OccurrenceTable.weekly)
        try await table.settle()
        return table
    }

    /// A pass of the process that runs.
    private func pass(_ table: OccurrenceTable) async throws {
        var process = Process()
        process.isNew = false
        try await table.world.pass(of: table.spoke, in: process)
    }

    @Test func `leaves off what was thrown away before anybody looked, and keeps the pages of the other days`()
        async throws
    {
        let table = try await table()
        let gone = try await table.page("series / 20261130T080000Z")
        let other = try await table.page("series / 20261207T080000Z")
        await table.edit(gone, ["in_trash": true])
        try await table.put(Self.later)
        for _ in 0..<2 {
            try await pass(table)
            table.clock.advance(200)
        }
        try await table.settle()
        #expect(try await table.exceptions() == ["20261130T070000"])
        #expect(try await table.page("series / 20261207T060000Z") == other)
        #expect(await table.shown().count == 2)
    }

    @Test(arguments: [ConflictPolicy.newest, .upstream, .gateway, .ask])
    func `leaves an occurrence where the person moved it`(_ policy: ConflictPolicy) async throws {
        let table = try await table(policy)
        let page = try await table.page("series / 20261130T080000Z")
        await table.move(page, to: "2026-11-30T15:00:00+01:00", "2026-11-30T16:00:00+01:00")
        try await table.put(Self.later)
        try await pass(table)
        try await table.settle()
        #expect(try await table.world.links.conflicts(of: table.spoke.link.principal, nil).isEmpty)
        #expect(try await table.overrides() == ["20261130T070000 at 20261130T150000 Jour fixe"])
        #expect(try await table.page("series / 20261130T060000Z") == page)
        #expect(await table.shown().count == 3)
    }

    @Test func `gives the page of a day that was taken off to no other day`() async throws {
        let table = try await OccurrenceTable()
        func without(_ day: String) -> String {
            OccurrenceTable.weekly + "\nEXDATE;TZID=Europe/Berlin:\(day)T090000"
        }
        try await table.put(without("20261130"))
        try await table.settle()
        let gone = try await table.page("series / 20261207T080000Z")
        try await table.put(without("20261207"))
        try await table.settle()
        #expect(try await table.page("series / 20261130T080000Z") != gone)
        #expect(await !table.shows("series / 20261207T080000Z"))
    }
}
