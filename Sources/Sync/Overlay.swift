import Bridging
import ICalendar
import Reconcile

/// Takes some fields from one calendar object over into another, and leaves every other octet of that one alone.
struct Overlay {
    let source: CalendarObject
    let fieldSet: FieldSet
    let stamp: Instant?
    private let sourceSchedule: ScheduleReader
    private let targetSchedule: ScheduleReader
    private let zones: OwnZones
    let target: CalendarObject
    private let fields: Set<Field>
    private let fieldsOfOccurrences: [String: Set<Field>]
    /// The occurrences of which the source tells when they take place, or that they do not.
    private let told: Set<String>
    private let missing: MissingGuests

    /// Takes the fields `keys`; `stamp` is the time for DTSTAMP and LAST-MODIFIED of what changes visibly, nil leaves them alone.
    init(
        _ keys: Set<FieldKey>,
        of source: CalendarObject,
        onto target: CalendarObject,
        fieldSet: FieldSet,
        stamp: Instant?,
        missing: MissingGuests
    ) {
        self.missing = missing
        self.source = source
        self.target = target
        self.fieldSet = fieldSet
        self.stamp = stamp
        sourceSchedule = ScheduleReader(source)
        targetSchedule = ScheduleReader(target)
        zones = OwnZones(of: target)
        fields = Set(keys.filter { $0.occurrence == nil }.compactMap { Field(rawValue: $0.name) })
        var occurrences: [String: Set<Field>] = [:]
        for key in keys {
            guard let occurrence = key.occurrence, let field = Field(rawValue: key.name) else { continue }
            occurrences[occurrence, default: []].insert(field)
        }
        fieldsOfOccurrences = occurrences
        told = Set(occurrences.filter { $0.value.contains(.schedule) }.keys)
    }

    /// The target with the fields of the source.
    func result() throws(CalendarDataError) -> CalendarObject {
        var calendar = target.calendar
        let name = target.kind.rawValue
        if let master = source.master {
            calendar.updateComponents(where: { $0.name == name && $0.first("RECURRENCE-ID") == nil }) { component in
                patch(&component, with: master, fields)
            }
        }
        if fieldSet.overrides != .all, fields.contains(.schedule) { try moveOverrides(of: &calendar) }
        removeOverrides(of: &calendar)
        if fieldSet.holdsOverrides { takeOverrides(into: &calendar) }
        takeExclusions(into: &calendar)
        guard calendar != target.calendar else { return target }
        addZones(to: &calendar)
        return try CalendarObject(calendar)
    }

    // MARK: Components

    private func patch(_ component: inout Component, with source: Component, _ fields: Set<Field>) {
        let before = component
        let takesGuests = !fields.isDisjoint(with: [.attendees, .answer])
        let guests = takesGuests ? fieldSet.guests(of: component, from: source, fields, missing: missing) : []
        for field in fields {
            if field == .attendees, let members = fieldSet.members {
                component.set("ATTENDEE", members.guests(of: component, from: source))
                continue
            }
            let properties = limited(field, of: component, from: source)
            for name in field.properties { component.set(name, zones.retold(properties?[name] ?? source.all(name))) }
            if field == .attendees || field == .answer { component.set("ATTENDEE", guests) }
            // Guests who stay need somebody who invited them (RFC 5545 §3.8.4.3).
            if field == .attendees, !guests.isEmpty, source.first("ORGANIZER") == nil {
                component.set("ORGANIZER", before.all("ORGANIZER"))
            }
            let alarms = field == .alarms ? alarms(of: component, from: source) : []
            if field == .alarms, alarms != component.components("VALARM") {
                component.removeComponents { $0.name == "VALARM" }
                for alarm in alarms { component.append(alarm) }
            }
        }
        component.replaceDetails(formerly: before, from: source)
        if component != before { touch(&component, isRescheduled: !fields.isDisjoint(with: [.schedule, .status])) }
    }

