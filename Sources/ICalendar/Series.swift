/// The master of a series: what its rules, RDATE and EXDATE say. RFC 5545 §3.8.5
struct Series: Sendable {
    /// One start the series has.
    struct Start {
        /// On the wall clock of DTSTART.
        var local: Int64
        var instant: Instant
        /// The end, where a PERIOD of RDATE gives it.
        var end: Instant?
    }

    let component: Component
    let timing: Timing
    let zone: Zone
    let start: Instant
    private let rules: [Rule]
    private let exceptionRules: [Rule]
    private let extras: [Start]
    private let excludedInstants: Set<Instant>
    private let excludedDays: Set<Int>

    /// A rule with its UNTIL on the wall clock of DTSTART.
    private struct Rule: Sendable {
        var rule: RecurrenceRule
        var text: String
        var until: Int64?
    }

    init?(_ component: Component, _ kind: ComponentKind, _ zones: ZoneResolver) throws(CalendarDataError) {
        guard let timing = Timing(component, kind, zones) else { return nil }
        let form = timing.start.form
        let zone = zones.zone(form)
        self.component = component
        self.timing = timing
        self.zone = zone
        start = zones.instant(timing.start)
        rules = try Self.rules(component.all("RRULE"), timing.start, zone)
        exceptionRules = try Self.rules(component.all("EXRULE"), timing.start, zone)
        extras = component.all("RDATE").flatMap { Self.starts($0, timing.start, zones) }.sorted { $0.local < $1.local }
        let excluded = component.all("EXDATE").flatMap(\.dateTimes)
        // A date excludes whatever begins on it; a date-time excludes of a whole-day series the day it names.
        excludedDays = Set(
            excluded.filter { $0.isDate || form == .date }.map { LocalTime(seconds: $0.localSeconds).day }
        )
        excludedInstants = Set(excluded.filter { !$0.isDate && form != .date }.map { zones.instant($0) })
    }

    /// Whether there can be more than one occurrence.
    var isRecurring: Bool { !rules.isEmpty || !extras.isEmpty }

    /// Whether there is one occurrence, at DTSTART.
    var isSingle: Bool {
        !isRecurring && exceptionRules.isEmpty && excludedInstants.isEmpty && excludedDays.isEmpty
    }

    private static func rules(
        _ properties: [Property],
        _ start: DateTime,
        _ zone: Zone
    ) throws(CalendarDataError) -> [Rule] {
        var rules: [Rule] = []
        // An empty rule is no rule; feeds carry them.
        for property in properties where !property.value.isEmpty {
            let rule = try RecurrenceRule(property.value)
            guard !start.isDate || rule.frequency >= .daily else {
                throw .invalidData("A rule of \(rule.frequency.rawValue) needs a DTSTART with a time.")
            }
            rules.append(Rule(rule: rule, text: property.value, until: rule.until.map { local($0, start, zone) }))
        }
        return rules
    }

    /// An UNTIL on the wall clock of DTSTART; a date means all of that day, of a whole-day series only the date counts.
    private static func local(_ until: DateTime, _ start: DateTime, _ zone: Zone) -> Int64 {
        if until.isDate || start.isDate {
            return Int64(LocalTime(seconds: until.localSeconds).day + 1) * CivilCalendar.secondsPerDay - 1
        }
        return until.form == .utc ? until.localSeconds + zone.offset(at: until.localSeconds) : until.localSeconds
    }

    private static func starts(_ property: Property, _ start: DateTime, _ zones: ZoneResolver) -> [Start] {
        let zone = zones.zone(start.form)
        return property.value.utf8.split(separator: UInt8(ascii: ",")).compactMap { item in
            let text = String(Substring(item))
            let period = Period(text, of: property, zones)
            guard let date = period?.startTime ?? property.date(text) else { return nil }
            var local: Int64
            if start.isDate {
                local = Int64(LocalTime(seconds: date.localSeconds).day) * CivilCalendar.secondsPerDay
            } else if date.isDate {
                local = date.localSeconds + Int64(LocalTime(seconds: start.localSeconds).second)
            } else {
                let instant = zones.instant(date).seconds
                local = instant + zone.offset(at: instant)
            }
            return Start(local: local, instant: Instant(seconds: zone.utc(local: local)), end: period?.end)
        }
    }
}

