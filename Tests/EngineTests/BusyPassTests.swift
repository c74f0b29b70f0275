import ICalendar
import SimulatorNotion
import Store
@testable import Sync
import SyncTestSupport
import Synchronization
import Testing

/// A pass at Notion's own rate of 180 requests a minute, by a clock that only waiting moves.
@Suite("Notion: what a client puts while a pass is busy")
struct BusyPassTests {
    private static let rate = 180

    /// When something was put, and when its page was there.
    private final class Watch: Sendable {
        private let times = Mutex<(put: Duration?, there: Duration?)>((nil, nil))

        var put: Duration? { times.withLock(\.put) }
        var delay: Duration? { times.withLock { times in times.put.flatMap { put in times.there.map { $0 - put } } } }

        func notePut(_ now: Duration) { times.withLock { $0.put = now } }
        func noteThere(_ now: Duration) { times.withLock { if $0.there == nil { $0.there = now } } }
    }

    private func table(
        pages: Int,
        daysAhead: Int? = nil
    ) async throws -> OccurrenceTable {
        let table = try await OccurrenceTable(daysAhead: daysAhead, rate: Self.rate)
        for number in 0..<pages {
            let properties: JSONValue = [
                "Name": ["title": [["type": "text", "text": ["content": .string("Page \(number)")]]]],
                "When": ["date": ["start": "2026-12-01"]],
            ]
            let body: JSONValue = ["data_source": .string(table.side.calendarIdentifier), "properties": properties]
            _ = await table.side.simulator.control("POST", "pages", body)
        }
        table.clock.advance(300)
        return table
    }

    /// Runs a pass, puts an event before its request of that number, and tells how long that took to be there.
    private func delay(
        puttingBefore place: Int,
        in table: OccurrenceTable
    ) async throws -> Duration? {
        let watch = Watch()
        let requests = Counter()
        var process = Process()
        process.isNew = false
        let bell = process.bell
        process.meanwhile = {
            do {
                if requests.next() == place {
                    let event = "DTSTART:20261202T090000Z\nDTEND:20261202T100000Z\nSUMMARY:Urgent"
                    try await table.put(event, uid: "urgent\(place)", takes: 0)
                    watch.notePut(table.clock.elapsed)
                    bell.ring()
                } else if watch.put != nil, watch.delay == nil, await table.shows("urgent\(place)") {
                    watch.noteThere(table.clock.elapsed)
                }
            } catch {
                Issue.record(error)
            }
        }
        try await table.world.pass(of: table.spoke, in: process)
        if await table.shows("urgent\(place)") { watch.noteThere(table.clock.elapsed) }
        return watch.delay
    }

    @Test(arguments: [10, 30])
    func `it is in Notion within two seconds while identifiers are written back`(_ place: Int) async throws {
        let table = try await table(pages: 30)
        let begun = table.clock.now
        let delay = try #require(try await delay(puttingBefore: place, in: table))
        #expect(delay < .seconds(2))
        #expect(table.clock.now - begun > 12, "the pass had to wait for its turn")
    }

    @Test(arguments: [6, 15, 25])
    func `it is in Notion within two seconds while pages of occurrences are made`(_ place: Int) async throws {
        let table = try await table(pages: 2, daysAhead: 20)
        try await table.put("DTSTART;VALUE=DATE:20261118\nRRULE:FREQ=DAILY;COUNT=60\nSUMMARY:Daily")
        let delay = try #require(try await delay(puttingBefore: place, in: table))
        #expect(delay < .seconds(2))
    }

    @Test func `a first pass uses nine tenths of what the rate allows, and is never refused for it`() async throws {
        let table = try await table(pages: 60)
        let begun = table.clock.now
        try await table.world.pass(of: table.spoke)
        let log = await table.side.simulator.control("GET", "log").array ?? []
        let requests = log.count { $0.string?.contains(" /v1/") == true }
        let minutes = Double(table.clock.now - begun) / 60
        #expect(Double(requests) / (Double(Self.rate) * minutes) >= 0.9, "\(requests) requests in \(minutes) minutes")
        #expect(try await table.count() == 60)
    }
}