    /// Marks a component of ours as changed (RFC 5545 §3.8.7): the sequence counts what may need an answer again.
    private func touch(_ component: inout Component, isRescheduled: Bool) {
        guard let stamp else { return }
        let time = ZoneResolver().local(stamp, form: .utc)
        component.set("DTSTAMP", Property("DTSTAMP", time))
        component.set("LAST-MODIFIED", Property("LAST-MODIFIED", time))
        guard isRescheduled else { return }
        let sequence = component.first("SEQUENCE").flatMap { Int($0.value) } ?? 0
        component.set("SEQUENCE", Property("SEQUENCE", value: String(min(sequence, Int(Int32.max) - 1) + 1)))
    }

    // MARK: Overrides

    /// Removes the overrides that the source has no more.
    private func removeOverrides(of calendar: inout Component) {
        guard !told.isEmpty else { return }
        let wanted = Set(source.overrides.compactMap(sourceSchedule.occurrence))
        let cancelled = exclusions(of: source, by: sourceSchedule)
        var takenOff: [Component] = []
        calendar.removeComponents { component in
            guard isOverride(component), let occurrence = targetSchedule.occurrence(component),
                told.contains(occurrence), !wanted.contains(occurrence)
            else { return false }
            if cancelled[occurrence] != nil { takenOff.append(component) }
            return fieldSet.holdsOverrides || cancelled[occurrence] != nil
        }
        guard fieldSet.overrides == .some else { return }
        for override in takenOff {
            guard var next = handedOn(override, in: calendar, besides: Set(cancelled.keys)) else { continue }
            touch(&next, isRescheduled: true)
            calendar.append(next)
        }
    }

    private func takeOverrides(into calendar: inout Component) {
        let existing = Set(calendar.components.filter(isOverride).compactMap(targetSchedule.occurrence))
        for override in source.overrides {
            guard let occurrence = sourceSchedule.occurrence(override) else { continue }
            let fields = fieldsOfOccurrences[occurrence] ?? []
            if existing.contains(occurrence) {
                update(occurrence, of: &calendar, with: override, fields)
            } else if !fields.isEmpty {
                calendar.append(newOverride(like: override, in: calendar))
            }
        }
    }

    /// Takes over, one by one, whether occurrences take place; the others do as before, whatever their series takes over.
    private func takeExclusions(into calendar: inout Component) {
        let takesSchedule = fields.contains(.schedule)
        guard !told.isEmpty || takesSchedule, source.master != nil else { return }
        let theirs = exclusions(of: source, by: sourceSchedule)
        let ours = exclusions(of: target, by: targetSchedule)
        let (present, others) = takesSchedule ? (theirs, ours) : (ours, theirs)
        let wanted = Set(theirs.keys.filter(told.contains)).union(ours.keys.filter { !told.contains($0) })
        let added = wanted.filter { present[$0] == nil }.sorted().flatMap { others[$0] ?? [] }
        let unwanted = present.filter { !wanted.contains($0.key) }.flatMap(\.value)
        let removed = Set(unwanted + zones.retold(unwanted))
        guard !added.isEmpty || !removed.isEmpty else { return }
        calendar.updateComponents(where: { $0.name == target.kind.rawValue && !isOverride($0) }) { master in
            let kept = master.all("EXDATE").flatMap { property in
                let dates = property.single
                return removed.isDisjoint(with: dates) ? [property] : dates.filter { !removed.contains($0) }
            }
            master.set("EXDATE", kept + zones.retold(added))
            // What takes over the schedule was marked for that.
            if !takesSchedule { touch(&master, isRescheduled: true) }
        }
    }

    /// The properties that exclude an occurrence, each that one alone, by its key.
    private func exclusions(of object: CalendarObject, by schedule: ScheduleReader) -> [String: [Property]] {
        guard let master = object.master else { return [:] }
        return Dictionary(grouping: schedule.exclusions(of: master), by: \.occurrence).mapValues { $0.map(\.property) }
    }

    func isOverride(_ component: Component) -> Bool {
        component.name == target.kind.rawValue && component.first("RECURRENCE-ID") != nil
    }