extension Series {
    /// All starts between two wall-clock times, in order, without what EXDATE and EXRULE take away.
    func starts(from: Int64, through: Int64, limit: Int) throws(CalendarDataError) -> [Start] {
        var locals =
            timing.start.localSeconds >= from && timing.start.localSeconds <= through
            ? [timing.start.localSeconds] : []
        var steps = 0
        for rule in rules { locals += try times(of: rule, from: from, through: through, limit: limit, &steps) }
        var periods: [Int64: Instant] = [:]
        for extra in extras where extra.local >= from && extra.local <= through {
            locals.append(extra.local)
            periods[extra.local] = extra.end
        }
        var excluded: Set<Int64> = []
        for rule in exceptionRules {
            excluded.formUnion(try times(of: rule, from: from, through: through, limit: limit, &steps))
        }
        if rules.count > 1 || !extras.isEmpty { locals.sort() }
        var starts: [Start] = []
        starts.reserveCapacity(locals.count)
        for local in locals where !excluded.contains(local) && !excludedDays.contains(LocalTime(seconds: local).day) {
            let instant = Instant(seconds: zone.utc(local: local))
            // Two wall-clock times may name one instant, where the clock goes forward.
            guard starts.last?.instant != instant, !excludedInstants.contains(instant) else { continue }
            starts.append(Start(local: local, instant: instant, end: periods[local]))
        }
        return starts
    }

    private func times(
        of rule: Rule,
        from: Int64,
        through: Int64,
        limit: Int,
        _ steps: inout Int
    ) throws(CalendarDataError) -> [Int64] {
        // What is left out later counts too, so the limit leaves room for it.
        let bound = limit + excludedInstants.count + excludedDays.count + 1
        let start = timing.start.localSeconds
        let until = min(through, rule.until ?? through)
        if rule.rule.calendarScale != nil {
            return try LibicalRule.times(rule.text, timing.start, from: from, through: until, limit: bound)
        }
        var iterator = RuleIterator(rule.rule, start: start, isDate: timing.start.isDate, until: until)
        iterator.steps = steps
        defer { steps = iterator.steps }
        iterator.seek(from)
        var times: [Int64] = []
        while let time = iterator.next(), time <= through {
            guard time >= from, time != start else { continue }
            guard times.count <= bound else { throw .tooManyInstances(limit: limit) }
            times.append(time)
        }
        guard !iterator.gaveUp else { throw .tooManyInstances(limit: CalendarLimits.maximumRuleSteps) }
        return times
    }

    /// A wall-clock time no start lies after; nil for endless rules, and for those too long to count.
    var lastStart: Int64? {
        var last = max(timing.start.localSeconds, extras.last?.local ?? .min)
        var steps = 0
        for rule in rules {
            if let until = rule.until {
                last = max(last, until)
            } else if let count = rule.rule.count, count <= CalendarLimits.maximumInstances,
                let counted = try? times(
                    of: rule,
                    from: .min / 4,
                    through: CalendarLimits.maximumDate.seconds,
                    limit: CalendarLimits.maximumInstances,
                    &steps
                )
            {
                last = max(last, counted.last ?? last)
            } else {
                return nil
            }
        }
        return last
    }

    /// Whether its occurrences have no end.
    var isOpen: Bool {
        if case .open = timing.length { return true }
        return false
    }

    /// No occurrence lasts longer.
    var longest: Int64 {
        max(timing.longest, extras.map { extra in extra.end.map { $0 - extra.instant } ?? 0 }.max() ?? 0)
    }

    /// The last end that a PERIOD gives.
    var latestPeriodEnd: Instant? { extras.compactMap(\.end).max() }

    /// A wall-clock time no start lies before.
    var firstStart: Int64 { min(timing.start.localSeconds, extras.first?.local ?? .max) }
}
