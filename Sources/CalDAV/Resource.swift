import Store
import WebDAV

/// A resource that exists and that its requester may see.
struct Resource: Sendable {
    /// What it is.
    enum Kind: Sendable {
        case root, principals, homes, home, notifications
        case principal(Principal)
        case calendar(CalendarCollection)
        case object(ObjectEntry, in: CalendarCollection)
    }

    let kind: Kind

    /// Who asks; nobody sees what is another's and was not shared.
    let requester: Principal

    let href: Href

    /// Properties that mean nothing to the server; only calendars and objects have any.
    var deadProperties: [DeadProperty] = []

    /// To whom a calendar is given; nil where nobody asked.
    var shares: [Share]?

    /// The locks that hold of it; nil where nobody has looked: only PROPFIND does.
    var locks: [ShownLock]?

    /// How much room it takes; nil where nobody has looked: only PROPFIND does.
    var room: Room?

    /// When the requester can be met, as it was set; nil where nobody asked.
    var availability: String?

    var calendar: CalendarCollection? {
        guard let collection, collection.properties.source == nil else { return nil }
        return collection
    }

    /// A collection that stands for a source the client reads elsewhere: no calendar, but beside them.
    var subscription: CalendarCollection? {
        guard let collection, collection.properties.source != nil else { return nil }
        return collection
    }

    /// A calendar or a subscription.
    var collection: CalendarCollection? {
        guard case .calendar(let collection) = kind else { return nil }
        return collection
    }

    /// The name of whoever owns it, where somebody does.
    var ownerName: String? {
        switch kind {
        case .principal(let principal): principal.name
        case .home, .notifications: requester.name
        case .calendar(let calendar), .object(_, in: let calendar): calendar.received?.ownerName ?? requester.name
        case .root, .principals, .homes: nil
        }
    }

    var principal: Principal? {
        guard case .principal(let principal) = kind else { return nil }
        return principal
    }

    var entry: ObjectEntry? {
        guard case .object(let entry, in: _) = kind else { return nil }
        return entry
    }
}

extension CalDAVServer {
    /// The resource a request is for, or 404; what belongs to somebody else is 404 too.
    func resource(_ exchange: Exchange) async throws -> Resource {
        try await resource(exchange.path, for: exchange.principal, at: exchange.request.path)
    }

    /// The resource at a path, or 404.
    func resource(_ path: ResourcePath, for principal: Principal, at raw: String) async throws -> Resource {
        func make(_ kind: Resource.Kind, _ href: Href) -> Resource {
            Resource(kind: kind, requester: principal, href: href)
        }
        switch path {
        case .wellKnown, .unknown: throw DAVError.notFound
        // At "/" the answer must speak of "/", or the client finds no response for what it asked.
        case .root: return make(.root, raw == "/" ? Href(encoded: "/") : .root)
        case .principals: return make(.principals, .principals)
        case .homes: return make(.homes, .homes)
        case .principal(let name):
            guard let named = try await self.principal(named: name, for: principal) else { throw DAVError.notFound }
            return make(.principal(named), .principal(name))
        case .notifications(let name):
            guard name == principal.name else { throw DAVError.notFound }
            return make(.notifications, .notifications(of: name))
        case .home(let name):
            guard name == principal.name else { throw DAVError.notFound }
            return make(.home, .home(name))
        case .calendar(let home, let name):
            let calendar = try await calendar(named: name, in: home, for: principal)
            return make(.calendar(calendar), .calendar(name, of: home))
        case .object(let home, let calendarName, let name):
            let calendar = try await calendar(named: calendarName, in: home, for: principal)
            guard let entry = try await calendars.entry(named: name, in: calendar.id) else { throw DAVError.notFound }
            return make(.object(entry, in: calendar), .calendar(calendarName, of: home).appending(name))
        }
    }

    /// A principal, whom everybody may see; the requester needs no look-up.
    private func principal(named name: String, for requester: Principal) async throws -> Principal? {
        name == requester.name ? requester : try await calendars.principal(named: name)
    }

    /// A calendar in the requester's home, its own or shared with it, or 404.
    func calendar(named name: String, in home: String, for principal: Principal) async throws -> CalendarCollection {
        guard home == principal.name, let calendar = try await calendars.calendar(named: name, visibleTo: principal.id)
        else {
            throw DAVError.notFound
        }
        return calendar
    }

    /// What stands directly inside a collection.
    func members(of resource: Resource) async throws -> [Resource] {
        let requester = resource.requester
        func make(_ kind: Resource.Kind, _ href: Href) -> Resource {
            Resource(kind: kind, requester: requester, href: href)
        }
        switch resource.kind {
        case .root: return [make(.principals, .principals), make(.homes, .homes)]
        case .principals:
            return try await calendars.principals().map { make(.principal($0), .principal($0.name)) }
        case .homes: return [make(.home, .home(requester.name))]
        case .home:
            return try await calendars.calendars(visibleTo: requester.id).map { calendar in
                make(.calendar(calendar), .calendar(calendar.name, of: requester.name))
            }
        case .calendar(let calendar):
            return try await calendars.entries(in: calendar.id).map { entry in
                make(.object(entry, in: calendar), resource.href.appending(entry.name))
            }
        case .principal, .notifications, .object: return []
        }
    }
}
