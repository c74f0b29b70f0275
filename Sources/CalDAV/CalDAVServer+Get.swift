import HTTPTypes
import ICalendar
import Store
import WebDAV

extension CalDAVServer {
    /// GET and HEAD of a calendar object resource (RFC 4791 §5.3.4, RFC 9110 §9.3.1).
    func get(_ exchange: Exchange) async throws -> DAVResponse {
        guard case .object(let home, let calendarName, let name) = exchange.path else {
            _ = try await resource(exchange)
            throw exchange.methodNotAllowed
        }
        // One read for calendar and object: passing between threads costs more than either.
        guard home == exchange.principal.name,
            let stored = try await calendars.object(
                named: name,
                inCalendarNamed: calendarName,
                visibleTo: exchange.principal.id
            )
        else { throw DAVError.notFound }

        let format = CalendarFormat(accept: exchange.request.headers[.accept])
        let etag = format.etag(of: stored.etag)
        var headers: HTTPFields = [
            .eTag: etag.quoted, .lastModified: stored.entry.modified.httpDate, .vary: "Accept, CalDAV-Timezones",
        ]
        switch EntityTags.outcome(ofReading: etag, exchange.request.headers) {
        case .failed: throw DAVError.preconditionFailed
        case .notModified: return DAVResponse(status: 304, headers: headers)
        case .proceed: break
        }
        headers[.contentType] = stored.entry.contentType(format)
        let zones = exchange.zones
        guard format != .iCalendar || zones != .asStored else {
            return DAVResponse(status: 200, headers: headers, body: Array(stored.text.utf8))
        }
        let shown = try stored.object().calendar.zones(zones)
        let octets = format.octets(of: shown)
        // Octets that are not those of the tag go without one (RFC 9110 §8.8.1); a client reads getetag instead.
        if zones != .asStored, !octets.elementsEqual(format.octets(of: try stored.object().calendar)) {
            headers[.eTag] = nil
        }
        return DAVResponse(status: 200, headers: headers, body: octets)
    }
}

extension Exchange {
    /// Whether the client wants time zones in calendar data (RFC 7809 §6.1 `CalDAV-Timezones`).
    var zones: ZoneInclusion {
        switch request.headers[.calDAVTimezones]?.uppercased() {
        case "F": .withoutStandard
        case "T": .complete
        default: .asStored
        }
    }
}

extension ObjectEntry {
    /// The media type with the component, as RFC 4791 §5.3.4's examples have it.
    func contentType(_ format: CalendarFormat) -> String {
        format == .iCalendar ? contentType : "\(format.rawValue); charset=utf-8; component=\(kind.rawValue)"
    }
}
