import ICalendar

/// The computed instances of a recurring event, through ICalendar's recurrence set.
enum Series {
    /// More instances than a request could ever want; an infinite series is cut by its window first.
    static let maximumInstances = 20_000

    private static let names = ["RRULE", "EXRULE", "RDATE", "EXDATE"]

    /// Expands `recurrence` from its start; refuses what Google refuses.
    static func instances(
        _ start: EventTime,
        _ end: EventTime,
        _ recurrence: [String],
        in zone: String
    ) throws(APIError) -> RecurrenceSet {
        for line in recurrence { try check(line, isDay: start.isDay) }
        let head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Simulated Google//EN", "BEGIN:VEVENT", "UID:series"]
        let times = ["DTSTAMP:20260101T000000Z", "DTSTART\(value(start))", "DTEND\(value(end))"]
        let lines =
            head + times + recurrence.filter { isHeeded($0, isDay: start.isDay) } + ["END:VEVENT", "END:VCALENDAR", ""]
        do {
            return try CalendarObject(parsing: lines.joined(separator: "\r\n")).recurrenceSet(floatingZone: zone)
        } catch {
            throw .invalid("Invalid recurrence rule. \(error.message)")
        }
    }

    /// Whether a line says anything: dates match no time of a series of times.
    private static func isHeeded(_ line: String, isDay: Bool) -> Bool {
        let upper = line.uppercased()
        return isDay || upper.hasPrefix("RRULE") || upper.hasPrefix("EXRULE") || !upper.contains("VALUE=DATE:")
    }

    /// Parameters, colon and value of a DTSTART.
    private static func value(_ time: EventTime) -> String {
        switch time {
        case .day(let day): ";VALUE=DATE:\(day.compact)"
        case .moment(let instant, "UTC"): ":\(ZoneResolver().local(instant, form: .utc).text)"
        case .moment(let instant, let zone):
            ";TZID=\(zone):\(ZoneResolver().local(instant, form: .zoned(zone)).text)"
        }
    }

    /// Checks what the recurrence field allows beyond RFC 5545.
    private static func check(_ line: String, isDay: Bool) throws(APIError) {
        let name = line.utf8.prefix { $0 != UInt8(ascii: ":") && $0 != UInt8(ascii: ";") }
        guard names.contains(String(decoding: name, as: UTF8.self)), !line.utf8.contains(where: { $0 < 0x20 }),
            let colon = line.utf8.firstIndex(of: UInt8(ascii: ":"))
        else { throw .invalid("Invalid recurrence rule.") }
        guard line.hasPrefix("RRULE") || line.hasPrefix("EXRULE") else { return }
        var parts: [String: String] = [:]
        for part in line[line.index(after: colon)...].uppercased().split(separator: ";") {
            let pair = part.split(separator: "=", maxSplits: 1)
            guard pair.count == 2 else { throw .invalid("Invalid recurrence rule.") }
            parts[String(pair[0])] = String(pair[1])
        }
        guard let frequency = parts["FREQ"], ["DAILY", "WEEKLY", "MONTHLY", "YEARLY"].contains(frequency),
            parts["COUNT"] == nil || parts["UNTIL"] == nil
        else { throw .invalid("Invalid recurrence rule.") }
        if let until = parts["UNTIL"], until.utf8.contains(UInt8(ascii: "T")) == isDay || (!isDay && until.last != "Z")
        {
            throw .invalid("Invalid recurrence rule. UNTIL must be of the type of the start, in UTC.")
        }
    }
}

extension StoredEvent {
    /// The same event with its instances computed for a calendar in `zone`.
    func expanded(in zone: String) -> StoredEvent {
        guard isRecurring else { return self }
        var event = self
        // The lines were accepted before; the zone cannot make them wrong.
        event.instances = (try? Series.instances(start, end, recurrence, in: zone)) ?? instances
        return event
    }

    /// How long each instance is, in seconds; for all-day events a multiple of a day.
    var duration: Int64 { end.instant(in: "UTC") - start.instant(in: "UTC") }

    /// The starts of the computed instances that overlap `range`, in order.
    func instanceStarts(in range: TimeRange) -> [EventTime] {
        guard let instances else { return [] }
        // Past the limit the listing ends: Google too cuts series at a horizon.
        let found = (try? instances.occurrences(in: range, limit: Series.maximumInstances)) ?? []
        return found.map(eventTime)
    }

    /// Whether any computed instance overlaps `range`.
    func hasInstance(in range: TimeRange) -> Bool {
        guard let instances else { return false }
        do {
            return try !instances.occurrences(in: range, limit: 1).isEmpty
        } catch {
            // More than one is also one.
            return true
        }
    }

    /// Whether the series has an instance that starts exactly then.
    func hasInstance(at time: EventTime, in zone: String) -> Bool {
        guard time.isDay == start.isDay else { return false }
        let begin = time.instant(in: zone)
        return instanceStarts(in: TimeRange(start: begin, end: begin + 1)).contains { $0.instant(in: zone) == begin }
    }

    private func eventTime(_ occurrence: Occurrence) -> EventTime {
        switch start {
        case .day:
            var date = occurrence.startTime
            date.form = .date
            return CivilDay(date.text).map(EventTime.day) ?? start
        case .moment(_, let zone): return .moment(occurrence.start, zone: zone)
        }
    }
}
