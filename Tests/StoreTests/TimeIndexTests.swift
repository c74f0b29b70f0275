import ICalendar
import SQL
import SQLite
import Testing

@testable import Store

@Suite("RFC 4791 §9.9 the time index")
struct TimeIndexTests {
    private let zones = ["UTC", "Europe/Berlin", "America/New_York", "Pacific/Auckland"]

    /// An event with random times, rule, exceptions and overrides, some years around the clock's now.
    private func randomEvent(_ uid: String, _ numbers: inout SeededNumbers) throws -> CalendarObject {
        let resolver = ZoneResolver()
        let start = Instant(seconds: 1_795_251_600 + Int64.random(in: -30_000...30_000, using: &numbers) * 1800)
        let length = [0, 1800, 3600, 86_400, 3 * 86_400][Int.random(in: 0..<5, using: &numbers)]
        var lines: [String]
        switch Int.random(in: 0..<5, using: &numbers) {
        case 0: lines = ["DTSTART;VALUE=DATE:\(text(start, .utc, resolver).prefix(8))"]
        case 1: lines = ["DTSTART:\(text(start, .floating, resolver))", "DURATION:PT\(length)S"]
        case 2: lines = ["DTSTART:\(text(start, .utc, resolver))", "DURATION:PT\(length)S"]
        default:
            let zone = zones[Int.random(in: 1..<zones.count, using: &numbers)]
            lines = ["DTSTART;TZID=\(zone):\(text(start, .zoned(zone), resolver))", "DURATION:PT\(length)S"]
        }
        guard Int.random(in: 0..<3, using: &numbers) > 0 else { return try event(uid: uid, lines) }
        let frequency = ["DAILY", "WEEKLY", "MONTHLY", "YEARLY"][Int.random(in: 0..<4, using: &numbers)]
        var rule = "RRULE:FREQ=\(frequency);INTERVAL=\(Int.random(in: 1...4, using: &numbers))"
        switch Int.random(in: 0..<3, using: &numbers) {
        case 0: rule += ";COUNT=\(Int.random(in: 1...40, using: &numbers))"
        case 1: rule += ";UNTIL=" + until(start, Int64.random(in: 0...900, using: &numbers), lines[0], resolver)
        default: break
        }
        if frequency == "MONTHLY" {
            rule += [";BYDAY=2TU", ";BYMONTHDAY=-1", ""][Int.random(in: 0..<3, using: &numbers)]
        }
        lines.append(rule)
        if Int.random(in: 0..<3, using: &numbers) == 0 {
            lines.append(lines[0].replacing("DTSTART", with: "EXDATE"))
        }
        return try event(uid: uid, lines)
    }

    private func text(_ instant: Instant, _ form: DateTime.Form, _ zones: ZoneResolver) -> String {
        zones.local(instant, form: form).text
    }

    private func until(_ start: Instant, _ days: Int64, _ line: String, _ zones: ZoneResolver) -> String {
        let text = text(start.advanced(by: days * 86_400), .utc, zones)
        if line.contains("VALUE=DATE") { return String(text.prefix(8)) }
        return line.contains("TZID") || line.hasSuffix("Z") ? text : String(text.dropLast())
    }

    /// Whether the object has an occurrence in the range, by expanding it, for an asker in `zone`.
    private func overlaps(_ object: CalendarObject, _ range: TimeRange, _ zone: String) throws -> Bool {
        let far = TimeRange(
            start: range.start ?? Instant(seconds: 1_600_000_000),
            end: range.end ?? Instant(seconds: 1_995_251_600)
        )
        return try !object.recurrenceSet(floatingZone: zone).occurrences(in: far, limit: 20_000).isEmpty
    }

    private func randomRange(_ numbers: inout SeededNumbers) -> TimeRange {
        let start = 1_795_251_600 + Int64.random(in: -500...600, using: &numbers) * 86_400
        let length = [1, 3600, 86_400, 7 * 86_400, 31 * 86_400][Int.random(in: 0..<5, using: &numbers)]
        let range = TimeRange(start: Instant(seconds: start), end: Instant(seconds: start + Int64(length)))
        switch Int.random(in: 0..<8, using: &numbers) {
        case 0: return TimeRange(start: range.start, end: nil)
        case 1: return TimeRange(start: nil, end: range.end)
        default: return range
        }
    }

