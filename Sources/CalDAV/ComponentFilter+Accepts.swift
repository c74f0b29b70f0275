import ICalendar
import WebDAV

extension ComponentFilter {
    /// Whether the filter, whose outermost name is `VCALENDAR`, accepts an object (RFC 4791 §9.7).
    ///
    /// - Throws: what stands in the way of an answer.
    func accepts(_ object: CalendarObject, floatingZone: FloatingZone) throws(CalendarDataError) -> Bool {
        guard object.calendar.name == name else { return false }
        return try FilterEvaluation(object, floatingZone: floatingZone).accepts(test, object.calendar, in: nil)
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
    func accepts(
        _ test: ComponentFilter.Test,
        _ component: Component,
        in parent: Component?
    ) throws(CalendarDataError) -> Bool {
        guard case .matches(let range, let properties, let components) = test else { return false }
        if let range, try !occurs(component, in: parent, within: TimeRange(range)) { return false }
        guard properties.allSatisfy({ accepts($0, component) }) else { return false }
        for filter in components where try !accepts(filter, in: component) { return false }
        return true
    }

    /// One of the inner components of that name must pass, or there must be none.
    private func accepts(_ filter: ComponentFilter, in parent: Component) throws(CalendarDataError) -> Bool {
        let named = parent.components(filter.name)
        if filter.test == .isNotDefined { return named.isEmpty }
        for component in named where try accepts(filter.test, component, in: parent) { return true }
        return false
    }

    private func occurs(
        _ component: Component,
        in parent: Component?,
        within range: TimeRange
    ) throws(CalendarDataError) -> Bool {
        switch ComponentKind(rawValue: component.name) {
        case .event, .journal: occurrences.any(of: component, in: range)
        case .todo: TodoTimes(component, zones).map { $0.meets(range) } ?? occurrences.anyTodo(component, in: range)
        case .freeBusy: component.tellsTime(in: range, zones)
        case .availability: occurrences.any(of: component, in: range)
        case nil where component.name == "VALARM":
            parent.map { occurrences.anyAlarm(component, of: $0, in: range, zones) } ?? false
        case nil where component.name == "AVAILABLE":
            try component.isAvailable(in: range, zones, limit: CalendarLimits.maximumInstances)
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
