/// The events of one calendar with their history: what lists, deltas and tokens are read from.
struct EventBook: Sendable {
    private var events: [String: StoredEvent] = [:]

    /// Identifiers in the order in which the events were made, which is the order of a full list.
    private var order: [String] = []

    private var exceptionIDs: [String: [String]] = [:]
    private var idsByUID: [String: [String]] = [:]

    /// Grows by one with every change of an event.
    private(set) var lastChange = 0

    /// Tokens given out at earlier changes are refused.
    private(set) var oldestAcceptedChange = 0

    /// The revision of the last change.
    private(set) var lastRevision: Int64 = 0

    /// A stored event, also a deleted one.
    subscript(id: String) -> StoredEvent? { events[id] }

    var count: Int { events.count }

    /// Every event in the order of their making.
    var all: [StoredEvent] { order.compactMap { events[$0] } }

    /// The exceptions of a series, changed ones and cancelled ones.
    func exceptions(of series: String) -> [StoredEvent] {
        (exceptionIDs[series] ?? []).compactMap { events[$0] }
    }

    /// Single events and masters with that UID, deleted ones too.
    func events(withUID uid: String) -> [StoredEvent] {
        (idsByUID[uid] ?? []).compactMap { events[$0] }
    }

    /// Whether an event is deleted, by itself or with its series.
    func isCancelled(_ event: StoredEvent) -> Bool {
        event.isCancelled || event.origin.flatMap { events[$0.series] }?.isCancelled == true
    }

    /// What changed after `change`, in the order of the changes.
    func changes(since change: Int) -> [StoredEvent] {
        events.values.filter { $0.change > change }.sorted { $0.change < $1.change }
    }

    /// Keeps an event under its next change number.
    mutating func put(_ event: StoredEvent) -> StoredEvent {
        lastChange += 1
        lastRevision = event.revision
        var event = event
        event.change = lastChange
        if events.updateValue(event, forKey: event.id) == nil {
            order.append(event.id)
            if let origin = event.origin {
                exceptionIDs[origin.series, default: []].append(event.id)
            } else {
                idsByUID[event.iCalUID, default: []].append(event.id)
            }
        }
        return event
    }

    /// Expands every series anew after the calendar moved to another zone, in which all-day instances begin.
    mutating func expandSeries(in zone: String) {
        for (id, event) in events where event.isRecurring { events[id] = event.expanded(in: zone) }
    }

    /// Refuses every token given out so far.
    mutating func expireTokens() {
        lastChange += 1
        oldestAcceptedChange = lastChange
    }
}
