import HTTPTypes
import ICalendar
import Store
import WebDAV
import XML

extension CalDAVServer {
    /// LOCK (RFC 4918 §9.10).
    func lock(_ exchange: Exchange) async throws -> DAVResponse {
        let place = try await lockable(exchange)
        let expiry = now().advanced(by: LockTimeout.seconds(exchange.request.headers[.timeout]))
        switch try LockRequest(exchange.request) {
        case .refresh:
            return try await refresh(place, until: expiry, exchange)
        case .new(let isExclusive, let isDeep, let owner):
            let lock = DAVLock(
                token: LockToken.make(),
                place: place,
                isExclusive: isExclusive,
                isDeep: isDeep,
                principal: exchange.principal.id,
                owner: owner,
                expiresAt: expiry
            )
            return try await make(lock, exchange)
        }
    }

    /// UNLOCK (RFC 4918 §9.11).
    func unlock(_ exchange: Exchange) async throws -> DAVResponse {
        let place = try await lockable(exchange)
        guard let token = LockToken.coded(in: exchange.request.headers[.lockToken]) else {
            throw DAVError.badRequest("UNLOCK needs a Lock-Token, in angle brackets.")
        }
        switch try await calendars.unlock(token, at: place, by: exchange.principal.id) {
        case .unlocked: return DAVResponse(status: 204)
        case .noSuchLock:
            throw DAVError.failed(.lockTokenMatchesRequestURI, "No lock of that token holds of this resource.")
        case .notItsMaker:
            throw DAVError.failed(
                .needPrivileges(.dav("unlock"), on: try href(of: place, exchange)),
                "Only who has made a lock can end it."
            )
        }
    }

    private func make(_ lock: DAVLock, _ exchange: Exchange) async throws -> DAVResponse {
        let outcome = try await writing(exchange) { try await calendars.lock(lock, past: exchange.writeGuard) }
        switch outcome {
        case .calendarMissing: throw DAVError.parentMissing
        case .conflict(let places): return try refuse(lock, because: places, exchange)
        case .locked, .reserved:
            var response = try answer(lock, exchange)
            if outcome == .reserved { response.status = 201 }
            response.headers[.lockToken] = "<\(lock.token)>"
            return response
        }
    }

    /// RFC 4918 §9.10.2: the lock is named by its token in `If`, which was found to hold before anything else.
    private func refresh(_ place: LockPlace, until expiry: Instant, _ exchange: Exchange) async throws -> DAVResponse {
        guard let token = exchange.writeGuard.tokens.first, exchange.writeGuard.tokens.count == 1 else {
            throw DAVError.badRequest("A LOCK without body renews the one lock whose token is in the If header.")
        }
        let lock = try await calendars.refreshLock(token, at: place, of: exchange.principal.id, until: expiry)
        guard let lock else { throw DAVError.preconditionFailed }
        return try answer(lock, exchange)
    }

    /// RFC 4918 §9.10.3: a lock on a calendar that a member prevents is told member by member.
    private func refuse(_ lock: DAVLock, because places: [LockPlace], _ exchange: Exchange) throws -> DAVResponse {
        let hrefs = try places.map { try href(of: $0, exchange) }
        guard case .calendar = lock.place, !places.contains(lock.place) else {
            throw DAVError.failed(.noConflictingLock(hrefs), "The resource is locked already.")
        }
        var multiStatus = MultiStatus()
        for href in hrefs { multiStatus.append(href, status: 423, error: .noConflictingLock([href])) }
        multiStatus.append(try href(of: lock.place, exchange), status: 424)
        return DAVResponse(multiStatus)
    }

    private func answer(_ lock: DAVLock, _ exchange: Exchange) throws -> DAVResponse {
        let active = lock.element(root: try href(of: lock.place, exchange), at: now())
        let discovery = Element(.dav("lockdiscovery"), children: [.element(active)])
        let prop = Element(.dav("prop"), children: [.element(discovery)])
        var writer = Writer.dav()
        writer.declaration()
        writer.element(prop, declaresPrefixes: true)
        return DAVResponse(status: 200, xml: writer.octets)
    }

    /// What the request is for, if it can be locked: a calendar, an object, or the name of one to come.
    private func lockable(_ exchange: Exchange) async throws -> LockPlace {
        switch exchange.path {
        case .calendar(let home, let name):
            let calendar = try await calendar(named: name, in: home, for: exchange.principal)
            try refuseIfWriteProtected(calendar, .dav("write-content"), on: .calendar(name, of: home))
            return .calendar(calendar.id)
        case .object(let home, let calendarName, let name):
            let calendar = try await parent(named: calendarName, in: home, for: exchange.principal)
            try refuseIfWriteProtected(calendar, .dav("write-content"), on: .calendar(calendarName, of: home))
            return .object(ObjectPlace(calendar: calendar.id, name: name))
        case .wellKnown, .root, .principals, .principal, .notifications, .homes, .home, .unknown:
            _ = try await resource(exchange)
            throw exchange.methodNotAllowed
        }
    }

    /// The address of something in the calendar that the request is for.
    private func href(of place: LockPlace, _ exchange: Exchange) throws(DAVError) -> Href {
        switch exchange.path {
        case .calendar(let home, let name), .object(let home, let name, _):
            return place.href(in: .calendar(name, of: home))
        case .wellKnown, .root, .principals, .principal, .notifications, .homes, .home, .unknown:
            throw exchange.methodNotAllowed
        }
    }
}

extension LockPlace {
    /// The address of the place, given that of its calendar.
    func href(in calendar: Href) -> Href {
        switch self {
        case .calendar: calendar
        case .object(let place): calendar.appending(place.name)
        }
    }
}

/// Tokens of locks (RFC 4918 §6.5).
enum LockToken {
    /// A token that was never used before: a random UUID (RFC 9562 §5.4).
    static func make() -> String {
        var octets = (0..<16).map { _ in UInt8.random(in: .min ... .max) }
        octets[6] = octets[6] & 0x0F | 0x40
        octets[8] = octets[8] & 0x3F | 0x80
        let digits = octets.map { octet in
            String(octet >> 4, radix: 16) + String(octet & 0x0F, radix: 16)
        }
        let groups = [0..<4, 4..<6, 6..<8, 8..<10, 10..<16].map { digits[$0].joined() }
        return "urn:uuid:" + groups.joined(separator: "-")
    }

    /// The token in a `Lock-Token` header (RFC 4918 §10.5).
    static func coded(in header: String?) -> String? {
        guard let header, header.utf8.first == UInt8(ascii: "<"), header.utf8.last == UInt8(ascii: ">") else {
            return nil
        }
        return String(header.dropFirst().dropLast())
    }
}
