import ICalendar

/// The place of an occurrence in a list: by start, then by event.
struct EventCursor: Hashable, Comparable {
    var start: Instant
    var id: Int64
    var occurrence: String

    init(start: Instant, id: Int64, occurrence: String) {
        self.start = start
        self.id = id
        self.occurrence = occurrence
    }

    /// The place behind which a page begins; nil for the first page.
    ///
    /// - Throws: ``RESTProblem`` where the cursor is none of ours.
    init?(_ request: RESTRequest) throws(RESTProblem) {
        guard let text = request.query["cursor"] else { return nil }
        let parts = text.split(separator: "_", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let seconds = Int64(parts[0]), let id = Int64(parts[1]) else {
            throw Page.unknownCursor
        }
        start = Instant(seconds: seconds)
        self.id = id
        occurrence = String(parts[2])
    }

    var text: String { "\(start.seconds)_\(id)_\(occurrence)" }

    static func < (one: EventCursor, other: EventCursor) -> Bool {
        (one.start, one.id, one.occurrence) < (other.start, other.id, other.occurrence)
    }
}
