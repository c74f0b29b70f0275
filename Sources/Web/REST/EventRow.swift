import ICalendar
import Store

/// An occurrence of an event as the REST interface shows it.
struct EventRow {
    let stored: StoredObject
    let object: CalendarObject
    let calendar: CalendarCollection

    /// The row of one occurrence.
    func json(_ occurrence: Occurrence) -> JSON {
        let zones = object.zones
        let component = occurrence.component
        let isAllDay = occurrence.startTime.isDate
        var zone: JSON = .null
        if case .zoned(let tzid) = occurrence.startTime.form { zone = .string(tzid) }
        func text(_ name: String) -> JSON { .text(component.first(name).map(\.text)) }
        return [
            "id": .integer(stored.id.rawValue), "uid": .string(object.uid), "calendar": .integer(calendar.id.rawValue),
            "summary": text("SUMMARY"), "description": text("DESCRIPTION"), "location": text("LOCATION"),
            "url": .text(component.first("URL")?.value), "status": .text(component.first("STATUS")?.value),
            "start": Self.time(occurrence.start, isAllDay, zones), "end": Self.time(occurrence.end, isAllDay, zones),
            "all_day": .bool(isAllDay), "time_zone": zone,
            "rrule": .text(object.master?.first("RRULE")?.value ?? component.first("RRULE")?.value),
            "categories": .array(component.all("CATEGORIES").flatMap(\.texts).map(JSON.string)),
            "occurrence": .text(occurrence.recurrenceID?.text), "etag": .string(stored.etag.rawValue),
        ]
    }

    /// When the event of a text is, as a row says it; empty where that cannot be told.
    static func times(of text: String) -> [String: JSON] {
        guard let object = try? CalendarObject(parsing: text), let first = try? RESTRoutes.whole(object) else {
            return [:]
        }
        let isAllDay = first.startTime.isDate
        return [
            "start": time(first.start, isAllDay, object.zones), "end": time(first.end, isAllDay, object.zones),
            "all_day": .bool(isAllDay),
        ]
    }

    private static func time(_ instant: Instant, _ isAllDay: Bool, _ zones: ZoneResolver) -> JSON {
        guard isAllDay else { return .string(instant.rfc3339) }
        let digits = zones.local(instant, form: .floating).text
        return .string("\(digits.prefix(4))-\(digits.dropFirst(4).prefix(2))-\(digits.dropFirst(6).prefix(2))")
    }
}
