import HTTPTypes
import ICalendar
import Store
import WebDAV

extension CalDAVServer {
    /// PUT of a calendar object resource (RFC 4791 §5.3.2).
    func put(_ exchange: Exchange) async throws -> DAVResponse {
        guard case .object(let home, let calendarName, let name) = exchange.path else {
            _ = try await resource(exchange)
            throw exchange.methodNotAllowed
        }
        let calendar = try await parent(named: calendarName, in: home, for: exchange.principal)
        let href = Href.calendar(calendarName, of: home)
        try refuseIfWriteProtected(calendar, .dav("write-content"), on: href)
        let condition = try exchange.writeCondition
        try checkMediaType(exchange.request.headers)
        let object = try calendarObject(exchange.request.body, for: calendar)
        let outcome = try await writing(exchange) {
            try await calendars.put(
                object,
                named: name,
                in: calendar.id,
                if: condition,
                past: exchange.writeGuard,
                by: exchange.author
            )
        }
        return finished(try answer(outcome, in: href), of: object, at: href.appending(name), exchange)
    }

    /// DELETE of an object or of a whole calendar (RFC 4918 §9.6).
    func delete(_ exchange: Exchange) async throws -> DAVResponse {
        switch exchange.path {
        case .object(let home, let calendarName, let name):
            let calendar = try await calendar(named: calendarName, in: home, for: exchange.principal)
            try refuseIfWriteProtected(calendar, .dav("unbind"), on: .calendar(calendarName, of: home))
            let condition = try exchange.writeCondition
            let outcome = try await writing(exchange) {
                try await calendars.delete(
                    named: name,
                    in: calendar.id,
                    if: condition,
                    past: exchange.writeGuard,
                    by: exchange.author
                )
            }
            switch outcome {
            case .deleted: return DAVResponse(status: 204)
            case .notFound: throw DAVError.notFound
            case .conditionFailed: throw DAVError.preconditionFailed
            }
        case .calendar(let home, let name):
            let calendar = try await calendar(named: name, in: home, for: exchange.principal)
            try exchange.requireInfiniteDepth()
            return try await tellingMembers {
                let isRemoved = try await writing(exchange) {
                    try await remove(calendar, from: home, past: exchange.writeGuard)
                }
                guard isRemoved else { throw DAVError.notFound }
                return DAVResponse(status: 204)
            }
        case .wellKnown, .root, .principals, .principal, .notifications, .homes, .home, .unknown:
            _ = try await resource(exchange)
            throw exchange.methodNotAllowed
        }
    }

    /// Takes a calendar out of a home; of a shared one the sharee only lets go, and its owner keeps everything.
    private func remove(
        _ calendar: CalendarCollection,
        from home: String,
        past wish: WriteGuard
    ) async throws -> Bool {
        if let received = calendar.received {
            guard let principal = try await calendars.principal(named: home) else { return false }
            return try await calendars.setState(.declined, of: received.id, for: principal.id)
        }
        if calendar.properties.source == nil {
            try refuseIfWriteProtected(calendar, .dav("unbind"), on: .home(home))
        }
        return try await calendars.deleteCalendar(calendar.id, past: wish)
    }

    /// What a PUT, COPY or MOVE answers.
    func answer(_ outcome: PutOutcome, in calendar: Href) throws(DAVError) -> DAVResponse {
        switch outcome {
        case .created(let etag): return DAVResponse(status: 201, headers: [.eTag: etag.quoted])
        // The octets are stored as received, so that the ETag may be told (RFC 4791 §5.3.4).
        case .replaced(let etag), .unchanged(let etag): return DAVResponse(status: 204, headers: [.eTag: etag.quoted])
        case .conditionFailed: throw .preconditionFailed
        case .uidInUse(let holder):
            throw .failed(.noUIDConflict(calendar.appending(holder)), "Another object of this calendar has this UID.")
        case .calendarMissing: throw .parentMissing
        }
    }

    /// The calendar to write into; one that is missing in the requester's own home is a conflict (RFC 4918 §9.7.1).
    func parent(named name: String, in home: String, for principal: Principal) async throws -> CalendarCollection {
        guard home == principal.name else { throw DAVError.notFound }
        guard let calendar = try await calendars.calendar(named: name, visibleTo: principal.id) else {
            throw DAVError.parentMissing
        }
        return calendar
    }

    /// RFC 3744 §7.1.1.
    func refuseIfWriteProtected(
        _ calendar: CalendarCollection,
        _ privilege: PropertyName,
        on href: Href
    ) throws(DAVError) {
        guard calendar.isWriteProtected else { return }
        throw .failed(.needPrivileges(privilege, on: href), "This calendar is read-only.")
    }

    /// What nearly every client sends, letter by letter.
    private static let usualMediaTypes: Set<String> = ["text/calendar; charset=utf-8", "text/calendar"]

    /// RFC 4791 §5.3.2.1: only calendar data; cadaver names no type at all, which is fine.
    func checkMediaType(_ headers: HTTPFields) throws(DAVError) {
        guard headers[.contentEncoding] == nil else {
            throw DAVError(status: 415, message: "Content-Encoding is not accepted on PUT.")
        }
        guard headers[.contentRange] == nil else {
            throw .badRequest("A partial PUT is not possible (RFC 9110 §14.5).")
        }
        guard let text = headers[.contentType], !Self.usualMediaTypes.contains(text) else { return }
        let parts = text.lowercased().split(separator: ";").map { $0.filter { $0 != " " && $0 != "\"" } }
        let charsets = parts.dropFirst().filter { $0.hasPrefix("charset=") }.map { $0.dropFirst("charset=".count) }
        guard parts.first == "text/calendar", charsets.allSatisfy({ ["utf-8", "utf8", "us-ascii"].contains($0) }) else {
            throw .failed(.supportedCalendarData, "Calendars hold text/calendar in UTF-8, not \(text).")
        }
    }

    /// Reads calendar data and checks what the calendar asks of it.
    func calendarObject(
        _ octets: [UInt8],
        for calendar: CalendarCollection
    ) throws(DAVError) -> CalendarObject {
        let object: CalendarObject
        do {
            object = try CalendarObject(octets: octets)
        } catch {
            throw DAVError(error)
        }
        guard calendar.properties.components.contains(object.kind) else {
            throw .failed(.supportedCalendarComponent, "This calendar holds no \(object.kind.rawValue).")
        }
        if let scale = object.unsupportedScale {
            throw .failed(.supportedRecurrenceScale, "Rules in the calendar \(scale.prefix(80)) are not known here.")
        }
        return object
    }
}

extension DAVError {
    static let parentMissing = DAVError(status: 409, message: "The calendar does not exist.")

    static let tooManyProperties = DAVError(
        status: 507,
        message: "The objects of this calendar have too many properties of clients' own."
    )

    /// RFC 4791 §5.3.2.1, case for case.
    init(_ error: CalendarDataError) {
        let precondition: Precondition =
            switch error {
            case .invalidData: .validCalendarData
            case .invalidObject, .uidMissing: .validCalendarObjectResource
            case .unsupportedComponent: .supportedCalendarComponent
            case .tooLarge: .maxResourceSize
            case .belowMinimumDate: .minDateTime
            case .aboveMaximumDate: .maxDateTime
            case .tooManyInstances: .maxInstances
            case .tooManyAttendees: .maxAttendeesPerInstance
            }
        self = .failed(precondition, error.message)
    }
}
