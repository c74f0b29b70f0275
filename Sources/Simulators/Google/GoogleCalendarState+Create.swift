import ICalendar

/// Events that come into being: insert, import, quickAdd.
extension GoogleCalendarState {
    /// `events.insert`.
    mutating func insertEvent(
        _ body: JSON,
        in name: String,
        by caller: Caller,
        _ request: EventRequest
    ) throws(APIError) -> StateReply {
        let calendar = try calendar(name, for: caller, atLeast: .writerWithoutPrivateAccess)
        try checkUsage(of: caller)
        let id = try insertIdentifier(body, in: calendar)
        var context = context(calendar, nil, request)
        context.isPatch = false
        let content = try EventContent(body, context)
        let event = StoredEvent(
            id: id,
            iCalUID: body["iCalUID"]?.text ?? "\(id)@google.com",
            origin: nil,
            content,
            creator: caller.email,
            organizer: organizer(of: calendar),
            at: tick()
        )
        var made = event
        made.sequence = try sequence(of: body) ?? 0
        made = store(made, in: calendar.id)
        mail(.invitation, about: made, in: calendar, request)
        return .body(renderer(calendar, for: caller, request).resource(of: made))
    }

    /// The identifier of an event to be inserted: the client's own, if it is free, also of tombstones.
    private mutating func insertIdentifier(_ body: JSON, in calendar: SimulatedCalendar) throws(APIError) -> String {
        let uid = body["iCalUID"]?.text
        if let id = body["id"]?.text {
            guard uid == nil else { throw .invalid("Only one of id and iCalUID may be given.") }
            guard Self.isEventIdentifier(id) else { throw .invalidIdentifier }
            guard books[calendar.id]?[id] == nil else { throw .duplicate }
            return id
        }
        if let uid, !book(of: calendar).events(withUID: uid).isEmpty { throw .duplicate }
        return random.word(of: 26)
    }

    /// Base32hex in lower case, 5 to 1024 characters.
    static func isEventIdentifier(_ id: String) -> Bool {
        (5...1024).contains(id.utf8.count)
            && id.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x76).contains($0) }
    }

    /// `events.import`: a copy of an event from elsewhere; the same UID again replaces it.
    mutating func importEvent(
        _ body: JSON,
        in name: String,
        by caller: Caller,
        _ request: EventRequest
    ) throws(APIError) -> StateReply {
        let calendar = try calendar(name, for: caller, atLeast: .writerWithoutPrivateAccess)
        try checkUsage(of: caller)
        guard body["id"] == nil else { throw .invalidIdentifier }
        guard let uid = body["iCalUID"]?.text, !uid.isEmpty else { throw .required("Missing iCalUID.") }
        let existing = book(of: calendar).events(withUID: uid).first
        var context = context(calendar, existing, request)
        context.isImport = true
        var content = try EventContent(body, context)
        let organizer = try importOrganizer(body, &content, in: calendar)
        let sequence = try sequence(of: body) ?? existing?.sequence ?? 0
        guard sequence >= existing?.sequence ?? 0 else { throw .sequenceTooLow }

        var event = StoredEvent(
            id: existing?.id ?? importIdentifier(uid, in: calendar),
            iCalUID: uid,
            origin: nil,
            content,
            creator: caller.email,
            organizer: organizer,
            at: tick()
        )
        event.sequence = sequence
        event.created = existing?.created ?? event.created
        let made = store(event, in: calendar.id)
        detachLostExceptions(of: made, in: calendar.id)
        return .body(renderer(calendar, for: caller, request).resource(of: made))
    }

    /// The organizer of an imported event; a foreign one makes it a private copy of a guest.
    private func importOrganizer(
        _ body: JSON,
        _ content: inout EventContent,
        in calendar: SimulatedCalendar
    ) throws(APIError) -> JSON {
        guard let email = body["organizer"]?["email"]?.text?.lowercased(), email != calendar.organizerAddress else {
            return organizer(of: calendar)
        }
        let guests = content.fields["attendees"]?.elements ?? []
        guard guests.contains(where: { $0["email"]?.text == calendar.organizerAddress }) else {
            throw APIError(
                code: 400,
                domain: "calendar",
                reason: "participantIsNeitherOrganizerNorAttendee",
                message:
                    "The owner of the calendar must either be the organizer or an attendee of an event that is imported."
            )
        }
        content.fields["privateCopy"] = true
        return .compact(["email": .string(email), "displayName": .text(body["organizer"]?["displayName"]?.text)])
    }

    /// The identifier Google derives from a UID.
    private func importIdentifier(_ uid: String, in calendar: SimulatedCalendar) -> String {
        let suffix = "@google.com"
        let local = String(uid.dropLast(suffix.count))
        if uid.hasSuffix(suffix), Self.isEventIdentifier(local), books[calendar.id]?[local] == nil { return local }
        return "_" + Base64.hex32(uid.utf8)
    }

    /// `events.quickAdd`: the text becomes the title of an hour from now.
    mutating func quickAdd(
        _ text: String,
        in name: String,
        by caller: Caller,
        _ request: EventRequest
    ) throws(APIError) -> StateReply {
        guard !text.isEmpty else { throw .required("Required parameter: text") }
        let body: JSON = [
            "summary": .string(text), "start": ["dateTime": .string(now.rfc3339)],
            "end": ["dateTime": .string(now.advanced(by: 3600).rfc3339)],
        ]
        return try insertEvent(body, in: name, by: caller, request)
    }

    /// The sequence a body gives, a 32-bit number.
    func sequence(of body: JSON) throws(APIError) -> Int? {
        guard let value = body["sequence"], !value.isNull else { return nil }
        guard let number = value.number, (0..<Int(Int32.max)).contains(number) else {
            throw .invalid("Invalid value for: sequence")
        }
        return number
    }

    func organizer(of calendar: SimulatedCalendar) -> JSON {
        calendar.isPrimary
            ? ["email": .string(calendar.owner)]
            : ["email": .string(calendar.id), "displayName": .string(calendar.summary)]
    }

    func context(
        _ calendar: SimulatedCalendar,
        _ existing: StoredEvent?,
        _ request: EventRequest
    ) -> EventContent.Context {
        EventContent.Context(
            calendarZone: calendar.timeZone,
            isPrimary: calendar.isPrimary,
            owner: calendar.organizerAddress,
            existing: existing,
            isInstance: existing?.origin != nil,
            acceptsConferenceData: request.conferenceData,
            acceptsAttachments: request.attachments
        )
    }

    /// A person over Calendar's own use limits may read but not write.
    func checkUsage(of caller: Caller) throws(APIError) {
        guard accounts[caller.email]?.isOverUsageLimit != true else { throw .usageLimit("quotaExceeded") }
    }
}

extension StoredEvent {
    /// A new event with this content, made at `tick`.
    init(
        id: String,
        iCalUID: String,
        origin: Origin?,
        _ content: EventContent,
        creator: String,
        organizer: JSON,
        at tick: Int64
    ) {
        self.init(
            id: id,
            iCalUID: iCalUID,
            origin: origin,
            start: content.start,
            end: content.end,
            fields: content.fields,
            creator: creator,
            organizer: organizer,
            created: tick,
            updated: tick,
            revision: tick,
            change: 0
        )
        isCancelled = content.isCancelled
        instances = content.instances
    }
}
