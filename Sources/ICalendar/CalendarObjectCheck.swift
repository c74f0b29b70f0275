/// The rules a calendar object must keep. RFC 4791 §4.1, RFC 5545 §3.6
///
/// Refused is what would make the object ambiguous or its times unreadable. What only looks odd (unknown components,
/// properties and parameters, empty texts, a missing PRODID) is accepted and kept.
struct CalendarObjectCheck {
    let calendar: Component
    let text: String
    let zones: ZoneResolver

    init(_ calendar: Component, text: String) {
        self.calendar = calendar
        self.text = text
        zones = ZoneResolver(calendar: calendar)
    }

    /// Checks everything; answers the kind and the UID.
    mutating func run() throws(CalendarDataError) -> (ComponentKind, String) {
        try checkCalendar()
        let kind = try kind()
        let components = calendar.components(kind.rawValue)
        guard components.count <= CalendarLimits.maximumOverrides + 1 else {
            throw .tooManyInstances(limit: CalendarLimits.maximumOverrides)
        }
        let uid = try uid(of: components)
        try checkRecurrenceIDs(components)
        for component in components {
            let check = ComponentCheck(component, kind, zones, text: text)
            try check.run()
        }
        try LibicalCheck.run(components)
        return (kind, uid)
    }

    private func checkCalendar() throws(CalendarDataError) {
        guard calendar.componentNames.count(where: { $0 == "VTIMEZONE" }) <= CalendarLimits.maximumTimeZones else {
            throw .invalidObject("The calendar object has more than \(CalendarLimits.maximumTimeZones) time zones.")
        }
        let versions = calendar.all("VERSION")
        guard versions.count == 1, versions.first?.value.trimmed == "2.0" else {
            throw .invalidData("The calendar has no single VERSION:2.0.")
        }
        if let method = calendar.first("METHOD") {
            throw .invalidObject("\(method.place(in: text))A stored calendar object has no METHOD.")
        }
        if let scale = calendar.first("CALSCALE"), !scale.value.trimmed.equalsIgnoringCase("GREGORIAN") {
            throw .invalidData("\(scale.place(in: text))The calendar scale is not GREGORIAN.")
        }
    }

    private func kind() throws(CalendarDataError) -> ComponentKind {
        let names = Set(calendar.componentNames.filter { $0 != "VTIMEZONE" })
        let kinds = names.compactMap(ComponentKind.init(rawValue:))
        guard kinds.count <= 1 else {
            let list = names.sorted().joined(separator: " and ")
            throw .invalidObject("The calendar object mixes \(list).")
        }
        guard let kind = kinds.first else {
            guard let other = names.min() else { throw .invalidObject("The calendar object has no component.") }
            throw .unsupportedComponent("The component \(other) cannot be stored.")
        }
        return kind
    }

    private func uid(of components: [Component]) throws(CalendarDataError) -> String {
        var found: String?
        for component in components {
            let uids = component.all("UID")
            guard let property = uids.first, case let uid = property.text, !uid.trimmed.isEmpty else {
                throw .uidMissing
            }
            guard uids.count == 1 else { throw .invalidData("\(property.place(in: text))A component has two UIDs.") }
            guard found == nil || found == uid else {
                throw .invalidObject("\(property.place(in: text))The components have different UIDs.")
            }
            found = uid
        }
        guard let found else { throw .uidMissing }
        return found
    }

    private func checkRecurrenceIDs(_ components: [Component]) throws(CalendarDataError) {
        if components.count == 1, components[0].count(of: "RECURRENCE-ID") == 0 { return }
        let masters = components.filter { $0.count(of: "RECURRENCE-ID") == 0 }
        guard masters.count <= 1 else {
            throw .invalidObject("Two components with one UID have no RECURRENCE-ID.")
        }
        let start = masters.first?.first("DTSTART")?.dateTime
        var seen: Set<Instant> = []
        for component in components {
            guard let property = component.first("RECURRENCE-ID") else { continue }
            guard let id = property.recurrenceID(ofSeriesFrom: start) else {
                throw .invalidData("\(property.place(in: text))RECURRENCE-ID is no date or date-time.")
            }
            guard start.map({ $0.isDate == id.isDate }) ?? true else {
                throw .invalidData("\(property.place(in: text))RECURRENCE-ID is not of DTSTART's type.")
            }
            guard seen.insert(zones.instant(id)).inserted else {
                throw .invalidObject("\(property.place(in: text))Two components have the RECURRENCE-ID \(id.text).")
            }
        }
    }
}

extension Property {
    /// The value as a RECURRENCE-ID; Exchange names the days of a whole-day series by their midnight.
    func recurrenceID(ofSeriesFrom start: DateTime?) -> DateTime? {
        guard let id = dateTime, let start, start.isDate, id.form != .utc, id.hour + id.minute + id.second == 0 else {
            return dateTime
        }
        return DateTime(date: id.year, id.month, id.day)
    }

    /// `Line 12: `, or nothing for a property that was not read.
    func place(in text: String) -> String {
        guard let octets else { return "" }
        let line = text.utf8.prefix(octets.startIndex).count { $0 == 10 } + 1
        return "Line \(line): "
    }
}
