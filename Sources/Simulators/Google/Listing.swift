import ICalendar

/// The parameters of an event listing (`events.list`, `events.instances`), checked.
struct EventQuery: Sendable, Hashable {
    enum Order: Sendable, Hashable {
        case creation, startTime, updated
    }

    var maximum: Int
    var order = Order.creation
    var singleEvents: Bool
    var showDeleted: Bool
    var timeMin: Instant?
    var timeMax: Instant?
    var updatedMin: Instant?
    var iCalUID: String?
    var text: String?
    var types: [String]
    var privateProperties: [String]
    var sharedProperties: [String]
    var originalStart: Instant?
    var syncToken: String?
    var pageToken: String?
    var maximumAttendees: Int?
    var timeZone: String?

    /// Filters after which Google gives no sync token.
    var losesSyncToken: Bool {
        order != .creation || iCalUID != nil || text != nil || updatedMin != nil || !privateProperties.isEmpty
            || !sharedProperties.isEmpty
    }

    /// What must stay the same from page to page.
    var signature: EventQuery {
        var query = self
        query.pageToken = nil
        query.maximum = 0
        return query
    }

    private static let defaultMaximum = 250
    private static let greatestMaximum = 2500

    /// Reads the query.
    ///
    /// - Throws: ``APIError`` 400 for a bad value or a forbidden combination.
    init(_ parameters: Parameters) throws(APIError) {
        maximum = try Self.maximum(parameters, default: Self.defaultMaximum, greatest: Self.greatestMaximum)
        singleEvents = try Self.flag(parameters, "singleEvents") ?? false
        showDeleted = try Self.flag(parameters, "showDeleted") ?? false
        timeMin = try Self.instant(parameters, "timeMin")
        timeMax = try Self.instant(parameters, "timeMax")
        updatedMin = try Self.instant(parameters, "updatedMin")
        originalStart = try Self.instant(parameters, "originalStart")
        iCalUID = parameters["iCalUID"]
        text = parameters["q"].flatMap { $0.isEmpty ? nil : $0 }
        types = parameters.all("eventTypes")
        privateProperties = parameters.all("privateExtendedProperty")
        sharedProperties = parameters.all("sharedExtendedProperty")
        syncToken = parameters["syncToken"]
        pageToken = parameters["pageToken"]
        maximumAttendees = try Self.number(parameters, "maxAttendees")
        timeZone = parameters["timeZone"]
        switch parameters["orderBy"] {
        case nil: order = .creation
        case "updated": order = .updated
        case "startTime": order = .startTime
        case let other?: throw .invalidParameter("orderBy", other)
        }
        try check(parameters)
    }

    private func check(_ parameters: Parameters) throws(APIError) {
        guard order != .startTime || singleEvents else {
            throw .badRequest("The requested ordering is not available for the particular query.")
        }
        if let timeMin, let timeMax, timeMin >= timeMax { throw .timeRangeEmpty(parameter: "timeMax") }
        if let timeZone, !isKnownZone(timeZone) { throw .invalidParameter("timeZone", timeZone) }
        guard syncToken != nil else { return }
        let hidesDeleted = parameters["showDeleted"] == "false"
        guard !losesSyncToken, timeMin == nil, timeMax == nil, !hidesDeleted else {
            throw .badRequest("Sync token cannot be used with other query restrictions.")
        }
    }

    static func flag(_ parameters: Parameters, _ name: String) throws(APIError) -> Bool? {
        switch parameters[name] {
        case nil: nil
        case "true": true
        case "false": false
        case let other?: throw .invalidParameter(name, other)
        }
    }

    static func number(_ parameters: Parameters, _ name: String) throws(APIError) -> Int? {
        guard let text = parameters[name] else { return nil }
        guard let number = Int(text), number >= 1 else { throw .invalidParameter(name, text) }
        return number
    }

    static func maximum(
        _ parameters: Parameters,
        default standard: Int,
        greatest: Int
    ) throws(APIError) -> Int {
        min(try number(parameters, "maxResults") ?? standard, greatest)
    }

    private static func instant(_ parameters: Parameters, _ name: String) throws(APIError) -> Instant? {
        guard let text = parameters[name] else { return nil }
        guard let instant = Instant(rfc3339: text) else { throw .badRequest() }
        return instant
    }
}

/// Listings that are being read page by page.
struct Listings: Sendable {
    /// What was found at the first page; later pages are cut from it.
    struct Listing: Sendable {
        var signature: EventQuery?
        var scope: String
        var items: [JSON]
        var syncToken: String?
    }

    /// More than any test reads at once; the oldest are forgotten.
    private static let maximumKept = 256

    private var kept: [Int: Listing] = [:]
    private var last = 0

    /// Keeps a listing and names it.
    mutating func keep(_ listing: Listing) -> Int {
        last += 1
        kept[last] = listing
        kept[last - Self.maximumKept] = nil
        return last
    }

    func listing(_ number: Int) -> Listing? { kept[number] }
}

/// A place in a listing: its number, the item to go on with, and whether an empty page comes first.
struct PageToken: Sendable, Hashable {
    var listing: Int
    var offset: Int
    var isEmptyPage: Bool

    var text: String { Base64.url("page.\(listing).\(offset).\(isEmptyPage ? 1 : 0)".utf8) }

    init(listing: Int, offset: Int, isEmptyPage: Bool) {
        self.listing = listing
        self.offset = offset
        self.isEmptyPage = isEmptyPage
    }

    init?(_ text: String) {
        guard let octets = Base64.decodeURL(text) else { return nil }
        let parts = String(decoding: octets, as: UTF8.self).split(separator: ".")
        guard parts.count == 4, parts[0] == "page", let listing = Int(parts[1]), let offset = Int(parts[2]), offset >= 0
        else { return nil }
        self.init(listing: listing, offset: offset, isEmptyPage: parts[3] == "1")
    }
}

/// A moment in the changes of a calendar, or of somebody's list of calendars.
///
/// It holds no window and no filter: a delta after a filtered list is one of the whole calendar.
struct ChangeToken: Sendable, Hashable {
    var epoch: String
    var scope: String
    var change: Int

    var text: String { Base64.url("\(epoch)/\(change)/\(scope)".utf8) + "=" }

    init(epoch: String, scope: String, change: Int) {
        self.epoch = epoch
        self.scope = scope
        self.change = change
    }

    init?(_ text: String) {
        guard text.hasSuffix("="), let octets = Base64.decodeURL(String(text.dropLast())) else { return nil }
        let parts = String(decoding: octets, as: UTF8.self).split(separator: "/", maxSplits: 2)
        guard parts.count == 3, let change = Int(parts[1]) else { return nil }
        self.init(epoch: String(parts[0]), scope: String(parts[2]), change: change)
    }
}
