/// A half-open stretch of time; an end that is nil is open.
public struct TimeRange: Sendable, Hashable {
    /// The first instant inside, or nil for "since ever".
    public var start: Instant?

    /// The first instant after it, or nil for "for ever".
    public var end: Instant?

    /// Makes the range from `start` up to, not including, `end`.
    public init(start: Instant? = nil, end: Instant? = nil) {
        self.start = start
        self.end = end
    }

    /// Whether something that lasts from `start` to `end` meets this range. RFC 4791 §9.9
    ///
    /// What has no length meets the range when it begins inside it.
    public func overlaps(start: Instant, end: Instant) -> Bool {
        if let rangeEnd = self.end, start >= rangeEnd { return false }
        guard let rangeStart = self.start else { return true }
        return end > start ? end > rangeStart : start >= rangeStart
    }
}
