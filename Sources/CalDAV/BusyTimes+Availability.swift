import ICalendar

extension BusyTimes {
    /// Adds the time in which nobody is available (RFC 7953 §4, §5).
    ///
    /// Where several speak of a time, those with the highest priority decide; among equals one that is available is enough.
    mutating func add(_ availabilities: [Availability], in range: TimeRange) throws(CalendarDataError) {
        var decided = TimeSpans()
        for rank in Set(availabilities.map(\.rank)).sorted() {
            let equals = availabilities.filter { $0.rank == rank }
            var available: [TimeSpans.Span] = []
            for availability in equals {
                let found = try availability.availableTime(in: range, limit: CalendarLimits.maximumInstances)
                available += found.map { TimeSpans.Span(start: $0.start, end: $0.end) }
            }
            let free = TimeSpans(available)
            var spoken = TimeSpans()
            // The surest first: what is busy is not tentative as well.
            for kind in Kind.allCases {
                let meant = equals.filter { Kind(rawValue: $0.busyType) ?? .unavailable == kind }
                let spans = TimeSpans(meant.map { TimeSpans.Span(start: $0.start, end: $0.end) })
                for span in spans.subtracting(free).subtracting(decided).subtracting(spoken).spans {
                    add(kind, span.start, span.end)
                }
                spoken = spoken.union(spans)
            }
            decided = decided.union(spoken)
        }
    }
}

extension Availability {
    /// 1 comes first and 0 last.
    fileprivate var rank: Int { priority == 0 ? 10 : priority }
}
