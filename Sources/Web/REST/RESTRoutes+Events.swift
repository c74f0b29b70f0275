import HTTPTypes
import ICalendar
import Logging
import Store
import Sync

extension RESTRoutes {
    /// The most occurrences one series is expanded to.
    private static let maximumRows = Page.maximum

    static let eventOperations: [Operation] = [
        .list(
            "/events",
            "list_events",
            "The occurrences in a window, in order of time",
            query: [
                "calendar": .text.noted("id or name"), "start": .text.noted("RFC 3339; now where it is missing"),
                "end": .text.noted("RFC 3339; a month later where it is missing"),
                "q": .text.noted("words in summary, description or location"),
            ],
            of: .named("Event")
        ) { rest, request in try await rest.listEvents(request) },
        .post("/events", "create_event", "Makes an event", body: .named("NewEvent"), .created, answer: .named("Event"))
        {
            rest,
            request in try await rest.createEvent(request)
        },
        .get("/events/{id}", "show_event", "One event", query: occurrence, answer: .named("Event")) { rest, request in
            try await rest.showEvent(request)
        },
        .patch(
            "/events/{id}",
            "change_event",
            "Changes an event, or one occurrence of it; what is not named stays",
            query: occurrence,
            body: .named("EventChange"),
            answer: .named("Event")
        ) { rest, request in try await rest.changeEvent(request) },
        deleteEvent,
    ]

    private static let occurrence: KeyValuePairs<String, Schema> = [
        "occurrence": .text.noted("the RECURRENCE-ID of one occurrence")
    ]

    private static let deleteEvent: Operation = {
        var operation = Operation.delete(
            "/events/{id}",
            "delete_event",
            "Removes an event, or one occurrence of it",
            query: occurrence,
            condition: .ifMatch
        ) { rest, request in try await rest.deleteEvent(request) }
        // One occurrence less is a change: the answer is what is left.
        operation.alternative = (.ok, .named("Event"))
        return operation
    }()

    private func listEvents(_ request: RESTRequest) async throws -> RESTReply {
        var calendars = try await gateway.calendars.calendars(visibleTo: request.visitor.principal.id)
        if let wanted = request.query["calendar"] {
            calendars = calendars.filter { String($0.id.rawValue) == wanted || $0.name == wanted }
            guard !calendars.isEmpty else { throw RESTProblem.notFound }
        }
        let range = try window(request)
        let search = request.query["q"]?.lowercased()
        let after = try EventCursor(request)
        var rows: [EventCursor: JSON] = [:]
        for calendar in calendars {
            for candidate in try await gateway.calendars.candidates(in: calendar.id, kinds: [.event], range: range) {
                do {
                    for (cursor, row) in try Self.rows(of: candidate.object, in: calendar, range, search) {
                        rows[cursor] = row
                    }
                } catch let error as CalendarDataError {
                    // One event that cannot be expanded must not take the others with it.
                    gateway.logger.warning(
                        "an event is left out of a list",
                        metadata: ["object": "\(candidate.object.id.rawValue)", "reason": "\(error.message)"]
                    )
                }
            }
        }
        let limit = Page(request).limit
        let rest = rows.filter { entry in after.map { $0 < entry.key } ?? true }.sorted { $0.key < $1.key }
        let page = rest.prefix(limit)
        return .list(page.map(\.value), next: rest.count > limit ? page.last?.key.text : nil)
    }

    /// The occurrences of one object in a window; with `search` those whose words a person sees contain it.
    private static func rows(
        of stored: StoredObject,
        in calendar: CalendarCollection,
        _ range: TimeRange,
        _ search: String?
    ) throws -> [(EventCursor, JSON)] {
        let object = try stored.object()
        let row = EventRow(stored: stored, object: object, calendar: calendar)
        let set = try object.recurrenceSet(in: row.zone)
        let all = try set.occurrences(in: range, limit: maximumRows)
        let found = all.filter { occurrence in
            guard let search else { return true }
            return ["SUMMARY", "DESCRIPTION", "LOCATION"].contains { name in
                occurrence.component.first(name)?.text.lowercased().contains(search) ?? false
            }
        }
        return found.map { occurrence in
            let cursor = EventCursor(
                start: occurrence.start,
                id: stored.id.rawValue,
                occurrence: occurrence.recurrenceID?.text ?? ""
            )
            return (cursor, row.json(occurrence))
        }
    }

