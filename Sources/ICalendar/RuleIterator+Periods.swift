extension RuleIterator {
    /// Collects a year; answers when it begins.
    mutating func appendYear(_ year: Int) -> Int64 {
        let firstDay = CivilCalendar.days(year: year, month: 1, day: 1)
        let scope = rule.byMonth.isEmpty ? DayFilter.Scope.year : .month
        for month in days.months {
            appendDays(ofMonth: month, year: year, yearStart: firstDay, scope: scope)
        }
        return Int64(firstDay) * CivilCalendar.secondsPerDay
    }

    /// Collects a month, counted from January of the year 0; answers when it begins.
    mutating func appendMonth(_ number: Int) -> Int64 {
        let year = CivilCalendar.floorDivide(number, 12)
        let month = number - year * 12 + 1
        let yearStart = CivilCalendar.days(year: year, month: 1, day: 1)
        if rule.byMonth.isEmpty || rule.byMonth.contains(month) {
            appendDays(ofMonth: month, year: year, yearStart: yearStart, scope: .month)
        }
        return Int64(CivilCalendar.days(year: year, month: month, day: 1)) * CivilCalendar.secondsPerDay
    }

    private mutating func appendDays(ofMonth month: Int, year: Int, yearStart: Int, scope: DayFilter.Scope) {
        let length = CivilCalendar.length(ofMonth: month, year: year)
        let monthStart = CivilCalendar.days(year: year, month: month, day: 1)
        if let day = days.onlyMonthDay {
            steps += 1
            if day <= length { append(day: monthStart + day - 1) }
            return
        }
        steps += length
        let candidates = DayFilter.Month(
            start: monthStart,
            length: length,
            yearStart: yearStart,
            yearLength: CivilCalendar.isLeap(year) ? 366 : 365
        )
        for day in 1...length where days.admits(day: day, of: candidates, scope: scope) {
            append(day: monthStart + day - 1)
        }
    }

    /// Collects a week, counted from that of DTSTART; answers when it begins.
    mutating func appendWeek(_ number: Int) -> Int64 {
        let intoWeek = CivilCalendar.floorModulo(CivilCalendar.weekday(ofDay: startDay) - rule.weekStart.rawValue, 7)
        let first = startDay - intoWeek + number * rule.interval * 7
        steps += 7
        for day in first..<first + 7 where days.admits(day: day) { append(day: day) }
        return Int64(first) * CivilCalendar.secondsPerDay
    }

    /// Collects a day; answers when it begins.
    mutating func appendDay(_ day: Int) -> Int64 {
        if days.admits(day: day) { append(day: day) }
        return Int64(day) * CivilCalendar.secondsPerDay
    }

    /// Collects an hour, minute or second and answers the number of the next one worth looking at.
    ///
    /// Days, hours and minutes that are ruled out are stepped over as a whole.
    mutating func appendShortPeriod(_ number: Int) -> Int {
        let length = rule.interval * unit
        let origin = start - Int64(CivilCalendar.floorModulo(Int(start), unit))
        let time = origin + Int64(number * length)
        let local = LocalTime(seconds: time)
        let midnight = Int64(local.day) * CivilCalendar.secondsPerDay
        let hour = local.second / 3600
        let minute = local.second / 60 % 60
        func firstPeriod(at later: Int64) -> Int { (Int(later - origin) + length - 1) / length }

        guard days.admits(day: local.day) else { return firstPeriod(at: midnight + CivilCalendar.secondsPerDay) }
        guard rule.byHour.isEmpty || rule.byHour.contains(hour) else {
            return max(number + 1, firstPeriod(at: midnight + Int64(hour + 1) * 3600))
        }
        if rule.frequency == .hourly {
            appendTimes(ofHour: midnight + Int64(hour) * 3600)
            return number + 1
        }
        guard rule.byMinute.isEmpty || rule.byMinute.contains(minute) else {
            return max(number + 1, firstPeriod(at: midnight + Int64(local.second / 60 + 1) * 60))
        }
        if rule.frequency == .minutely {
            appendSeconds(ofMinute: midnight + Int64(local.second / 60) * 60)
        } else if rule.bySecond.isEmpty || rule.bySecond.contains(local.second % 60) {
            append(time: time)
        }
        selectPositions()
        return number + 1
    }

    private mutating func appendTimes(ofHour hour: Int64) {
        let minutes = rule.byMinute.isEmpty ? [CivilCalendar.floorModulo(Int(start), 3600) / 60] : rule.byMinute
        for minute in minutes { appendSeconds(ofMinute: hour + Int64(minute) * 60) }
        selectPositions()
    }

    private mutating func appendSeconds(ofMinute minute: Int64) {
        let seconds = rule.bySecond.isEmpty ? [CivilCalendar.floorModulo(Int(start), 60)] : rule.bySecond
        for second in seconds { append(time: minute + Int64(second)) }
    }
}

