import HTTPTypes
import Store
import WebDAV

extension CalDAVServer {
    /// Refuses a request whose `If` header does not hold (RFC 4918 §10.4.1), and remembers what it asks for.
    ///
    /// A write looks at it once more in its own transaction: see ``writing(_:_:)``.
    func checkIfHeader(of exchange: inout Exchange) async throws {
        guard let text = exchange.request.headers[.if] else { return }
        exchange.writeGuard = try await writeGuard(IfHeader(parsing: text), for: exchange)
        guard try await calendars.holds(exchange.writeGuard) else { throw DAVError.preconditionFailed }
    }

    private func writeGuard(_ header: IfHeader, for exchange: Exchange) async throws -> WriteGuard {
        var wish = exchange.writeGuard
        var places: [ResourcePath: LockPlace?] = [:]
        for list in header.lists {
            let path = try list.resource.map { href throws(DAVError) in try ResourcePath.parse(href.path) }
            let tagged = path ?? exchange.path
            let known = places[tagged]
            let place = if let known { known } else { try await place(tagged, for: exchange.principal) }
            places[tagged] = place
            wish.alternatives.append(
                list.conditions.map { WriteGuard.Condition(place, isNegated: $0.isNegated, $0.state.asStored) }
            )
            for case .lock(let token) in list.conditions.map(\.state.asStored) { wish.tokens.insert(token) }
        }
        return wish
    }

    /// What a path means to the store; nil for what has no state, and for what the requester may not see.
    private func place(_ path: ResourcePath, for principal: Principal) async throws -> LockPlace? {
        do {
            switch path {
            case .calendar(let home, let name):
                return .calendar(try await calendar(named: name, in: home, for: principal).id)
            case .object(let home, let calendarName, let name):
                let calendar = try await calendar(named: calendarName, in: home, for: principal)
                return .object(ObjectPlace(calendar: calendar.id, name: name))
            case .wellKnown, .root, .principals, .principal, .notifications, .homes, .home, .unknown: return nil
            }
        } catch let error as DAVError where error == .notFound {
            return nil
        }
    }

    /// Carries out a write, and says in DAV's words why the store refused it (RFC 4918 §11.3, §16).
    ///
    /// `destination` is the calendar into which a COPY or MOVE writes, and its address.
    func writing<Outcome>(
        _ exchange: Exchange,
        into destination: (id: CalendarID, href: Href)? = nil,
        _ write: () async throws -> Outcome
    ) async throws -> Outcome {
        do {
            return try await write()
        } catch let refusal as WriteRefusal {
            switch refusal {
            case .stateDiffers: throw DAVError.preconditionFailed
            case .quotaExceeded:
                throw DAVError.failed(.quotaNotExceeded, "The calendar's owner has no room left for this.")
            case .locked(let place): throw DAVError.locked(at: exchange.href(of: place, destination))
            }
        }
    }
}

extension CalDAVServer {
    /// Tells of a locked member that keeps a whole calendar where it is (RFC 4918 §9.6.1, §9.9.2): 207 instead of 423.
    func tellingMembers(_ write: () async throws -> DAVResponse) async throws -> DAVResponse {
        do {
            return try await write()
        } catch let error as DAVError {
            guard case .lockTokenSubmitted(let hrefs)? = error.precondition,
                let member = hrefs.first(where: { !$0.path.hasSuffix("/") })
            else { throw error }
            var multiStatus = MultiStatus()
            multiStatus.append(member, status: 423, error: error.precondition)
            return DAVResponse(multiStatus)
        }
    }
}

extension Exchange {
    /// The address of something locked, in the calendar of the request or of its destination.
    fileprivate func href(of place: LockPlace, _ destination: (id: CalendarID, href: Href)?) -> Href {
        if let destination, destination.id == place.calendar { return place.href(in: destination.href) }
        switch path {
        case .calendar(let home, let name), .object(let home, let name, _):
            return place.href(in: .calendar(name, of: home))
        case .wellKnown, .root, .principals, .principal, .notifications, .homes, .home, .unknown:
            return Href(encoded: request.path)
        }
    }
}

extension Exchange {
    /// What must hold of the object that is written.
    var writeCondition: WriteCondition {
        get throws(DAVError) { try WriteCondition(request.headers) }
    }
}

extension IfHeader.State {
    /// A sync token is a revision, any other token may be a lock's.
    fileprivate var asStored: WriteGuard.State {
        switch self {
        case .entityTag(let tag): return .entityTag(tag)
        case .token(let text):
            guard let token = SyncToken(text) else { return .lock(text) }
            return .revision(CalendarID(rawValue: token.calendar), token.revision)
        }
    }
}

extension DAVError {
    /// RFC 4918 §11.3.
    fileprivate static func locked(at href: Href) -> DAVError {
        .failed(.lockTokenSubmitted([href]), "The resource is locked, and the request does not show the lock's token.")
    }
}