    @Test(arguments: 1...6)
    func `no object with an occurrence is left out, and none is certain without`(_ seed: UInt64) async throws {
        var numbers = SeededNumbers(seed: seed)
        let shelf = try await Shelf()
        var objects: [String: CalendarObject] = [:]
        for number in 0..<60 {
            let object = try randomEvent("u\(number)", &numbers)
            let name = "\(number).ics"
            _ = try await shelf.store.put(object, named: name, in: shelf.calendar, if: .absent, by: client)
            objects[name] = object
        }
        for _ in 0..<40 {
            let range = randomRange(&numbers)
            let zone = zones[Int.random(in: 0..<zones.count, using: &numbers)]
            let candidates = try await shelf.store.candidates(in: shelf.calendar, kinds: [.event], range: range)
            let found = Dictionary(uniqueKeysWithValues: candidates.map { ($0.object.name, $0.isCertain) })
            #expect(candidates.map(\.object.name) == candidates.map(\.object.name).sorted())
            for (name, object) in objects {
                let overlaps = try overlaps(object, range, zone)
                if overlaps {
                    #expect(found[name] != nil, "missed in \(range), \(zone):\n\(object.text)")
                } else {
                    #expect(found[name] != true, "wrongly certain in \(range), \(zone):\n\(object.text)")
                }
            }
        }
    }

    @Test func `a single event is found exactly`() async throws {
        let shelf = try await Shelf()
        try await shelf.put("a.ics")  // 2026-11-21, 09:00 to 10:00
        let nine: Int64 = 1_795_251_600
        for (from, to, isFound) in [(-10, 0, false), (-10, 1, true), (3599, 4000, true), (3600, 4000, false)]
            as [(Int64, Int64, Bool)]
        {
            let range = TimeRange(start: Instant(seconds: nine + from), end: Instant(seconds: nine + to))
            let found = try await shelf.store.candidates(in: shelf.calendar, kinds: nil, range: range)
            #expect(found.map(\.isCertain) == (isFound ? [true] : []), "\(from) to \(to)")
        }
    }

    @Test func `a recurring event near today needs no expansion`() async throws {
        let shelf = try await Shelf()
        let object = try event(
            uid: "u",
            ["DTSTART:20200106T090000Z", "DTEND:20200106T100000Z", "RRULE:FREQ=WEEKLY"]
        )
        _ = try await shelf.store.put(object, named: "a.ics", in: shelf.calendar, if: .absent, by: client)
        let monday = try #require(Instant(rfc3339: "2026-11-23T00:00:00Z"))
        let day: Int64 = 86_400
        let onMonday = TimeRange(start: monday, end: monday.advanced(by: day))
        let onTuesday = TimeRange(start: monday.advanced(by: day), end: monday.advanced(by: 2 * day))
        let later = TimeRange(start: monday.advanced(by: 4000 * day), end: monday.advanced(by: 4001 * day))
        let ever = TimeRange(start: monday, end: nil)
        var certainties: [[Bool]] = []
        for range in [onMonday, onTuesday, later, ever] {
            certainties.append(
                try await shelf.store.candidates(in: shelf.calendar, kinds: nil, range: range).map(\.isCertain)
            )
        }
        #expect(certainties == [[true], [], [false], [true]])
    }

    @Test func `the past of a series needs no expansion either, unless it is very long`() async throws {
        for (rule, isCertain) in [("WEEKLY", true), ("DAILY", false)] {
            let shelf = try await Shelf()
            let object = try event(uid: "u", ["DTSTART:20200106T090000Z", "DURATION:PT1H", "RRULE:FREQ=\(rule)"])
            _ = try await shelf.store.put(object, named: "a.ics", in: shelf.calendar, if: .absent, by: client)
            let monday = try #require(Instant(rfc3339: "2020-02-03T00:00:00Z"))
            let range = TimeRange(start: monday, end: monday.advanced(by: 86_400))
            let matches = try await shelf.store.matches(in: shelf.calendar, kinds: nil, range: range)
            #expect(matches.map(\.isCertain) == [isCertain], "\(rule)")
        }
    }

