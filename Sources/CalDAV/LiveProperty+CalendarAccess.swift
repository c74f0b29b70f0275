import ICalendar
import Store
import WebDAV
import XML

extension LiveProperty {
    /// RFC 4791 §5.2, §6.2, §7.5.1.
    static let calendarAccess: [LiveProperty] = [
        LiveProperty(.calDAV("calendar-home-set")) { resource in
            switch resource.kind {
            // More places than RFC 4791 §6.2.1 names: wherever discovery may land.
            case .root, .principals, .homes, .home: .hrefs([.home(resource.requester.name)])
            // Of another's home this tells no more than the name does; what stands there is 404.
            case .principal(let principal): .hrefs([.home(principal.name)])
            case .notifications, .calendar, .object: nil
            }
        },
        LiveProperty(.calDAV("calendar-user-address-set")) { resource in
            resource.principal.map { .hrefs($0.addresses) }
        },
        // RFC 7809 §5.1.
        LiveProperty(.calDAV("timezone-service-set")) { resource in
            switch resource.kind {
            case .home: .hrefs([Href(encoded: TimeZoneService.root)])
            case .root, .principals, .principal, .notifications, .homes, .calendar, .object: nil
            }
        },
        ofCalendars(.calDAV("calendar-description")) { $0.properties.description.map { .text($0) } },
        ofCalendars(.calDAV("calendar-timezone")) { $0.properties.timeZone.map { .text($0) } },
        ofCalendars(.calDAV("calendar-timezone-id")) { $0.timeZoneIdentifier.map { .text($0) } },
        ofCalendars(.calDAV("supported-calendar-component-set")) { calendar in
            .elements(
                calendar.properties.components.map { kind in
                    Element(.calDAV("comp"), attributes: [Name("", "name"): kind.rawValue])
                }
            )
        },
        ofCalendars(.calDAV("supported-calendar-data")) { _ in
            let type = [Name("", "content-type"): "text/calendar", Name("", "version"): "2.0"]
            return .elements([Element(.calDAV("calendar-data"), attributes: type)])
        },
        ofCalendars(.calDAV("supported-collation-set")) { _ in
            .elements(TextMatch.Collation.allCases.map { Element(.calDAV("supported-collation"), text: $0.rawValue) })
        },
        // RFC 7529 §6.2.
        ofCalendars(.calDAV("supported-rscale-set")) { _ in
            .elements(RecurrenceRule.supportedScales.map { Element(.calDAV("supported-rscale"), text: $0) })
        },
        ofCalendars(.calDAV("max-resource-size")) { _ in .text(String(CalendarLimits.maximumOctets)) },
        ofCalendars(.calDAV("min-date-time")) { _ in .text(CalendarLimits.minimumDate.basicUTC) },
        ofCalendars(.calDAV("max-date-time")) { _ in .text(CalendarLimits.maximumDate.basicUTC) },
        ofCalendars(.calDAV("max-instances")) { _ in .text(String(CalendarLimits.maximumInstances)) },
        ofCalendars(.calDAV("max-attendees-per-instance")) { _ in .text(String(CalendarLimits.maximumAttendees)) },
    ]

    /// What Apple's clients, and with them everybody else, keep on a calendar.
    static let display: [LiveProperty] = [
        LiveProperty(.apple("calendar-color")) { $0.collection?.properties.color.map { .text($0) } },
        LiveProperty(.apple("calendar-order")) { $0.collection?.properties.order.map { .text(String($0)) } },
    ]

    private static func ofCalendars(
        _ name: PropertyName,
        _ content: @escaping @Sendable (CalendarCollection) -> Content?
    ) -> LiveProperty {
        LiveProperty(name) { resource in resource.calendar.flatMap(content) }
    }
}

extension Instant {
    /// The time as iCalendar writes it, `20261121T090000Z` (RFC 5545 §3.3.5).
    var basicUTC: String {
        String(decoding: rfc3339.utf8.filter { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: ":") }, as: UTF8.self)
    }
}
