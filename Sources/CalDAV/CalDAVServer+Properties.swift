import HTTPTypes
import ICalendar
import Store
import WebDAV
import XML

extension CalDAVServer {
    /// PROPPATCH (RFC 4918 §9.2): everything or nothing.
    func proppatch(_ exchange: Exchange) async throws -> DAVResponse {
        let update = try PropertyUpdate(parsing: exchange.request.body)
        let resource = try await resource(exchange)
        if case .object(let entry, in: let calendar) = resource.kind {
            return try await patch(entry, in: calendar, update, resource.href, exchange)
        }
        guard let calendar = resource.collection else {
            let refused = try await patchAvailability(update, of: resource)
            return DAVResponse(answer(update, resource.href, refused: refused))
        }
        // How a shared calendar looks to its sharee is the sharee's own, whatever it may do with the events.
        if calendar.received == nil, calendar.properties.source == nil {
            try refuseIfWriteProtected(calendar, .dav("write-properties"), on: resource.href)
        }
        let changes = PropertyChanges(update, mode: .patch, isSubscription: calendar.properties.source != nil)
        if changes.refused.isEmpty {
            try await apply(changes, to: calendar, exchange)
            // RFC 8144 §2.2: where all went well nothing need be said of each property.
            if exchange.preferences.returning == .minimal {
                return DAVResponse(status: 200).applying(exchange.preferences, .minimal)
            }
        }
        return DAVResponse(answer(update, resource.href, refused: changes.refused))
    }

    /// PROPPATCH of an object, whose own properties are all protected: the rest is kept as it is.
    private func patch(
        _ entry: ObjectEntry,
        in calendar: CalendarCollection,
        _ update: PropertyUpdate,
        _ href: Href,
        _ exchange: Exchange
    ) async throws -> DAVResponse {
        try refuseIfWriteProtected(calendar, .dav("write-properties"), on: href)
        let changes = PropertyChanges(update, mode: .object)
        guard changes.refused.isEmpty else { return DAVResponse(answer(update, href, refused: changes.refused)) }
        let outcome = try await writing(exchange) {
            try await calendars.setProperties(
                changes.deadProperties,
                removing: changes.removed.map { ($0.namespace, $0.local) },
                of: ObjectPlace(calendar: calendar.id, name: entry.name),
                past: exchange.writeGuard,
                by: exchange.author
            )
        }
        switch outcome {
        case .notFound: throw DAVError.notFound
        case .tooMany:
            let refused = update.refusing { _ in PropertyChanges.Refusal(status: 507) }
            return DAVResponse(answer(update, href, refused: refused))
        case .changed:
            guard exchange.preferences.returning == .minimal else {
                return DAVResponse(answer(update, href, refused: [:]))
            }
            return DAVResponse(status: 200).applying(exchange.preferences, .minimal)
        }
    }

    /// MKCALENDAR (RFC 4791 §5.3.1) and extended MKCOL (RFC 5689), which vdirsyncer sends without a slash at the end.
    func makeCalendar(_ exchange: Exchange, body root: Name) async throws -> DAVResponse {
        guard case .calendar(let home, let name) = exchange.path else {
            if case .object(let home, let parent, _) = try exchange.pathOfMember, home == exchange.principal.name {
                // RFC 4918 §9.3.1: without what it is to stand in the answer is 409.
                _ = try await self.parent(named: parent, in: home, for: exchange.principal)
                throw DAVError.failed(.calendarCollectionLocationOK, "A calendar cannot stand inside another.")
            }
            _ = try await resource(exchange)
            throw exchange.methodNotAllowed
        }
        guard home == exchange.principal.name else { throw DAVError.notFound }
        let update = try propertyUpdate(creating: root, exchange)
        let isSubscription = update.makesSubscription
        if root == .dav("mkcol"), !isSubscription { try requireCalendarType(update) }

        let changes = PropertyChanges(update, mode: .creation, isSubscription: isSubscription)
        guard changes.refused.isEmpty else { return refuse(update, changes, as: root) }
        var properties = CalendarProperties()
        changes.change(&properties)
        guard !isSubscription || properties.source != nil else {
            throw DAVError.failed(.validResourceType, "A subscription needs a CS:source.")
        }
        let made = try await calendars.createCalendar(named: name, of: exchange.principal.id, properties: properties)
        guard let made else {
            var error = DAVError.failed(.resourceMustBeNull, "There is a calendar of that name already.")
            error.headers[.allow] = "OPTIONS, PROPFIND, PROPPATCH, REPORT, DELETE"
            throw error
        }
        if !changes.deadProperties.isEmpty {
            try await calendars.setDeadProperties(changes.deadProperties, remove: [], of: made.id)
        }
        return DAVResponse(status: 201, headers: [.cacheControl: "no-cache"]).applying(exchange.preferences, .minimal)
    }

