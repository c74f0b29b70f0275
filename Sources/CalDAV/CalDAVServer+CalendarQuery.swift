import ICalendar
import Store
import WebDAV

extension CalDAVServer {
    /// The most matches one answer tells; what a calendar has more is found by a narrower query (RFC 4791 §7.8).
    static let maximumQueryResults = 50_000

    /// `calendar-query` (RFC 4791 §7.8).
    ///
    /// Deviation: any Depth reaches the objects. Depth 0 on a calendar would by the letter ask only the calendar itself,
    /// which matches nothing.
    func calendarQuery(
        _ query: CalendarQuery,
        in calendar: CalendarCollection,
        at href: Href,
        for principal: Principal,
        _ zones: ZoneInclusion
    ) async throws -> DAVResponse {
        let floatingZone = try calendar.floatingZone(asked: query.timeZone)
        let answer = ObjectAnswer(query.properties, floatingZone: floatingZone, zones: zones)
        let matches = try await matches(query.filter, in: calendar, floatingZone, withText: answer.needsText)
        guard matches.count <= Self.maximumQueryResults else {
            throw DAVError.failed(.numberOfMatchesWithinLimits, "More than \(Self.maximumQueryResults) objects match.")
        }
        var multiStatus = MultiStatus()
        for match in matches {
            let member = href.appending(match.entry.name)
            let resource = Resource(kind: .object(match.entry, in: calendar), requester: principal, href: member)
            answer.append(resource, text: match.text, to: &multiStatus)
        }
        return DAVResponse(multiStatus)
    }

    private struct Accepted {
        var entry: ObjectEntry
        var text: String?
    }

    /// The objects a filter accepts; read are only the texts that are asked for, and those of which the time index cannot
    /// say.
    private func matches(
        _ filter: ComponentFilter,
        in calendar: CalendarCollection,
        _ floatingZone: FloatingZone,
        withText: Bool
    ) async throws -> [Accepted] {
        let plan = QueryPlan(filter)
        let matches = try await calendars.matches(in: calendar.id, kinds: plan.kinds, range: plan.range)
        let mustRead = matches.filter { withText || !plan.isExact || !$0.isCertain }
        guard !mustRead.isEmpty else { return matches.map { Accepted(entry: $0.entry) } }
        var texts = try await calendars.texts(of: mustRead).makeIterator()
        return matches.compactMap { match in
            guard withText || !plan.isExact || !match.isCertain else { return Accepted(entry: match.entry) }
            guard case .some(.some(let text)) = texts.next() else { return nil }
            let accepted = Accepted(entry: match.entry, text: text)
            if plan.isExact, match.isCertain { return accepted }
            // What is stored was checked when it came in; what cannot be read any more matches no question about it.
            guard let object = try? StoredObject(entry: match.entry, text: text).object() else { return nil }
            return filter.accepts(object, floatingZone: floatingZone) ? accepted : nil
        }
    }
}

/// What of a filter the store's index can answer.
struct QueryPlan: Sendable, Hashable {
    /// The kinds of objects that can match; nil for all.
    var kinds: Set<ComponentKind>?

    /// The range in which one must occur.
    var range: TimeRange?

    /// Whether nothing but kind and range is asked.
    var isExact: Bool

    init(_ filter: ComponentFilter) {
        guard case .matches(timeRange: nil, let properties, let components) = filter.test else {
            self.init(isExact: false)
            return
        }
        guard properties.isEmpty, components.count <= 1 else {
            self.init(isExact: false)
            return
        }
        guard let inner = components.first else {
            self.init(isExact: true)
            return
        }
        guard let kind = ComponentKind(rawValue: inner.name),
            case .matches(let range, let conditions, let nested) = inner.test
        else {
            self.init(isExact: false)
            return
        }
        self.init(isExact: conditions.isEmpty && nested.isEmpty)
        kinds = [kind]
        self.range = range.map(TimeRange.init)
    }

    private init(isExact: Bool) { self.isExact = isExact }
}

extension TimeRange {
    /// The range of a request.
    init(_ range: UTCRange) {
        self.init(start: range.start.map(Instant.init(seconds:)), end: range.end.map(Instant.init(seconds:)))
    }
}
