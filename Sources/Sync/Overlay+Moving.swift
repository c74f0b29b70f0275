import Bridging
import ICalendar

/// Overrides an upstream knows nothing of go along with their series, so that they still replace occurrences of it.
extension Overlay {
    func moveOverrides(of calendar: inout Component) {
        guard let before = target.master?.first("DTSTART")?.dateTime, let master = source.master,
            let after = master.first("DTSTART")?.dateTime
        else { return }
        guard before.isDate == after.isDate else {
            return reshapeOverrides(of: &calendar, from: before, to: after, master)
        }
        // By the wall clock of the series: it keeps its hour when the clocks change.
        let distance = wallClock(after) - wallClock(before)
        guard distance != 0 else { return }
        let zones = target.zones
        calendar.updateComponents(where: isOverride) { component in
            for name in ["RECURRENCE-ID", "DTSTART", "DTEND"] {
                guard let property = component.first(name), let time = property.dateTime else { continue }
                let moved =
                    time.isDate
                    ? time.adding(days: Int(distance / 86_400))
                    : moved(time, by: distance, like: before, zones)
                component.set(name, Property(name, parameters: property.parameters, moved))
            }
        }
    }

    /// A time that goes along with a series so far by its wall clock.
    private func moved(_ time: DateTime, by distance: Int64, like start: DateTime, _ zones: ZoneResolver) -> DateTime {
        let shown = zones.local(time.instant(in: zones), form: start.form)
        var goal = ZoneResolver().local(wallClock(shown) + distance, form: .utc)
        goal.form = start.form
        return zones.local(zones.instant(goal), form: time.form)
    }

    /// The wall clock read as if it were UTC.
    private func wallClock(_ time: DateTime) -> Instant {
        var time = time
        time.form = .utc
        return ZoneResolver().instant(time)
    }

    // MARK: Days instead of times, and times instead of days

    /// Overrides of a series that became all-day, or ceased to be, are on the same days in the new form, and as long as the
    /// series is; of several on one day one stays.
    private func reshapeOverrides(
        of calendar: inout Component,
        from before: DateTime,
        to after: DateTime,
        _ master: Component
    ) {
        let days = Int((wallClock(day(of: after, like: after)) - wallClock(day(of: before, like: before))) / 86_400)
        let length = length(of: master, from: after)
        calendar.updateComponents(where: isOverride) { component in
            component.set("DURATION", [])
            for name in ["RECURRENCE-ID", "DTSTART"] {
                guard let property = component.first(name), let time = property.dateTime else { continue }
                var moved = day(of: time, like: before).adding(days: days)
                if !after.isDate {
                    (moved.hour, moved.minute, moved.second, moved.form) =
                        (after.hour, after.minute, after.second, after.form)
                }
                component.set(name, Property(name, parameters: property.parameters, moved))
                guard name == "DTSTART" else { continue }
                component.set("DTEND", length.map { [Property("DTEND", end(of: moved, $0))] } ?? [])
            }
        }
        var seen: Set<String> = []
        calendar.removeComponents { component in
            guard isOverride(component), let id = component.first("RECURRENCE-ID")?.value else { return false }
            return !seen.insert(id).inserted
        }
    }

    /// The day of a time, as the series sees it.
    private func day(of time: DateTime, like start: DateTime) -> DateTime {
        guard !time.isDate else { return time }
        let zones = target.zones
        let shown = start.isDate ? time : zones.local(time.instant(in: zones), form: start.form)
        return DateTime(date: shown.year, shown.month, shown.day)
    }

    /// The seconds, or for days the days, that a series lasts; nil where it says nothing of its end.
    private func length(of master: Component, from start: DateTime) -> Int64? {
        guard let end = master.first("DTEND")?.dateTime else { return nil }
        guard !start.isDate else { return (wallClock(end) - wallClock(start)) / 86_400 }
        return end.instant(in: source.zones) - start.instant(in: source.zones)
    }

    private func end(of start: DateTime, _ length: Int64) -> DateTime {
        guard !start.isDate else { return start.adding(days: Int(length)) }
        let zones = source.zones
        return zones.local(zones.instant(start) + length, form: start.form)
    }
}
