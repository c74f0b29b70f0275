import ICalendar

/// Values and names of iCalendar as people read them.
enum ShownValue {
    /// A property's name as a form would call it.
    static func label(_ field: String) -> String { labels[field] ?? field.prefix(1).uppercased() + field.dropFirst() }

    /// Whether one property stands before another: as a form would have them, others behind by name.
    static func precedes(_ one: String, _ other: String) -> Bool { rank(one) < rank(other) }

    private static func rank(_ field: String) -> (Int, String) {
        // `summary (20261121T090000Z)` is an override's; it stands behind the series'.
        let name = field.prefix { $0 != " " }
        return (order.firstIndex { $0 == name } ?? order.count, field)
    }

    private static let order = [
        "summary", "schedule", "dtstart", "dtend", "duration", "rrule", "rdate", "exdate", "location", "description",
    ]

    private static let labels = [
        "summary": "Title", "dtstart": "Begins", "dtend": "Ends", "schedule": "When", "rrule": "Repeats",
        "exdate": "Except", "rdate": "Also on", "url": "Web address", "location": "Place", "transp": "Shown as",
        "class": "Privacy", "color": "Colour", "attendee": "Guests", "valarm": "Reminders",
        "alarms": "Reminders", "attendees": "Guests", "answer": "Your answer", "classification": "Privacy",
        "transparency": "Shown as",
    ]

    /// `20261127T160000Z` as `2026-11-27 16:00 UTC`; anything else as it is.
    static func text(_ value: String) -> String {
        let isUTC = value.hasSuffix("Z")
        let parts = (isUTC ? String(value.dropLast()) : value).split(separator: "T", omittingEmptySubsequences: false)
        guard parts.count <= 2, parts[0].utf8.count == 8, parts.allSatisfy({ $0.utf8.allSatisfy(isDigit) }) else {
            return value
        }
        let date = parts[0]
        let day = "\(date.prefix(4))-\(date.dropFirst(4).prefix(2))-\(date.dropFirst(6))"
        guard parts.count == 2 else { return day }
        guard parts[1].utf8.count == 6 else { return value }
        return "\(day) \(parts[1].prefix(2)):\(parts[1].dropFirst(2).prefix(2))" + (isUTC ? " UTC" : "")
    }

    private static func isDigit(_ octet: UInt8) -> Bool { (48...57).contains(octet) }
}
