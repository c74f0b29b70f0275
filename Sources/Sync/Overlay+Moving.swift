import Bridging
import ICalendar

/// Overrides an upstream knows nothing of go along with their series, so that they still replace occurrences of it.
extension Overlay {
    /// Moves the overrides of a series that was given its new schedule.
    ///
    /// One that would replace nothing where it went stays where it was; one whose occurrence is no more goes with it.
    ///
    /// `keepingOwnTimes` says that one that is not when its series has it stays when it is.
    func moveOverrides(of calendar: inout Component, keepingOwnTimes: Bool = false) throws(CalendarDataError) {
        let former = calendar.components.filter(isOverride)
        guard !former.isEmpty, let move = movement() else { return }
        let zones = target.zones
        let moved = former.map { override in
            var moved = move(override)
            let isOnTime = instant("DTSTART", of: override, zones) == instant("RECURRENCE-ID", of: override, zones)
            if keepingOwnTimes, !isOnTime {
                for name in ["DTSTART", "DTEND", "DURATION"] { moved.set(name, override.all(name)) }
            }
            return moved
        }
        let dates = { (overrides: [Component]) in overrides.compactMap { instant("RECURRENCE-ID", of: $0, zones) } }
        let old = try SeriesDates(target.calendar, target.kind, around: dates(former))
        let new = try SeriesDates(withZones(calendar), target.kind, around: dates(former + moved))
        var seen: Set<String> = []
        let kept = zip(former, moved).map { former, moved -> Component? in
            let place = new.mayHave(moved) || !old.mayHave(former) ? moved : new.mayHave(former) ? former : nil
            guard let place, let id = place.first("RECURRENCE-ID") else { return place }
            return seen.insert(id.value).inserted ? place : nil
        }
        guard kept != former else { return }
        var next = kept.makeIterator()
        calendar.updateComponents(where: isOverride) { component in
            if case let place?? = next.next() { component = place }
        }
        var rest = kept.makeIterator()
        calendar.removeComponents { component in
            guard isOverride(component), let place = rest.next() else { return false }
            return place == nil
        }
    }

    private func instant(_ name: String, of component: Component, _ zones: ZoneResolver) -> Instant? {
        component.first(name)?.dateTime?.instant(in: zones)
    }

    /// How far overrides go along; nil where nothing is said of when the series is.
    func movement() -> ((Component) -> Component)? {
        guard let before = target.master?.first("DTSTART")?.dateTime, let master = source.master,
            let after = master.first("DTSTART")?.dateTime
        else { return nil }
        guard before.isDate == after.isDate else { return { reshaped($0, from: before, to: after, master) } }
        // By the wall clock of the series: it keeps its hour when the clocks change.
        let distance = wallClock(after) - wallClock(before)
        guard distance != 0 else { return { $0 } }
        let zones = target.zones
        return { moved($0, by: distance, like: before, zones) }
    }

    private func moved(
        _ override: Component,
        by distance: Int64,
        like start: DateTime,
        _ zones: ZoneResolver
    ) -> Component {
        var component = override
        for name in ["RECURRENCE-ID", "DTSTART", "DTEND"] {
            guard let property = component.first(name), let time = property.dateTime else { continue }
            let moved =
                time.isDate
                ? time.adding(days: Int(distance / 86_400))
                : moved(time, by: distance, like: start, zones)
            component.set(name, Property(name, parameters: property.parameters, moved))
        }
        return component
    }

    /// What an override says of all that follow (RANGE=THISANDFUTURE), told by the next of them once its own occurrence is
    /// taken off; nil where it says nothing of others, or none is left that it tells.
    func handedOn(_ override: Component, in calendar: Component, besides cancelled: Set<String>) -> Component? {
        guard let id = override.first("RECURRENCE-ID"), let date = id.dateTime,
            id.parameter("RANGE")?.uppercased() == "THISANDFUTURE"
        else { return nil }
        var plain = calendar
        plain.removeComponents(where: isOverride)
        guard let series = try? CalendarObject(withZones(plain)), let set = try? series.recurrenceSet(),
            let start = series.master?.first("DTSTART")?.dateTime
        else { return nil }
        let (zones, schedule) = (target.zones, ScheduleReader(series))
        let taken = cancelled.union(calendar.components.filter(isOverride).compactMap(schedule.occurrence))
        let from = date.instant(in: zones)
        for days in Self.reach {
            let range = TimeRange(start: from + 1, end: from + days * 86_400)
            guard let places = try? set.occurrences(in: range, limit: CalendarLimits.maximumInstances) else {
                return nil
            }
            let dates = places.compactMap(\.recurrenceID).filter { $0.instant(in: zones) > from }
            guard let next = dates.first(where: { !taken.contains(schedule.key($0)) }) else { continue }
            let shown = { (time: DateTime) in
                time.isDate ? time : zones.local(time.instant(in: zones), form: start.form)
            }
            return moved(override, by: wallClock(shown(next)) - wallClock(shown(date)), like: start, zones)
        }
        return nil
    }

    /// How many days ahead to look for a next occurrence, further each time: most are near, and of some there are many.
    private static let reach: [Int64] = [2, 40, 400, 4_000]

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

    /// An override of a series that became all-day, or ceased to be: it is on the same day in the new form, and as long as
    /// the series is.
    private func reshaped(
        _ override: Component,
        from before: DateTime,
        to after: DateTime,
        _ master: Component
    ) -> Component {
        var component = override
        let days = Int((wallClock(day(of: after, like: after)) - wallClock(day(of: before, like: before))) / 86_400)
        let length = length(of: master, from: after)
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
        return component
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

/// The dates that a series has, exceptions and overrides aside.
struct SeriesDates {
    /// Their keys; nil where they are too many to be told.
    private let dates: Set<String>?
    private let schedule: ScheduleReader

    /// Works out the dates around some.
    init(_ calendar: Component, _ kind: ComponentKind, around instants: [Instant]) throws(CalendarDataError) {
        var plain = calendar
        plain.removeComponents { $0.name == kind.rawValue && $0.first("RECURRENCE-ID") != nil }
        plain.updateComponents(where: { $0.name == kind.rawValue }, { $0.set("EXDATE", []) })
        let series = try CalendarObject(plain)
        let schedule = ScheduleReader(series)
        self.schedule = schedule
        guard let first = instants.min(), let last = instants.max() else {
            dates = []
            return
        }
        let found = try? series.recurrenceSet().occurrences(
            in: TimeRange(start: first, end: last + 1),
            limit: CalendarLimits.maximumInstances
        )
        dates = found.map { Set($0.compactMap(\.recurrenceID).map(schedule.key)) }
    }

    /// Whether an override may replace one of them.
    func mayHave(_ override: Component) -> Bool { schedule.occurrence(override).map(mayHave) ?? (dates == nil) }

    /// Whether a key may be that of one of them.
    func mayHave(_ occurrence: String) -> Bool { dates?.contains(occurrence) ?? true }
}
