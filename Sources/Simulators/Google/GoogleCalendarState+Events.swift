import ICalendar

/// Who asks, for what calendar.
struct Caller: Sendable, Hashable {
    var email: String
    /// Scopes of the token, without the common prefix.
    var scopes: Set<String>

    /// Whether the token is good for own calendars only.
    var ownedOnly: Bool {
        scopes.isDisjoint(with: ["calendar", "calendar.events", "calendar.readonly", "calendar.events.readonly"])
            && !scopes.isDisjoint(with: ["calendar.events.owned", "calendar.events.owned.readonly"])
    }

    /// Somebody before the web interface, whom no scope binds.
    static func person(_ email: String) -> Caller { Caller(email: email, scopes: ["calendar"]) }
}

/// The conditions and wishes that come with a request for one event.
struct EventRequest: Sendable {
    var ifMatch: String?
    var ifNoneMatch: String?
    var sendUpdates = "none"
    var conferenceData = false
    var attachments = false
    var maximumAttendees: Int?
    var timeZone: String?
}

/// An answer with the tag that goes into its header; a nil body is an empty one.
struct StateReply: Sendable {
    var status = 200
    var body: JSON?
    var etag: String?

    static func body(_ body: JSON) -> StateReply { StateReply(body: body, etag: body["etag"]?.text) }
}

extension GoogleCalendarState {
    /// The calendar, if the caller may do this much in it.
    func calendar(
        _ name: String,
        for caller: Caller,
        atLeast role: AccessRole
    ) throws(APIError) -> SimulatedCalendar {
        try access(name, by: caller.email, atLeast: caller.ownedOnly ? .owner : role)
    }

    /// Finds an event: a stored one, also a deleted one, or the computed instance that an identifier names.
    func event(_ id: String, in calendar: SimulatedCalendar) throws(APIError) -> StoredEvent {
        if let event = books[calendar.id]?[id] { return event }
        guard let instance = computedInstance(id, in: calendar) else { throw .notFound }
        return instance
    }

    /// The instance named `<series>_<original start>`, as its series makes it.
    private func computedInstance(_ id: String, in calendar: SimulatedCalendar) -> StoredEvent? {
        guard let mark = id.utf8.lastIndex(of: UInt8(ascii: "_")) else { return nil }
        let suffix = String(id[id.index(after: mark)...])
        guard let master = books[calendar.id]?[String(id[..<mark])], master.isRecurring else { return nil }
        let start: EventTime
        switch master.start {
        case .day:
            guard let day = CivilDay(suffix) else { return nil }
            start = .day(day)
        case .moment(_, let zone):
            guard let time = DateTime(suffix, tzid: nil, isDate: false), time.form == .utc else { return nil }
            start = .moment(ZoneResolver().instant(time), zone: zone)
        }
        guard master.hasInstance(at: start, in: calendar.timeZone) else { return nil }
        return master.instance(at: start)
    }

    func renderer(_ calendar: SimulatedCalendar, for caller: Caller, _ request: EventRequest) -> EventRenderer {
        EventRenderer(
            calendar: calendar,
            book: book(of: calendar),
            role: calendar.entries[caller.email]?.role ?? .freeBusyReader,
            defaultReminders: calendar.defaultReminders(of: caller.email),
            zone: request.timeZone ?? calendar.timeZone,
            maximumAttendees: request.maximumAttendees
        )
    }

    /// `events.get`: also deleted ones, as cancelled.
    func getEvent(
        _ id: String,
        in name: String,
        by caller: Caller,
        _ request: EventRequest
    ) throws(APIError) -> StateReply {
        let calendar = try calendar(name, for: caller, atLeast: .freeBusyReader)
        let event = try event(id, in: calendar)
        if let tag = request.ifNoneMatch, tag == event.etag { return StateReply(status: 304, etag: tag) }
        return .body(renderer(calendar, for: caller, request).resource(of: event))
    }

    /// Gives `event` its new tag and change number, keeps it, and rings the channels of its calendar.
    mutating func store(_ event: StoredEvent, in calendar: String, movesUpdated: Bool = true) -> StoredEvent {
        var event = event
        let tick = tick()
        event.revision = tick
        if movesUpdated { event.updated = tick }
        let stored = withBook(of: calendar) { $0.put(event) }
        ring(calendar)
        return stored
    }
}

extension StoredEvent {
    /// The computed instance that starts at `start`: everything of its series but the rule.
    func instance(at start: EventTime) -> StoredEvent {
        var fields = fields
        fields["recurrence"] = nil
        let end =
            switch (start, self.end) {
            case (.moment(let begin, _), .moment(_, let zone)): EventTime.moment(begin + duration, zone: zone)
            case (.day, _), (.moment, .day): start.shifted(by: duration)
            }
        var instance = StoredEvent(
            id: "\(id)_\(start.instanceSuffix)",
            iCalUID: iCalUID,
            origin: Origin(series: id, start: start),
            start: start,
            end: end,
            fields: fields,
            creator: creator,
            organizer: organizer,
            created: created,
            updated: updated,
            revision: revision,
            change: change
        )
        instance.sequence = sequence
        instance.isCancelled = isCancelled
        return instance
    }

    /// The members a PATCH is laid over.
    func writable(in zone: String) -> JSON {
        var members = fields
        members["start"] = start.resource(in: zone)
        members["end"] = end.resource(in: zone)
        if isCancelled { members["status"] = "cancelled" }
        return .object(members)
    }
}
