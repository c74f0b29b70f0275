/// A recurrence rule. RFC 5545 §3.3.10, RFC 7529
public struct RecurrenceRule: Sendable, Hashable {
    /// How often the rule's periods come, from the shortest to the longest.
    public enum Frequency: String, Sendable, Hashable, CaseIterable {
        case secondly = "SECONDLY"
        case minutely = "MINUTELY"
        case hourly = "HOURLY"
        case daily = "DAILY"
        case weekly = "WEEKLY"
        case monthly = "MONTHLY"
        case yearly = "YEARLY"
    }

    /// A day of the week; the raw value counts from Monday = 0.
    public enum Weekday: Int, Sendable, Hashable, CaseIterable {
        case monday, tuesday, wednesday, thursday, friday, saturday, sunday

        /// The two letters of iCalendar.
        public var code: String { Self.codes[rawValue] }

        private static let codes = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]

        /// Reads the two letters of iCalendar.
        public init?(code: String) {
            guard let index = Self.codes.firstIndex(of: code), let day = Self(rawValue: index) else { return nil }
            self = day
        }
    }

    /// A BYDAY value: a weekday, or the n-th (from the end, if negative) of the month or year.
    public struct WeekdayNumber: Sendable, Hashable {
        public var weekday: Weekday
        public var ordinal: Int?

        /// Makes a BYDAY value.
        public init(_ weekday: Weekday, ordinal: Int? = nil) {
            self.weekday = weekday
            self.ordinal = ordinal
        }
    }

    public var frequency: Frequency
    public var interval = 1
    public var count: Int?
    /// The last moment, in the form it was written.
    public var until: DateTime?
    public var bySecond: [Int] = []
    public var byMinute: [Int] = []
    public var byHour: [Int] = []
    public var byDay: [WeekdayNumber] = []
    public var byMonthDay: [Int] = []
    public var byYearDay: [Int] = []
    public var byWeekNumber: [Int] = []
    public var byMonth: [Int] = []
    public var bySetPosition: [Int] = []
    public var weekStart = Weekday.monday

    /// The calendar system the rule counts in, where it is not the Gregorian, or days are not simply omitted. RFC 7529
    public var calendarScale: String?

    /// Makes a rule that has nothing but a frequency.
    public init(_ frequency: Frequency) { self.frequency = frequency }

    /// Whether the rule never ends.
    public var isEndless: Bool { count == nil && until == nil }
}

extension RecurrenceRule.Frequency: Comparable {
    public static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .secondly: 0
        case .minutely: 1
        case .hourly: 2
        case .daily: 3
        case .weekly: 4
        case .monthly: 5
        case .yearly: 6
        }
    }
}
