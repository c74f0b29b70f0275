/// The rules one main component must keep.
struct ComponentCheck {
    let component: Component
    let kind: ComponentKind
    let zones: ZoneResolver
    let text: String

    /// What may stand only once. RFC 5545 §3.6
    private static let single = ["DTSTART", "DTEND", "DUE", "DURATION", "RECURRENCE-ID"]

    /// What the value of a property must be.
    private enum Value {
        /// Tells when the component happens.
        case scheduling
        case list
        case stamp
        case integer
        case duration
        case trigger
    }

    private static func value(of name: String) -> Value? {
        switch name {
        case "DTSTART", "DTEND", "DUE", "RECURRENCE-ID": .scheduling
        case "EXDATE", "RDATE": .list
        case "DTSTAMP", "CREATED", "LAST-MODIFIED", "COMPLETED": .stamp
        case "SEQUENCE", "PRIORITY", "PERCENT-COMPLETE", "REPEAT": .integer
        case "DURATION": .duration
        case "TRIGGER": .trigger
        default: nil
        }
    }

    init(_ component: Component, _ kind: ComponentKind, _ zones: ZoneResolver, text: String) {
        self.component = component
        self.kind = kind
        self.zones = zones
        self.text = text
    }

    func run() throws(CalendarDataError) {
        try checkProperties(of: component)
        let alarms = component.components("VALARM")
        guard alarms.count <= CalendarLimits.maximumAlarms else {
            throw .invalidObject("A component has more than \(CalendarLimits.maximumAlarms) alarms.")
        }
        for alarm in alarms { try checkProperties(of: alarm) }
        for name in Self.single where component.count(of: name) > 1 {
            throw .invalidData("\(place(name))\(name) stands twice in one component.")
        }
        if kind == .event, component.first("DTSTART") == nil {
            throw .invalidData("A VEVENT has no DTSTART.")
        }
        try checkEnd()
        guard component.count(of: "ATTENDEE") <= CalendarLimits.maximumAttendees else {
            throw .tooManyAttendees(limit: CalendarLimits.maximumAttendees)
        }
        let rules = component.all("RRULE") + component.all("EXRULE")
        guard rules.count <= CalendarLimits.maximumRules else {
            throw .tooManyInstances(limit: CalendarLimits.maximumRules)
        }
        for rule in rules where !rule.value.isEmpty { try checkRule(rule) }
    }

    private func place(_ name: String) -> String { component.first(name)?.place(in: text) ?? "" }

    private func invalid(_ property: Property, _ problem: String) -> CalendarDataError {
        .invalidData("\(property.place(in: text))\(property.name) “\(property.value.prefix(80))” \(problem).")
    }

    private func checkProperties(of component: Component) throws(CalendarDataError) {
        var dates = 0
        for case .property(let property) in component.items {
            switch Self.value(of: property.name) {
            case nil: break
            case .scheduling:
                guard let date = property.dateTime else { throw invalid(property, "is no date or date-time") }
                try check(date, property)
            case .list: dates += try checkList(property)
            case .stamp:
                guard property.value.isEmpty || property.dateTime != nil else {
                    throw invalid(property, "is no date-time")
                }
            case .integer:
                guard property.value.isEmpty || Int32(property.value.trimmed) != nil else {
                    throw invalid(property, "is no number")
                }
            case .duration:
                guard CalendarDuration(property.value) != nil else { throw invalid(property, "is no duration") }
            case .trigger:
                guard property.value.isEmpty || CalendarDuration(property.value) != nil || property.dateTime != nil
                else {
                    throw invalid(property, "is neither a duration nor a date-time")
                }
            }
        }
        guard dates <= CalendarLimits.maximumDates else {
            throw .tooManyInstances(limit: CalendarLimits.maximumDates)
        }
    }

    /// Checks a date that matters: its zone is known, it lies within the limits.
    private func check(_ date: DateTime, _ property: Property) throws(CalendarDataError) {
        if case .zoned(let tzid) = date.form, !zones.knows(tzid) {
            throw invalid(property, "is in the time zone “\(tzid.prefix(80))”, which no VTIMEZONE here defines")
        }
        guard date.localSeconds >= CalendarLimits.minimumDate.seconds else {
            throw .belowMinimumDate("\(property.place(in: text))\(property.name) lies before the year 1583.")
        }
        guard date.localSeconds <= CalendarLimits.maximumDate.seconds else {
            throw .aboveMaximumDate("\(property.place(in: text))\(property.name) lies after the year 9999.")
        }
    }

    /// Checks EXDATE or RDATE; answers how many values there are.
    private func checkList(_ property: Property) throws(CalendarDataError) -> Int {
        // An empty list excludes and adds nothing; programs leave them behind.
        guard !property.value.isEmpty else { return 0 }
        let items = property.value.utf8.split(separator: UInt8(ascii: ","))
        for item in items {
            let value = String(Substring(item)).trimmed
            if let date = property.date(value) {
                try check(date, property)
            } else if let period = Period(value, of: property, zones) {
                try check(period.startTime, property)
            } else {
                throw invalid(property, "has a value that is no date, date-time or period")
            }
        }
        return items.count
    }

    private func checkEnd() throws(CalendarDataError) {
        guard let name = kind == .todo ? "DUE" : kind == .event ? "DTEND" : nil, let end = component.first(name) else {
            return
        }
        // A duration of nothing beside an end is what Android leaves behind; it says nothing.
        let duration = component.first("DURATION").flatMap { CalendarDuration($0.value) }
        guard duration.map({ $0.totalSeconds == 0 }) ?? true else { throw invalid(end, "stands beside a DURATION") }
        guard let start = component.first("DTSTART")?.dateTime, let date = end.dateTime else { return }
        // Tasks that begin at a time and are due on a day are common, and unambiguous.
        guard start.isDate == date.isDate || kind == .todo else { throw invalid(end, "is not of DTSTART's type") }
        guard start.isDate != date.isDate || zones.instant(date) >= zones.instant(start) || kind == .todo else {
            throw invalid(end, "lies before DTSTART")
        }
    }

    private func checkRule(_ property: Property) throws(CalendarDataError) {
        let rule: RecurrenceRule
        do {
            rule = try RecurrenceRule(property.value)
        } catch {
            throw .invalidData(property.place(in: text) + error.message)
        }
        // A rule without an end is told as far as it is asked for; one that counts says itself how much it is.
        guard rule.count ?? 0 <= CalendarLimits.maximumInstances else {
            throw .tooManyInstances(limit: CalendarLimits.maximumInstances)
        }
        guard rule.frequency < .daily else { return }
        guard component.first("DTSTART")?.dateTime?.isDate != true else {
            throw invalid(property, "needs a DTSTART with a time")
        }
        guard rule.calendarScale == nil else { throw invalid(property, "is too frequent for its calendar scale") }
    }
}
