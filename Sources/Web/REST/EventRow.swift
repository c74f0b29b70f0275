import CalDAV
import ICalendar
import Store

/// An occurrence of an event as the REST interface shows it.
struct EventRow {
    let stored: StoredObject
    let object: CalendarObject
    let calendar: CalendarCollection

    /// The zone of times without one.
    let zone: FloatingZone?

    init(stored: StoredObject, object: CalendarObject, calendar: CalendarCollection) {
        self.stored = stored
        self.object = object
        self.calendar = calendar
        zone = calendar.zone(for: object)
    }

    /// The row of one occurrence, of those that the object has with its floating times in ``zone``.
    func json(_ occurrence: Occurrence) -> JSON {
        let zones = object.zones(in: zone)
        let component = occurrence.component
        let isAllDay = occurrence.startTime.isDate
        var named: JSON = .null
        if case .zoned(let tzid) = occurrence.startTime.form { named = .string(tzid) }
        func text(_ name: String) -> JSON { .text(component.first(name).map(\.text)) }
        return [
            "id": .integer(stored.id.rawValue), "uid": .string(object.uid), "calendar": .integer(calendar.id.rawValue),
            "summary": text("SUMMARY"), "description": text("DESCRIPTION"), "location": text("LOCATION"),
            "url": .text(component.first("URL")?.value), "status": .text(component.first("STATUS")?.value),
            "start": Self.time(occurrence.start, isAllDay, zones), "end": Self.time(occurrence.end, isAllDay, zones),
            "all_day": .bool(isAllDay), "time_zone": named,
            "rrule": .text(object.master?.first("RRULE")?.value ?? component.first("RRULE")?.value),
            "categories": .array(component.all("CATEGORIES").flatMap(\.texts).map(JSON.string)),
            "occurrence": .text(occurrence.recurrenceID?.text), "etag": .string(stored.etag.rawValue),
        ]
    }

    /// When the event of a text is, as a row of its calendar says it; empty where that cannot be told.
    static func times(of text: String, in calendar: CalendarCollection?) -> [String: JSON] {
        guard let object = try? CalendarObject(parsing: text) else { return [:] }
        let zone = calendar?.zone(for: object)
        guard let first = try? RESTRoutes.whole(object, zone) else { return [:] }
        let (isAllDay, zones) = (first.startTime.isDate, object.zones(in: zone))
        return [
            "start": time(first.start, isAllDay, zones), "end": time(first.end, isAllDay, zones),
            "all_day": .bool(isAllDay),
        ]
    }

    private static func time(_ instant: Instant, _ isAllDay: Bool, _ zones: ZoneResolver) -> JSON {
        guard isAllDay else { return .string(instant.rfc3339) }
        let digits = zones.local(instant, form: .floating).text
        return .string("\(digits.prefix(4))-\(digits.dropFirst(4).prefix(2))-\(digits.dropFirst(6).prefix(2))")
    }
}

extension CalendarCollection {
    /// Where the times of an event are that name no zone; nil for one that has none, as whole days are the same to everybody.
    func zone(for object: CalendarObject) -> FloatingZone? {
        let start = (object.master ?? object.overrides.first)?.first("DTSTART")?.dateTime
        return start?.form == .floating ? floatingZone : nil
    }
}

extension CalendarObject {
    /// Its zones, with floating times in that one.
    func zones(in floatingZone: FloatingZone?) -> ZoneResolver {
        floatingZone.map { ZoneResolver(floatingZone: $0, calendar: calendar) } ?? zones
    }

    /// Its occurrences, with floating times in that zone.
    func recurrenceSet(in floatingZone: FloatingZone?) throws -> RecurrenceSet {
        try floatingZone.map { try recurrenceSet(floatingZone: $0) } ?? recurrenceSet()
    }
}
