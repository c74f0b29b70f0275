import ICalendar

/// How many calls of an upstream are answered with a pass each.
///
/// An upstream calls about our own writes, too: after a bulk of them hundreds of calls come in a row, and a listing for each
/// would take the quota of everything else.
struct CallBudget: Sendable {
    /// As many as one poll a second would be for a minute: more calls in a row than people make by hand.
    private static let burst: Int64 = 60

    /// So often another one is allowed.
    private static let secondsPerCall: Int64 = 2

    private var left = Self.burst
    private var filledAt: Instant?

    /// Whether a call at that time may have a pass of its own.
    mutating func take(at now: Instant) -> Bool {
        let since = filledAt ?? now
        let earned = max(0, now.seconds - since.seconds) / Self.secondsPerCall
        left = min(Self.burst, left + earned)
        filledAt = left == Self.burst ? now : since + earned * Self.secondsPerCall
        guard left > 0 else { return false }
        left -= 1
        return true
    }
}
