import ICalendar
import Store
import WebDAV

extension CalDAVServer {
    /// The most matches one answer tells; what a calendar has more is found by a narrower query (RFC 4791 §7.8).
    public static let maximumQueryResults = 50_000

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
        try await DAVResponse(matches(of: query, in: calendar, at: href, for: principal, zones).steps)
    }

    /// What may match in one calendar, and how it is told; `isNarrowed` looks at each object before the first is told.
    func matches(
        of query: CalendarQuery,
        in calendar: CalendarCollection,
        at href: Href,
        for principal: Principal,
        _ zones: ZoneInclusion,
        isNarrowed: Bool = false
    ) async throws -> (steps: ObjectSteps<ListedChanges>, count: Int) {
        let floatingZone = try calendar.floatingZone(asked: query.timeZone)
        let question = ObjectQuery(query.filter, floatingZone: floatingZone)
        var answer = ObjectAnswer(query.properties, floatingZone: floatingZone, zones: zones)
        let place = try await place(calendar, href, for: principal, answer)
        answer.listedRange = question.plan.range
        var found = try await calendars.matches(
            in: calendar.id,
            kinds: question.plan.kinds,
            range: question.plan.range,
            withOccurrences: answer.expandedRange != nil
        )
        if isNarrowed || found.count > maximumMatches { found = try await accepted(found, by: question) }
        try checkCount(of: found.count)
        return (ObjectSteps(ListedChanges(found), in: place, answer, if: question, calendars), found.count)
    }

    /// RFC 4791 §7.8: more than can be told at once is not told in part.
    func checkCount(of matches: Int) throws(DAVError) {
        guard matches > maximumMatches else { return }
        throw .failed(.numberOfMatchesWithinLimits, "More than \(maximumMatches) objects match.")
    }

    /// What a filter accepts of a listing that may be too long to be told.
    private func accepted(_ found: Listing, by question: ObjectQuery) async throws -> Listing {
        var found = found
        var accepts: [Bool] = []
        for start in stride(from: 0, to: found.count, by: 256) {
            let page = found[start..<min(start + 256, found.count)]
            var texts = try await calendars.texts(ofVersions: page.filter(question.mustSee).map(\.version))
                .makeIterator()
            for object in page {
                guard question.mustSee(object) else {
                    accepts.append(true)
                    continue
                }
                guard case .some(.some(let text)) = texts.next() else {
                    accepts.append(false)
                    continue
                }
                var read = ReadObject(listed: object, text: text)
                // One that cannot be judged is told, as one that cannot.
                accepts.append((try? question.accepts(&read)) ?? true)
            }
        }
        found.keep(where: accepts)
        return found
    }
}

/// A listing as changes none of which is a deletion.
struct ListedChanges: Sequence, Sendable {
    private let listing: Listing

    init(_ listing: Listing) { self.listing = listing }

    struct Iterator: IteratorProtocol, Sendable {
        fileprivate let listing: Listing
        fileprivate var index = 0

        mutating func next() -> Change? {
            guard index < listing.count else { return nil }
            defer { index += 1 }
            return .object(listing[index])
        }
    }

    func makeIterator() -> Iterator { Iterator(listing: listing) }
}

/// The question of one query to an object.
struct ObjectQuery: Sendable {
    let plan: QueryPlan
    private let filter: ComponentFilter
    private let floatingZone: FloatingZone

    init(_ filter: ComponentFilter, floatingZone: FloatingZone) {
        plan = QueryPlan(filter)
        self.filter = filter
        self.floatingZone = floatingZone
    }

    /// Whether the answer cannot be told without the object's octets.
    func mustSee(_ object: ListedObject) -> Bool { !plan.isExact || !object.isCertain }

    /// Whether an object is part of the answer.
    ///
    /// - Throws: what stands in the way of knowing; the answer then says so of this object, and of no other.
    func accepts(_ read: inout ReadObject) throws(CalendarDataError) -> Bool {
        guard mustSee(read.listed) else { return true }
        return try filter.accepts(read.parsed(), floatingZone: floatingZone)
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
