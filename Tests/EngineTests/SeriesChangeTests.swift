import ICalendar
import SimulatorGoogle
import Store
import SyncTestSupport
import Testing

@testable import Sync

/// One series after the other under one UID, each stored in the place of the one before.
@Suite("Series that a client changes in many ways at once")
struct SeriesChangeTests {
    @Test(arguments: 0..<4 as Range<UInt64>)
    func `whatever a client stores in place of a series, Google shows the same, and there is no echo`(
        _ share: UInt64
    ) async throws {
        for seed in Seeds(default: 40, variable: "KALENDS_TEST_SERIES").share(share, of: 4) {
            var random = SeededGenerator(seed)
            let name = "series \(seed)"
            let clock = WorldClock()
            let words = Words(of: name)
            let side = await GoogleSide(seed: seed, clock: clock, words: words)
            let world = try await World(seed: seed, clock, words, policy: .newest, [side])
            for step in 0..<6 {
                let series = RandomSeries(step, using: &random)
                Trace.note(name, series.text)
                guard try await store(series, in: world) else { continue }
                clock.advance(600)
                let before = await side.simulator.mails.count
                try await settle(world, "\(name), step \(step)")
                try await compare(side, world, "\(name), step \(step)")
                #expect(await side.simulator.mails.count == before, "\(name), step \(step): a guest was mailed")
            }
        }
    }

    private func store(_ series: RandomSeries, in world: World) async throws -> Bool {
        guard let object = try? CalendarObject(parsing: series.text) else { return false }
        let author = Author(.client, name: "test")
        let outcome = try await world.calendars.put(
            object,
            named: "series.ics",
            in: world.calendar,
            if: .always,
            by: author
        )
        if case .uidInUse = outcome { Issue.record("\(outcome)") }
        return true
    }

    /// Passes until there is nothing to do: what Google changes together with a series is seen before it is written to.
    private func settle(_ world: World, _ name: String) async throws {
        for _ in 0..<3 where try await world.pass(of: world.spokes[0]).run == nil { return }
        let last = try await world.pass(of: world.spokes[0])
        #expect(last.run == nil, "\(name): never comes to rest \(last.outcomes)")
    }

    private func compare(_ side: GoogleSide, _ world: World, _ name: String) async throws {
        let ours = try await world.calendars.all(in: world.calendar)
        let differences = try await side.differences(from: ours, knowing: World.Memory())
        #expect(differences.isEmpty, "\(name): \(differences.joined(separator: "\n"))")
        #expect(ours.count == 1, "\(name)")
    }
}

/// A series, or a single event, with everything that exceptions can be.
struct RandomSeries {
    private(set) var text: String

    private static let starts = [
        "DTSTART;TZID=Europe/Berlin:20261021T090000", "DTSTART;TZID=Europe/Berlin:20261021T100000",
        "DTSTART;TZID=Europe/Berlin:20261023T023000", "DTSTART;TZID=America/New_York:20261028T230000",
        "DTSTART:20261021T070000Z", "DTSTART;VALUE=DATE:20261021", "DTSTART;VALUE=DATE:20261022",
        "DTSTART:20261021T090000",
    ]
    private static let rules = [
        nil, "FREQ=DAILY;COUNT=8", "FREQ=DAILY;COUNT=8", "FREQ=DAILY;INTERVAL=2;COUNT=6", "FREQ=WEEKLY;COUNT=3",
        "FREQ=WEEKLY;BYDAY=WE,FR;COUNT=5", "FREQ=DAILY;UNTIL=20261101T235959Z", "FREQ=WEEKLY;BYDAY=MO;COUNT=3",
    ]

    init(_ step: Int, using random: inout SeededGenerator) {
        let start = Self.starts.randomElement(using: &random) ?? Self.starts[0]
        let isDay = start.contains("VALUE=DATE")
        var rule = Self.rules.randomElement(using: &random) ?? nil
        if isDay { rule = rule?.replacing("T235959Z", with: "") }
        let length = isDay ? ["P1D", "P2D"] : ["PT30M", "PT1H", "PT26H"]
        var lines = [
            "BEGIN:VEVENT", "UID:series", "DTSTAMP:20260101T000000Z", start,
            "DURATION:\(length.randomElement(using: &random) ?? "P1D")", "SUMMARY:step\(step)",
        ]
        if let rule { lines.append("RRULE:\(rule)") }
        if Int.random(in: 0..<3, using: &random) == 0 { lines.append("LOCATION:place\(step)") }
        lines += Self.standing(using: &random)
        var overrides: [String] = []
        var places: Set<String> = []
        if rule != nil {
            let (head, clock) = Self.parts(of: start)
            for _ in 0..<Int.random(in: 0...4, using: &random) {
                let day = "202610\(Int.random(in: 21...31, using: &random))"
                guard places.insert(day).inserted else { continue }
                switch Int.random(in: 0..<5, using: &random) {
                case 0, 1: lines.append("EXDATE\(head):\(day)\(clock)")
                case 2 where !isDay: lines.append("EXDATE;VALUE=DATE:\(day)")
                case 3: lines.append("RDATE\(head):\(day)\(clock)")
                default:
                    overrides += Self.override(head, day, clock, step, isDay: isDay, using: &random)
                }
            }
        }
        let all = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN"] + lines + ["END:VEVENT"] + overrides
        text = (all + ["END:VCALENDAR", ""]).joined(separator: "\r\n")
    }

    /// What stands before the day of a start, and after it.
    private static func parts(of start: String) -> (head: String, clock: String) {
        let value = start.split(separator: ":").last ?? ""
        return (
            String(start.dropFirst("DTSTART".count).prefix { $0 != ":" }), String(value.dropFirst("20261021".count))
        )
    }

    private static func override(
        _ head: String,
        _ day: String,
        _ clock: String,
        _ step: Int,
        isDay: Bool,
        using random: inout SeededGenerator
    ) -> [String] {
        let other = "202610\(Int.random(in: 21...31, using: &random))"
        let time = isDay ? "" : ["T090000", "T140000"].randomElement(using: &random) ?? clock
        let zone = clock.hasSuffix("Z") ? "Z" : ""
        // Moved, or only renamed.
        let begin = Bool.random(using: &random) ? "\(other)\(time)\(time.isEmpty ? "" : zone)" : "\(day)\(clock)"
        return [
            "BEGIN:VEVENT", "UID:series", "DTSTAMP:20260101T000000Z", "RECURRENCE-ID\(head):\(day)\(clock)",
            "DTSTART\(head):\(begin)", isDay ? "DURATION:P1D" : "DURATION:PT45M",
            "SUMMARY:exception\(step)-\(Int.random(in: 0..<3, using: &random))",
        ] + standing(using: &random) + ["END:VEVENT"]
    }

    /// Whether it takes place, and takes time, where that is said.
    private static func standing(using random: inout SeededGenerator) -> [String] {
        let status = [[], [], ["STATUS:CONFIRMED"], ["STATUS:TENTATIVE"], ["STATUS:CANCELLED"]]
        let transparency = [[], [], ["TRANSP:OPAQUE"], ["TRANSP:TRANSPARENT"]]
        return (status.randomElement(using: &random) ?? []) + (transparency.randomElement(using: &random) ?? [])
    }
}
