import HTTPTypes
import Store
import WebDAV
import XML

extension CalDAVServer {
    /// POST: what it is about, its media type says.
    func post(_ exchange: Exchange) async throws -> DAVResponse {
        guard exchange.bringsXML else { return try await addMember(exchange) }
        return try await share(resource(exchange), exchange)
    }

    /// POST about sharing: to a calendar by its owner, to a home by a sharee who answers.
    private func share(_ resource: Resource, _ exchange: Exchange) async throws -> DAVResponse {
        switch resource.kind {
        case .calendar(let calendar):
            guard case .changes(let changes) = try SharingRequest(parsing: exchange.request.body) else {
                throw DAVError.badRequest("An answer to an invitation goes to one's own home.")
            }
            return try await share(calendar, at: resource.href, changes)
        case .home:
            guard case .reply(let reply) = try SharingRequest(parsing: exchange.request.body) else {
                throw DAVError.badRequest("Only calendars can be shared.")
            }
            return try await answer(reply, for: exchange.principal)
        case .root, .principals, .homes, .principal, .notifications, .object: throw exchange.methodNotAllowed
        }
    }

    /// Everything done is 200, nothing done the first refusal; in between a multistatus tells of each sharee.
    private func share(
        _ calendar: CalendarCollection,
        at href: Href,
        _ changes: [SharingRequest.Change]
    ) async throws -> DAVResponse {
        guard calendar.received == nil else {
            throw DAVError.failed(.needPrivileges(.dav("write-acl"), on: href), "Only its owner shares a calendar.")
        }
        guard calendar.properties.source == nil else {
            throw DAVError(status: 403, message: "A subscription is not ours to share.")
        }
        var outcomes: [(sharee: Href, refusal: DAVError?)] = []
        for change in changes {
            outcomes.append((Href(encoded: change.sharee), try await carryOut(change, on: calendar)))
        }
        let refusals = outcomes.compactMap(\.refusal)
        guard let first = refusals.first else { return DAVResponse(status: 200, headers: [.cacheControl: "no-cache"]) }
        guard refusals.count < outcomes.count else { throw first }
        var multiStatus = MultiStatus()
        for (sharee, refusal) in outcomes {
            multiStatus.append(sharee, status: refusal?.status ?? 200, error: refusal?.precondition)
        }
        return DAVResponse(multiStatus)
    }

    /// Gives, changes or takes back; what is wrong with the sharee is returned, and stops nothing else.
    private func carryOut(_ change: SharingRequest.Change, on calendar: CalendarCollection) async throws -> DAVError? {
        guard let sharee = try await principal(addressed: change.sharee) else { return .unknownSharee }
        let access: ShareAccess
        switch change.access {
        case .none:
            _ = try await calendars.removeShare(of: calendar.id, with: sharee.id)
            return nil
        case .read: access = .read
        case .readWrite: access = .write
        }
        switch try await calendars.share(calendar.id, of: calendar.owner, with: sharee.id, access) {
        case .created, .changed: return nil
        case .ownCalendar: return .failed(.allowedPrincipal, "Nobody needs a share of his own calendar.")
        case .calendarMissing: throw DAVError.notFound
        }
    }

    /// Whom an address names: `mailto:`, or the address of a principal.
    private func principal(addressed address: String) async throws -> Principal? {
        if address.lowercased().hasPrefix("mailto:") {
            let mailbox = Percent.decode(segment: address.dropFirst("mailto:".count)) ?? ""
            return try await calendars.principal(email: mailbox)
        }
        guard let href = Href(parsing: address), let path = try? ResourcePath.parse(href.path),
            case .principal(let name) = path
        else { return nil }
        return try await calendars.principal(named: name)
    }

    /// The sharee accepts or declines; what was accepted stands in its home, and the answer says where.
    private func answer(_ reply: SharingRequest.Reply, for principal: Principal) async throws -> DAVResponse {
        guard let href = Href(parsing: reply.calendar),
            case .calendar(let owner, let name) = try ResourcePath.parse(href.path)
        else { throw DAVError.notFound }
        let given = try await calendars.receivedCalendars(of: principal.id)
        let calendar = given.first { $0.received?.ownerName == owner && $0.received?.nameAtOwner == name }
        guard let calendar, let share = calendar.received?.id,
            try await calendars.setState(reply.isAccepted ? .accepted : .declined, of: share, for: principal.id)
        else { throw DAVError.notFound }
        guard reply.isAccepted else { return DAVResponse(status: 204) }
        var writer = Writer.dav()
        writer.declaration()
        let place = Element(.dav("href"), text: Href.calendar(calendar.name, of: principal.name).path)
        writer.element(
            Element(.calendarServer("shared-as"), children: [.element(place)]),
            declaresPrefixes: true
        )
        return DAVResponse(status: 200, xml: writer.octets)
    }
}

extension Exchange {
    /// Whether the body says that it is XML, of whatever kind (RFC 7303 §8.1).
    var bringsXML: Bool {
        let type = request.headers[.contentType]?.lowercased().prefix { $0 != ";" && $0 != " " } ?? ""
        return type.hasSuffix("/xml") || type.hasSuffix("+xml")
    }
}

extension DAVError {
    /// RFC 3744 §8.1.1 has the name for it; principal-property-search tells no less.
    fileprivate static let unknownSharee = DAVError.failed(.recognizedPrincipal, "Nobody here has this address.")
}
