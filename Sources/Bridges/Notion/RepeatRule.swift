import ICalendar

/// An RRULE as it is written, known to make sense.
struct RepeatRule: Sendable {
    /// The value as it was written, without blanks around it.
    let value: String
    private let rule: RecurrenceRule

    init?(_ text: String) {
        value = text.trimmed
        guard let rule = try? RecurrenceRule(value) else { return nil }
        self.rule = rule
    }
}

extension RepeatRule: Hashable {
    /// Rules are the same whatever the order and the case of their parts.
    static func == (left: RepeatRule, right: RepeatRule) -> Bool { left.rule == right.rule }

    func hash(into hasher: inout Hasher) { hasher.combine(rule) }
}

// MARK: - For people

extension RepeatRule {
    /// The rule in words: `Every 2 weeks on Monday and Friday, until 2026-12-31`.
    var sentence: String {
        var sentence = rule.interval == 1 ? "Every \(unit)" : "Every \(rule.interval) \(unit)s"
        sentence += isSpeakable ? days : ", by a special rule"
        if let count = rule.count { sentence += count == 1 ? ", once" : ", \(count) times" }
        if let until = rule.until {
            sentence += ", until \(When.text(DateTime(date: until.year, until.month, until.day)))"
        }
        return sentence
    }

    private var unit: String {
        switch rule.frequency {
        case .secondly: "second"
        case .minutely: "minute"
        case .hourly: "hour"
        case .daily: "day"
        case .weekly: "week"
        case .monthly: "month"
        case .yearly: "year"
        }
    }

    /// Whether a sentence can tell the rule; others are only hinted at.
    private var isSpeakable: Bool {
        let parts = [
            rule.bySecond, rule.byMinute, rule.byHour, rule.byYearDay, rule.byWeekNumber, rule.byMonth,
            rule.bySetPosition,
        ]
        return parts.allSatisfy(\.isEmpty) && rule.calendarScale == nil
            && (rule.byDay.isEmpty || rule.byMonthDay.isEmpty)
    }

    private var days: String {
        let monthDays = rule.byMonthDay.map { $0 < 0 ? "the \(Self.word(for: $0)) day" : "day \($0)" }
        let weekdays = rule.byDay.map { day in
            day.ordinal.map { "the \(Self.word(for: $0)) \(Self.name(of: day.weekday))" } ?? Self.name(of: day.weekday)
        }
        let days = monthDays + weekdays
        guard let last = days.last else { return "" }
        return " on " + (days.count == 1 ? last : days.dropLast().joined(separator: ", ") + " and " + last)
    }

    private static func name(of weekday: RecurrenceRule.Weekday) -> String {
        switch weekday {
        case .monday: "Monday"
        case .tuesday: "Tuesday"
        case .wednesday: "Wednesday"
        case .thursday: "Thursday"
        case .friday: "Friday"
        case .saturday: "Saturday"
        case .sunday: "Sunday"
        }
    }

    private static func word(for ordinal: Int) -> String {
        switch ordinal {
        case 1: "first"
        case 2: "second"
        case 3: "third"
        case -1: "last"
        case ..<0: "\(word(for: -ordinal)) to last"
        default: "\(ordinal)\(suffix(of: ordinal))"
        }
    }

    private static func suffix(of ordinal: Int) -> String {
        guard !(11...13).contains(ordinal % 100) else { return "th" }
        return switch ordinal % 10 {
        case 1: "st"
        case 2: "nd"
        case 3: "rd"
        default: "th"
        }
    }
}
