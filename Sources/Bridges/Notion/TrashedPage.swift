import ICalendar

/// A page in the trash.
struct TrashedPage: Sendable, Hashable {
    /// The compact identifier.
    var page: String
    /// When it was found there.
    var since: Instant
    /// The STATUS that the page told, or told before it got an option that means none.
    var status: String?

    /// Notion empties its trash after thirty days.
    private static let life: Int64 = 30 * 86_400

    /// More are not remembered: whoever empties a calendar seldom wants one of its events back.
    static let maximumCount = 500

    init(page: String, since: Instant, status: String? = nil) {
        self.page = page
        self.since = since
        self.status = status
    }

    /// Reads ``line``.
    init?(line: String) {
        let words = line.split(separator: " ")
        guard 2...3 ~= words.count, let seconds = Int64(words[1]) else { return nil }
        let status = words.count == 3 ? String(words[2]) : nil
        self.init(page: String(words[0]), since: Instant(seconds: seconds), status: status)
    }

    var line: String { "\(page) \(since.seconds)" + (status.map { " " + $0 } ?? "") }

    func isOver(at now: Instant) -> Bool { Self.isOver(since: since, at: now) }

    /// Whether what has been in the trash since then is there no more.
    static func isOver(since: Instant, at now: Instant) -> Bool { now - since > life }
}