    private func update(
        _ occurrence: String,
        of calendar: inout Component,
        with override: Component,
        _ fields: Set<Field>
    ) {
        calendar.updateComponents(
            where: { isOverride($0) && targetSchedule.occurrence($0) == occurrence },
            { component in
                patch(&component, with: override, fields)
                // It names its occurrence in the form of the start it belongs to (RFC 5545 §3.8.4.4).
                if self.fields.contains(.schedule) {
                    component.set("RECURRENCE-ID", recurrenceID(override, over: component))
                }
            }
        )
    }

    /// RECURRENCE-ID of one of our overrides; an upstream that shows occurrences one by one tells nothing of RANGE.
    private func recurrenceID(_ override: Component, over known: Component) -> [Property] {
        let told = zones.retold(override.all("RECURRENCE-ID"))
        guard fieldSet.overrides == .some,
            let range = known.first("RECURRENCE-ID")?.parameters.first(where: { $0.name == "RANGE" })
        else { return told }
        return told.map { id in
            var id = id
            id.parameters.append(range)
            return id
        }
    }

    /// An override of ours: what the source cannot hold is that of the series.
    private func newOverride(like override: Component, in calendar: Component) -> Component {
        let name = target.kind.rawValue
        guard var component = calendar.components(name).first(where: { $0.first("RECURRENCE-ID") == nil }) else {
            return override
        }
        for name in ["RRULE", "RDATE", "EXDATE", "EXRULE"] { component.set(name, []) }
        component.set("RECURRENCE-ID", zones.retold(override.all("RECURRENCE-ID")))
        patch(&component, with: override, fieldSet.all.filter { isDifferent($0, override) })
        return component
    }

    /// Whether an override differs from its series; where only some are shown, a text that was cut there is none of its own.
    private func isDifferent(_ field: Field, _ override: Component) -> Bool {
        guard fieldSet.overrides == .some, field != .schedule, let master = source.master else { return true }
        let projection = Projection(of: source, onto: fieldSet)
        return projection.value(of: field, override) != projection.value(of: field, master)
    }

    // MARK: Zones

    func withZones(_ calendar: Component) -> Component {
        var calendar = calendar
        addZones(to: &calendar)
        return calendar
    }

    /// Adds the VTIMEZONE of every TZID that has none (RFC 5545 §3.6.5), before the components that name it.
    private func addZones(to calendar: inout Component) {
        let known = Set(calendar.components("VTIMEZONE").flatMap(\.definedZones))
        var missing: Set<String> = []
        for component in calendar.components where component.name != "VTIMEZONE" {
            for property in component.properties {
                guard let tzid = property.parameter("TZID"), !known.contains(tzid) else { continue }
                missing.insert(tzid)
            }
        }
        guard !missing.isEmpty else { return }
        let zones = missing.sorted().compactMap(zone)
        let others = calendar.components
        calendar.removeComponents { _ in true }
        for component in zones + others { calendar.append(component) }
    }

    private func zone(_ tzid: String) -> Component? {
        let given = source.calendar.components("VTIMEZONE").first { $0.definedZones.contains(tzid) }
        return given ?? ZoneResolver.ianaName(for: tzid).flatMap { TimeZoneData.vtimezone(for: $0, from: nil) }
    }
}

/// `target` with those fields of `source`; every other octet of it is left alone.
func overlay(
    _ keys: Set<FieldKey>,
    of source: CalendarObject,
    onto target: CalendarObject,
    fieldSet: FieldSet,
    stamp: Instant? = nil,
    missing: MissingGuests = .removed
) throws(CalendarDataError) -> CalendarObject {
    try Overlay(keys, of: source, onto: target, fieldSet: fieldSet, stamp: stamp, missing: missing).result()
}

extension CalendarObject {
    /// The object under another UID.
    func with(uid: String) throws(CalendarDataError) -> CalendarObject {
        guard self.uid != uid else { return self }
        var calendar = calendar
        calendar.updateComponents(where: { $0.name == kind.rawValue }) { $0.set("UID", Property("UID", text: uid)) }
        return try CalendarObject(calendar)
    }

    /// The SUMMARY, for lists.
    var summary: String? { (master ?? overrides.first)?.first("SUMMARY")?.text }
}
