import HTTPTypes
import Store
import WebDAV

extension CalDAVServer {
    /// MOVE of a calendar to another name in the same home: its objects, links and sync tokens stay what they are.
    func rename(
        _ calendar: CalendarCollection,
        to destination: Destination,
        _ exchange: Exchange
    ) async throws -> DAVResponse {
        try exchange.requireInfiniteDepth()
        let owner = exchange.principal.name
        if calendar.received == nil, calendar.properties.source == nil {
            try refuseIfWriteProtected(calendar, .dav("unbind"), on: .home(owner))
        }
        let name = try name(for: calendar, at: destination, in: owner)
        let overwritten = try await calendars.calendar(named: name, of: calendar.owner)
        return try await tellingMembers {
            let outcome = try await writing(exchange, into: overwritten.map { ($0.id, .calendar(name, of: owner)) }) {
                if let received = calendar.received {
                    try await calendars.renameShare(received.id, to: name, for: exchange.principal.id)
                } else {
                    try await calendars.renameCalendar(
                        calendar.id,
                        to: name,
                        overwrites: destination.overwrites,
                        past: exchange.writeGuard
                    )
                }
            }
            switch outcome {
            case .renamed: return DAVResponse(status: 201)
            case .replaced: return DAVResponse(status: 204)
            case .nameTaken: throw DAVError(status: 412, message: "There is a calendar of that name.")
            case .notFound: throw DAVError.notFound
            }
        }
    }
    /// COPY of a calendar, with its objects or without (RFC 4918 §9.8.3).
    func copy(
        _ calendar: CalendarCollection,
        to destination: Destination,
        _ exchange: Exchange
    ) async throws -> DAVResponse {
        let depth = try exchange.request.headers[.depth] == nil ? .infinity : exchange.depth
        guard depth != .one else { throw DAVError.badRequest("COPY of a calendar has Depth 0 or infinity.") }
        let owner = exchange.principal.name
        let name = try name(for: calendar, at: destination, in: owner)
        let overwritten = try await calendars.calendar(named: name, of: exchange.principal.id)
        return try await tellingMembers {
            let outcome = try await writing(exchange, into: overwritten.map { ($0.id, .calendar(name, of: owner)) }) {
                try await calendars.copyCalendar(
                    calendar,
                    to: name,
                    isDeep: depth == .infinity,
                    overwrites: destination.overwrites,
                    past: exchange.writeGuard,
                    by: exchange.author
                )
            }
            switch outcome {
            case .created: return DAVResponse(status: 201)
            case .replaced: return DAVResponse(status: 204)
            case .nameTaken: throw DAVError(status: 412, message: "There is a calendar of that name.")
            case .notFound: throw DAVError.notFound
            }
        }
    }

    /// The name that a calendar is to have, or why it cannot be where it is wanted.
    private func name(
        for calendar: CalendarCollection,
        at destination: Destination,
        in owner: String
    ) throws(DAVError) -> String {
        guard case .calendar(owner, let name) = destination.path else {
            throw .failed(.calendarCollectionLocationOK, "A calendar can only stand in the home of who puts it there.")
        }
        guard name != calendar.name else {
            throw DAVError(status: 403, message: "The source and the destination are the same.")
        }
        return name
    }
}