    /// RFC 4918 §9.3: what cannot be read, and does not even say that it is XML, is a body of an unknown kind.
    private func propertyUpdate(creating root: Name, _ exchange: Exchange) throws(DAVError) -> PropertyUpdate {
        do {
            return try PropertyUpdate(creating: root, parsing: exchange.request.body)
        } catch {
            let type = exchange.request.headers[.contentType]
            guard error.status == 400, let type, !exchange.bringsXML else { throw error }
            throw DAVError(status: 415, message: "A body of the type \(type) says nothing here.")
        }
    }

    /// RFC 5689 §3: what is made must say that it is a calendar; there are no other collections here.
    private func requireCalendarType(_ update: PropertyUpdate) throws(DAVError) {
        for case .set(let element) in update.instructions where element.name == .dav("resourcetype") {
            guard Set(element.elements.map(\.name)) == [.dav("collection"), .calDAV("calendar")] else { break }
            return
        }
        throw .failed(.validResourceType, "Only calendars can be made here.")
    }

    private func apply(
        _ changes: PropertyChanges,
        to calendar: CalendarCollection,
        _ exchange: Exchange
    ) async throws {
        let exists = try await writing(exchange) {
            try await calendars.update(
                calendar,
                setting: changes.deadProperties,
                removing: changes.removed.map { ($0.namespace, $0.local) },
                past: exchange.writeGuard
            ) { changes.change(&$0) }
        }
        guard exists else { throw DAVError.notFound }
    }

    private func answer(
        _ update: PropertyUpdate,
        _ href: Href,
        refused: [PropertyName: PropertyChanges.Refusal]
    ) -> MultiStatus {
        var multiStatus = MultiStatus()
        multiStatus.append(href, propStats(update, refused: refused))
        return multiStatus
    }

    /// A creation that a property prevented (RFC 5689 §3.5, RFC 4791 §5.3.1).
    private func refuse(_ update: PropertyUpdate, _ changes: PropertyChanges, as root: Name) -> DAVResponse {
        let document = MultiStatus.propStats(
            propStats(update, refused: changes.refused),
            in: Name(root.namespace, root.local + "-response")
        )
        return DAVResponse(status: 403, xml: document)
    }

    /// Groups the properties by what became of them; beside a refused one the others failed with it (424).
    private func propStats(
        _ update: PropertyUpdate,
        refused: [PropertyName: PropertyChanges.Refusal]
    ) -> [PropStat] {
        var seen: Set<PropertyName> = []
        let names = update.instructions.map(\.name).filter { seen.insert($0).inserted }
        guard !refused.isEmpty else { return [PropStat(status: 200, names: names)] }
        var groups: [PropertyChanges.Refusal: [PropertyName]] = [:]
        for name in names { groups[refused[name] ?? .failedDependency, default: []].append(name) }
        return groups.sorted { $0.key.status < $1.key.status }.map { refusal, names in
            PropStat(status: refusal.status, names: names, error: refusal.error)
        }
    }
}

extension Exchange {
    /// The path without the slash at its end, which only collections have: where an object could be, none can.
    fileprivate var pathOfMember: ResourcePath {
        get throws(DAVError) {
            guard path == .unknown, request.path.utf8.last == UInt8(ascii: "/") else { return path }
            return try ResourcePath.parse(String(request.path.dropLast()))
        }
    }
}
