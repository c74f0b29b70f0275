import ICalendar

/// An RRULE as it is written, known to make sense.
struct RepeatRule: Sendable {
    /// The value as it was written, without blanks and parts that are empty.
    let value: String
    private let rule: RecurrenceRule

    init?(_ text: String) {
        value = Self.tidied(text)
        guard let rule = try? RecurrenceRule(value), Self.allows(rule), Self.knowsParts(of: value) else { return nil }
        self.rule = rule
    }

    /// What a person types around the marks of a rule means nothing.
    private static func tidied(_ text: String) -> String {
        let parts = text.split(separator: ";").map { part in
            part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { side in
                side.split(separator: ",", omittingEmptySubsequences: false).map(bare).joined(separator: ",")
            }
            .joined(separator: "=")
        }
        return parts.filter { !$0.isEmpty }.joined(separator: ";")
    }

    private static func bare(_ text: Substring) -> Substring {
        guard let first = text.firstIndex(where: { !$0.isWhitespace }),
            let last = text.lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return text[first...last]
    }

    /// What the standard forbids, and others would read otherwise (RFC 5545 §3.3.10).
    private static func allows(_ rule: RecurrenceRule) -> Bool {
        let takesNumbers =
            rule.frequency == .monthly || rule.frequency == .yearly && rule.byWeekNumber.isEmpty
        return (rule.count == nil || rule.until == nil)
            && (takesNumbers || rule.byDay.allSatisfy { $0.ordinal == nil })
    }

    private static let partNames: Set<String> = [
        "FREQ", "UNTIL", "COUNT", "INTERVAL", "BYSECOND", "BYMINUTE", "BYHOUR", "BYDAY", "BYMONTHDAY", "BYYEARDAY",
        "BYWEEKNO", "BYMONTH", "BYSETPOS", "WKST", "RSCALE", "SKIP",
    ]

    /// Whether a text begins like a part of a rule.
    static func beginsWithPart(_ text: String) -> Bool {
        guard let mark = text.firstIndex(of: "=") else { return false }
        return partNames.contains(bare(text[..<mark]).uppercased())
    }

    private static func knowsParts(of value: String) -> Bool {
        value.split(separator: ";").allSatisfy { partNames.contains($0.prefix { $0 != "=" }.uppercased()) }
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

    /// The rule of a series whose start moved: its last moment moves along, and a day that only names the start's own.
    func moved(from old: DateTime, to new: DateTime, _ zones: ZoneResolver) -> RepeatRule {
        guard old != new else { return self }
        let parts = value.split(separator: ";").map { part -> String in
            switch part.prefix(while: { $0 != "=" }).uppercased() {
            case "UNTIL": rule.until.map { "UNTIL=" + Self.until($0, from: old, to: new, zones).text } ?? String(part)
            case "BYDAY" where namesOnly(old.weekday): "BYDAY=" + new.weekday.code
            case "BYDAY" where isOfMonths && rule.byDay == [old.place]: "BYDAY=" + new.place.code
            case "BYDAY" where isOfMonths && rule.byDay == [old.placeFromEnd]: "BYDAY=" + new.placeFromEnd.code
            case "BYMONTHDAY" where isOfMonths && rule.byMonthDay == [old.day]: "BYMONTHDAY=\(new.day)"
            case "BYMONTHDAY" where isOfMonths && rule.byMonthDay == [old.dayFromEnd]: "BYMONTHDAY=\(new.dayFromEnd)"
            case "BYMONTH" where isOfMonths && rule.byMonth == [old.month]: "BYMONTH=\(new.month)"
            default: String(part)
            }
        }
        return RepeatRule(parts.joined(separator: ";")) ?? self
    }

    private func namesOnly(_ weekday: RecurrenceRule.Weekday) -> Bool {
        rule.frequency == .weekly && rule.byDay == [RecurrenceRule.WeekdayNumber(weekday)]
    }

    /// Whether it says something that changes when a series moves that starts so.
    func movesAlong(from start: DateTime) -> Bool {
        guard !hasLast, !namesOnly(start.weekday) else { return true }
        guard isOfMonths else { return false }
        return rule.byMonth == [start.month] || [[start.place], [start.placeFromEnd]].contains(rule.byDay)
            || [[start.day], [start.dayFromEnd]].contains(rule.byMonthDay)
    }

    /// Whether its days are counted within months, and there is no other condition.
    private var isOfMonths: Bool {
        guard rule.bySetPosition.isEmpty, rule.byYearDay.isEmpty, rule.byWeekNumber.isEmpty else { return false }
        return rule.frequency == .monthly && rule.byMonth.isEmpty
            || rule.frequency == .yearly && rule.byMonth.count == 1
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

    /// Which one of its weekday it is in its month; the fifth, which few months have, is the last.
    fileprivate var place: RecurrenceRule.WeekdayNumber {
        let number = (day - 1) / 7 + 1
        return RecurrenceRule.WeekdayNumber(weekday, ordinal: number == 5 ? -1 : number)
    }

    fileprivate var placeFromEnd: RecurrenceRule.WeekdayNumber {
        RecurrenceRule.WeekdayNumber(weekday, ordinal: (dayFromEnd + 1) / 7 - 1)
    }

    /// The day counted from the end of its month, -1 for the last.
    fileprivate var dayFromEnd: Int {
        let next = month == 12 ? DateTime(date: year + 1, 1, 1) : DateTime(date: year, month + 1, 1)
        return day - next.adding(days: -1).day - 1
    }
}

extension RecurrenceRule.WeekdayNumber {
    fileprivate var code: String { (ordinal.map { String($0) } ?? "") + weekday.code }
}

// MARK: - For people

extension RepeatRule {
    /// The rule in words: `Every 2 weeks on Monday and Friday, until 2026-12-31`.
    var sentence: String { sentence(from: nil) }

    /// The rule in words, of a series with that start, whose zone tells what day it ends.
    func sentence(from start: DateTime?) -> String {
        var sentence = rule.interval == 1 ? "Every \(unit)" : "Every \(rule.interval) \(unit)s"
        sentence += isSpeakable ? days : ", by a special rule"
        if let count = rule.count { sentence += count == 1 ? ", once" : ", \(count) times" }
        if var until = rule.until {
            if until.form == .utc, let start, case .zoned = start.form {
                let zones = ZoneResolver()
                until = zones.local(zones.instant(until), form: start.form)
            }
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
