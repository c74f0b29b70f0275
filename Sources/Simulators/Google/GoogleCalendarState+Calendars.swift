import ICalendar

/// `calendarList`, `calendars`, `colors`, `settings`.
extension GoogleCalendarState {
    private static let listDefault = 100
    private static let listMaximum = 250

    /// `calendarList.list`, with the same token contract as events.
    mutating func listCalendars(_ parameters: Parameters, by caller: Caller) throws(APIError) -> JSON {
        let maximum = try EventQuery.maximum(parameters, default: Self.listDefault, greatest: Self.listMaximum)
        let scope = "list of \(caller.email)"
        let page: JSON
        if let pageToken = parameters["pageToken"] {
            page = try self.page(pageToken, maximum: maximum, scope: scope, signature: nil)
        } else {
            let items = try calendarEntries(parameters, by: caller, scope: scope)
            let change = accounts[caller.email]?.listChange ?? 0
            let isFiltered = parameters["minAccessRole"] != nil || parameters["showOwnOrganizationOnly"] != nil
            let token = ChangeToken(epoch: epoch, scope: scope, change: change).text
            let listing = Listings.Listing(scope: scope, items: items, syncToken: isFiltered ? nil : token)
            page = firstPage(listing, maximum: maximum)
        }
        let etag = "\"p\(accounts[caller.email]?.listChange ?? 0)\""
        return (["kind": "calendar#calendarList", "etag": .string(etag)] as JSON).merging(page)
    }

    private func calendarEntries(
        _ parameters: Parameters,
        by caller: Caller,
        scope: String
    ) throws(APIError) -> [JSON] {
        let entries = calendarOrder.compactMap { id in
            calendars[id].flatMap { calendar in calendar.entries[caller.email].map { (calendar, $0) } }
        }
        if let text = parameters["syncToken"] {
            guard parameters["minAccessRole"] == nil else {
                throw .badRequest("Sync token cannot be used with other query restrictions.")
            }
            let oldest = accounts[caller.email]?.oldestAcceptedListChange ?? 0
            let newest = accounts[caller.email]?.listChange ?? 0
            guard let token = ChangeToken(text), token.epoch == epoch, token.scope == scope,
                (oldest...newest).contains(token.change)
            else { throw .fullSyncRequired }
            return entries.filter { $0.1.change > token.change }.map { entryResource($0, $1, caller) }
        }
        let showsDeleted = try EventQuery.flag(parameters, "showDeleted") ?? false
        let showsHidden = try EventQuery.flag(parameters, "showHidden") ?? false
        let least = parameters["minAccessRole"].flatMap(AccessRole.init(rawValue:)) ?? .freeBusyReader
        let shown = entries.filter { _, entry in
            entry.role >= least && (showsDeleted || !entry.isDeleted)
                && (showsHidden || entry.choices["hidden"] != true)
        }
        return shown.map { entryResource($0, $1, caller) }
    }

    private func entryResource(
        _ calendar: SimulatedCalendar,
        _ entry: SimulatedCalendar.ListEntry,
        _ caller: Caller
    ) -> JSON {
        let color = entry.choices["colorId"]?.text ?? "14"
        let shade = Palette.calendar[color] ?? Palette.fallback
        return JSON.compact([
            "kind": "calendar#calendarListEntry", "etag": .string("\"\(entry.revision * 2)\""),
            "id": .string(calendar.id), "summary": .string(calendar.summary),
            "description": .text(calendar.description), "location": .text(calendar.location),
            "timeZone": .string(calendar.timeZone), "colorId": .string(color),
            "backgroundColor": .string(shade.background), "foregroundColor": .string(shade.foreground),
            "selected": true, "accessRole": .string(entry.role.rawValue),
            "defaultReminders": .array(calendar.defaultReminders(of: caller.email)),
            "primary": calendar.isPrimary && entry.role == .owner ? true : nil,
            "deleted": entry.isDeleted ? true : nil,
            "conferenceProperties": ["allowedConferenceSolutionTypes": ["hangoutsMeet"]],
        ]).merging(.object(entry.choices))
    }

