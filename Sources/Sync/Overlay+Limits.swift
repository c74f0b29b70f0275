import Bridging
import ICalendar

/// What a value becomes that an upstream shows only in part: what it never showed stays.
extension Overlay {
    /// The properties of a field where they are not simply those of the source, by name; nil where they are.
    func limited(_ field: Field, of component: Component, from source: Component) -> [String: [Property]]? {
        switch field {
        case .categories: fieldSet.limits.categories.map { ["CATEGORIES": categories($0, of: component, from: source)] }
        case .schedule: times(of: component, from: source)
        case .summary, .description, .location, .url, .status, .transparency, .classification, .color, .attendees,
            .answer, .alarms, .priority, .conference, .comment, .attachments:
            nil
        }
    }

    private func categories(_ names: OptionNames, of component: Component, from source: Component) -> [Property] {
        let ours = component.all("CATEGORIES").flatMap(\.texts)
        let wanted = names.values(ours, showing: source.all("CATEGORIES").flatMap(\.texts))
        if wanted == ours { return component.all("CATEGORIES") }
        return wanted.isEmpty ? [] : [Property("CATEGORIES", texts: wanted)]
    }

    /// The alarms of a component of ours.
    func alarms(of component: Component, from source: Component) -> [Component] {
        guard fieldSet.limits.showsFirstReminderOnly else { return source.components("VALARM") }
        return FirstReminder.alarms(component.components("VALARM"), showing: FirstReminder(source))
    }

    // MARK: Zones that do not come back

    /// DTSTART and DTEND in the zones that the event has here; nil where those of the source are to be taken.
    ///
    /// Only of what happens once: a series keeps its zone with its rule.
    private func times(of component: Component, from source: Component) -> [String: [Property]]? {
        guard let zone = fieldSet.limits.forgottenZone, var start = component.first("DTSTART")?.dateTime,
            let newStart = source.first("DTSTART")?.dateTime, !newStart.isDate,
            ![component, source].contains(where: { $0.first("RRULE") != nil || $0.first("RDATE") != nil })
        else { return nil }
        let wasDay = start.isDate
        // Days have no zone: what they become is told in that of the calendar.
        if wasDay { start.form = zone == "UTC" ? .utc : .zoned(zone) }
        guard let shownStart = shown(newStart, like: start, zone) else { return nil }
        var times = ["DTSTART": [Property("DTSTART", shownStart)]]
        if let newEnd = source.first("DTEND")?.dateTime {
            let end = wasDay ? start : component.first("DTEND")?.dateTime ?? start
            guard let shownEnd = shown(newEnd, like: end, zone) else { return nil }
            times["DTEND"] = [Property("DTEND", shownEnd)]
        }
        return times
    }

    /// A time of the source in the form of one of ours; nil where that form cannot say it.
    private func shown(_ time: DateTime, like known: DateTime, _ zone: String) -> DateTime? {
        guard !known.isDate else { return nil }
        let instant = time.instant(in: ZoneResolver(floatingZone: zone, calendar: source.calendar))
        let zones = ZoneResolver(floatingZone: zone, calendar: target.calendar)
        let shown = zones.local(instant, form: known.form)
        return shown.instant(in: zones) == instant ? shown : nil
    }
}
