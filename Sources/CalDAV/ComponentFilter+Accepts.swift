import ICalendar
import WebDAV

extension ComponentFilter {
    /// Whether the filter, whose outermost name is `VCALENDAR`, accepts an object (RFC 4791 §9.7).
    func accepts(_ object: CalendarObject, floatingZone: FloatingZone) -> Bool {
        let evaluation = FilterEvaluation(object, floatingZone: floatingZone)
        return object.calendar.name == name && evaluation.accepts(test, object.calendar, in: nil)
    }
}

/// One object under the eyes of one filter; its occurrences are computed at most once a range.
struct FilterEvaluation {
    private let object: CalendarObject
    private let zones: ZoneResolver
    private let occurrences: OccurrenceQuestions

    init(_ object: CalendarObject, floatingZone: FloatingZone) {
        self.object = object
        zones = ZoneResolver(floatingZone: floatingZone, calendar: object.calendar)
        occurrences = OccurrenceQuestions(object, floatingZone: floatingZone)
    }

    /// Whether `component`, which stands in `parent`, passes.
    func accepts(_ test: ComponentFilter.Test, _ component: Component, in parent: Component?) -> Bool {
        guard case .matches(let range, let properties, let components) = test else { return false }
        if let range, !occurs(component, in: parent, within: TimeRange(range)) { return false }
        return properties.allSatisfy { accepts($0, component) }
            && components.allSatisfy { accepts($0, in: component) }
    }

    /// One of the inner components of that name must pass, or there must be none.
    private func accepts(_ filter: ComponentFilter, in parent: Component) -> Bool {
        let named = parent.components(filter.name)
        if filter.test == .isNotDefined { return named.isEmpty }
        return named.contains { accepts(filter.test, $0, in: parent) }
    }

    private func occurs(_ component: Component, in parent: Component?, within range: TimeRange) -> Bool {
        switch ComponentKind(rawValue: component.name) {
        case .event, .journal: occurrences.any(of: component, in: range)
        case .todo: TodoTimes(component, zones).map { $0.meets(range) } ?? occurrences.anyTodo(component, in: range)
        case .freeBusy: component.tellsTime(in: range, zones)
        case .availability: occurrences.any(of: component, in: range)
        case nil where component.name == "VALARM":
            parent.map { occurrences.anyAlarm(component, of: $0, in: range, zones) } ?? false
        case nil where component.name == "AVAILABLE":
            // Where it cannot be worked out it is shown rather than hidden.
            (try? component.isAvailable(in: range, zones, limit: CalendarLimits.maximumInstances)) ?? true
        case nil: false
        }
    }

    private func accepts(_ filter: PropertyFilter, _ component: Component) -> Bool {
        let named = component.all(filter.name)
        guard case .matches(let range, let text, let parameters) = filter.test else { return named.isEmpty }
        return named.contains { property in
            if let range, !falls(property, within: TimeRange(range)) { return false }
            if let text, !text.accepts(property.text) { return false }
            return parameters.allSatisfy { accepts($0, property) }
        }
    }

    /// RFC 4791 §9.9: a property's own date.
    private func falls(_ property: Property, within range: TimeRange) -> Bool {
        property.dateTimes.contains { dateTime in
            let start = zones.instant(dateTime)
            return range.overlaps(start: start, end: dateTime.isDate ? start + 86_400 : start)
        }
    }

    private func accepts(_ filter: ParameterFilter, _ property: Property) -> Bool {
        let named = property.parameters.filter { $0.name == filter.name }
        switch filter.test {
        case .isDefined: return !named.isEmpty
        case .isNotDefined: return named.isEmpty
        case .matches(let text): return named.contains { $0.values.contains(where: text.accepts) }
        }
    }
}

extension Component {
    /// The table of RFC 4791 §9.9 for `VFREEBUSY`: its own time, or else that of one of its periods.
    fileprivate func tellsTime(in range: TimeRange, _ zones: ZoneResolver) -> Bool {
        if let start = first("DTSTART")?.dateTime, let end = first("DTEND")?.dateTime {
            return (range.start.map { $0 <= zones.instant(end) } ?? true)
                && (range.end.map { $0 > zones.instant(start) } ?? true)
        }
        return freeBusyPeriods(zones).contains { period in
            (range.start.map { $0 < period.end } ?? true) && (range.end.map { $0 > period.start } ?? true)
        }
    }
}
