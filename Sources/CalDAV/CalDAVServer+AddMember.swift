import HTTPTypes
import ICalendar
import Store
import WebDAV

extension CalDAVServer {
    /// POST to a calendar: a new object, whose name the server chooses (RFC 5995 §3.2).
    func addMember(_ exchange: Exchange) async throws -> DAVResponse {
        guard case .calendar(let home, let calendarName) = exchange.path else {
            _ = try await resource(exchange)
            throw exchange.methodNotAllowed
        }
        let calendar = try await calendar(named: calendarName, in: home, for: exchange.principal)
        let href = Href.calendar(calendarName, of: home)
        try refuseIfWriteProtected(calendar, .dav("bind"), on: href)
        // The conditions are about what is to be made: nothing of that name is there yet.
        guard try exchange.writeCondition.allows(nil) else { throw DAVError.preconditionFailed }
        try checkMediaType(exchange.request.headers)
        let object = try calendarObject(exchange.request.body, for: calendar)
        let name = LockToken.make().dropFirst("urn:uuid:".count) + ".ics"
        let member = href.appending(String(name))
        let outcome = try await writing(exchange) {
            try await calendars.put(
                object,
                named: String(name),
                in: calendar.id,
                if: .absent,
                past: exchange.writeGuard,
                by: exchange.author
            )
        }
        var response = try answer(outcome, in: href)
        response.headers[.location] = member.path
        return finished(response, of: object, at: member, exchange)
    }

    /// The answer to a write that succeeded: with the object where that is preferred.
    func finished(
        _ response: DAVResponse,
        of object: CalendarObject,
        at href: Href,
        _ exchange: Exchange
    ) -> DAVResponse {
        var response = response
        let preferences = exchange.preferences
        if preferences.returning == .representation {
            response = response.representing(
                object.text,
                ObjectEntry.contentType(of: object.kind),
                etag: ETag.of(object.text).quoted,
                at: href.path
            )
        } else if Array(object.text.utf8) != exchange.request.body {
            // A fold inside a character is moved when the octets become text: then the client must read what is stored.
            response.headers[.eTag] = nil
        }
        return response.applying(preferences, preferences.returning)
    }

    /// What stands where a condition did not hold, for a client that would have to ask for it next (RFC 8144 §3.2).
    func withCurrentState(_ error: DAVError, _ exchange: Exchange) async throws -> DAVResponse {
        let preferences = exchange.preferences
        guard preferences.returning == .representation, exchange.request.method == "PUT",
            case .object(exchange.principal.name, let calendarName, let name) = exchange.path,
            let calendar = try await calendars.calendar(named: calendarName, visibleTo: exchange.principal.id),
            let stored = try await calendars.object(named: name, in: calendar.id)
        else { throw error }
        let href = Href.calendar(calendarName, of: exchange.principal.name).appending(name)
        return DAVResponse(status: error.status)
            .representing(stored.text, stored.entry.contentType, etag: stored.etag.quoted, at: href.path)
            .applying(preferences, .representation)
    }
}
