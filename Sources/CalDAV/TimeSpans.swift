import ICalendar

/// A set of moments as stretches in order that neither overlap nor touch.
struct TimeSpans: Sendable, Hashable {
    struct Span: Sendable, Hashable {
        var start: Instant
        var end: Instant
    }

    private(set) var spans: [Span]

    init(_ spans: [Span] = []) {
        self.spans = []
        for span in spans.sorted(by: { ($0.start, $0.end) < ($1.start, $1.end) }) where span.start < span.end {
            guard let last = self.spans.last, span.start <= last.end else {
                self.spans.append(span)
                continue
            }
            self.spans[self.spans.count - 1].end = max(last.end, span.end)
        }
    }

    func union(_ other: TimeSpans) -> TimeSpans { TimeSpans(spans + other.spans) }

    /// What of this lies outside the other.
    func subtracting(_ other: TimeSpans) -> TimeSpans {
        var rest: [Span] = []
        var holes = other.spans[...]
        for var span in spans {
            while let hole = holes.first, hole.end <= span.start { holes.removeFirst() }
            for hole in holes {
                guard hole.start < span.end else { break }
                if hole.start > span.start { rest.append(Span(start: span.start, end: hole.start)) }
                span.start = max(span.start, hole.end)
            }
            if span.start < span.end { rest.append(span) }
        }
        return TimeSpans(rest)
    }
}
