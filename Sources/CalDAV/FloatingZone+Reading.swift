public import ICalendar
public import Store
import WebDAV

extension CalendarCollection {
    /// The zone in which the calendar's floating times are read (RFC 4791 §5.2.2); UTC where none is known.
    public var floatingZone: FloatingZone { properties.timeZone.flatMap(FloatingZone.init(calendarText:)) ?? .utc }

    /// The IANA name of the calendar's zone, where it has one (RFC 7809 §5.2).
    public var timeZoneIdentifier: String? {
        guard let text = properties.timeZone, let calendar = try? Component(parsing: text),
            let tzid = calendar.components("VTIMEZONE").first?.definedZones.first
        else { return nil }
        return ZoneResolver.ianaName(for: tzid)
    }

    /// The zone of a report: what the report names, or else the calendar's own.
    func floatingZone(asked: RequestedZone?) throws(DAVError) -> FloatingZone {
        switch asked {
        case nil:
            return floatingZone
        case .definition(let text)?:
            guard let zone = FloatingZone(calendarText: text) else {
                throw .failed(.validCalendarData, "CALDAV:timezone is no iCalendar object with one VTIMEZONE.")
            }
            return zone
        case .identifier(let name)?:
            guard let zone = FloatingZone(iana: name) else {
                throw .failed(.validTimezone, "There is no time zone \(name).")
            }
            return zone
        }
    }
}

extension FloatingZone {
    /// The zone of an iCalendar object that consists of exactly one `VTIMEZONE`; nil for any other text.
    init?(calendarText text: String) {
        // What cannot be read names no zone; the caller says what that means.
        guard let calendar = try? Component(parsing: text), calendar.name == "VCALENDAR",
            calendar.components.count == 1, let definition = calendar.components.first
        else { return nil }
        self.init(definition)
    }
}

extension TimeZoneData {
    /// The zone of an IANA name as an iCalendar object of its own; nil where there is no such zone.
    static func calendar(of name: String) -> Component? {
        vtimezone(for: name, from: nil).map { definition in
            Component(
                "VCALENDAR",
                properties: [
                    Property("VERSION", value: "2.0"), Property("PRODID", value: "-//Kalends//CalDAV//EN"),
                ],
                components: [definition]
            )
        }
    }
}
