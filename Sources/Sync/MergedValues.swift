import ICalendar

/// A merged value that cannot be.
struct MergedValueError: Error {
    var message: String
}

/// Property values a person chose, by lower-case iCalendar name.
struct MergedValues {
    private let values: [String: String?]

    /// Properties that are plain text for a person.
    private static let texts: Set<String> = ["SUMMARY", "DESCRIPTION", "LOCATION", "COMMENT", "CONTACT"]

    /// Properties that hold a time.
    private static let times: Set<String> = ["DTSTART", "DTEND"]

    /// Properties that are the event's identity, or kept by the gateway.
    private static let untouchable: Set<String> = ["UID", "RECURRENCE-ID", "DTSTAMP", "BEGIN", "END"]

    init(_ values: [String: String?]) { self.values = values }

    /// The event with these values.
    func applied(to object: CalendarObject) throws -> CalendarObject {
        var calendar = object.calendar
        var problem: MergedValueError?
        calendar.updateComponents(
            where: { $0.name == object.kind.rawValue && $0.first("RECURRENCE-ID") == nil },
            { component in
                let before = component
                do throws(MergedValueError) {
                    for (name, value) in values.sorted(by: { $0.key < $1.key }) {
                        try set(name.uppercased(), value, of: &component)
                    }
                } catch {
                    problem = error
                }
                component.replaceDetails(formerly: before, from: chosen(of: component))
            }
        )
        if let problem { throw problem }
        return try CalendarObject(calendar)
    }

    /// What of a component a person chose.
    private func chosen(of component: Component) -> Component {
        let names = Set(values.keys.map { $0.uppercased() })
        return Component(component.name, properties: component.properties.filter { names.contains($0.name) })
    }

    private func set(_ name: String, _ value: String?, of component: inout Component) throws(MergedValueError) {
        let isName = name.utf8.allSatisfy { (65...90).contains($0) || (48...57).contains($0) || $0 == 45 }
        guard isName, !name.isEmpty, !Self.untouchable.contains(name) else {
            throw MergedValueError(message: "\(name.lowercased()) cannot be set.")
        }
        guard let value else { return component.set(name, []) }
        if Self.texts.contains(name) {
            component.set(name, Property(name, text: value))
        } else if name == "CATEGORIES" {
            let texts = value.utf8.split(separator: UInt8(ascii: ",")).map { trimmed(String(Substring($0))) }
            component.set(name, Property(name, texts: texts))
        } else if Self.times.contains(name) {
            component.set(
                name,
                Property(name, try time(value, like: component.first(name) ?? component.first("DTSTART")))
            )
        } else {
            guard value.utf8.allSatisfy({ $0 >= 0x20 || $0 == 9 }) else {
                throw MergedValueError(message: "\(name.lowercased()) has a line end in it.")
            }
            component.set(name, Property(name, parameters: component.first(name)?.parameters ?? [], value: value))
        }
    }

    /// Reads a time as iCalendar or RFC 3339 writes it; one without zone is in the zone of the property it replaces.
    private func time(_ value: String, like old: Property?) throws(MergedValueError) -> DateTime {
        if let time = DateTime(value, tzid: old?.parameter("TZID"), isDate: false) { return time }
        if let instant = Instant(rfc3339: value) { return ZoneResolver().local(instant, form: .utc) }
        let digits = String(decoding: value.utf8.filter { $0 != UInt8(ascii: "-") }, as: UTF8.self)
        if let date = DateTime(digits, tzid: nil, isDate: true) { return date }
        throw MergedValueError(message: "\(value) is no date and no time.")
    }
}
