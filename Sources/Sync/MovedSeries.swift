import Bridging
public import ICalendar
import Reconcile

extension CalendarObject {
    /// The object with its exceptions where they belong, after its master alone was changed; `former` is how it was before.
    ///
    /// Overrides and exclusions name occurrences by their time: those of a series that was moved go along, and those of one
    /// that does not repeat any more replace nothing.
    public func takingExceptionsAlong(from former: CalendarObject) throws(CalendarDataError) -> CalendarObject {
        guard let master else { return self }
        var calendar = calendar
        func change(_ edit: (inout Component) -> Void) {
            calendar.updateComponents(where: { $0.name == kind.rawValue && $0.first("RECURRENCE-ID") == nil }, edit)
        }
        guard master.first("RRULE") != nil || master.first("RDATE") != nil else {
            calendar.removeComponents { $0.name == kind.rawValue && $0.first("RECURRENCE-ID") != nil }
            change { $0.set("EXDATE", []) }
            return try CalendarObject(calendar)
        }
        guard master.first("DTSTART") != former.master?.first("DTSTART") else { return self }
        let overlay = Overlay(
            [.schedule],
            of: self,
            onto: former,
            fieldSet: FieldSet(writable: [.schedule], overrides: .none),
            stamp: nil,
            missing: .removed
        )
        guard let move = overlay.movement() else { return self }
        try overlay.moveOverrides(of: &calendar, keepingOwnTimes: true)
        let exclusions = master.all("EXDATE").flatMap(\.single).map { exclusion in
            let id = Property("RECURRENCE-ID", parameters: exclusion.parameters, value: exclusion.value)
            let moved = move(Component(kind.rawValue, properties: [id])).first("RECURRENCE-ID") ?? id
            return Property("EXDATE", parameters: moved.parameters, value: moved.value)
        }
        change { $0.set("EXDATE", exclusions) }
        return try CalendarObject(calendar)
    }

    /// The object where another one of it was moved to, exceptions and all.
    func moved(like other: CalendarObject) throws(CalendarDataError) -> CalendarObject {
        guard let place = other.master else { return self }
        var calendar = calendar
        let zones = OwnZones(of: self)
        calendar.updateComponents(where: { $0.name == kind.rawValue && $0.first("RECURRENCE-ID") == nil }) { master in
            for name in ["DTSTART", "DTEND", "DURATION"] { master.set(name, zones.retold(place.all(name))) }
        }
        return try CalendarObject(calendar).takingExceptionsAlong(from: self)
    }
}
