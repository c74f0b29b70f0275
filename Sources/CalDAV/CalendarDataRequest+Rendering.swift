import ICalendar
import WebDAV

extension CalendarDataRequest {
    /// An object in the form asked for (RFC 4791 §9.6).
    func rendering(
        of object: CalendarObject,
        floatingZone: FloatingZone,
        _ zones: ZoneInclusion
    ) throws(CalendarDataError) -> String {
        var calendar = object.calendar
        switch recurrence {
        case .whole: break
        case .expanded(let range): calendar = try object.expanded(in: TimeRange(range), floatingZone: floatingZone)
        case .limited(let range): calendar = try object.limited(to: TimeRange(range), floatingZone: floatingZone)
        }
        if let freeBusyLimit {
            let resolver = ZoneResolver(floatingZone: floatingZone, calendar: object.calendar)
            calendar.updateComponents(where: { $0.name == "VFREEBUSY" }) { component in
                component = component.limitingFreeBusy(to: TimeRange(freeBusyLimit), resolver)
            }
        }
        calendar = calendar.zones(zones)
        if let selection { calendar = selection.selected(from: calendar) }
        switch form {
        case .iCalendar: return calendar.serialized()
        case .jCal: return String(decoding: calendar.jCal, as: UTF8.self)
        case .xCal: return String(decoding: calendar.xCal, as: UTF8.self)
        }
    }
}

extension CalendarObject {
    /// How long the occurrences of one object may be together: the most occurrences of an event of 800 octets.
    static let maximumExpandedOctets = 8_388_608

    /// Each occurrence repeats its component: a long description, ten thousand times, is no answer.
    private func checkLength(of occurrences: [Occurrence]) throws(CalendarDataError) {
        guard occurrences.count * text.utf8.count > Self.maximumExpandedOctets else { return }
        var octets = 0
        for (number, occurrence) in occurrences.enumerated() {
            octets += occurrence.component.serialized().utf8.count
            guard octets <= Self.maximumExpandedOctets else { throw .tooManyInstances(limit: number) }
        }
    }

    /// Each occurrence in the range as a component of its own, in UTC and without any rule (RFC 4791 §9.6.5).
    fileprivate func expanded(in range: TimeRange, floatingZone: FloatingZone) throws(CalendarDataError) -> Component {
        let zones = ZoneResolver(floatingZone: floatingZone, calendar: calendar)
        let set = try recurrenceSet(floatingZone: floatingZone)
        let occurrences = try set.occurrences(in: range, limit: CalendarLimits.maximumInstances)
        try checkLength(of: occurrences)
        let isRecurring = set.isRecurring || !overrides.isEmpty
        var expanded = calendar
        expanded.removeComponents { $0.name == kind.rawValue || $0.name == "VTIMEZONE" }
        for occurrence in occurrences { expanded.append(occurrence.standingAlone(isRecurring: isRecurring, zones)) }
        return expanded
    }

    /// The master, and of the overrides those that meet the range, before or after they were moved (RFC 4791 §9.6.6).
    fileprivate func limited(to range: TimeRange, floatingZone: FloatingZone) throws(CalendarDataError) -> Component {
        let zones = ZoneResolver(floatingZone: floatingZone, calendar: calendar)
        let set = try recurrenceSet(floatingZone: floatingZone)
        let occurrences = try set.occurrences(in: range, limit: CalendarLimits.maximumInstances)
        let meeting = Set(occurrences.filter(\.isOverride).map(\.component))
        var limited = calendar
        limited.removeComponents { component in
            guard component.name == kind.rawValue, let original = component.first("RECURRENCE-ID") else { return false }
            // An override of this and all later occurrences shapes the range even from before it.
            guard original.parameter("RANGE") == nil, !meeting.contains(component) else { return false }
            guard let time = original.dateTime.map(zones.instant) else { return false }
            return !range.overlaps(start: time, end: time)
        }
        return limited
    }
}

extension Occurrence {
    /// The occurrence as a component that needs no other.
    fileprivate func standingAlone(isRecurring: Bool, _ zones: ZoneResolver) -> Component {
        var component = component
        for rule in ["RRULE", "RDATE", "EXDATE", "EXRULE"] { component.set(rule, []) }
        let duration = end - start
        let hasDue = component.first("DUE") != nil
        let hasEnd = component.first("DTEND") != nil || component.first("DURATION") != nil
        if component.first("DTSTART") != nil {
            component.set("DTSTART", [Property("DTSTART", startTime.inUTC(start))])
        }
        if hasDue || hasEnd {
            component.set("DURATION", [])
            let name = hasDue ? "DUE" : "DTEND"
            let last = startTime.isDate ? startTime.adding(days: Int(duration / 86_400)) : startTime.inUTC(end)
            component.set(name, [Property(name, last)])
        }
        if isRecurring, let original = recurrenceID {
            let time = original.isDate ? original : original.inUTC(zones.instant(original))
            component.set("RECURRENCE-ID", [Property("RECURRENCE-ID", time)])
        }
        return component
    }
}

extension DateTime {
    /// The same moment in UTC; a date stays a date.
    fileprivate func inUTC(_ instant: Instant) -> DateTime {
        isDate ? self : DateTime(instant.basicUTC, tzid: nil, isDate: false) ?? self
    }
}

extension ComponentSelection {
    /// The parts of a component that were asked for; a component of another name has none.
    func selected(from component: Component) -> Component {
        var shown = component
        if let properties {
            for name in Set(component.properties.map(\.name)) {
                guard let wanted = properties.first(where: { $0.name == name }) else {
                    shown.set(name, [])
                    continue
                }
                guard wanted.isWithoutValue else { continue }
                shown.set(name, component.all(name).map { Property(name, parameters: $0.parameters, value: "") })
            }
        }
        guard let components else { return shown }
        shown.removeComponents { _ in true }
        for inner in component.components {
            guard let wanted = components.first(where: { $0.name == inner.name }) else { continue }
            shown.append(wanted.selected(from: inner))
        }
        return shown
    }
}