    @Test func `a whole day is certain where no zone moves it out of the range`() async throws {
        let shelf = try await Shelf()
        let object = try event(uid: "u", ["DTSTART;VALUE=DATE:20261121"])
        _ = try await shelf.store.put(object, named: "a.ics", in: shelf.calendar, if: .absent, by: client)
        let midnight = try #require(Instant(rfc3339: "2026-11-21T00:00:00Z"))
        let hour: Int64 = 3600
        for (from, to, certainties) in [(-14, 37, [true]), (-13, 37, [false]), (-14, 36, [false]), (37, 40, [])]
            as [(Int64, Int64, [Bool])]
        {
            let range = TimeRange(start: midnight + from * hour, end: midnight + to * hour)
            let matches = try await shelf.store.matches(in: shelf.calendar, kinds: nil, range: range)
            #expect(matches.map(\.isCertain) == certainties, "\(from) to \(to)")
        }
    }

    @Test func `a match keeps its octets while the object changes`() async throws {
        let shelf = try await Shelf()
        try await shelf.put("a.ics", uid: "a", "first")
        let before = try #require(await shelf.store.object(named: "a.ics", in: shelf.calendar))
        let matches = try await shelf.store.matches(in: shelf.calendar, kinds: nil, range: nil)
        try await shelf.put("a.ics", uid: "a", "second")
        #expect(matches.map(\.entry) == [before.entry])
        #expect(try await shelf.store.texts(ofVersions: matches.map(\.version)) == [before.text])
    }

    @Test func `kinds are kept apart, and what is no event is always a candidate`() async throws {
        let shelf = try await Shelf()
        try await shelf.put("event.ics")
        let task = try CalendarObject(
            parsing: calendarText(["BEGIN:VTODO"] + head("t", "x") + ["DUE:20200101T000000Z", "END:VTODO"])
        )
        _ = try await shelf.store.put(task, named: "task.ics", in: shelf.calendar, if: .absent, by: client)
        let range = TimeRange(start: Instant(seconds: 0), end: Instant(seconds: 10))
        let found = try await shelf.store.candidates(in: shelf.calendar, kinds: [.todo], range: range)
        #expect(found.map(\.object.name) == ["task.ics"])
        #expect(found.map(\.isCertain) == [false])
        #expect(try await shelf.store.candidates(in: shelf.calendar, kinds: [.event], range: range).isEmpty)
        #expect(try await shelf.store.candidates(in: shelf.calendar, kinds: [.event], range: nil).count == 1)
        #expect(try await shelf.store.candidates(in: shelf.calendar, kinds: nil, range: nil).count == 2)
    }

    @Test func `the index follows what is written`() async throws {
        let shelf = try await Shelf()
        let weekly = try event(uid: "u", ["DTSTART:20260105T090000Z", "RRULE:FREQ=WEEKLY"])
        _ = try await shelf.store.put(weekly, named: "a.ics", in: shelf.calendar, if: .absent, by: client)
        let single = try event(uid: "u", ["DTSTART:20260105T090000Z"])
        _ = try await shelf.store.put(single, named: "a.ics", in: shelf.calendar, if: .present, by: client)
        let now = shelf.clock.now
        let range = TimeRange(start: now, end: now.advanced(by: 30 * 86_400))
        #expect(try await shelf.store.candidates(in: shelf.calendar, kinds: nil, range: range).isEmpty)
        let windows = try await shelf.database.read { try $0.rows("SELECT object FROM occurrence_window").count }
        #expect(windows == 0)
    }

    @Test func `occurrences come back from their octets`() {
        let start = Instant(seconds: 1_795_251_600)
        let steps: [(Int64, Int64)] = [(-500_000, 3600), (-499_999, 0), (0, 1), (1 << 40, 1 << 41)]
        let occurrences = steps.map { (step, length) in
            TimeSpan(start: start + step, end: start + step + length)
        }
        let window = OccurrenceWindow(start: start, end: start + 100, occurrences: occurrences)
        let read = OccurrenceWindow(start: window.start, end: window.end, encoded: window.encoded)
        #expect(read.map(Array.init) == occurrences)
        #expect(OccurrenceWindow(start: start, end: start, encoded: [0]) == nil)
        #expect(OccurrenceWindow(start: start, end: start, encoded: [0x80]) == nil)
    }
}