/// Which days a rule admits: its BYMONTH, BYWEEKNO, BYYEARDAY, BYMONTHDAY and BYDAY, or what DTSTART implies.
///
/// Each part that is given narrows the days of a period, whether RFC 5545 §3.3.10 calls it a limit or an expansion: an
/// expansion is the choice among all days of the period.
struct DayFilter {
    /// What the ordinals of BYDAY count in.
    enum Scope { case month, year }

    /// A month being looked through.
    struct Month {
        var start: Int
        var length: Int
        var yearStart: Int
        var yearLength: Int
    }

    /// The months that can have days at all.
    let months: [Int]
    /// The one day of the month, where nothing else is asked.
    let onlyMonthDay: Int?

    private let rule: RecurrenceRule
    private let weekdays: [RecurrenceRule.WeekdayNumber]
    private let weekdayMask: UInt8
    private let isFree: Bool

    init(_ rule: RecurrenceRule, start: (year: Int, month: Int, day: Int), weekday: Int) {
        self.rule = rule
        let namesDays = !rule.byYearDay.isEmpty || !rule.byMonthDay.isEmpty || !rule.byDay.isEmpty
        let namesWeeks = rule.frequency == .yearly && !rule.byWeekNumber.isEmpty
        let isLong = rule.frequency == .yearly || rule.frequency == .monthly
        onlyMonthDay = isLong && !namesDays && !namesWeeks ? start.day : nil
        let impliesWeekday = !namesDays && (rule.frequency == .weekly || namesWeeks)
        let implied = impliesWeekday ? RecurrenceRule.Weekday(rawValue: weekday).map { [$0] } ?? [] : []
        weekdays = implied.map { RecurrenceRule.WeekdayNumber($0) } + rule.byDay
        weekdayMask = weekdays.reduce(0) { $0 | 1 << UInt8($1.weekday.rawValue) }
        months = rule.byMonth.isEmpty ? (namesDays || namesWeeks ? Array(1...12) : [start.month]) : rule.byMonth
        isFree = weekdays.isEmpty && rule.byMonth.isEmpty && rule.byMonthDay.isEmpty && rule.byYearDay.isEmpty
    }

    /// Whether a day is admitted in rules of weeks and shorter, where BYDAY has no ordinals.
    func admits(day: Int) -> Bool {
        if isFree { return true }
        if weekdayMask != 0, weekdayMask >> UInt8(CivilCalendar.weekday(ofDay: day)) & 1 == 0 { return false }
        guard !rule.byMonth.isEmpty || !rule.byMonthDay.isEmpty || !rule.byYearDay.isEmpty else { return true }
        let date = CivilCalendar.date(ofDay: day)
        guard rule.byMonth.isEmpty || rule.byMonth.contains(date.month) else { return false }
        let length = CivilCalendar.length(ofMonth: date.month, year: date.year)
        guard Self.names(rule.byMonthDay, date.day, of: length) else { return false }
        guard !rule.byYearDay.isEmpty else { return true }
        let yearDay = day - CivilCalendar.days(year: date.year, month: 1, day: 1) + 1
        return Self.names(rule.byYearDay, yearDay, of: CivilCalendar.isLeap(date.year) ? 366 : 365)
    }

    /// Whether a day of a month is admitted in rules of months and years.
    func admits(day: Int, of month: Month, scope: Scope) -> Bool {
        let number = month.start + day - 1
        let yearDay = number - month.yearStart + 1
        if weekdayMask != 0 {
            let weekday = CivilCalendar.weekday(ofDay: number)
            guard weekdayMask >> UInt8(weekday) & 1 == 1 else { return false }
            let (position, length) = scope == .month ? (day, month.length) : (yearDay, month.yearLength)
            let fromStart = (position - 1) / 7 + 1
            let fromEnd = -((length - position) / 7 + 1)
            let isNamed = weekdays.contains { named in
                guard named.weekday.rawValue == weekday else { return false }
                return named.ordinal.map { $0 == fromStart || $0 == fromEnd } ?? true
            }
            guard isNamed else { return false }
        }
        guard Self.names(rule.byMonthDay, day, of: month.length),
            Self.names(rule.byYearDay, yearDay, of: month.yearLength)
        else { return false }
        guard rule.frequency == .yearly, !rule.byWeekNumber.isEmpty else { return true }
        return isInNamedWeek(number)
    }

    private static func names(_ list: [Int], _ position: Int, of length: Int) -> Bool {
        list.isEmpty || list.contains(position) || list.contains(position - length - 1)
    }

    /// Whether a day's week has a number of BYWEEKNO: week 1 is the first with four days in the year.
    private func isInNamedWeek(_ day: Int) -> Bool {
        let intoWeek = CivilCalendar.floorModulo(CivilCalendar.weekday(ofDay: day) - rule.weekStart.rawValue, 7)
        // The week belongs to the year of its fourth day.
        let middle = day - intoWeek + 3
        let year = CivilCalendar.date(ofDay: middle).year
        let january = CivilCalendar.days(year: year, month: 1, day: 1)
        let december = CivilCalendar.days(year: year, month: 12, day: 31)
        let week = (middle - january) / 7 + 1
        return rule.byWeekNumber.contains(week)
            || rule.byWeekNumber.contains(-((december - middle) / 7 + 1))
    }
}
