import Bridging
import ICalendar
import Reconcile

/// What of a calendar object an upstream can hold, as canonical values.
///
/// Two objects that mean the same have equal values, however they are written: the order of properties, folding, escapes,
/// VTIMEZONE, DTSTAMP, SEQUENCE and LAST-MODIFIED never matter.
struct Projection {
    private let object: CalendarObject
    private let fieldSet: FieldSet
    private let schedule: ScheduleReader

    init(of object: CalendarObject, onto fieldSet: FieldSet) {
        self.object = object
        self.fieldSet = fieldSet
        schedule = ScheduleReader(object)
    }

    /// The values by field; a field without a value is left out.
    var fields: Fields {
        var fields = Fields(minimumCapacity: fieldSet.all.count)
        let overrides = fieldSet.holdsOverrides ? object.overrides : []
        if let master = object.master {
            add(master, of: nil, to: &fields)
            if fieldSet.all.contains(.schedule) { addSchedule(of: master, to: &fields) }
        }
        for override in overrides {
            guard let occurrence = schedule.occurrence(override) else { continue }
            add(override, of: occurrence, to: &fields)
            if fieldSet.all.contains(.schedule) {
                fields[FieldKey(Field.schedule.rawValue, of: occurrence)] = schedule.single(override)
            }
        }
        return fields
    }

    /// The schedule of a series, and of its occurrences those that do not take place.
    private func addSchedule(of master: Component, to fields: inout Fields) {
        fields[.schedule] = schedule.series(master)
        for (occurrence, _) in schedule.exclusions(of: master) {
            fields[FieldKey(Field.schedule.rawValue, of: occurrence)] = FieldKey.cancelled
        }
    }

    private func add(_ component: Component, of occurrence: String?, to fields: inout Fields) {
        for field in fieldSet.all where field != .schedule {
            guard let value = value(of: field, component), !value.isEmpty else { continue }
            fields[FieldKey(field.rawValue, of: occurrence)] = value
        }
    }

    /// The canonical value of a field of one component; nil for none, and for the schedule.
    func value(of field: Field, _ component: Component) -> String? {
        switch field {
        case .schedule: nil
        case .summary: text("SUMMARY", component)
        case .description: description(component)
        case .location: text("LOCATION", component)
        case .url: component.first("URL").map { trimmed($0.value) }
        case .status: word("STATUS", component)
        case .transparency: word("TRANSP", component).flatMap { $0 == "OPAQUE" ? nil : $0 }
        case .classification: word("CLASS", component).flatMap { $0 == "PUBLIC" ? nil : $0 }
        case .categories: set(component.all("CATEGORIES").flatMap(\.texts).map(trimmed))
        case .color: word("COLOR", component)
        case .attendees: attendees(component)
        case .answer: fieldSet.answer(of: component)
        case .alarms: set(component.components("VALARM").map(alarm))
        case .priority: component.first("PRIORITY").map { trimmed($0.value) }.flatMap { $0 == "0" ? nil : $0 }
        case .comment: set(component.all("COMMENT").map { trimmed(withPlainLineEnds($0.text)) })
        case .attachments: set(component.all("ATTACH").map { trimmed($0.value) })
        case .conference:
            set((component.all("CONFERENCE") + component.all("X-GOOGLE-CONFERENCE")).map { trimmed($0.value) })
        }
    }

    // MARK: Values

    private func text(_ name: String, _ component: Component) -> String? {
        component.first(name).map { trimmed(withPlainLineEnds($0.text)) }
    }

    private func description(_ component: Component) -> String? {
        let plain = text("DESCRIPTION", component)
        guard fieldSet.holdsRichText, let html = text("X-ALT-DESC", component), !html.isEmpty else { return plain }
        return (plain ?? "") + "\nHTML " + html
    }

    private func word(_ name: String, _ component: Component) -> String? {
        component.first(name).map { trimmed($0.value).uppercased() }
    }

    private func set(_ values: [String]) -> String {
        guard values.count > 1 else { return values.first ?? "" }
        return Set(values.filter { !$0.isEmpty }).sorted().joined(separator: "\n")
    }

    private func attendees(_ component: Component) -> String {
        if let members = fieldSet.members {
            return set(component.all("ATTENDEE").filter(members.contains).map(\.calendarUser))
        }
        let organizer = component.first("ORGANIZER").map { ["organizer " + $0.value.lowercased()] } ?? []
        let attendees = component.all("ATTENDEE").map { attendee in
            let state = fieldSet.isOwn(attendee) ? "-" : attendee.parameter("PARTSTAT")?.uppercased() ?? "NEEDS-ACTION"
            let role = attendee.parameter("ROLE")?.uppercased() ?? "REQ-PARTICIPANT"
            return "\(trimmed(attendee.value).lowercased()) \(state) \(role)"
        }
        // Where guests travel for a single event only, that it asks for it is a change of them.
        let isAsked = fieldSet.readOnly.contains(.attendees) && Self.notifiesGuests(component)
        return set(organizer + attendees + (isAsked ? ["notify"] : []))
    }

    private func alarm(_ alarm: Component) -> String {
        let action = alarm.first("ACTION").map { trimmed($0.value).uppercased() } ?? ""
        guard let trigger = alarm.first("TRIGGER") else { return action }
        if let duration = CalendarDuration(trigger.value) {
            let end = trigger.parameter("RELATED")?.uppercased() == "END" ? " END" : ""
            return "\(action) \(duration.totalSeconds)\(end)"
        }
        return "\(action) \(trimmed(trigger.value))"
    }
}

/// The text without blanks and line ends around it.
func trimmed(_ text: String) -> String {
    let octets = text.utf8
    func isBlank(_ octet: UInt8) -> Bool { octet == 0x20 || (9...13).contains(octet) }
    guard let first = octets.firstIndex(where: { !isBlank($0) }), let last = octets.lastIndex(where: { !isBlank($0) })
    else {
        return ""
    }
    if first == octets.startIndex, octets.index(after: last) == octets.endIndex { return text }
    return String(text[first...last])
}

/// The text with every line end written as LF.
func withPlainLineEnds(_ text: String) -> String {
    guard text.utf8.contains(13) else { return text }
    var octets: [UInt8] = []
    octets.reserveCapacity(text.utf8.count)
    var previous: UInt8 = 0
    for octet in text.utf8 {
        if octet == 13 {
            octets.append(10)
        } else if octet != 10 || previous != 13 {
            octets.append(octet)
        }
        previous = octet
    }
    return String(decoding: octets, as: UTF8.self)
}
