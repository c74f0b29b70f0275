import ICalendar

/// What a client may write of an event, checked and normalised as Google does it.
struct EventContent: Sendable {
    var start: EventTime
    var end: EventTime
    /// Members other than the times, defaults left out.
    var fields: [String: JSON]
    var isCancelled: Bool
    /// The computed instances, if there is a recurrence.
    var instances: RecurrenceSet?

    /// In whose calendar, by whom and how a body is read.
    struct Context {
        var calendarZone: String
        var isPrimary: Bool
        /// The address of the calendar's account: the guest that is `self`.
        var owner: String
        /// The event as it stands, for what a write cannot change.
        var existing: StoredEvent?
        var isInstance = false
        var isPatch = false
        var isImport = false
        var acceptsConferenceData = false
        var acceptsAttachments = false
    }

    /// Reads the whole body of an event; for a PATCH, what merging gave.
    ///
    /// - Throws: ``APIError``, 400 with Google's reason.
    init(_ body: JSON, _ context: Context) throws(APIError) {
        guard let members = body.members?.filter({ !$0.value.isNull }) else { throw .parseError }
        fields = try Self.plainFields(members)
        isCancelled = fields["status"] == "cancelled"
        if isCancelled || fields["status"] == "confirmed" { fields["status"] = nil }

        let recurrence = try Self.recurrence(members["recurrence"], context)
        fields["recurrence"] = recurrence.isEmpty ? nil : .array(recurrence.map(JSON.string))
        start = try Self.time(members["start"], "start", context, isRecurring: !recurrence.isEmpty)
        end = try Self.time(members["end"], "end", context, isRecurring: !recurrence.isEmpty)
        try Self.checkOrder(start, end)
        instances = try recurrence.isEmpty ? nil : Series.instances(start, end, recurrence, in: context.calendarZone)

        fields["reminders"] = try Self.reminders(members["reminders"])
        fields["attendees"] = try Self.attendees(members["attendees"], context)
        fields["extendedProperties"] = try Self.extendedProperties(members["extendedProperties"])
        fields["source"] = try Self.source(members["source"])
        fields["attachments"] = try Self.attachments(members["attachments"], context)
        fields["conferenceData"] = Self.conferenceData(members["conferenceData"], context)
        try Self.checkType(&fields, members, context)
    }

    private static func checkOrder(_ start: EventTime, _ end: EventTime) throws(APIError) {
        guard start.isDay == end.isDay else {
            throw .invalid("Start and end times must either both be date or both be dateTime.")
        }
        let begin = start.instant(in: "UTC")
        let finish = end.instant(in: "UTC")
        guard begin < finish || (begin == finish && !start.isDay) else { throw .timeRangeEmpty() }
    }
}

/// Members that need nothing but a look at their own value.
extension EventContent {
    private static let texts = ["summary", "description", "location", "colorId", "eventLabelId"]

    /// Truth values and the default that an answer leaves out.
    private static let flags = [
        "endTimeUnspecified": false, "anyoneCanAddSelf": false, "guestsCanInviteOthers": true,
        "guestsCanModify": false, "guestsCanSeeOtherGuests": true,
    ]

    /// Words and the default that an answer leaves out.
    private static let words: [String: (allowed: [String], omitted: String?)] = [
        "status": (["confirmed", "tentative", "cancelled"], nil),
        "transparency": (["opaque", "transparent"], "opaque"),
        "visibility": (["default", "public", "private", "confidential"], "default"),
    ]

    /// Google's practical limit; beyond it writes fail or lose text.
    private static let maximumDescription = 8192

    private static func plainFields(_ members: [String: JSON]) throws(APIError) -> [String: JSON] {
        var fields: [String: JSON] = [:]
        for name in texts {
            guard let value = members[name] else { continue }
            guard let text = value.text else { throw .invalid("Invalid value for: \(name)") }
            fields[name] = text.isEmpty ? nil : value
        }
        for (name, omitted) in flags {
            guard let value = members[name] else { continue }
            guard let flag = value.flag else { throw .invalid("Invalid value for: \(name)") }
            fields[name] = flag == omitted ? nil : value
        }
        for (name, word) in words {
            guard let value = members[name] else { continue }
            guard let text = value.text, word.allowed.contains(text) else {
                throw .invalid("Invalid value for: \(name)")
            }
            fields[name] = text == word.omitted ? nil : value
        }
        if let description = fields["description"]?.text, description.utf16.count > maximumDescription {
            throw .invalid("The event description is too long.")
        }
        if let color = fields["colorId"]?.text, !(1...11).contains(Int(color) ?? 0) {
            throw .invalid("Invalid color id value.")
        }
        return fields
    }

