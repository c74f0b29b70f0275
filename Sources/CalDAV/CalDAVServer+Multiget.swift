import ICalendar
import ICalendar
import Store
import WebDAV

extension CalDAVServer {
    /// `calendar-multiget` (RFC 4791 §7.9); its Depth says nothing, and clients send 0, 1 or none.
    func calendarMultiget(
        _ multiget: CalendarMultiget,
        in calendar: CalendarCollection,
        for principal: Principal,
        _ zones: ZoneInclusion
    ) async throws -> DAVResponse {
        let answer = ObjectAnswer(multiget.properties, floatingZone: calendar.floatingZone, zones: zones)
        let names = multiget.hrefs.map { name(of: $0, in: calendar, for: principal) }
        var found: [String: StoredObject] = [:]
        for object in try await calendars.objects(named: names.compactMap(\.self), in: calendar.id) {
            found[object.name] = object
        }
        var multiStatus = MultiStatus()
        for (asked, name) in zip(multiget.hrefs, names) {
            // The href goes back as it came: calcurse waits until it reads its own spelling.
            let href = Href(encoded: asked)
            guard let object = name.flatMap({ found[$0] }) else {
                multiStatus.append(href, status: 404)
                continue
            }
            let resource = Resource(kind: .object(object.entry, in: calendar), requester: principal, href: href)
            answer.append(resource, text: object.text, to: &multiStatus)
        }
        return DAVResponse(multiStatus)
    }

    /// The object of this calendar that an href names; nil for a bad one, and for one that lies elsewhere.
    private func name(of href: String, in calendar: CalendarCollection, for principal: Principal) -> String? {
        // A path that no resource can have names none: the answer is 404 for that href, not 400 for the report.
        guard let href = Href(parsing: href), let path = try? ResourcePath.parse(href.path),
            case .object(principal.name, calendar.name, let name) = path
        else { return nil }
        return name
    }
}
