import ICalendar
import SimulatorNotion
import Store
import SyncTestSupport
import Testing

@testable import Sync

@Suite("Notion: a table that is linked anew")
struct RelinkedPagesTests {
    @Test func `a day whose page is thrown away before the first pass is off on both sides, wherever its series went`()
        async throws
    {
        let table = try await OccurrenceTable()
        try await table.put(OccurrenceTable.weekly)
        try await table.settle()
        var world = table.world
        try await world.linkAgain(0, .nothing, isPlanned: true) {}
        await table.edit(try await table.page("series / 20261130T080000Z"), ["in_trash": true])
        try await table.put(
            OccurrenceTable.weekly.replacing("20261116T090000", with: "20261102T090000")
                .replacing("20261116T100000", with: "20261102T093000")
        )
        for _ in 0..<4 {
            try await world.pass(of: world.spokes[0], isSweeping: true)
            table.clock.advance(200)
        }
        let here = try await world.calendars.all(in: world.calendar)
        #expect(try await table.side.differences(from: here, knowing: World.Memory()) == [])
        #expect(try await table.exceptions() == ["20261130T090000"])
        #expect(await !table.shown().contains { $0.contains("20261130") })
        #expect(try await world.pass(of: world.spokes[0], isSweeping: true).run == nil)
    }
}
