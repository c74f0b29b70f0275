/// Walks through the wall-clock times of a rule in the Gregorian calendar, in order. RFC 5545 §3.3.10
///
/// Times are seconds counted as if the wall clock were UTC. DTSTART always comes first and counts, also where it does not
/// match the rule (RFC 5545 §3.8.5.3). Every step is counted, so that a rule that hardly ever matches ends in bounded time.
struct RuleIterator {
    let rule: RecurrenceRule
    let start: Int64
    let startDate: (year: Int, month: Int, day: Int)
    let startDay: Int
    let isDate: Bool
    let days: DayFilter
    let times: [Int]
    private let until: Int64?

    private var period = 0
    private var pending: [Int64] = []
    private var nextPending = 0
    private var emitted = 0
    private var hasEmittedStart = false
    private var isFinished = false

    /// The candidates tried so far; also those of other rules, where several share what one expansion may try.
    var steps = 0

    /// Whether the walk was broken off because it took too many steps.
    private(set) var gaveUp = false

    /// Prepares the walk from `start`; `until` is the last time allowed, on the same wall clock.
    init(_ rule: RecurrenceRule, start: Int64, isDate: Bool, until: Int64?) {
        self.rule = rule
        self.start = start
        self.isDate = isDate
        self.until = until
        let local = LocalTime(seconds: start)
        startDay = local.day
        startDate = CivilCalendar.date(ofDay: local.day)
        days = DayFilter(rule, start: startDate, weekday: CivilCalendar.weekday(ofDay: local.day))
        times = Self.times(of: rule, second: local.second, isDate: isDate)
    }

    /// The times of day, for rules of days and longer.
    private static func times(of rule: RecurrenceRule, second: Int, isDate: Bool) -> [Int] {
        guard !isDate else { return [0] }
        let hours = rule.byHour.isEmpty ? [second / 3600] : rule.byHour
        let minutes = rule.byMinute.isEmpty ? [second / 60 % 60] : rule.byMinute
        let seconds = rule.bySecond.isEmpty ? [second % 60] : rule.bySecond
        return hours.flatMap { hour in
            minutes.flatMap { minute in seconds.map { hour * 3600 + minute * 60 + $0 } }
        }
    }

    /// Goes to just before `time`, without walking; only for rules that are not counted.
    mutating func seek(_ time: Int64) {
        guard rule.count == nil, time > start else { return }
        hasEmittedStart = true
        let day = CivilCalendar.floorDivide(Int(time), 86_400)
        let date = CivilCalendar.date(ofDay: day)
        let distance: Int
        switch rule.frequency {
        case .yearly: distance = date.year - startDate.year
        case .monthly: distance = (date.year - startDate.year) * 12 + date.month - startDate.month
        case .weekly: distance = (day - startDay) / 7
        case .daily: distance = day - startDay
        case .hourly, .minutely, .secondly: distance = Int(time - start) / unit
        }
        period = max(0, distance / rule.interval - 1)
        pending = []
        nextPending = 0
    }

    /// Seconds in a period of the shorter frequencies.
    var unit: Int {
        switch rule.frequency {
        case .secondly: 1
        case .minutely: 60
        case .hourly: 3600
        case .daily, .weekly, .monthly, .yearly: 86_400
        }
    }

    /// The next time, or nil after the last.
    mutating func next() -> Int64? {
        if !hasEmittedStart {
            hasEmittedStart = true
            emitted = 1
            return start
        }
        while !isFinished, rule.count.map({ emitted < $0 }) ?? true {
            while nextPending < pending.count {
                let time = pending[nextPending]
                nextPending += 1
                guard time > start else { continue }
                guard time <= last else {
                    isFinished = true
                    return nil
                }
                emitted += 1
                return time
            }
            fill()
        }
        return nil
    }

    /// Takes up the next period, and the ones after it as long as they are empty.
    private mutating func fill() {
        pending.removeAll(keepingCapacity: true)
        nextPending = 0
        while pending.isEmpty {
            guard steps < CalendarLimits.maximumRuleSteps else {
                gaveUp = true
                isFinished = true
                return
            }
            guard appendPeriod() else {
                isFinished = true
                return
            }
        }
    }

    /// Collects the times of the current period and moves to the next; false beyond the last possible one.
    private mutating func appendPeriod() -> Bool {
        steps += 1
        let number = period
        let first: Int64
        switch rule.frequency {
        case .yearly: first = appendYear(startDate.year + number * rule.interval)
        case .monthly: first = appendMonth(startDate.year * 12 + startDate.month - 1 + number * rule.interval)
        case .weekly: first = appendWeek(number)
        case .daily: first = appendDay(startDay + number * rule.interval)
        case .hourly, .minutely, .secondly:
            period = appendShortPeriod(number)
            return start + Int64(number * rule.interval * unit) <= last
        }
        period += 1
        selectPositions()
        return first <= last
    }

    /// No time lies after this one.
    private var last: Int64 { min(until ?? .max, CalendarLimits.maximumDate.seconds) }

    /// Adds the times of a day; gives up on a rule that has more times in one period than anybody could want.
    mutating func append(day: Int) {
        guard pending.count + times.count <= CalendarLimits.maximumPeriodTimes else {
            gaveUp = true
            isFinished = true
            return
        }
        steps += times.count
        let midnight = Int64(day) * CivilCalendar.secondsPerDay
        for time in times { pending.append(midnight + Int64(time)) }
    }

    mutating func append(time: Int64) { pending.append(time) }

    /// Keeps what BYSETPOS names of the period's times.
    mutating func selectPositions() {
        guard !rule.bySetPosition.isEmpty, !pending.isEmpty else { return }
        let count = pending.count
        let chosen = rule.bySetPosition.compactMap { position -> Int? in
            let index = position > 0 ? position - 1 : count + position
            return index >= 0 && index < count ? index : nil
        }
        pending = Set(chosen).sorted().map { pending[$0] }
    }
}
