import CLibical

/// libical's opinion on the values our own layer passed.
///
/// libical never sees what was received: it gets a small calendar of the rules, durations and triggers alone, which by now
/// are known to be short, shallow and well-formed. What it is wrong about (unknown names, empty values, texts) is not asked.
enum LibicalCheck {
    private static func isAsked(_ name: String) -> Bool { name == "RRULE" || name == "EXRULE" || name == "DURATION" }

    /// Longer values are lists no program writes; parsing them is quadratic in libical.
    private static let maximumValue = 4_096

    static func run(_ components: [Component]) throws(CalendarDataError) {
        var copy = ""
        for component in components {
            for case .property(let property) in component.items
            where isAsked(property.name) && !property.value.isEmpty {
                guard property.value.utf8.count <= maximumValue else {
                    throw .invalidData("The value of \(property.name) is longer than \(maximumValue) octets.")
                }
                let cleaned = cleaned(property.value)
                copy +=
                    "BEGIN:VEVENT\r\n\(property.name == "EXRULE" ? "RRULE" : property.name):\(cleaned)\r\nEND:VEVENT\r\n"
            }
        }
        guard !copy.isEmpty else { return }
        guard let root = icalparser_parse_string("BEGIN:VCALENDAR\r\n\(copy)END:VCALENDAR\r\n") else {
            throw .invalidData("A recurrence rule or duration cannot be read.")
        }
        defer { icalcomponent_free(root) }
        guard icalcomponent_count_errors(root) == 0 else {
            throw .invalidData("A recurrence rule or duration is wrong: \(firstError(root)).")
        }
    }

    /// The value in upper case without empty parts, and without the UNTIL that libical does not suffer beside a COUNT.
    private static func cleaned(_ value: String) -> String {
        let parts = value.asciiUppercased.trimmed.utf8.split(separator: UInt8(ascii: ";")).map { String(Substring($0)) }
        let isCounted = parts.contains { $0.hasPrefix("COUNT=") }
        return parts.filter { !isCounted || !$0.hasPrefix("UNTIL=") }.joined(separator: ";")
    }

    private static func firstError(_ root: OpaquePointer) -> String {
        var component = icalcomponent_get_first_component(root, ICAL_ANY_COMPONENT)
        while let inner = component {
            if let property = icalcomponent_get_first_property(inner, ICAL_XLICERROR_PROPERTY),
                let text = icalproperty_get_xlicerror(property)
            {
                return String(cString: text)
            }
            component = icalcomponent_get_next_component(root, ICAL_ANY_COMPONENT)
        }
        return "unknown"
    }
}
