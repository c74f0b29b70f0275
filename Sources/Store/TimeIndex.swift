import ICalendar

/// When an object can have occurrences: what a time-range query asks before it parses anything.
///
/// RFC 4791 §9.9. The index never rules out what has an occurrence; what it does not understand it calls possible.
struct TimeIndex: Sendable, Hashable {
    /// How much the index knows.
    enum Precision: String, Sendable, Hashable, CaseIterable {
        /// Nothing: the object is always a candidate.
        case unknown
        /// Outside of the span there is nothing; inside, one must look.
        case loose
        /// One occurrence, which lies inside of the span; where, depends on the zone of who asks.
        case floating
        /// One occurrence, exactly the span.
        case single
        /// Many occurrences, none of them outside of the span; those that meet the window are listed.
        case recurring
    }

    /// The start of the first occurrence, in seconds; the smallest number for "unknown".
    let firstStart: Int64

    /// The end of the last occurrence, in seconds; the greatest number for "open" and "unknown".
    let lastEnd: Int64

    let precision: Precision
    let window: OccurrenceWindow?

    /// How far a floating time can lie from the same wall-clock time in UTC: the zones go from −12 to +14 hours.
    private static let floatingSlack: (earlier: Int64, later: Int64) = (14 * 3600, 12 * 3600)

    init(firstStart: Int64, lastEnd: Int64, precision: Precision, window: OccurrenceWindow?) {
        self.firstStart = firstStart
        self.lastEnd = lastEnd
        self.precision = precision
        self.window = window
    }

    private static let unknown = TimeIndex(firstStart: .min, lastEnd: .max, precision: .unknown, window: nil)

    /// Indexes an object; the window of a recurring one lies around `now`.
    ///
    /// What cannot be expanded is stored all the same: it is only not ruled out.
    init(_ object: CalendarObject, at now: Instant) {
        // To-dos and the others overlap by rules of their own, often without any date: the caller applies them.
        guard object.kind == .event, let set = try? object.recurrenceSet(), let span = set.span else {
            self = .unknown
            return
        }
        let start = span.start.seconds
        let end = span.end?.seconds ?? .max
        if Self.isFloating(object) {
            // Where it falls depends on the zone of who asks.
            self.init(
                firstStart: max(start, .min + Self.floatingSlack.earlier) - Self.floatingSlack.earlier,
                lastEnd: min(end, .max - Self.floatingSlack.later) + Self.floatingSlack.later,
                precision: set.isRecurring ? .loose : .floating,
                window: nil
            )
        } else if set.isRecurring {
            let window = OccurrenceWindow(of: set, from: span.start, around: now)
            self.init(firstStart: start, lastEnd: end, precision: .recurring, window: window)
        } else {
            self.init(firstStart: start, lastEnd: end, precision: .single, window: nil)
        }
    }

    /// Whether any of the object's times means another instant in another zone of who asks.
    private static func isFloating(_ object: CalendarObject) -> Bool {
        let zones = object.zones
        return object.calendar.components(object.kind.rawValue).contains { component in
            timing.contains { name in
                component.all(name).contains { $0.dateTimes.contains { isFloating($0, zones) } }
            }
        }
    }

    private static let timing = ["DTSTART", "DTEND", "RDATE", "EXDATE", "RECURRENCE-ID"]

    private static func isFloating(_ time: DateTime, _ zones: ZoneResolver) -> Bool {
        switch time.form {
        case .date, .floating: true
        case .utc: false
        // A zone that nobody knows is taken for the asker's own.
        case .zoned(let tzid): !zones.knows(tzid)
        }
    }
}

// MARK: - Asking

extension TimeIndex {
    /// Whether an object has an occurrence in a range.
    enum Match {
        case no, possible, certain
    }

    /// Decides as far as the index can.
    func match(_ range: TimeRange) -> Match {
        switch precision {
        case .unknown: .possible
        case .loose: spanMayOverlap(range) ? .possible : .no
        case .floating: spanMayOverlap(range) ? spanLiesInside(range) ? .certain : .possible : .no
        case .single: spanOverlaps(range) ? .certain : .no
        case .recurring: matchRecurring(range)
        }
    }

    /// Every occurrence in a range; nil where the index does not know them all.
    func occurrences(in range: TimeRange) -> [TimeSpan]? {
        switch precision {
        case .unknown, .loose, .floating: return nil
        case .single:
            return spanOverlaps(range)
                ? [TimeSpan(start: Instant(seconds: firstStart), end: Instant(seconds: lastEnd))] : []
        case .recurring:
            guard let window, windowCovers(range, window) else { return nil }
            var found: [TimeSpan] = []
            for occurrence in window {
                if let end = range.end, occurrence.start >= end { break }
                if range.overlaps(start: occurrence.start, end: occurrence.end) { found.append(occurrence) }
            }
            return found
        }
    }

    private func matchRecurring(_ range: TimeRange) -> Match {
        guard spanMayOverlap(range) else { return .no }
        guard let window else { return .possible }
        if window.meets(range) { return .certain }
        return windowCovers(range, window) ? .no : .possible
    }

    /// Whether the window says all about a range; outside of the span there is nothing to be said.
    private func windowCovers(_ range: TimeRange, _ window: OccurrenceWindow) -> Bool {
        let begins = range.start.map { window.start <= $0 } ?? false || window.start.seconds <= firstStart
        let ends = range.end.map { $0 <= window.end } ?? false || lastEnd < window.end.seconds
        return begins && ends
    }

    private func spanOverlaps(_ range: TimeRange) -> Bool {
        range.overlaps(start: Instant(seconds: firstStart), end: Instant(seconds: lastEnd))
    }

    /// Whether something inside of the span is inside of the range, wherever it lies; without length it is not on its end.
    private func spanLiesInside(_ range: TimeRange) -> Bool {
        (range.end.map { lastEnd < $0.seconds } ?? true) && (range.start.map { $0.seconds <= firstStart } ?? true)
    }

    /// Whether span and range touch; the ends count, for occurrences without length.
    private func spanMayOverlap(_ range: TimeRange) -> Bool {
        (range.end.map { firstStart <= $0.seconds } ?? true) && (range.start.map { lastEnd >= $0.seconds } ?? true)
    }
}
