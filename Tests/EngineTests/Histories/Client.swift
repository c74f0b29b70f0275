import ICalendar
import Store
import SyncTestSupport

/// A person with a calendar program, who changes our calendar.
struct Client {
    private let calendars: CalendarStore
    private let calendar: CalendarID
    private let words: Words

    init(of world: World, invites: Bool = false) {
        self.invites = invites
        calendars = world.calendars
        calendar = world.calendar
        words = world.words
    }

    /// Whether guests are asked and let go again.
    private let invites: Bool

    func act(using random: inout SeededGenerator) async throws {
        if invites, Int.random(in: 0..<6, using: &random) == 0 { return try await changeGuests(using: &random) }
        switch Int.random(in: 0..<12, using: &random) {
        case 0, 1, 2: try await create(using: &random)
        case 3, 4: try await edit(using: &random)
        case 5, 6: try await move(using: &random)
        case 7, 8: try await changeOccurrence(using: &random)
        case 9: try await changeRule(using: &random)
        case 10: try await changeStatus(using: &random)
        default:
            guard let stored = try await anyEvent(using: &random) else { return }
            let author = Author(.client, name: "test")
            words.trace("client: delete \(stored.name)")
            _ = try await calendars.delete(named: stored.name, in: calendar, if: .always, by: author)
        }
    }

    private func put(_ calendarComponent: Component, named name: String) async throws {
        let object = try CalendarObject(calendarComponent)
        words.took(object.text)
        words.trace("client: \(name)\n\(object.text)")
        let author = Author(.client, name: "test")
        _ = try await calendars.put(object, named: name, in: calendar, if: .always, by: author)
    }

    private func anyEvent(using random: inout SeededGenerator) async throws -> StoredObject? {
        try await calendars.all(in: calendar).sorted { $0.uid < $1.uid }.randomElement(using: &random)
    }

    private func create(using random: inout SeededGenerator) async throws {
        let uid = "h\(Int.random(in: 0..<5, using: &random))"
        guard try await calendars.object(uid: uid, in: calendar) == nil else { return }
        let time = RandomTime(using: &random)
        var event = Component(
            "VEVENT",
            properties: [Property("UID", text: uid), Property("DTSTAMP", value: "20260101T000000Z")] + time.properties
        )
        event.set("SUMMARY", Property("SUMMARY", text: words.next()))
        if Bool.random(using: &random) {
            event.set("RRULE", Property("RRULE", value: time.rule(using: &random)))
        }
        if Int.random(in: 0..<5, using: &random) == 0 {
            event.set("ATTENDEE", Property("ATTENDEE", value: "mailto:dave@example.net"))
            event.set("ORGANIZER", Property("ORGANIZER", value: "mailto:alice@example.com"))
        }
        let head = [Property("VERSION", value: "2.0"), Property("PRODID", value: "-//Test//EN")]
        try await put(Component("VCALENDAR", properties: head, components: [event]), named: "\(uid).ics")
    }

    /// Begins a series some occurrences of which are in the days to come.
    func beginSeries(using random: inout SeededGenerator) async throws {
        let starts = [
            "DTSTART;TZID=Europe/Berlin:20261117T090000", "DTSTART;TZID=America/New_York:20261116T180000",
            "DTSTART;VALUE=DATE:20261118", "DTSTART:20261119T230000Z", "DTSTART;TZID=Europe/Berlin:20261119T003000",
        ]
        let rules = ["FREQ=DAILY;COUNT=20", "FREQ=WEEKLY;COUNT=6", "FREQ=DAILY;INTERVAL=2;COUNT=20"]
        let start = starts.randomElement(using: &random) ?? starts[0]
        let length = start.contains("VALUE=DATE") ? "P1D" : "PT1H"
        let lines = [
            "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN", "BEGIN:VEVENT", "UID:daily",
            "DTSTAMP:20260101T000000Z", start, "DURATION:\(length)",
            "RRULE:\(rules.randomElement(using: &random) ?? rules[0])", "SUMMARY:\(words.next())", "END:VEVENT",
            "END:VCALENDAR", "",
        ]
        try await put(CalendarObject(parsing: lines.joined(separator: "\r\n")).calendar, named: "daily.ics")
    }

    /// Stores more events than anybody deletes at once.
    func fill() async throws {
        for number in 0..<14 {
            let lines = [
                "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN", "BEGIN:VEVENT", "UID:crowd\(number)",
                "DTSTAMP:20260101T000000Z", "DTSTART:202612\(10 + number)T100000Z", "DURATION:PT1H",
                "SUMMARY:\(words.next())", "END:VEVENT", "END:VCALENDAR", "",
            ]
            let object = try CalendarObject(parsing: lines.joined(separator: "\r\n"))
            try await put(object.calendar, named: "crowd\(number).ics")
        }
    }

