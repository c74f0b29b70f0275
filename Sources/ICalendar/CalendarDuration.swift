/// A DURATION value: whole days of the calendar, and exact seconds. RFC 5545 §3.3.6
public struct CalendarDuration: Sendable, Hashable {
    /// Nominal days (a day may last 23 hours), with the sign of the whole.
    public var days: Int

    /// Exact seconds, with the sign of the whole.
    public var seconds: Int

    /// Makes a duration from its parts.
    public init(days: Int, seconds: Int) {
        self.days = days
        self.seconds = seconds
    }

    /// The longest that is read: from the first year of the calendar to the last.
    ///
    /// Sums that grow without end would leave the range of numbers.
    private static let maximumDays = 3_650_000

    /// Reads `P1W`, `-PT15M`, `P1DT2H`; nil for what is none, and for what is longer than the calendar.
    public init?(_ text: String) {
        var digits = DigitReader(text.asciiUppercased.trimmed.utf8)
        let sign = digits.sign() ?? 1
        guard digits.skip("P"), !digits.isAtEnd else { return nil }
        days = 0
        seconds = 0
        var isTime = false
        while !digits.isAtEnd {
            if digits.skip("T") {
                guard !isTime else { return nil }
                isTime = true
                continue
            }
            guard let number = digits.number() else { return nil }
            if !isTime, digits.skip("W") {
                days += sign * number * 7
            } else if !isTime, digits.skip("D") {
                days += sign * number
            } else if isTime, let unit = digits.timeUnit() {
                seconds += sign * number * unit
            } else {
                return nil
            }
            guard abs(days) <= Self.maximumDays, abs(seconds) <= Self.maximumDays * 86_400 else { return nil }
        }
    }

    /// The length where every day has 24 hours.
    public var totalSeconds: Int64 { Int64(days) * CivilCalendar.secondsPerDay + Int64(seconds) }
}

extension DigitReader {
    fileprivate mutating func timeUnit() -> Int? {
        if skip("H") { return 3600 }
        if skip("M") { return 60 }
        return skip("S") ? 1 : nil
    }
}
