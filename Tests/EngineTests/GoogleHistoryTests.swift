import Bridging
import ICalendar
import SimulatorGoogle
import Store
import Sync
import SyncTestSupport
import Testing

@Suite("Random histories with a simulated Google")
struct GoogleHistoryTests {
    @Test(arguments: 0..<4 as Range<UInt64>)
    func `whatever people, faults and crashes do, Google and our calendar end with the same occurrences`(
        _ share: UInt64
    ) async throws {
        for seed in Seeds(default: 60, variable: "KALENDS_TEST_GOOGLE_HISTORIES").share(share, of: 4) {
            var history = try await GoogleHistory(seed: seed)
            try await history.live()
            try await history.settle()
            try await history.check()
        }
    }
}

/// One history: a client here, a person at Google, passes that fail and die.
private struct GoogleHistory {
    private let world: GoogleWorld
    private let seed: UInt64
    private var random: SyncTestSupport.SeededGenerator
    private var word = 0

    init(seed: UInt64) async throws {
        self.seed = seed
        random = SyncTestSupport.SeededGenerator(seed)
        let policies: [ConflictPolicy] = [.newest, .upstream, .gateway]
        world = try await GoogleWorld(seed: seed, policy: policies[Int(seed % 3)])
    }

    private mutating func newWord() -> String {
        word += 1
        return "word\(word)"
    }

    mutating func live() async throws {
        for _ in 0..<Int.random(in: 6...16, using: &random) {
            world.time.advance(Int64.random(in: 0...40, using: &random))
            switch Int.random(in: 0..<16, using: &random) {
            case 0, 1: try await createHere()
            case 2, 3: try await createThere()
            case 4, 5: try await editHere()
            case 6: try await changeOccurrenceHere()
            case 7, 8: try await editThere()
            case 9: try await changeOccurrenceThere()
            case 10: try await deleteHere()
            case 11: try await deleteThere()
            case 12: await world.simulator.expireSyncTokens()
            default: await pass()
            }
        }
    }

    // MARK: Here

    private mutating func createHere() async throws {
        let uid = "h\(Int.random(in: 0..<5, using: &random))"
        guard try await world.calendars.object(uid: uid, in: world.calendar) == nil else { return }
        let day = 20 + Int.random(in: 0..<6, using: &random)
        let times = [
            ["DTSTART:202611\(day)T090000Z", "DTEND:202611\(day)T100000Z"],
            ["DTSTART;VALUE=DATE:202611\(day)", "DTEND;VALUE=DATE:202611\(day + 1)"],
            ["DTSTART;TZID=Europe/Berlin:202611\(day)T090000", "DTEND;TZID=Europe/Berlin:202611\(day)T103000"],
        ]
        var lines = times[Int.random(in: 0..<3, using: &random)] + ["SUMMARY:\(newWord())"]
        if Bool.random(using: &random) {
            lines.append("RRULE:FREQ=DAILY;COUNT=\(Int.random(in: 2...6, using: &random))")
        }
        let text =
            ([
                "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN", "BEGIN:VEVENT", "UID:\(uid)",
                "DTSTAMP:20260101T000000Z",
            ] + lines + ["END:VEVENT", "END:VCALENDAR", ""]).joined(separator: "\r\n")
        try await put(CalendarObject(parsing: text), named: "\(uid).ics")
    }

    private func put(_ object: CalendarObject, named name: String) async throws {
        _ = try await world.calendars.put(
            object,
            named: name,
            in: world.calendar,
            if: .always,
            by: Author(.client, name: "test")
        )
    }

    private mutating func anyHere() async throws -> StoredObject? {
        try await world.calendars.all(in: world.calendar).sorted { $0.uid < $1.uid }.randomElement(using: &random)
    }

    private mutating func editHere() async throws {
        guard let stored = try await anyHere() else { return }
        var calendar = try stored.object().calendar
        let name = ["SUMMARY", "LOCATION", "DESCRIPTION"].randomElement(using: &random) ?? "SUMMARY"
        let word = newWord()
        calendar.updateComponents(where: { $0.name == "VEVENT" && $0.first("RECURRENCE-ID") == nil }) {
            $0.set(name, Property(name, text: word))
        }
        try await put(CalendarObject(calendar), named: stored.name)
    }

    /// Moves an occurrence of a series, renames it, or takes it away.
    private mutating func changeOccurrenceHere() async throws {
        guard let stored = try await anyHere() else { return }
        let object = try stored.object()
        guard let master = object.master, master.first("RRULE") != nil else { return }
        let all = try object.recurrenceSet().occurrences(in: TimeRange(), limit: 100).filter { !$0.isOverride }
        guard all.count > 1, let chosen = all.randomElement(using: &random), let id = chosen.recurrenceID else {
            return
        }
        var calendar = object.calendar
        if Bool.random(using: &random) {
            var excluded = master.all("EXDATE")
            excluded.append(Property("EXDATE", id))
            calendar.updateComponents(where: { $0.first("RECURRENCE-ID") == nil && $0.name == "VEVENT" }) {
                $0.set("EXDATE", excluded)
            }
        } else {
            var override = master
            for name in ["RRULE", "EXDATE"] { override.set(name, []) }
            override.set("RECURRENCE-ID", Property("RECURRENCE-ID", id))
            override.set("DTSTART", Property("DTSTART", id))
            override.set("DTEND", Property("DTEND", id.isDate ? id.adding(days: 1) : later(id)))
            override.set("SUMMARY", Property("SUMMARY", text: newWord()))
            calendar.append(override)
        }
        try await put(CalendarObject(calendar), named: stored.name)
    }

