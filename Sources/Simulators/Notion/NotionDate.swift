import ICalendar

/// Dates as the service takes and answers them: minutes only, offsets instead of zone names.
enum NotionDate {
    /// Checks a date of a request and gives it the form of an answer.
    static func stored(_ value: JSONValue, at path: String) throws(NotionProblem) -> JSONValue {
        if value == .null { return .null }
        guard let start = value["start"]?.string else {
            throw .validation("body failed validation: \(path).start should be defined, instead was `undefined`.")
        }
        let end = value["end"]?.string
        let zone = value["time_zone"]?.string
        let isDay = start.utf8.count == 10
        if let end, (end.utf8.count == 10) != isDay {
            throw .validation("body failed validation: \(path).end should be of the same kind as start.")
        }
        guard !(isDay && zone != nil) else { throw .validation("Can't provide a time zone for a date without time.") }
        if let zone, ZoneResolver.ianaName(for: zone) != zone {
            throw .validation("body failed validation: \(path).time_zone should be a valid IANA time zone.")
        }
        let storedStart = try moment(start, zone, path + ".start")
        let storedEnd: (text: String, order: Int64)?
        if let end { storedEnd = try moment(end, zone, path + ".end") } else { storedEnd = nil }
        if let storedEnd, storedEnd.order < storedStart.order {
            throw .validation("End date must not be before start date.")
        }
        return [
            "start": .string(storedStart.text), "end": storedEnd.map { .string($0.text) } ?? .null, "time_zone": nil,
        ]
    }

    /// Seconds since 1970 of a stored date or time; a date counts as its midnight in UTC.
    static func order(_ text: String) -> Int64? {
        if text.utf8.count == 10 { return Instant(rfc3339: text + "T00:00:00Z")?.seconds }
        return Instant(rfc3339: text)?.seconds ?? Instant(rfc3339: text + "Z")?.seconds
    }

    private static func moment(
        _ text: String,
        _ zone: String?,
        _ path: String
    ) throws(NotionProblem) -> (text: String, order: Int64) {
        let invalid = NotionProblem.validation(
            "body failed validation: \(path) should be a valid ISO 8601 date string, instead was `\"\(text)\"`."
        )
        if text.utf8.count == 10 {
            guard let midnight = order(text) else { throw invalid }
            return (text, midnight)
        }
        let hasOffset = text.hasSuffix("Z") || text.dropFirst(11).contains { $0 == "+" || $0 == "-" }
        if hasOffset {
            guard let instant = Instant(rfc3339: text) else { throw invalid }
            let offset = text.hasSuffix("Z") ? "+00:00" : String(text.suffix(6))
            return (String(text.prefix(16)) + ":00.000" + offset, instant.seconds - instant.seconds % 60)
        }
        guard let wall = Instant(rfc3339: text + "Z") else { throw invalid }
        guard let zone else { return (String(text.prefix(16)) + ":00.000+00:00", wall.seconds - wall.seconds % 60) }
        let zones = ZoneResolver()
        let local = DateTime(digits(text), tzid: zone, isDate: false)
        guard let local else { throw invalid }
        let instant = zones.instant(local)
        let offset = zones.offset(ofUTC: instant, tzid: zone)
        return (String(text.prefix(16)) + ":00.000" + rendered(offset), instant.seconds - instant.seconds % 60)
    }

    /// `2026-11-23T09:00:00.000` as `20261123T090000`.
    private static func digits(_ text: String) -> String {
        String(text.prefix(19).filter { $0 != "-" && $0 != ":" })
    }

    private static func rendered(_ offset: Int) -> String {
        let minutes = abs(offset) / 60
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return (offset < 0 ? "-" : "+") + two(minutes / 60) + ":" + two(minutes % 60)
    }
}
