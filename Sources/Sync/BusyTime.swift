import Bridging
import ICalendar
import Reconcile

/// How an event goes to an upstream that may know when somebody is busy, but not with what.
enum BusyTime {
    /// What such an upstream shows instead of a title.
    static let title = "Busy"

    /// What it may learn.
    static let fields: Set<Field> = [.schedule, .status, .transparency]

    private static let properties: Set<String> = [
        "UID", "DTSTAMP", "CREATED", "LAST-MODIFIED", "SEQUENCE", "RECURRENCE-ID", "DTSTART", "DTEND", "DURATION",
        "RRULE", "RDATE", "EXDATE", "EXRULE", "STATUS", "TRANSP",
    ]

    /// The event without anything but its times.
    static func veil(_ object: CalendarObject) throws(CalendarDataError) -> CalendarObject {
        let head = object.calendar.properties.filter { ["VERSION", "PRODID"].contains($0.name) }
        let components = object.calendar.components.map { component in
            guard component.name == object.kind.rawValue else { return component }
            let kept = component.properties.filter { properties.contains($0.name) }
            return Component(component.name, properties: kept + [Property("SUMMARY", text: title)])
        }
        return try CalendarObject(Component("VCALENDAR", properties: head, components: components))
    }

    /// Whether an upstream's event is one that was veiled.
    static func isVeiled(_ object: CalendarObject) -> Bool {
        let events = [object.master].compactMap { $0 } + object.overrides
        return events.allSatisfy { event in
            event.first("SUMMARY")?.text == title
                && ["DESCRIPTION", "LOCATION", "ATTENDEE"].allSatisfy { event.first($0) == nil }
        }
    }

    /// An event of ours at the times that an upstream, which may know of no more, gives it.
    static func unveiled(
        _ theirs: CalendarObject,
        over ours: CalendarObject
    ) throws(CalendarDataError) -> CalendarObject {
        let fieldSet = FieldSet(writable: fields, overrides: .all)
        let keys = Set([theirs, ours].flatMap { Projection(of: $0, onto: fieldSet).fields.keys })
        return try overlay(keys, of: theirs, onto: ours, fieldSet: fieldSet)
    }

    /// Those of some fields that say when something is.
    static func times(_ keys: Set<FieldKey>) -> Set<FieldKey> {
        keys.filter { Field(rawValue: $0.name).map(fields.contains) ?? false }
    }

    /// A decision without what would carry the veil home: what the upstream says of anything but times stays there.
    static func withoutDetails(_ decision: Decision) -> Decision? {
        var decision = decision
        switch decision.action {
        case .pull(let pulled):
            guard !times(pulled).isEmpty else { return nil }
            decision.withheld.formUnion(pulled.subtracting(times(pulled)))
            decision.action = .pull(times(pulled))
        case .merge(let pulled, let pushed):
            decision.withheld.formUnion(pulled.subtracting(times(pulled)))
            decision.action = times(pulled).isEmpty ? .push(pushed) : .merge(pull: times(pulled), push: pushed)
        case .agree, .push, .createLocal, .createRemote, .deleteLocal, .deleteRemote, .forget, .hold: break
        }
        return decision
    }
}

extension FieldSet {
    /// The fields an upstream that only knows of busy times may change here.
    var timesOnly: FieldSet {
        var times = FieldSet(
            writable: writable.intersection(BusyTime.fields),
            readOnly: readOnly.intersection(BusyTime.fields),
            overrides: overrides,
            members: members
        )
        times.limits = limits
        (times.own, times.holdsRichText) = (own, holdsRichText)
        return times
    }
}

extension SnapshotItem {
    /// Whether the upstream has, or is to get, only the times of this event: it came from here.
    ///
    /// What was the upstream's own has nothing to hide from it.
    fileprivate var comesFromHere: Bool {
        if let origin = base?.origin ?? departed?.origin { return origin == .gateway }
        guard let remote else { return true }
        return intent?.isCreation == true || BusyTime.isVeiled(remote.object)
    }

    /// Hides what the upstream may not see.
    mutating func veil(onto fieldSet: FieldSet) throws(CalendarDataError) {
        guard comesFromHere else { return }
        isVeiled = true
        guard let known = local else { return }
        let outgoing = try BusyTime.veil(known.object)
        local?.outgoing = outgoing
        local?.fields = Projection(of: outgoing, onto: fieldSet).fields
    }
}
