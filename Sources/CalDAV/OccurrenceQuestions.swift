import ICalendar

/// What a filter asks of the occurrences of one object.
struct OccurrenceQuestions: Sendable {
    /// Nil where the recurrence cannot be worked out; such an object is shown rather than hidden.
    private let recurrenceSet: RecurrenceSet?
    private let isSingle: Bool

    init(_ object: CalendarObject, floatingZone: FloatingZone) {
        recurrenceSet = try? object.recurrenceSet(floatingZone: floatingZone)
        isSingle = object.overrides.isEmpty
    }

    /// Whether an occurrence that `component` describes meets the range.
    func any(of component: Component, in range: TimeRange) -> Bool {
        guard let recurrenceSet else { return true }
        guard let span = recurrenceSet.span else { return false }
        if isSingle, let answer = answer(by: span, recurrenceSet, range) { return answer }
        guard let found = occurrences(in: closed(range, span)) else { return true }
        return found.contains { $0.component == component }
    }

    /// Whether an occurrence of a to-do that `component` describes meets the range, by the table of RFC 4791 §9.9.
    func anyTodo(_ component: Component, in range: TimeRange) -> Bool {
        guard let recurrenceSet else { return true }
        guard let span = recurrenceSet.span else { return false }
        // The table counts ends that an overlap does not: a second more on each side has them all.
        let wide = TimeRange(start: range.start.map { $0 + -1 }, end: range.end.map { $0 + 1 })
        guard let found = occurrences(in: closed(wide, span)) else { return true }
        return found.contains { $0.component == component && TodoTimes($0).meets(range) }
    }

    /// Whether an alarm of `component` rings within the range (RFC 4791 §9.9, VALARM).
    func anyAlarm(_ alarm: Component, of component: Component, in range: TimeRange, _ zones: ZoneResolver) -> Bool {
        guard let trigger = alarm.first("TRIGGER") else { return false }
        let repetitions = AlarmRepetitions(alarm)
        if trigger.parameter("VALUE") == "DATE-TIME" {
            return trigger.dateTime.map { repetitions.meet(range, from: zones.instant($0)) } ?? false
        }
        guard let offset = duration(of: trigger.value), let span = recurrenceSet?.span else { return false }
        let reach = abs(offset) + repetitions.length + Self.longestOccurrence
        let wide = TimeRange(start: range.start.map { $0 + -reach }, end: range.end.map { $0 + reach })
        guard let found = occurrences(in: closed(wide, span)) else { return true }
        let countsFromEnd = trigger.parameter("RELATED")?.uppercased() == "END"
        return found.contains { occurrence in
            occurrence.component == component
                && repetitions.meet(range, from: (countsFromEnd ? occurrence.end : occurrence.start) + offset)
        }
    }

    /// How far before its end an occurrence may begin for an alarm at its end to be found.
    private static let longestOccurrence: Int64 = 31 * 86_400

    /// How many occurrences are looked at before "some of them surely" is the answer.
    private static let mostOccurrences = 2_000

    /// An answer from the whole set's first start and last end alone.
    private func answer(
        by span: (start: Instant, end: Instant?),
        _ set: RecurrenceSet,
        _ range: TimeRange
    ) -> Bool? {
        if let end = range.end, span.start >= end { return false }
        if let start = range.start, let last = span.end, last < start { return false }
        // From some time on for ever: the set's last occurrence decides, and an endless set has none.
        if range.end == nil, span.end == nil { return true }
        if !set.isRecurring, let end = span.end { return range.overlaps(start: span.start, end: end) }
        return nil
    }

    /// Closes the open ends of a range with those of the set.
    private func closed(_ range: TimeRange, _ span: (start: Instant, end: Instant?)) -> TimeRange {
        TimeRange(
            start: range.start ?? span.start + -86_400,
            end: range.end ?? span.end.map { $0 + 86_400 } ?? CalendarLimits.maximumDate
        )
    }

    /// The occurrences, or nil where there are too many to look at.
    private func occurrences(in range: TimeRange) -> [Occurrence]? {
        try? recurrenceSet?.occurrences(in: range, limit: Self.mostOccurrences)
    }
}

/// The times at which an alarm rings again (RFC 5545 §3.8.6.2).
private struct AlarmRepetitions {
    private var count: Int64 = 0
    private var interval: Int64 = 0

    init(_ alarm: Component) {
        guard let count = alarm.first("REPEAT").flatMap({ Int64($0.value) }),
            let interval = alarm.first("DURATION").flatMap({ duration(of: $0.value) }), interval > 0, count > 0
        else { return }
        self.count = min(count, Self.most)
        self.interval = interval
    }

    private static let most: Int64 = 1_000

    var length: Int64 { count * interval }

    func meet(_ range: TimeRange, from first: Instant) -> Bool {
        (0...count).contains { number in
            let time = first + number * interval
            return range.overlaps(start: time, end: time)
        }
    }
}