    private static let types = [
        "default", "outOfOffice", "focusTime", "workingLocation", "birthday", "fromGmail",
    ]
    private static let typeProperties = [
        "outOfOffice": "outOfOfficeProperties", "focusTime": "focusTimeProperties",
        "workingLocation": "workingLocationProperties", "birthday": "birthdayProperties",
    ]

    /// Special types exist on primary calendars only, are never changed and never imported.
    private static func checkType(
        _ fields: inout [String: JSON],
        _ members: [String: JSON],
        _ context: Context
    ) throws(APIError) {
        guard !context.isImport else { return }
        let existing = context.existing.map { $0.fields["eventType"]?.text ?? "default" }
        let type = members["eventType"]?.text ?? existing ?? "default"
        guard types.contains(type) else { throw .invalid("Invalid value for: eventType") }
        guard type == existing ?? type, existing != nil || type != "fromGmail", type == "default" || context.isPrimary
        else { throw .calendar("eventTypeRestriction", "The event type is not allowed here or cannot be changed.") }
        guard type != "default" else { return }
        fields["eventType"] = .string(type)
        guard let name = typeProperties[type] else { return }
        fields[name] = members[name]
        if type == "workingLocation", fields[name] == nil {
            throw .calendar("malformedWorkingLocationEvent", "The working location properties are missing.")
        }
    }
}

/// Times and recurrence.
extension EventContent {
    /// Reads `start` or `end`: a date, a time with offset, or a wall-clock time with a zone.
    static func time(
        _ value: JSON?,
        _ name: String,
        _ context: Context,
        isRecurring: Bool
    ) throws(APIError) -> EventTime {
        guard let value, value.members?.isEmpty == false else { throw .required("Missing \(name) time.") }
        switch (value["date"]?.text, value["dateTime"]?.text) {
        case (let date?, nil):
            guard let day = CivilDay(date), date.utf8.count == 10 else { throw invalidFormat(date) }
            return .day(day)
        case (nil, let text?):
            let zone = value["timeZone"]?.text
            if let zone, !isKnownZone(zone) {
                throw .invalid("Invalid time zone definition for \(name) time.")
            }
            guard zone != nil || (!isRecurring && hasOffset(text)) else {
                throw .required("Missing time zone definition for \(name) time.")
            }
            guard let instant = instant(text, zone: zone) else { throw invalidFormat(text) }
            return .moment(instant, zone: zone ?? context.calendarZone)
        case (_?, _?), (nil, nil):
            throw .invalid("Invalid \(name) time.")
        }
    }

    private static func invalidFormat(_ text: String) -> APIError {
        .invalid("Invalid value for: Invalid format: \"\(text)\"")
    }

    private static func instant(_ text: String, zone: String?) -> Instant? {
        if hasOffset(text) { return Instant(rfc3339: text) }
        let whole = text.utf8.prefix { $0 != UInt8(ascii: ".") }.filter { $0 != 0x2D && $0 != 0x3A }
        guard let zone, let time = DateTime(String(decoding: whole, as: UTF8.self), tzid: zone, isDate: false)
        else { return nil }
        return ZoneResolver().instant(time)
    }

    private static func hasOffset(_ text: String) -> Bool {
        let octets = Array(text.utf8)
        guard octets.count > 6 else { return false }
        let sign = octets[octets.count - 6]
        return octets.last == UInt8(ascii: "Z") || octets.last == UInt8(ascii: "z")
            || (octets.count >= 25 && (sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-")))
    }

    private static func recurrence(_ value: JSON?, _ context: Context) throws(APIError) -> [String] {
        guard let value else { return [] }
        guard let lines = value.elements?.map(\.text), !lines.contains(nil) else {
            throw .invalid("Invalid value for: recurrence")
        }
        guard !context.isInstance || lines.isEmpty else { throw .invalid("Recurrence is not allowed on an instance.") }
        return lines.compactMap { $0 }
    }
}
