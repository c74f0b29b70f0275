import XML

/// A REPORT request (RFC 3253 §3.6), read.
public enum Report: Sendable, Hashable {
    case calendarQuery(CalendarQuery)
    case calendarMultiget(CalendarMultiget)
    case syncCollection(SyncCollection)
    case freeBusyQuery(FreeBusyQuery)
    case expandProperty([ExpandedProperty])
    case principalPropertySearch(PrincipalPropertySearch)
    case principalSearchPropertySet
    case principalMatch(PrincipalMatch)
    case aclPrincipalPropSet(PropFind)

    /// Reads a body; a report that nobody here knows is refused with `DAV:supported-report`.
    public init(parsing body: [UInt8]) throws(DAVError) {
        let root = try Document(body: body).root
        try root.checkPropertyCount()
        switch root.name {
        case .calDAV("calendar-query"): self = .calendarQuery(try CalendarQuery(root))
        case .calDAV("calendar-multiget"): self = .calendarMultiget(try CalendarMultiget(root))
        case .dav("sync-collection"): self = .syncCollection(try SyncCollection(root))
        case .calDAV("free-busy-query"): self = .freeBusyQuery(try FreeBusyQuery(root))
        case .dav("expand-property"):
            self = .expandProperty(try root.expandedProperties())
        case .dav("principal-property-search"):
            self = .principalPropertySearch(try PrincipalPropertySearch(root))
        case .dav("principal-search-property-set"):
            self = .principalSearchPropertySet
        case .dav("principal-match"):
            self = .principalMatch(try PrincipalMatch(root))
        case .dav("acl-principal-prop-set"):
            self = .aclPrincipalPropSet(PropFind(in: root) ?? .named([]))
        case let other:
            throw .failed(.supportedReport, "The report \(other) is not known here.")
        }
    }
}

extension Report {
    /// The same report, answered without what is missing where that is preferred (RFC 8144 §2.1).
    public func sparing(_ isMinimal: Bool) -> Report {
        guard isMinimal else { return self }
        switch self {
        case .calendarQuery(var query):
            query.properties.isMinimal = true
            return .calendarQuery(query)
        case .calendarMultiget(var multiget):
            multiget.properties.isMinimal = true
            return .calendarMultiget(multiget)
        case .syncCollection(var sync):
            sync.properties.isMinimal = true
            return .syncCollection(sync)
        case .freeBusyQuery, .expandProperty, .principalPropertySearch, .principalSearchPropertySet, .principalMatch,
            .aclPrincipalPropSet:
            return self
        }
    }

    /// Whether its answer names properties that are missing, which can be left out.
    public var canBeSpared: Bool {
        switch self {
        case .calendarQuery, .calendarMultiget, .syncCollection, .expandProperty, .principalPropertySearch,
            .principalMatch, .aclPrincipalPropSet:
            true
        case .freeBusyQuery, .principalSearchPropertySet: false
        }
    }
}

/// What a report wants of each resource it names.
public struct ReportedProperties: Sendable, Hashable {
    /// The properties; none asked for is none answered.
    public let request: PropFind

    /// In which form calendar data is wanted, where it is.
    public let calendarData: CalendarDataRequest?

    /// Whether what a resource lacks is left out of the answer.
    public var isMinimal = false

    /// Reads the `prop`, `allprop` or `propname` of a report.
    init(_ root: Element) throws(DAVError) {
        request = PropFind(in: root) ?? .named([])
        let data = root.first(.dav("prop"))?.first(.calDAV("calendar-data"))
        calendarData = try data.map { element throws(DAVError) in try CalendarDataRequest(element) }
    }
}

/// `CALDAV:calendar-query` (RFC 4791 §7.8).
public struct CalendarQuery: Sendable, Hashable {
    /// What is wanted of each match.
    public var properties: ReportedProperties

    /// The filter on the `VCALENDAR`.
    public let filter: ComponentFilter

    /// The zone in which floating times are to be read, if the query names one.
    public let timeZone: RequestedZone?

