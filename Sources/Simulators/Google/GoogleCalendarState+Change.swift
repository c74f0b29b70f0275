/// Events that change: patch, update, delete, move.
extension GoogleCalendarState {
    /// How a body is laid over what is stored.
    enum WriteForm: Sendable {
        /// PATCH: merged.
        case patch
        /// PUT: what is not sent is cleared.
        case replace
    }

    /// `events.patch` and `events.update`, also of instances that are not stored yet.
    mutating func writeEvent(
        _ id: String,
        _ body: JSON,
        as form: WriteForm,
        in name: String,
        by caller: Caller,
        _ request: EventRequest
    ) throws(APIError) -> StateReply {
        let calendar = try calendar(name, for: caller, atLeast: .writerWithoutPrivateAccess)
        try checkUsage(of: caller)
        let existing = try event(id, in: calendar)
        guard request.ifMatch.map({ $0 == "*" || $0 == existing.etag }) ?? true else { throw .conditionNotMet }
        let sequence = try sequence(of: body) ?? existing.sequence
        guard existing.sequence <= sequence else { throw .sequenceTooLow }
        try checkOrganizer(body, existing, in: calendar)

        let content = try content(of: body, as: form, over: existing, in: calendar, request)
        let isRevival = body["status"]?.text == "confirmed" || form == .replace
        let isSeriesGone = !existing.isCancelled && book(of: calendar).isCancelled(existing)
        guard !isSeriesGone, !existing.isCancelled || isRevival else { throw .forbidden }
        let changed = apply(content, body, to: existing, in: calendar)
        mail(content.isCancelled ? .cancellation : .update, about: changed, in: calendar, request)
        let after = calendars[calendar.id] ?? calendar
        return .body(renderer(after, for: caller, request).resource(of: changed))
    }

    /// Shared properties of an event that somebody else organises are that person's.
    private func checkOrganizer(
        _ body: JSON,
        _ existing: StoredEvent,
        in calendar: SimulatedCalendar
    ) throws(APIError) {
        guard let shared = body["extendedProperties"]?["shared"], shared.members?.isEmpty == false else { return }
        guard existing.organizer["email"]?.text == calendar.organizerAddress else { throw .nonOrganizer }
    }

    private func content(
        of body: JSON,
        as form: WriteForm,
        over existing: StoredEvent,
        in calendar: SimulatedCalendar,
        _ request: EventRequest
    ) throws(APIError) -> EventContent {
        var context = context(calendar, existing, request)
        guard case .patch = form else { return try EventContent(body, context) }
        context.isPatch = true
        var merged = existing.writable(in: calendar.timeZone).merging(body)
        if let reminders = body["reminders"]?.members {
            let stored = existing.fields["reminders"]?["overrides"] ?? []
            let setsDefault = reminders["useDefault"] == true && reminders["overrides"] == nil
            merged["reminders"] =
                setsDefault
                ? ["useDefault": true, "overrides": stored] : .object(reminders)
        }
        return try EventContent(merged, context)
    }

    /// Stores the new content; `updated` stays where only reminders moved.
    private mutating func apply(
        _ content: EventContent,
        _ body: JSON,
        to existing: StoredEvent,
        in calendar: SimulatedCalendar
    ) -> StoredEvent {
        var event = existing
        event.start = content.start
        event.end = content.end
        event.fields = content.fields
        event.fields["privateCopy"] = existing.fields["privateCopy"]
        event.isCancelled = content.isCancelled
        event.isDetached = existing.isDetached && content.isCancelled
        event.instances = content.instances
        let isRescheduled =
            event.start != existing.start || event.end != existing.end
            || event.fields["recurrence"] != existing.fields["recurrence"] || event.isCancelled != existing.isCancelled
        event.sequence = max(body["sequence"]?.number ?? 0, existing.sequence + (isRescheduled ? 1 : 0))

        let isStored = books[calendar.id]?[event.id] != nil
        var withOldReminders = event
        withOldReminders.fields["reminders"] = existing.fields["reminders"]
        let movesUpdated =
            !isStored || isRescheduled || withOldReminders.fields != existing.fields
            || event.fields["reminders"] == existing.fields["reminders"]
        let changed = store(event, in: calendar.id, movesUpdated: movesUpdated)
        detachLostExceptions(of: changed, in: calendar.id)
        if existing.isCancelled, !changed.isCancelled { touchExceptions(of: changed.id, in: calendar.id) }
        return changed
    }

