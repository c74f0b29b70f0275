import HTTPTypes
import ICalendar
import Store
import WebDAV

extension CalDAVServer {
    /// So often a transfer is tried again when its source was changed by somebody else between reading and writing.
    private static let maximumTransferAttempts = 4

    /// COPY and MOVE (RFC 4918 §9.8, §9.9): of objects anywhere, of a calendar to another name in the requester's home.
    func transfer(_ exchange: Exchange, _ kind: TransferKind) async throws -> DAVResponse {
        let destination = try Destination(exchange.request)
        switch exchange.path {
        case .object(let home, let calendarName, let name):
            let calendar = try await calendar(named: calendarName, in: home, for: exchange.principal)
            for _ in 0..<Self.maximumTransferAttempts {
                guard let stored = try await calendars.object(named: name, in: calendar.id) else {
                    throw DAVError.notFound
                }
                let transfer = ObjectTransfer(exchange, kind, stored, of: calendar, to: destination)
                if let response = try await carryOut(transfer) { return response }
            }
            throw DAVError(status: 409, message: "The object is being changed all the time.")
        case .calendar(let home, let name):
            let calendar = try await calendar(named: name, in: home, for: exchange.principal)
            switch kind {
            case .move: return try await rename(calendar, to: destination, exchange)
            case .copy: return try await copy(calendar, to: destination, exchange)
            }
        case .wellKnown, .root, .principals, .principal, .notifications, .homes, .home, .unknown:
            _ = try await resource(exchange)
            throw exchange.methodNotAllowed
        }
    }

    /// Carries one transfer out; nil when the source has changed since it was read, and so must be read again.
    private func carryOut(_ transfer: ObjectTransfer) async throws -> DAVResponse? {
        let exchange = transfer.exchange
        guard try exchange.writeCondition.allows(transfer.source.etag) else { throw DAVError.preconditionFailed }
        if transfer.kind == .move {
            let href = Href.calendar(transfer.calendar.name, of: exchange.principal.name)
            try refuseIfWriteProtected(transfer.calendar, .dav("unbind"), on: href)
        }
        let (parent, name, href) = try await place(of: transfer.destination, for: exchange)
        try refuseIfWriteProtected(parent, .dav("bind"), on: href)
        guard parent.id != transfer.calendar.id || name != transfer.source.name else {
            throw DAVError(status: 403, message: "The source and the destination are the same.")
        }
        guard parent.properties.components.contains(transfer.source.kind) else {
            let kind = transfer.source.kind.rawValue
            throw DAVError.failed(.supportedCalendarComponent, "The other calendar holds no \(kind).")
        }
        let outcome = try await writing(exchange, into: (parent.id, href)) {
            try await calendars.transfer(
                transfer.source,
                transfer.kind,
                from: transfer.calendar.id,
                to: ObjectPlace(calendar: parent.id, name: name),
                overwrites: transfer.destination.overwrites,
                past: exchange.writeGuard,
                by: exchange.author
            )
        }
        guard let response = try tell(outcome, in: href) else { return nil }
        let preferences = exchange.preferences
        guard preferences.returning == .representation else { return response.applying(preferences, .minimal) }
        return
            response.representing(
                transfer.source.text,
                transfer.source.entry.contentType,
                etag: transfer.source.etag.quoted,
                at: href.appending(name).path
            )
            .applying(preferences, .representation)
    }

    private func tell(_ outcome: TransferOutcome, in calendar: Href) throws(DAVError) -> DAVResponse? {
        switch outcome {
        case .created(let etag): return try answer(PutOutcome.created(etag), in: calendar)
        case .replaced(let etag): return try answer(PutOutcome.replaced(etag), in: calendar)
        case .uidInUse(let holder): return try answer(PutOutcome.uidInUse(by: holder), in: calendar)
        case .calendarMissing: throw .parentMissing
        case .destinationExists: throw DAVError(status: 412, message: "There is something at the destination.")
        case .tooManyProperties: throw .tooManyProperties
        case .sourceChanged: return nil
        }
    }

    /// The calendar that a destination lies in, the name there, and the calendar's address.
    private func place(
        of destination: Destination,
        for exchange: Exchange
    ) async throws -> (CalendarCollection, String, Href) {
        switch destination.path {
        case .object(let home, let calendarName, let name):
            do {
                let calendar = try await parent(named: calendarName, in: home, for: exchange.principal)
                return (calendar, name, .calendar(calendarName, of: home))
            } catch let error as DAVError where error == .notFound {
                // What belongs to somebody else is not there, and so cannot be written into.
                throw DAVError.parentMissing
            }
        case .wellKnown, .root, .principals, .principal, .notifications, .homes, .home, .calendar, .unknown:
            throw DAVError(status: 403, message: "A calendar object can only stand in a calendar.")
        }
    }
}

extension Exchange {
    /// DELETE and MOVE of a collection take all that is in it along (RFC 4918 §9.6.1, §9.9.2).
    func requireInfiniteDepth() throws(DAVError) {
        guard let text = request.headers[.depth], Depth(text) != .infinity else { return }
        throw .badRequest("\(request.method) of a collection has no Depth but infinity.")
    }
}

/// A COPY or MOVE of an object, with the source as it was read.
private struct ObjectTransfer: Sendable {
    let exchange: Exchange
    let kind: TransferKind
    let source: StoredObject
    let calendar: CalendarCollection
    let destination: Destination

    init(
        _ exchange: Exchange,
        _ kind: TransferKind,
        _ source: StoredObject,
        of calendar: CalendarCollection,
        to destination: Destination
    ) {
        self.exchange = exchange
        self.kind = kind
        self.source = source
        self.calendar = calendar
        self.destination = destination
    }
}
