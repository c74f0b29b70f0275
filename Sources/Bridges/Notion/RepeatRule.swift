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

// MARK: - Moving

extension RepeatRule {
    /// Whether the rule ends with a moment or a day.
    var hasLast: Bool { rule.until != nil }

    /// The rule of a series whose start moved: its last moment moves along, and a weekday that only names the start's own.
    func moved(from old: DateTime, to new: DateTime, _ zones: ZoneResolver) -> RepeatRule {
        guard old != new else { return self }
        let parts = value.split(separator: ";").map { part -> String in
            switch part.prefix(while: { $0 != "=" }).uppercased() {
            case "UNTIL": rule.until.map { "UNTIL=" + Self.until($0, from: old, to: new, zones).text } ?? String(part)
            case "BYDAY" where namesOnly(old.weekday): "BYDAY=" + new.weekday.code
            default: String(part)
            }
        }
        return RepeatRule(parts.joined(separator: ";")) ?? self
    }

    private func namesOnly(_ weekday: RecurrenceRule.Weekday) -> Bool {
        rule.frequency == .weekly && rule.byDay == [RecurrenceRule.WeekdayNumber(weekday)]
    }

    /// UNTIL of a series whose start moved; in UTC for one in a zone (RFC 5545 §3.3.10).
    private static func until(
        _ until: DateTime,
        from old: DateTime,
        to new: DateTime,
        _ zones: ZoneResolver
    ) -> DateTime {
        if until.isDate, !old.isDate, !new.isDate { return until.moved(from: old.civilDay, to: new.civilDay) }
        // As the series sees it: it keeps its hour when the clocks change.
        let seen = until.form == .utc && !old.isDate ? zones.local(zones.instant(until), form: old.form) : until
        let moved = seen.moved(from: old, to: new)
        guard case .zoned = moved.form else { return moved }
        return zones.local(zones.instant(moved), form: .utc)
    }
}

extension DateTime {
    fileprivate var civilDay: DateTime { DateTime(date: year, month, day) }

    fileprivate var weekday: RecurrenceRule.Weekday {
        // The first day of 1970 was a Thursday.
        let number = ZoneResolver().instant(civilDay).seconds / 86_400 + 3
        return RecurrenceRule.Weekday(rawValue: Int((number % 7 + 7) % 7)) ?? .monday
    }
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