    /// `calendarList.get`.
    func getListEntry(_ name: String, by caller: Caller) throws(APIError) -> StateReply {
        let calendar = try access(name, by: caller.email, atLeast: .freeBusyReader)
        guard let entry = calendar.entries[caller.email] else { throw .notFound }
        return .body(entryResource(calendar, entry, caller))
    }

    /// `calendarList.patch`: what the person chooses about a calendar.
    mutating func patchListEntry(_ name: String, _ body: JSON, by caller: Caller) throws(APIError) -> StateReply {
        let calendar = try access(name, by: caller.email, atLeast: .freeBusyReader)
        guard var entry = calendar.entries[caller.email] else { throw .notFound }
        for choice in ["summaryOverride", "colorId", "hidden", "selected", "backgroundColor", "foregroundColor"] {
            guard let value = body[choice] else { continue }
            entry.choices[choice] = value.isNull ? nil : value
        }
        if let reminders = body["defaultReminders"] { entry.defaultReminders = try Self.defaultReminders(reminders) }
        calendars[calendar.id]?.entries[caller.email] = entry
        share(calendar.id, with: caller.email, as: entry.role)
        return try getListEntry(name, by: caller)
    }

    /// Reads the reminders for all events of a calendar; what an event may have for itself, here too.
    private static func defaultReminders(_ value: JSON) throws(APIError) -> [JSON] {
        guard !value.isNull else { return [] }
        guard let reminders = value.elements else { throw .invalid("Invalid value for: defaultReminders") }
        for reminder in reminders where reminder["method"]?.text == nil || reminder["minutes"]?.number == nil {
            throw .required("Missing method or minutes of a reminder.")
        }
        let kept = try EventContent.reminders(["useDefault": false, "overrides": value])
        return kept?["overrides"]?.elements ?? []
    }

    /// `calendars.get`.
    func getCalendar(_ name: String, by caller: Caller) throws(APIError) -> StateReply {
        .body(resource(of: try access(name, by: caller.email, atLeast: .freeBusyReader)))
    }

    /// `calendars.insert`: a secondary calendar of the caller's.
    mutating func insertCalendar(_ body: JSON, by caller: Caller) throws(APIError) -> StateReply {
        guard let summary = body["summary"]?.text, !summary.isEmpty else { throw .required("Missing summary.") }
        let zone = body["timeZone"]?.text ?? "UTC"
        guard isKnownZone(zone) else { throw .invalid("Invalid time zone.") }
        let id = "c_\(random.word(of: 52))@group.calendar.google.com"
        addCalendar(id: id, summary: summary, timeZone: zone, owner: caller.email)
        calendars[id]?.description = body["description"]?.text
        calendars[id]?.location = body["location"]?.text
        return try getCalendar(id, by: caller)
    }

    /// `calendars.patch`.
    mutating func patchCalendar(_ name: String, _ body: JSON, by caller: Caller) throws(APIError) -> StateReply {
        var calendar = try access(name, by: caller.email, atLeast: .owner)
        if let zone = body["timeZone"]?.text {
            guard isKnownZone(zone) else { throw .invalid("Invalid time zone.") }
            calendar.timeZone = zone
        }
        if let summary = body["summary"]?.text { calendar.summary = summary }
        if let description = body["description"] { calendar.description = description.text }
        if let location = body["location"] { calendar.location = location.text }
        calendar.revision = tick()
        calendars[calendar.id] = calendar
        withBook(of: calendar.id) { $0.expandSeries(in: calendar.timeZone) }
        for (email, entry) in calendar.entries { share(calendar.id, with: email, as: entry.role) }
        return try getCalendar(name, by: caller)
    }

    /// `calendars.delete`: secondary ones only; the entries of all stay as deleted ones.
    mutating func deleteCalendar(_ name: String, by caller: Caller) throws(APIError) -> StateReply {
        let calendar = try access(name, by: caller.email, atLeast: .owner)
        guard !calendar.isPrimary else { throw .forbidden }
        for email in calendar.entries.keys.sorted() { unshare(calendar.id, from: email) }
        return StateReply(status: 204)
    }

