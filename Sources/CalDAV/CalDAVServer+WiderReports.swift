import ICalendar
import Store
import WebDAV

extension CalDAVServer {
    /// `calendar-query` of a home (RFC 4791 §7.2): Depth 0 reaches no calendar, any other the objects of all of them.
    func calendarQuery(
        _ query: CalendarQuery,
        inHome home: Resource,
        _ exchange: Exchange
    ) async throws -> DAVResponse {
        guard try exchange.depth != .zero else { return DAVResponse(MultiStatus()) }
        let collections = try await members(of: home)
        var found = try await matches(of: query, in: collections, exchange, isNarrowed: false)
        // Whether it is too much must be known before the first is told.
        if found.count > maximumMatches {
            found = try await matches(of: query, in: collections, exchange, isNarrowed: true)
        }
        try checkCount(of: found.count)
        return try await DAVResponse(ChainedSteps(found.parts))
    }

    private func matches(
        of query: CalendarQuery,
        in collections: [Resource],
        _ exchange: Exchange,
        isNarrowed: Bool
    ) async throws -> (parts: [ObjectSteps<ListedChanges>], count: Int) {
        var parts: [ObjectSteps<ListedChanges>] = []
        var count = 0
        for member in collections {
            guard let calendar = member.calendar else { continue }
            let found = try await matches(
                of: query,
                in: calendar,
                at: member.href,
                for: exchange.principal,
                exchange.zones,
                isNarrowed: isNarrowed
            )
            parts.append(found.steps)
            count += found.count
        }
        return (parts, count)
    }

    /// `calendar-query` of one object, which matches or does not, whatever the Depth.
    func calendarQuery(
        _ query: CalendarQuery,
        of resource: Resource,
        in calendar: CalendarCollection,
        _ exchange: Exchange
    ) async throws -> DAVResponse {
        let floatingZone = try calendar.floatingZone(asked: query.timeZone)
        let answer = ObjectAnswer(query.properties, floatingZone: floatingZone, zones: exchange.zones)
        let place = try await place(calendar, resource.href.parent, for: exchange.principal, answer)
        guard let name = resource.entry?.name, let found = try await calendars.read(named: [name], in: calendar.id)[0]
        else { throw DAVError.notFound }
        var multiStatus = MultiStatus()
        var read = ReadObject(listed: found.listed, text: found.text)
        do throws(CalendarDataError) {
            if try query.filter.accepts(read.parsed(), floatingZone: floatingZone) {
                answer.append(read, in: place, to: &multiStatus)
            }
        } catch {
            answer.append(error, of: found.listed, in: place, to: &multiStatus)
        }
        return DAVResponse(multiStatus)
    }

    /// `calendar-multiget` of a home, whose hrefs lie in any of its calendars, or of an object, which names itself.
    func calendarMultiget(
        _ multiget: CalendarMultiget,
        around resource: Resource,
        _ exchange: Exchange
    ) async throws -> DAVResponse {
        var named: [String: [Asked]] = [:]
        var missing = MultiStatus()
        for href in multiget.hrefs {
            let path = Href(parsing: href).flatMap { try? ResourcePath.parse($0.path) }
            if let path, case .object(exchange.principal.name, let calendar, let name) = path,
                resource.entry == nil || path == exchange.path
            {
                named[calendar, default: []].append(Asked(href: href, name: name))
            } else {
                missing.append(Href(encoded: href), status: 404)
            }
        }
        var parts: [MultigetSteps] = []
        for (name, asked) in named.sorted(by: { $0.key < $1.key }) {
            let principal = exchange.principal
            guard let calendar = try await calendars.calendar(named: name, visibleTo: principal.id),
                calendar.properties.source == nil
            else {
                for asked in asked { missing.append(Href(encoded: asked.href), status: 404) }
                continue
            }
            let properties = multiget.properties
            let answer = ObjectAnswer(properties, floatingZone: calendar.floatingZone, zones: exchange.zones)
            let place = try await place(calendar, .calendar(name, of: principal.name), for: principal, answer)
            parts.append(MultigetSteps(asked[...], in: place, answer, calendars))
        }
        return try await DAVResponse(ChainedSteps(parts), begunWith: missing)
    }
}

/// Steps of one kind after each other, as one answer.
private struct ChainedSteps<Part: AnswerSteps>: AnswerSteps {
    private var parts: ArraySlice<Part>

    init(_ parts: [Part]) { self.parts = parts[...] }

    mutating func step(_ multiStatus: inout MultiStatus) async throws -> Bool {
        while var part = parts.first {
            let goesOn = try await part.step(&multiStatus)
            guard !goesOn else {
                parts[parts.startIndex] = part
                return true
            }
            parts.removeFirst()
        }
        return false
    }
}