    /// The days a list without `start` and `end` covers: what a person looks at.
    private static let standardWindow: Int64 = 31 * 86_400

    private func window(_ request: RESTRequest) throws(RESTProblem) -> TimeRange {
        func bound(_ name: String) throws(RESTProblem) -> Instant? {
            guard let text = request.query[name] else { return nil }
            guard let instant = Instant(rfc3339: text) ?? Instant(rfc3339: text + "T00:00:00Z") else {
                throw .invalid("\(name) is no RFC 3339 time.", "Use 2026-11-24T00:00:00Z.")
            }
            return instant
        }
        let start = try bound("start") ?? gateway.now()
        let end = try bound("end") ?? start.advanced(by: Self.standardWindow)
        guard start < end else { throw .invalid("end is not after start.") }
        return TimeRange(start: start, end: end)
    }

    private func createEvent(_ request: RESTRequest) async throws -> RESTReply {
        let members = try request.members()
        guard let id = members["calendar"]?.integer else { throw RESTProblem.invalid("calendar is missing.") }
        guard members["start"]?.string != nil else { throw RESTProblem.invalid("start is missing.") }
        let calendar = try await visibleCalendar(CalendarID(rawValue: id), request.visitor)
        let uid = RandomText.make(length: 26) + "@kalends"
        var event = Component("VEVENT", properties: [Property("UID", text: uid), stamp])
        try EventMembers(members).apply(to: &event, zones: ZoneResolver())
        let object = try checked(Component("VCALENDAR", properties: Self.header, components: [event]))
        let name = uid.prefix(26) + ".ics"
        return try await put(object, String(name), in: calendar, if: .absent, request, status: .created)
    }

    static let header = [
        Property("VERSION", value: "2.0"), Property("PRODID", text: "-//Kalends//Kalends//EN"),
    ]

    private var stamp: Property {
        Property("DTSTAMP", ZoneResolver().local(gateway.now(), form: .utc))
    }

    private func showEvent(_ request: RESTRequest) async throws -> RESTReply {
        let (stored, calendar) = try await event(request)
        let object = try stored.object()
        let wanted = request.query["occurrence"]
        let row = EventRow(stored: stored, object: object, calendar: calendar)
        let shown = try wanted.map { try Self.named($0, in: object, row.zone) } ?? Self.whole(object, row.zone)
        guard let shown else { throw RESTProblem.notFound }
        return RESTReply(.ok, row.json(shown), etag: stored.etag.rawValue)
    }

    /// The event itself: of a series what the master says, whatever became of its first occurrence.
    ///
    /// A series may have no end, so it is never expanded for this.
    static func whole(_ object: CalendarObject, _ zone: FloatingZone?) throws -> Occurrence? {
        let always = TimeRange(start: nil, end: nil)
        guard let master = object.master, master.first("RRULE") != nil || master.first("RDATE") != nil else {
            return try object.recurrenceSet(in: zone).occurrences(in: always, limit: maximumRows).first
        }
        var alone = master
        for name in ["RRULE", "RDATE", "EXDATE"] { alone.set(name, []) }
        var root = object.calendar
        root.removeComponents { $0.name == master.name }
        root.append(alone)
        let set = try CalendarObject(root).recurrenceSet(in: zone)
        var shown = try set.occurrences(in: always, limit: maximumRows).first
        shown?.component = master
        shown?.recurrenceID = master.first("DTSTART")?.dateTime
        return shown
    }

    /// The occurrence with that RECURRENCE-ID, wherever it was moved; nil where there is none.
    private static func named(_ id: String, in object: CalendarObject, _ zone: FloatingZone?) throws -> Occurrence? {
        let override = object.overrides.first { $0.first("RECURRENCE-ID")?.dateTime?.text == id }
        guard let start = override?.first("DTSTART")?.dateTime else {
            return try occurrence(id, of: object, zone)?.found
        }
        let instant = object.zones(in: zone).instant(start)
        let range = TimeRange(start: instant, end: instant.advanced(by: 1))
        return try object.recurrenceSet(in: zone).occurrences(in: range, limit: maximumRows).first {
            $0.recurrenceID?.text == id
        }
    }