    private func resource(of calendar: SimulatedCalendar) -> JSON {
        .compact([
            "kind": "calendar#calendar", "etag": .string("\"\(calendar.revision * 2)\""), "id": .string(calendar.id),
            "summary": .string(calendar.summary), "description": .text(calendar.description),
            "location": .text(calendar.location), "timeZone": .string(calendar.timeZone),
            "conferenceProperties": ["allowedConferenceSolutionTypes": ["hangoutsMeet"]],
        ])
    }

    /// `settings.list` and `settings.get`.
    func settings(of caller: Caller) -> [String: String] {
        [
            "timezone": accounts[caller.email]?.timeZone ?? "UTC", "locale": "en", "weekStart": "1",
            "format24HourTime": "true", "defaultEventLength": "60",
        ]
    }

    func setting(_ name: String, by caller: Caller) throws(APIError) -> JSON {
        guard let value = settings(of: caller)[name] else { throw .notFound }
        return ["kind": "calendar#setting", "etag": "\"0\"", "id": .string(name), "value": .string(value)]
    }

    func listSettings(by caller: Caller) throws(APIError) -> JSON {
        var items: [JSON] = []
        for name in settings(of: caller).keys.sorted() { items.append(try setting(name, by: caller)) }
        return ["kind": "calendar#settings", "etag": "\"p0\"", "items": .array(items)]
    }
}

/// `freeBusy.query`.
extension GoogleCalendarState {
    private static let longestFreeBusySeconds: Int64 = 93 * 86_400
    private static let maximumFreeBusyCalendars = 50

    func freeBusy(_ body: JSON, by caller: Caller) throws(APIError) -> JSON {
        guard let from = body["timeMin"]?.text.flatMap(Instant.init(rfc3339:)),
            let to = body["timeMax"]?.text.flatMap(Instant.init(rfc3339:))
        else { throw .required("Missing time range.") }
        guard from < to else { throw .timeRangeEmpty(parameter: "timeMax") }
        guard to - from <= Self.longestFreeBusySeconds else {
            throw .calendar("timeRangeTooLong", "The requested time range is too long.")
        }
        let names = body["items"]?.elements?.compactMap { $0["id"]?.text } ?? []
        guard names.count <= Self.maximumFreeBusyCalendars else {
            throw .calendar("tooManyCalendarsRequested", "Too many calendars were requested.")
        }
        var answers: [String: JSON] = [:]
        for name in names {
            do {
                let calendar = try access(name, by: caller.email, atLeast: .freeBusyReader)
                answers[name] = ["busy": .array(try busy(calendar, from, to))]
            } catch {
                answers[name] = ["busy": [], "errors": [["domain": "global", "reason": .string(error.reason)]]]
            }
        }
        return [
            "kind": "calendar#freeBusy", "timeMin": .string(from.rfc3339), "timeMax": .string(to.rfc3339),
            "calendars": .object(answers),
        ]
    }

    /// Opaque events in the window, overlapping ones joined.
    private func busy(_ calendar: SimulatedCalendar, _ from: Instant, _ to: Instant) throws(APIError) -> [JSON] {
        let query = try EventQuery(
            Parameters([("singleEvents", "true"), ("timeMin", from.rfc3339), ("timeMax", to.rfc3339)])
        )
        var periods: [(start: Instant, end: Instant)] = []
        let events = Expansion(calendar: calendar, book: book(of: calendar), query: query, now: now).events()
            .filter { $0.fields["transparency"] == nil }
            .map { ($0.start.instant(in: calendar.timeZone), $0.end.instant(in: calendar.timeZone)) }
            .sorted { $0.0 < $1.0 }
        for (start, end) in events {
            if let last = periods.indices.last, start <= periods[last].end {
                periods[last].end = max(periods[last].end, min(end, to))
            } else {
                periods.append((max(start, from), min(end, to)))
            }
        }
        return periods.map { ["start": .string($0.start.rfc3339), "end": .string($0.end.rfc3339)] }
    }
}
