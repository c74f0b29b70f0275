import ICalendar
import SimulatorGoogle
import Store
import Sync
import SyncTestSupport
import Testing

@Suite("Bulk goes to Google in batches")
struct BatchTests {
    private struct Linked {
        let world: World
        let side: GoogleSide

        init() async throws {
            let clock = WorldClock()
            let words = Words(of: "batches")
            side = await GoogleSide(seed: 1, clock: clock, words: words)
            world = try await World(seed: 0, clock, words, policy: .newest, [side])
            try await world.pass(of: world.spokes[0])
        }

        func pass() async throws -> PassReport { try await world.pass(of: world.spokes[0]) }

        func put(_ numbers: Range<Int>, _ summary: String) async throws {
            for number in numbers {
                let text = """
                    BEGIN:VCALENDAR
                    VERSION:2.0
                    PRODID:-//Test//EN
                    BEGIN:VEVENT
                    UID:e\(number)
                    DTSTAMP:20260101T000000Z
                    DTSTART:20270301T090000Z
                    DTEND:20270301T100000Z
                    SUMMARY:\(summary)
                    ATTENDEE:mailto:dave@example.net
                    END:VEVENT
                    END:VCALENDAR

                    """
                let object = try CalendarObject(parsing: text.replacing("\n", with: "\r\n"))
                let author = Author(.client, name: "test")
                let name = "e\(number).ics"
                _ = try await world.calendars.put(object, named: name, in: world.calendar, if: .always, by: author)
            }
        }

        /// The titles there.
        func titles() async -> [String] {
            await side.simulator.events(in: side.calendarIdentifier).compactMap { event in
                event["status"]?.text == "cancelled" ? nil : event["summary"]?.text
            }
        }

        /// The calls that came in batches, and how many batches that were.
        func batched() async -> (requests: Int, calls: [LoggedRequest]) {
            let log = await side.simulator.requests
            let calls = log.filter { ["POST", "PATCH", "DELETE"].contains($0.method) && $0.path.contains("/events") }
            return (log.count { $0.path.hasPrefix("/batch") }, calls)
        }
    }

    @Test func `many new events are there once each, in few requests, and nobody is mailed`() async throws {
        let linked = try await Linked()
        try await linked.put(0..<130, "One")
        #expect(try await linked.pass().counts.pushed == 130)
        #expect(await linked.titles().count == 130)
        let (requests, calls) = await linked.batched()
        // Ten first, then twice as many each time; a busy machine takes them for slow ones.
        #expect((5...13).contains(requests) && calls.count == 130)
        #expect(calls.allSatisfy { $0.query.contains("sendUpdates=none") })
        #expect(await linked.side.simulator.mails.isEmpty)
        #expect(try await linked.pass().run == nil)
    }

    @Test func `what changed there meanwhile is not written over by a batch`() async throws {
        let linked = try await Linked()
        try await linked.put(0..<30, "One")
        _ = try await linked.pass()
        try await linked.put(0..<30, "Two")
        let (simulator, calendar) = (linked.side.simulator, linked.side.calendarIdentifier)
        let id = try #require(await simulator.events(in: calendar).first?["id"]?.text)
        let requests = Counter()
        var process = Process()
        // After the listing, before the first batch.
        process.meanwhile = {
            guard requests.next() == 1 else { return }
            do { _ = try await simulator.editEvent(id, ["location": "Roof"], in: calendar) } catch {
                Issue.record(error)
            }
        }
        let report = try await linked.world.pass(of: linked.world.spokes[0], in: process)
        #expect(report.outcomes.values.count { $0 == .again } == 1)
        #expect(await linked.titles().count { $0 == "One" } == 1)
        let calls = await linked.batched().calls.filter { $0.method == "PATCH" }
        #expect(calls.count == 30 && calls.allSatisfy { $0.headers["if-match"] != nil })
        _ = try await linked.pass()
        #expect(await linked.titles().allSatisfy { $0 == "Two" })
        let merged = await simulator.events(in: calendar).first { $0["id"]?.text == id }
        #expect(merged?["location"]?.text == "Roof")
    }

    @Test(arguments: [
        Fault.Effect.cutAfter, .cutBefore, .truncate, .failAfter(status: 503), .garbage, .html(status: 502),
    ])
    func `a batch that is lost on either way makes nothing twice`(_ effect: Fault.Effect) async throws {
        let linked = try await Linked()
        try await linked.put(0..<40, "One")
        await linked.side.simulator.add(Fault(effect, path: "/batch/*"))
        _ = try? await linked.pass()
        for _ in 0..<3 {
            linked.world.clock.advance(4000)
            _ = try await linked.pass()
        }
        #expect(await linked.titles().count == 40)
        #expect(try await linked.pass().run == nil)
    }

    @Test(arguments: [Fault.Effect.cutAfter, .truncate, .failAfter(status: 500), .garbage])
    func `a call of a batch whose answer is lost is made once`(_ effect: Fault.Effect) async throws {
        let linked = try await Linked()
        try await linked.put(0..<40, "One")
        await linked.side.simulator.add(Fault(effect, method: "POST", path: "/calendar/*", skip: 3))
        _ = try? await linked.pass()
        for _ in 0..<3 {
            linked.world.clock.advance(4000)
            _ = try await linked.pass()
        }
        #expect(await linked.titles().count == 40)
        #expect(try await linked.pass().run == nil)
    }

    @Test func `over its use limits an account goes on reading, and writes when its hours are over`() async throws {
        let linked = try await Linked()
        try await linked.put(0..<30, "One")
        let bridge = linked.side.bridge(to: linked.world.spokes[0].link.upstream, in: Process())
        let clock = linked.world.clock
        let scheduler = SyncScheduler(
            links: linked.world.links,
            makeBridge: { _ in bridge },
            configuration: SyncConfiguration(),
            clock: SyncClock(now: { clock.now }, sleep: { _ in }, random: { 0 })
        )
        let (simulator, calendar) = (linked.side.simulator, linked.side.calendarIdentifier)
        let link = linked.world.spokes[0].link.id
        await simulator.setOverUsageLimit(true, for: calendar)
        _ = try await scheduler.passOnce(link)
        let refused = await linked.batched().calls.count
        let event: SimulatorGoogle.JSON = [
            "summary": "Theirs", "start": ["date": "2026-12-01"], "end": ["date": "2026-12-02"],
        ]
        await simulator.setOverUsageLimit(false, for: calendar)
        _ = try await simulator.createEvent(event, in: calendar)
        await simulator.setOverUsageLimit(true, for: calendar)
        _ = try await linked.pass()
        let here = try await linked.world.calendars.all(in: linked.world.calendar)
        #expect(here.contains { $0.text.contains("SUMMARY:Theirs") })
        #expect(await linked.batched().calls.count == refused)
        await simulator.setOverUsageLimit(false, for: calendar)
        clock.advance(3 * 3600)
        _ = try await scheduler.passOnce(link)
        #expect(await linked.titles().count == 31)
    }
}
