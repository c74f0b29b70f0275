import ICalendar
import SimulatorNotion
import Testing

@Suite("Notion: pages of occurrences around midnight")
struct MidnightTests {
    /// A weekly series on Mondays, with pages for its occurrences, at that time.
    private func table(at time: String) async throws -> OccurrenceTable {
        let table = try await OccurrenceTable()
        try await table.put(OccurrenceTable.weekly)
        try await table.settle()
        try advance(table, to: time)
        try await table.settle()
        return table
    }

    private func advance(_ table: OccurrenceTable, to time: String) throws {
        table.clock.advance(try #require(Instant(rfc3339: time)) - table.clock.now)
    }

    @Test func `one that was trashed on its day is an exception though it is missed on the next`() async throws {
        let table = try await table(at: "2026-11-23T22:30:00Z")
        await table.edit(try await table.page("series / 20261123T080000Z"), ["in_trash": true])
        // A quarter past midnight in Berlin.
        try advance(table, to: "2026-11-23T23:15:00Z")
        try await table.settle()
        #expect(try await table.exceptions() == ["20261123T090000"])
    }

    @Test func `one of a day that is over is tidied away without a trace`() async throws {
        let table = try await table(at: "2026-11-24T10:00:00Z")
        await table.edit(try await table.page("series / 20261123T080000Z"), ["in_trash": true])
        try await table.settle()
        #expect(try await table.exceptions().isEmpty)
    }
}