    /// Exceptions whose original start no longer is an instance of the changed series are lost; the delta says so.
    ///
    /// Where a lost one is an instance once more, it is like any other: the delta says that, too.
    mutating func detachLostExceptions(of master: StoredEvent, in calendar: String) {
        guard master.origin == nil, !master.isCancelled, let zone = calendars[calendar]?.timeZone else { return }
        for exception in books[calendar]?.exceptions(of: master.id) ?? [] {
            guard let start = exception.origin?.start, case let isThere = master.hasInstance(at: start, in: zone),
                isThere == exception.isDetached
            else { continue }
            var changed = isThere ? master.instance(at: start) : exception
            changed.isCancelled = !isThere
            changed.isDetached = !isThere
            _ = store(changed, in: calendar)
        }
    }

    /// A series that comes back brings its exceptions into the delta.
    private mutating func touchExceptions(of series: String, in calendar: String) {
        for exception in books[calendar]?.exceptions(of: series) ?? [] where !exception.isDetached {
            _ = store(exception, in: calendar, movesUpdated: false)
        }
    }

    /// `events.delete`: a tombstone stays; an instance becomes a cancelled exception.
    mutating func deleteEvent(
        _ id: String,
        in name: String,
        by caller: Caller,
        _ request: EventRequest
    ) throws(APIError) -> StateReply {
        let calendar = try calendar(name, for: caller, atLeast: .writerWithoutPrivateAccess)
        try checkUsage(of: caller)
        var event = try event(id, in: calendar)
        guard !book(of: calendar).isCancelled(event) else { throw .deleted }
        guard request.ifMatch.map({ $0 == "*" || $0 == event.etag }) ?? true else { throw .conditionNotMet }
        event.isCancelled = true
        event.sequence += 1
        let deleted = store(event, in: calendar.id)
        mail(.cancellation, about: deleted, in: calendar, request)
        return StateReply(status: 204)
    }

    /// `events.move`: a series as a whole, under the same identifier; a tombstone stays behind.
    mutating func moveEvent(
        _ id: String,
        in name: String,
        to destination: String,
        by caller: Caller,
        _ request: EventRequest
    ) throws(APIError) -> StateReply {
        let source = try calendar(name, for: caller, atLeast: .writer)
        let target = try calendar(destination, for: caller, atLeast: .writer)
        try checkUsage(of: caller)
        let event = try event(id, in: source)
        guard !event.isCancelled else { throw .deleted }
        guard event.origin == nil else { throw .invalid("Instances of a recurring event cannot be moved.") }
        guard event.fields["eventType"] == nil else {
            throw .calendar("eventTypeRestriction", "Events of this type cannot be moved.")
        }
        guard event.organizer["email"]?.text == source.organizerAddress else { throw .nonOrganizer }
        guard books[target.id]?[id]?.isCancelled ?? true, source.id != target.id else { throw .duplicate }

        for member in [event] + book(of: source).exceptions(of: id) {
            var copy = member.expanded(in: target.timeZone)
            copy.organizer = organizer(of: target)
            _ = store(copy, in: target.id)
        }
        var tombstone = event
        tombstone.isCancelled = true
        _ = store(tombstone, in: source.id)
        let moved = calendars[target.id] ?? target
        return .body(renderer(moved, for: caller, request).resource(of: try self.event(id, in: moved)))
    }

    /// Records the mails that Google would send; none unless the request asks for them.
    mutating func mail(
        _ kind: Mail.Kind,
        about event: StoredEvent,
        in calendar: SimulatedCalendar,
        _ request: EventRequest
    ) {
        guard request.sendUpdates == "all" || request.sendUpdates == "externalOnly" else { return }
        let guests = event.fields["attendees"]?.elements?.compactMap { $0["email"]?.text } ?? []
        for guest in guests where guest != calendar.organizerAddress {
            let isInternal = accounts[guest] != nil
            guard request.sendUpdates == "all" || !isInternal else { continue }
            outbox.append(
                Mail(
                    kind: kind,
                    recipient: guest,
                    calendar: calendar.id,
                    event: event.id,
                    summary: event.fields["summary"]?.text ?? "",
                    at: now
                )
            )
        }
    }
}
