import ICalendar
import Sync

/// The members of an event in a request, laid onto a VEVENT.
struct EventMembers {
    private let members: JSON

    init(_ members: JSON) { self.members = members }

    /// Lays what the request names onto a component; what it does not name stays, but for what belongs to a former value.
    func apply(to event: inout Component, zones: ZoneResolver) throws(RESTProblem) {
        let before = event
        try text("summary", "SUMMARY", &event)
        try text("description", "DESCRIPTION", &event)
        try text("location", "LOCATION", &event)
        try text("status", "STATUS", &event)
        if let url = members["url"] {
            event.set(
                "URL",
                url.string.map { [Property("URL", parameters: [Parameter("VALUE", "URI")], value: $0)] } ?? []
            )
        }
        if let categories = members["categories"]?.array {
            let names = categories.compactMap(\.string)
            event.set("CATEGORIES", names.isEmpty ? [] : [Property("CATEGORIES", texts: names)])
        }
        if let rule = members["rrule"] {
            event.set(
                "RRULE",
                rule.string.map { [Property("RRULE", value: $0.hasPrefix("RRULE:") ? String($0.dropFirst(6)) : $0)] }
                    ?? []
            )
        }
        if let notify = members["notify_guests"] {
            // The gateway's own property, by which one event asks for mails, or for none, whatever its link says.
            let name = "X-KALENDS-NOTIFY-GUESTS"
            event.set(name, notify.bool.map { [Property(name, value: $0 ? "TRUE" : "FALSE")] } ?? [])
        }
        try times(&event, zones)
        event.replaceDetails(formerly: before)
        // The same text as HTML, which is another one now.
        if event.first("DESCRIPTION")?.text != before.first("DESCRIPTION")?.text { event.set("X-ALT-DESC", []) }
    }

    private func text(_ member: String, _ property: String, _ event: inout Component) throws(RESTProblem) {
        guard let value = members[member] else { return }
        guard value == .null || value.string != nil else { throw .invalid("\(member) must be a text or null.") }
        event.set(property, value.string.map { $0.isEmpty ? [] : [Property(property, text: $0)] } ?? [])
    }

    private func times(_ event: inout Component, _ zones: ZoneResolver) throws(RESTProblem) {
        guard members["start"] != nil || members["end"] != nil || members["all_day"] != nil else { return }
        let old = event.first("DTSTART")?.dateTime
        let isAllDay = members["all_day"]?.bool ?? old?.isDate ?? (members["start"]?.string?.utf8.count == 10)
        let zone = try zoneName(old)
        if let start = members["start"]?.string {
            event.set("DTSTART", [Property("DTSTART", try moment(start, isAllDay, zone, old, zones))])
        }
        if let end = members["end"] {
            event.set("DURATION", [])
            event.set(
                "DTEND",
                try end.string.map { (text) throws(RESTProblem) in
                    [Property("DTEND", try moment(text, isAllDay, zone, old, zones))]
                } ?? []
            )
        }
    }

    private func zoneName(_ old: DateTime?) throws(RESTProblem) -> String? {
        if let name = members["time_zone"]?.string {
            guard let known = ZoneResolver.ianaName(for: name) else {
                throw .invalid("time_zone \(name) is no IANA time zone.", "Use a name like Europe/Berlin.")
            }
            return known
        }
        if let old, case .zoned(let tzid) = old.form { return tzid }
        return nil
    }

    /// A date, a time with offset, or a wall clock in the event's zone; an event without one stays so.
    private func moment(
        _ text: String,
        _ isAllDay: Bool,
        _ zone: String?,
        _ old: DateTime?,
        _ zones: ZoneResolver
    ) throws(RESTProblem) -> DateTime {
        let digits = String(text.prefix(isAllDay ? 10 : 19).filter { $0 != "-" && $0 != ":" })
        let invalid = RESTProblem.invalid("\(text) is no date or time.", "Use 2026-11-24 or 2026-11-24T09:00:00Z.")
        if isAllDay {
            guard let date = DateTime(digits, tzid: nil, isDate: true) else { throw invalid }
            return date
        }
        if let instant = Instant(rfc3339: text) {
            return zones.local(instant, form: zone.map { .zoned($0) } ?? (old?.form == .floating ? .floating : .utc))
        }
        guard let local = DateTime(digits, tzid: zone, isDate: false), !local.isDate else { throw invalid }
        return local
    }
}
