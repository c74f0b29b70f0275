import ICalendar

/// Which events of a calendar a query finds, series expanded or not.
struct Expansion {
    let calendar: SimulatedCalendar
    let book: EventBook
    let query: EventQuery
    let now: Instant

    /// How far an endless series is expanded when the query names no end.
    static let horizonSeconds: Int64 = 730 * 86_400

    /// How many instances of a deleted series a delta of single events names: about half a year.
    static let deletedHorizonSeconds: Int64 = 183 * 86_400

    /// The events of a full list, in the order of their making.
    func events() -> [StoredEvent] {
        let stored = book.all.filter(hasWantedType)
        let found = query.singleEvents ? stored.flatMap(singles) : stored.filter(isListed)
        return found.filter(matches)
    }

    func hasWantedType(_ event: StoredEvent) -> Bool {
        query.types.isEmpty || query.types.contains(event.fields["eventType"]?.text ?? "default")
    }

    /// Whether a stored event is in a list of series: cancelled exceptions of living series always are.
    private func isListed(_ event: StoredEvent) -> Bool {
        guard isInWindow(event) else { return false }
        if isLive(event) || query.showDeleted || query.updatedMin != nil { return true }
        guard let series = event.origin.flatMap({ book[$0.series] }) else { return false }
        return !event.isDetached && !series.isCancelled
    }

    /// Whether the event is there for a reader of a list without deleted ones.
    private func isLive(_ event: StoredEvent) -> Bool { !book.isCancelled(event) && !event.isDetached }

    /// What stands for a stored event where series are expanded; exceptions come with their series.
    private func singles(_ event: StoredEvent) -> [StoredEvent] {
        if event.isRecurring { return instances(of: event) }
        if let origin = event.origin, book[origin.series] != nil {
            return event.isDetached && query.showDeleted && isInWindow(event) ? [event] : []
        }
        return (isLive(event) || query.showDeleted) && isInWindow(event) ? [event] : []
    }

    /// What a delta of single events says of a changed event.
    func expanded(_ event: StoredEvent) -> [StoredEvent] {
        guard event.isRecurring else { return [event] }
        let length = event.isCancelled ? Self.deletedHorizonSeconds : Self.horizonSeconds
        let window = TimeRange(start: event.start.instant(in: calendar.timeZone), end: now + length)
        return instances(of: event, in: window, showDeleted: true)
    }

    /// The instances of a series in the query's window: stored exceptions in place of computed ones.
    func instances(of master: StoredEvent) -> [StoredEvent] {
        let window = TimeRange(start: query.timeMin, end: query.timeMax ?? now + Self.horizonSeconds)
        guard !master.isCancelled || query.showDeleted else { return [] }
        return instances(of: master, in: window, showDeleted: query.showDeleted).filter { instance in
            guard let wanted = query.originalStart else { return true }
            return instance.origin?.start.instant(in: calendar.timeZone) == wanted
        }
    }

    private func instances(of master: StoredEvent, in window: TimeRange, showDeleted: Bool) -> [StoredEvent] {
        let exceptions = book.exceptions(of: master.id).filter { !$0.isDetached }
        let replaced = Set(exceptions.map(\.id))
        let computed = master.instanceStarts(in: window).map(master.instance).filter { !replaced.contains($0.id) }
        let stored = exceptions.filter { (showDeleted || !$0.isCancelled) && overlaps($0, window) }
        return (computed + stored).sorted {
            $0.start.instant(in: calendar.timeZone) < $1.start.instant(in: calendar.timeZone)
        }
    }

    /// `timeMin` bounds the end and `timeMax` the start, both exclusive.
    private func isInWindow(_ event: StoredEvent) -> Bool {
        let window = TimeRange(start: query.timeMin, end: query.timeMax)
        guard query.timeMin != nil || query.timeMax != nil else { return true }
        return event.isRecurring ? event.hasInstance(in: window) : overlaps(event, window)
    }

    private func overlaps(_ event: StoredEvent, _ window: TimeRange) -> Bool {
        let start = event.start.instant(in: calendar.timeZone)
        let end = event.end.instant(in: calendar.timeZone)
        return (window.end.map { start < $0 } ?? true) && (window.start.map { end > $0 } ?? true)
    }

    private func matches(_ event: StoredEvent) -> Bool {
        if let uid = query.iCalUID, event.iCalUID != uid { return false }
        if let since = query.updatedMin, event.updated < since.seconds * 1_000_000 { return false }
        if let text = query.text, !mentions(event, text.lowercased()) { return false }
        return query.privateProperties.allSatisfy { has(event, "private", $0) }
            && query.sharedProperties.allSatisfy { has(event, "shared", $0) }
    }

    private func has(_ event: StoredEvent, _ kind: String, _ constraint: String) -> Bool {
        let pair = constraint.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard pair.count == 2 else { return false }
        return event.fields["extendedProperties"]?[kind]?[pair[0]]?.text == pair[1]
    }

    private func mentions(_ event: StoredEvent, _ text: String) -> Bool {
        let guests = event.fields["attendees"]?.elements ?? []
        let texts =
            ["summary", "description", "location"].map { event.fields[$0]?.text }
            + guests.flatMap { [$0["email"]?.text, $0["displayName"]?.text] }
        return texts.contains { $0?.lowercased().contains(text) == true }
    }
}