    /// Two hours later on the same clock.
    private func later(_ time: DateTime) -> DateTime {
        ZoneResolver().local(time.instant(in: ZoneResolver()) + 7200, form: time.form)
    }

    private mutating func deleteHere() async throws {
        guard let stored = try await anyHere() else { return }
        let author = Author(.client, name: "test")
        _ = try await world.calendars.delete(named: stored.name, in: world.calendar, if: .always, by: author)
    }

    // MARK: There

    private mutating func createThere() async throws {
        let day = 20 + Int.random(in: 0..<6, using: &random)
        var event: JSON =
            Bool.random(using: &random)
            ? [
                "start": ["dateTime": .string("2026-11-\(day)T09:00:00+01:00"), "timeZone": "Europe/Berlin"],
                "end": ["dateTime": .string("2026-11-\(day)T10:00:00+01:00"), "timeZone": "Europe/Berlin"],
            ]
            : ["start": ["date": .string("2026-11-\(day)")], "end": ["date": .string("2026-11-\(day + 1)")]]
        event["summary"] = .string(newWord())
        if Bool.random(using: &random) {
            event["recurrence"] = [.string("RRULE:FREQ=DAILY;COUNT=\(Int.random(in: 2...6, using: &random))")]
        }
        try await world.simulator.createEvent(event, in: GoogleWorld.account)
    }

    /// A living event there: a master, or one that stands alone.
    private mutating func anyThere(where isWanted: (JSON) -> Bool = { _ in true }) async -> JSON? {
        await world.simulator.events(in: GoogleWorld.account)
            .filter { $0["status"]?.text != "cancelled" && $0["recurringEventId"] == nil && isWanted($0) }
            .sorted { ($0["id"]?.text ?? "") < ($1["id"]?.text ?? "") }
            .randomElement(using: &random)
    }

    private mutating func editThere() async throws {
        guard let id = await anyThere()?["id"]?.text else { return }
        let name = ["summary", "location", "description"].randomElement(using: &random) ?? "summary"
        let change: JSON = [name: .string(newWord())]
        try await world.simulator.editEvent(id, change, in: GoogleWorld.account)
    }

    private mutating func changeOccurrenceThere() async throws {
        guard let master = await anyThere(where: { $0["recurrence"] != nil }), let id = master["id"]?.text else {
            return
        }
        let instances = await world.simulator.respond(
            to: APIRequest(
                method: "GET",
                path: "/calendar/v3/calendars/\(GoogleWorld.account)/events/\(id)/instances",
                headers: ["authorization": "Bearer \(world.token.secret)"]
            )
        )
        let items = try JSON(parsing: instances.body)["items"]?.elements ?? []
        guard items.count > 1, let chosen = items.randomElement(using: &random)?["id"]?.text else { return }
        if Bool.random(using: &random) {
            try await world.simulator.deleteEvent(chosen, in: GoogleWorld.account)
        } else {
            let change: JSON = ["summary": .string(newWord())]
            try await world.simulator.editEvent(chosen, change, in: GoogleWorld.account)
        }
    }

    private mutating func deleteThere() async throws {
        guard let id = await anyThere()?["id"]?.text else { return }
        try await world.simulator.deleteEvent(id, in: GoogleWorld.account)
    }

    // MARK: Passes

    private mutating func pass() async {
        let life = Life(calls: Bool.random(using: &random) ? Int.random(in: 0..<40, using: &random) : .max)
        let effects: [Fault.Effect] = [
            .failBefore(status: 503), .failAfter(status: 500), .cutBefore, .cutAfter, .truncate,
            .throttle(status: 403, reason: "rateLimitExceeded", retryAfter: nil), .garbage, .html(status: 502),
        ]
        let faults = (0..<Int.random(in: 0...3, using: &random)).map { _ in
            Fault(
                effects.randomElement(using: &random) ?? .cutAfter,
                skip: Int.random(in: 0..<6, using: &random)
            )
        }
        await world.simulator.setFaults(faults)
        do {
            _ = try await world.pass(life)
        } catch {
            // Whatever it was: the next process starts from what is durable.
        }
        await world.simulator.setFaults([])
    }

    /// Passes without faults until nothing is left to do.
    mutating func settle() async throws {
        for _ in 0..<12 {
            world.time.advance(4000)
            let report = try await world.pass()
            if report.isHeld { _ = try await world.scheduler(Life(calls: .max)).approve(world.link.id) }
            if report.outcomes.isEmpty, report.run == nil { return }
        }
        Issue.record("seed \(seed): never comes to rest")
    }

    // MARK: What must hold

    func check() async throws {
        let ours = try await world.ours()
        let theirs = try await world.theirs()
        #expect(ours == theirs, "seed \(seed): not the same occurrences")
        #expect(await world.simulator.mails.isEmpty, "seed \(seed): a guest was mailed")
        let revision = try await world.calendars.calendar(world.calendar)?.revision
        let requests = await world.simulator.requests.count
        try await world.pass()
        #expect(try await world.calendars.calendar(world.calendar)?.revision == revision, "seed \(seed): not quiet")
        let quiet = await world.simulator.requests.dropFirst(requests)
        #expect(quiet.allSatisfy { $0.method == "GET" } && quiet.count == 1, "seed \(seed): an echo")
    }
}