    init(_ root: Element) throws(DAVError) {
        properties = try ReportedProperties(root)
        guard let filters = root.first(.calDAV("filter"))?.elements, filters.count == 1, let filter = filters.first,
            filter.name == .calDAV("comp-filter")
        else { throw .failed(.validFilter, "calendar-query needs a filter with one comp-filter.") }
        self.filter = try ComponentFilter(filter)
        guard self.filter.name == "VCALENDAR" else {
            throw .failed(.validFilter, "The outermost comp-filter must be VCALENDAR.")
        }
        timeZone = try RequestedZone(in: root)
    }
}

/// `CALDAV:free-busy-query` (RFC 4791 §7.10).
public struct FreeBusyQuery: Sendable, Hashable {
    /// The time asked about.
    public let range: UTCRange

    /// The zone in which floating times are to be read, if the query names one.
    public let timeZone: RequestedZone?

    init(_ root: Element) throws(DAVError) {
        guard let range = root.first(.calDAV("time-range")) else {
            throw .failed(.validFilter, "free-busy-query needs a time-range.")
        }
        self.range = try UTCRange(closed: range)
        timeZone = try RequestedZone(in: root)
    }
}

/// The time zone that a report brings for floating times.
public enum RequestedZone: Sendable, Hashable {
    /// An iCalendar object with one `VTIMEZONE` (RFC 4791 §9.8).
    case definition(String)

    /// The identifier of a zone (RFC 7809 §5.3).
    case identifier(String)

    init?(in root: Element) throws(DAVError) {
        switch (root.first(.calDAV("timezone")), root.first(.calDAV("timezone-id"))) {
        case (nil, nil): return nil
        case (let definition?, nil): self = .definition(definition.text)
        case (nil, let identifier?): self = .identifier(identifier.trimmedText)
        case (_?, _?): throw .badRequest("A report has either timezone or timezone-id.")
        }
    }
}

/// `CALDAV:calendar-multiget` (RFC 4791 §7.9).
public struct CalendarMultiget: Sendable, Hashable {
    /// What is wanted of each resource.
    public var properties: ReportedProperties

    /// The resources as the client wrote them.
    public let hrefs: [String]

    init(_ root: Element) throws(DAVError) {
        properties = try ReportedProperties(root)
        var seen: Set<String> = []
        // What is named twice is told once.
        hrefs = root.all(.dav("href")).map(\.trimmedText).filter { seen.insert($0).inserted }
        guard !hrefs.isEmpty else { throw .badRequest("calendar-multiget names no resource.") }
        guard hrefs.count <= RequestLimits.maximumHrefs else {
            let message = "calendar-multiget names \(RequestLimits.maximumHrefs) resources at most."
            throw .failed(.numberOfMatchesWithinLimits, message)
        }
    }
}

/// `DAV:sync-collection` (RFC 6578 §3.2).
public struct SyncCollection: Sendable, Hashable {
    /// What is wanted of each changed resource.
    public var properties: ReportedProperties

    /// The token as sent; nil for the first synchronisation.
    public let token: String?

    /// How many members the answer may have at most (RFC 6578 §3.7).
    public let limit: Int?

    /// Whether members of members are wanted (RFC 6578 §3.3).
    public let isInfinite: Bool

    init(_ root: Element) throws(DAVError) {
        properties = try ReportedProperties(root)
        guard let token = root.first(.dav("sync-token"))?.trimmedText else {
            throw .badRequest("sync-collection needs a sync-token, be it empty.")
        }
        self.token = token.isEmpty ? nil : token
        // Missing is 1: drafts of the standard had none and used Depth.
        let level = root.first(.dav("sync-level"))?.trimmedText ?? "1"
        guard level == "1" || level == "infinite" else { throw .badRequest("sync-level is 1 or infinite.") }
        isInfinite = level == "infinite"
        limit = try root.first(.dav("limit"))?.first(.dav("nresults")).map { element throws(DAVError) in
            guard let number = Int(element.trimmedText), number > 0 else {
                throw .badRequest("nresults is no positive number.")
            }
            return number
        }
    }
}