    private func changeEvent(_ request: RESTRequest) async throws -> RESTReply {
        let (stored, calendar) = try await event(request)
        let object = try stored.object()
        let members = EventMembers(try request.members())
        var root = object.calendar
        var problem: RESTProblem?
        let stamp = stamp
        let zones = object.zones(in: calendar.zone(for: object))
        func change(_ component: inout Component) {
            do throws(RESTProblem) {
                try members.apply(to: &component, zones: zones)
                component.set("DTSTAMP", [stamp])
            } catch { problem = error }
        }
        if let id = request.query["occurrence"] {
            if object.overrides.contains(where: { $0.first("RECURRENCE-ID")?.dateTime?.text == id }) {
                root.updateComponents(where: { $0.first("RECURRENCE-ID")?.dateTime?.text == id }, change)
            } else {
                var override = try Self.override(id, of: object)
                change(&override)
                root.append(override)
            }
        } else {
            root.updateComponents(where: { $0.name == "VEVENT" && $0.first("RECURRENCE-ID") == nil }, change)
        }
        if let problem { throw problem }
        var changed = try checked(root)
        if request.query["occurrence"] == nil { changed = try changed.takingExceptionsAlong(from: object) }
        return try await put(changed, stored.name, in: calendar, if: condition(request, stored), request)
    }

    /// An override of one occurrence that starts as what the series says.
    private static func override(_ id: String, of object: CalendarObject) throws -> Component {
        guard let master = object.master, let (when, found) = try occurrence(id, of: object) else {
            throw RESTProblem.notFound
        }
        var override = master
        for name in ["RRULE", "RDATE", "EXDATE", "DURATION"] { override.set(name, []) }
        override.set("RECURRENCE-ID", [Property("RECURRENCE-ID", when)])
        override.set("DTSTART", [Property("DTSTART", when)])
        override.set("DTEND", [Property("DTEND", object.zones.local(found.end, form: when.form))])
        return override
    }

    /// The occurrence that the series itself has at that RECURRENCE-ID, or nil.
    private static func occurrence(
        _ id: String,
        of object: CalendarObject,
        _ zone: FloatingZone? = nil
    ) throws -> (when: DateTime, found: Occurrence)? {
        guard let start = object.master?.first("DTSTART"), let begin = start.dateTime,
            let when = DateTime(id, tzid: start.parameter("TZID"), isDate: begin.isDate)
        else { return nil }
        let instant = object.zones(in: zone).instant(when)
        let range = TimeRange(start: instant, end: instant.advanced(by: 1))
        let near = try object.recurrenceSet(in: zone).occurrences(in: range, limit: maximumRows)
        return near.first { $0.recurrenceID?.text == id }.map { (when, $0) }
    }

    private func deleteEvent(_ request: RESTRequest) async throws -> RESTReply {
        let (stored, calendar) = try await event(request)
        if let id = request.query["occurrence"] {
            let object = try stored.object()
            let isOverridden = object.overrides.contains { $0.first("RECURRENCE-ID")?.dateTime?.text == id }
            guard try isOverridden || Self.occurrence(id, of: object) != nil else { throw RESTProblem.notFound }
            var root = object.calendar
            root.removeComponents { $0.first("RECURRENCE-ID")?.dateTime?.text == id }
            root.updateComponents(where: { $0.name == "VEVENT" && $0.first("RECURRENCE-ID") == nil }) { master in
                let start = master.first("DTSTART")
                guard let when = DateTime(id, tzid: start?.parameter("TZID"), isDate: start?.dateTime?.isDate ?? false)
                else { return }
                master.append(Property("EXDATE", when))
            }
            return try await put(try checked(root), stored.name, in: calendar, if: condition(request, stored), request)
        }
        try refuseProtected(calendar)
        let outcome = try await gateway.calendars.delete(
            named: stored.name,
            in: calendar.id,
            if: condition(request, stored),
            by: request.visitor.author
        )
        switch outcome {
        case .deleted: return .done
        case .notFound: throw RESTProblem.notFound
        case .conditionFailed: throw Self.changedMeanwhile
        }
    }
}