    /// Deletes everything but for one event or two.
    func clear() async throws {
        words.trace("client: clears out")
        for stored in try await calendars.all(in: calendar).sorted(by: { $0.uid < $1.uid }).dropFirst(2) {
            _ = try await calendars.delete(
                named: stored.name,
                in: calendar,
                if: .always,
                by: Author(.client, name: "test")
            )
        }
    }

    /// Changes the master of an event.
    private func change(
        using random: inout SeededGenerator,
        dropsExceptions: Bool = false,
        _ change: (inout Component, inout SeededGenerator) -> Void
    ) async throws {
        guard let stored = try await anyEvent(using: &random) else { return }
        var calendar = try stored.object().calendar
        if dropsExceptions { calendar.removeComponents { $0.first("RECURRENCE-ID") != nil } }
        calendar.updateComponents(where: { $0.name == "VEVENT" && $0.first("RECURRENCE-ID") == nil }) { event in
            if dropsExceptions { for name in ["EXDATE", "RDATE"] { event.set(name, []) } }
            change(&event, &random)
        }
        try await put(calendar, named: stored.name)
    }

    private func edit(using random: inout SeededGenerator) async throws {
        try await change(using: &random) { event, random in
            let name = ["SUMMARY", "LOCATION", "DESCRIPTION"].randomElement(using: &random) ?? "SUMMARY"
            event.set(name, Property(name, text: words.next()))
        }
    }

    private func changeGuests(using random: inout SeededGenerator) async throws {
        try await change(using: &random) { event, random in
            let guests = ["ana@example.com", "ben@example.com", "dave@example.net"]
                .filter { _ in Bool.random(using: &random) }
            event.set("ATTENDEE", guests.map { Property("ATTENDEE", value: "mailto:" + $0) })
            event.set("ORGANIZER", guests.isEmpty ? [] : [Property("ORGANIZER", value: "mailto:alice@example.com")])
        }
    }

    private func changeStatus(using random: inout SeededGenerator) async throws {
        try await change(using: &random) { event, random in
            let status = ["CONFIRMED", "TENTATIVE"].randomElement(using: &random) ?? "CONFIRMED"
            event.set("STATUS", Property("STATUS", value: status))
        }
    }

    /// Moves an event, as a program does that begins a series anew.
    private func move(using random: inout SeededGenerator) async throws {
        try await change(using: &random, dropsExceptions: true) { event, random in
            let time = RandomTime(using: &random)
            for property in time.properties { event.set(property.name, property) }
            event.set("DURATION", [])
        }
    }

    private func changeRule(using random: inout SeededGenerator) async throws {
        try await change(using: &random, dropsExceptions: true) { event, random in
            let rule = Property("RRULE", value: RandomTime(using: &random).rule(using: &random))
            event.set("RRULE", Bool.random(using: &random) ? rule : nil)
        }
    }

    /// Moves an occurrence of a series, renames it, or takes it away.
    private func changeOccurrence(using random: inout SeededGenerator) async throws {
        guard let stored = try await anyEvent(using: &random) else { return }
        let object = try stored.object()
        guard let master = object.master, master.first("RRULE") != nil else { return }
        let all = try object.recurrenceSet().occurrences(in: TimeRange(), limit: 100).filter { !$0.isOverride }
        guard all.count > 1, let chosen = all.randomElement(using: &random), let id = chosen.recurrenceID else {
            return
        }
        var calendar = object.calendar
        if Bool.random(using: &random) {
            calendar.updateComponents(where: { $0.first("RECURRENCE-ID") == nil && $0.name == "VEVENT" }) {
                $0.set("EXDATE", master.all("EXDATE") + [Property("EXDATE", id)])
            }
        } else {
            var override = master
            for name in ["RRULE", "EXDATE", "RDATE"] { override.set(name, []) }
            let zones = object.zones
            let later = id.isDate ? id : zones.local(id.instant(in: zones) + 7200, form: id.form)
            override.set("RECURRENCE-ID", Property("RECURRENCE-ID", id))
            override.set("DTSTART", Property("DTSTART", later))
            override.set(
                "DTEND",
                Property(
                    "DTEND",
                    id.isDate ? id.adding(days: 1) : zones.local(later.instant(in: zones) + 3600, form: id.form)
                )
            )
            override.set("DURATION", [])
            override.set("SUMMARY", Property("SUMMARY", text: words.next()))
            calendar.append(override)
        }
        try await put(calendar, named: stored.name)
    }
}
