import ICalendar
import Store
import Testing

@testable import Sync

@Suite("A series is not cut down to some of its occurrences")
struct CutSeriesTests {
    private static let series = event("s", "RRULE:FREQ=DAILY;COUNT=3", "SUMMARY:Standup")
    private static let occurrence = event("s", "RECURRENCE-ID:20261122T090000Z", "SUMMARY:Moved")

    /// Puts an object where the series is, as a client does.
    private func put(_ text: String, _ bench: Workbench, by kind: Author.Kind = .client) async throws -> PutOutcome {
        let time = bench.time
        let store = CalendarStore(database: bench.database, keptElsewhere: LinkStore.isKeptElsewhere) { time.now }
        let name = try #require(try await bench.calendars.object(uid: "s", in: bench.calendar)).name
        let author = Author(kind, name: "alice")
        let object = try CalendarObject(parsing: text)
        return try await store.put(object, named: name, in: bench.calendar, if: .always, by: author)
    }

    @Test func `occurrences alone do not replace a series that an upstream has`() async throws {
        let bench = try await Workbench()
        try await bench.put(Self.series)
        try await bench.pass()
        await #expect(throws: ReadOnlyObject.self) { try await put(Self.occurrence, bench) }
        #expect(try await bench.text("s") == Self.series)
        // With the series they are an edit like any other.
        let part = Self.occurrence.split(separator: "BEGIN:VEVENT")[1].split(separator: "END:VEVENT")[0]
        let end = "END:VEVENT\r\n"
        let whole = Self.series.replacing(end, with: end + "BEGIN:VEVENT" + part + end)
        guard case .replaced = try await put(whole, bench) else {
            Issue.record("not replaced")
            return
        }
    }

    @Test func `what no upstream has may be replaced by them`() async throws {
        let bench = try await Workbench()
        try await bench.put(Self.series)
        guard case .replaced = try await put(Self.occurrence, bench) else {
            Issue.record("not replaced")
            return
        }
    }
}
