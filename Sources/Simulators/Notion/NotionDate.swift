import ICalendar

/// Dates as the service takes and answers them: minutes only, offsets instead of zone names.
enum NotionDate {
    private struct Moment {
        /// The form of an answer.
        var text: String
        /// Seconds since 1970, in whole minutes.
        var order: Int64
    }

    /// Checks a date of a request and gives it the form of an answer.
    static func stored(_ value: JSONValue, at path: String) throws(NotionProblem) -> JSONValue {
        if value == .null { return .null }
        try NotionWorkspace.refuseUnknownKeys(value, allowed: ["start", "end", "time_zone"], at: path)
        guard let start = try text("start", of: value, path) else {
            throw .validation("body failed validation: \(path).start should be defined, instead was `undefined`.")
        }
        let end = try text("end", of: value, path)
        let zone = try text("time_zone", of: value, path)
        let isDay = start.utf8.count == 10
        if let end, (end.utf8.count == 10) != isDay {
            throw .validation("body failed validation: \(path).end should be of the same kind as start.")
        }
        guard !(isDay && zone != nil) else { throw .validation("Can't provide a time zone for a date without time.") }
        if let zone, ZoneResolver.ianaName(for: zone) != zone {
            throw .validation("body failed validation: \(path).time_zone should be a valid IANA time zone.")
        }
        let first = try moment(start, zone, path + ".start")
        let last: Moment?
        if let end { last = try moment(end, zone, path + ".end") } else { last = nil }
        if let last, last.order < first.order { throw .validation("End date must not be before start date.") }
        return ["start": .string(first.text), "end": last.map { .string($0.text) } ?? .null, "time_zone": nil]
    }

    /// Seconds since 1970 of a date or time; a date counts as its midnight, a time without offset as one in UTC.
    static func order(_ text: String) -> Int64? {
        if text.utf8.count == 10 { return Instant(rfc3339: text + "T00:00:00Z")?.seconds }
        return Instant(rfc3339: text)?.seconds ?? Instant(rfc3339: text + "Z")?.seconds
    }

    /// `seconds` rounded down to the minute, before 1970 too.
    static func minute(_ seconds: Int64) -> Int64 { seconds - (seconds % 60 + 60) % 60 }

    private static func text(_ key: String, of value: JSONValue, _ path: String) throws(NotionProblem) -> String? {
        switch value[key] {
        case nil, .null: return nil
        case .string(let text): return text
        case .some(let other):
            throw .validation("body failed validation: \(path).\(key) should be a string, instead was `\(other.text)`.")
        }
    }

    private static func moment(_ text: String, _ zone: String?, _ path: String) throws(NotionProblem) -> Moment {
        let invalid = NotionProblem.validation(
            "body failed validation: \(path) should be a valid ISO 8601 date string, instead was `\"\(text)\"`."
        )
        if text.utf8.count == 10 {
            guard let midnight = order(text) else { throw invalid }
            return Moment(text: text, order: midnight)
        }
        // The wall clock: the first nineteen octets; what follows is a fraction and an offset.
        guard let wall = Instant(rfc3339: String(text.prefix(19)) + "Z") else { throw invalid }
        let instant: Instant
        let offset: Int64
        if let given = Instant(rfc3339: text) {
            (instant, offset) = (given, wall - given)
        } else {
            guard Instant(rfc3339: text + "Z") != nil else { throw invalid }
            (instant, offset) = read(wall, in: zone ?? "UTC")
        }
        let shown = Instant(seconds: minute(instant.seconds) + offset).rfc3339.prefix(16)
        return Moment(text: shown + ":00.000" + rendered(offset), order: minute(instant.seconds))
    }

    /// The instant of a wall clock in a zone, and the offset that holds then.
    private static func read(_ wall: Instant, in zone: String) -> (Instant, Int64) {
        let zones = ZoneResolver()
        var local = zones.local(wall, form: .utc)
        local.form = .zoned(zone)
        let instant = zones.instant(local)
        return (instant, Int64(zones.offset(ofUTC: instant, tzid: zone)))
    }

    private static func rendered(_ offset: Int64) -> String {
        let minutes = abs(offset) / 60
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return (offset < 0 ? "-" : "+") + two(minutes / 60) + ":" + two(minutes % 60)
    }
}
