/// Event resources as answers show them.
struct EventRenderer {
    let calendar: SimulatedCalendar
    let book: EventBook
    let role: AccessRole
    /// Those of who asks.
    let defaultReminders: [JSON]
    /// The zone in which times are written: the query's or the calendar's.
    let zone: String
    /// Longer guest lists are cut to the calendar's own entry.
    var maximumAttendees: Int?

    /// The whole resource, or the busy block that a reader without insight gets.
    func resource(of event: StoredEvent) -> JSON {
        hidesDetails(of: event) ? busy(event) : .object(members(of: event))
    }

    /// What a delta says of a deleted event: only the identifiers are promised.
    func tombstone(of event: StoredEvent) -> JSON {
        .compact([
            "kind": "calendar#event", "etag": .string(event.etag), "id": .string(event.id), "status": "cancelled",
            "recurringEventId": .text(event.origin?.series),
            "originalStartTime": event.origin?.start.resource(in: zone),
        ])
    }

    private func hidesDetails(of event: StoredEvent) -> Bool {
        guard role > .freeBusyReader else { return true }
        let visibility = event.fields["visibility"]?.text
        return role < .writer && (visibility == "private" || visibility == "confidential")
    }

    private func busy(_ event: StoredEvent) -> JSON {
        var members = bookkeeping(of: event)
        members["visibility"] = "private"
        members["transparency"] = event.fields["transparency"]
        members["recurrence"] = event.fields["recurrence"]
        return .object(members)
    }

    /// Members that every reader sees.
    private func bookkeeping(of event: StoredEvent) -> [String: JSON] {
        let members: [String: JSON?] = [
            "kind": "calendar#event", "etag": .string(event.etag), "id": .string(event.id),
            "status": book.isCancelled(event) ? "cancelled" : event.fields["status"] ?? "confirmed",
            "htmlLink": .string(
                "https://www.google.com/calendar/event?eid=\(Base64.url("\(event.id) \(calendar.id)".utf8))"
            ),
            "created": .string(timestamp(microseconds: event.created)),
            "updated": .string(timestamp(microseconds: event.updated)),
            "start": event.start.resource(in: zone), "end": event.end.resource(in: zone),
            "iCalUID": .string(event.iCalUID), "sequence": .integer(Int64(event.sequence)),
            "eventType": event.fields["eventType"] ?? "default",
            "recurringEventId": .text(event.origin?.series),
            "originalStartTime": event.origin?.start.resource(in: zone),
        ]
        return members.compactMapValues { $0 }
    }

    private func members(of event: StoredEvent) -> [String: JSON] {
        var members = event.fields.merging(bookkeeping(of: event)) { _, kept in kept }
        members["creator"] = person(event.creator)
        members["organizer"] = event.organizer.merging(selfMark(event.organizer["email"]?.text))
        members["reminders"] = reminders(of: event)
        members["hangoutLink"] = event.fields["conferenceData"]?["entryPoints"]?[0]?["uri"]
        if event.creator != calendar.owner { members["source"] = nil }
        guard let guests = event.fields["attendees"]?.elements else { return members }
        let organizer = event.organizer["email"]?.text
        var list = guests.map { guest in
            let isOrganizer = guest["email"]?.text == organizer
            return guest.merging(selfMark(guest["email"]?.text)).merging(isOrganizer ? ["organizer": true] : [:])
        }
        if let maximumAttendees, list.count > maximumAttendees {
            list = list.filter { $0["self"] == true }
            members["attendeesOmitted"] = true
        }
        members["attendees"] = .array(list)
        return members
    }

    private func person(_ email: String) -> JSON { (["email": .string(email)] as JSON).merging(selfMark(email)) }

    private func selfMark(_ email: String?) -> JSON { email == calendar.organizerAddress ? ["self": true] : [:] }

    /// Nothing stored reads as the default, which all-day events spell out.
    private func reminders(of event: StoredEvent) -> JSON {
        if let stored = event.fields["reminders"] { return stored }
        guard event.start.isDay else { return ["useDefault": true] }
        return defaultReminders.isEmpty
            ? ["useDefault": false] : ["useDefault": false, "overrides": .array(defaultReminders)]
    }
}

extension SimulatedCalendar {
    /// The address under which the calendar takes part in events: its account, or itself if it is a secondary one.
    var organizerAddress: String { isPrimary ? owner : id }
}
