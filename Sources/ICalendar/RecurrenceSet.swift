/// The occurrences of a calendar object. RFC 5545 §3.8.5
///
/// - DTSTART is always an occurrence and counts, also where it does not match the rule.
/// - An override is always an occurrence, wherever it was moved to; its status, cancelled say, is for the reader to see.
/// - `RANGE=THISANDFUTURE` moves and redescribes all later occurrences that have no override of their own.
/// - A task without any time is one occurrence that lasts for ever (RFC 4791 §9.9).
public struct RecurrenceSet: Sendable {
    /// Whether there can be more than one occurrence.
    public let isRecurring: Bool

    /// From the first start to the last end; nil where there is no occurrence at all.
    ///
    /// A nil end means that there is no last one. Nothing lies outside; ends given by UNTIL or EXDATE may be nearer.
    public var span: (start: Instant, end: Instant?)? { Self.span(series, overrides) }

    private let series: Series?
    private let overrides: [Override]

    /// A component with a RECURRENCE-ID.
    private struct Override: Sendable {
        var recurrenceID: DateTime
        var instant: Instant
        var timing: Timing
        var zone: Zone
        var start: Instant
        var component: Component
        var isThisAndFuture: Bool

        var end: Instant { timing.end(of: start, local: timing.start.localSeconds, in: zone) }

        /// How far it moves what follows, on the wall clock.
        var shift: Int64 { timing.start.localSeconds - recurrenceID.localSeconds }

        init?(_ component: Component, _ kind: ComponentKind, _ zones: ZoneResolver, seriesStart: DateTime?) {
            guard let property = component.first("RECURRENCE-ID"),
                let id = property.recurrenceID(ofSeriesFrom: seriesStart)
            else { return nil }
            var described = component
            if kind != .availability, component.first("DTSTART") == nil, component.first("DUE") == nil {
                described.set("DTSTART", Property("DTSTART", id))
            }
            guard let timing = Timing(described, kind, zones) else { return nil }
            recurrenceID = id
            instant = zones.instant(id)
            self.timing = timing
            zone = zones.zone(timing.start.form)
            start = zones.instant(timing.start)
            self.component = component
            isThisAndFuture = property.parameter("RANGE").map { $0.equalsIgnoringCase("THISANDFUTURE") } ?? false
        }
    }

    init(
        master: Component?,
        overrides: [Component],
        kind: ComponentKind,
        zones: ZoneResolver
    ) throws(CalendarDataError) {
        series = try master.flatMap { (master) throws(CalendarDataError) in try Series(master, kind, zones) }
        let start = series?.timing.start
        self.overrides = overrides.compactMap { Override($0, kind, zones, seriesStart: start) }
            .sorted { $0.instant < $1.instant }
        isRecurring = series?.isRecurring ?? false || !overrides.isEmpty
    }

    private static func span(_ series: Series?, _ overrides: [Override]) -> (start: Instant, end: Instant?)? {
        var starts = overrides.map(\.start)
        var ends = overrides.map(\.end)
        guard let series else {
            guard let first = starts.min(), let last = ends.max() else { return nil }
            return (first, last)
        }
        let moving = overrides.filter(\.isThisAndFuture)
        let earliest = moving.map(\.shift).min().map { min(0, $0) } ?? 0
        let latest = moving.map { max(0, $0.shift) + $0.timing.longest }.max() ?? 0
        if let only = try? series.starts(from: .min / 4, through: .max / 4, limit: 2), only.isEmpty, !series.isRecurring
        {
            guard let first = starts.min() else { return nil }
            return (first, ends.max())
        }
        starts.append(Instant(seconds: series.zone.utc(local: series.firstStart + earliest)))
        guard let first = starts.min(), !series.isOpen, let lastStart = series.lastStart else {
            return starts.min().map { ($0, nil) }
        }
        let last = Instant(seconds: series.zone.utc(local: lastStart))
        ends.append(series.timing.end(of: last, local: lastStart, in: series.zone) + latest)
        ends.append(series.latestPeriodEnd ?? last)
        return (first, ends.max())
    }

    /// The occurrences that meet the range, by start; moved ones by where they are now.
    ///
    /// - Throws: ``CalendarDataError/tooManyInstances(limit:)`` rather than leave any out.
    public func occurrences(in range: TimeRange, limit: Int) throws(CalendarDataError) -> [Occurrence] {
        var found: [Occurrence] = []
        for override in overrides where range.overlaps(start: override.start, end: override.end) {
            found.append(occurrence(override))
        }
        if let series { found += try occurrences(of: series, in: range, limit: limit) }
        guard found.count <= limit else { throw .tooManyInstances(limit: limit) }
        // Most come in order already; the sort is stable and then nearly free.
        found.sort { $0.start < $1.start }
        return found
    }

    private func occurrence(_ override: Override) -> Occurrence {
        Occurrence(
            recurrenceID: override.recurrenceID,
            start: override.start,
            end: override.end,
            startTime: override.timing.start,
            isOverride: true,
            component: override.component
        )
    }

    private func occurrences(
        of series: Series,
        in range: TimeRange,
        limit: Int
    ) throws(CalendarDataError) -> [Occurrence] {
        let moving = overrides.filter(\.isThisAndFuture)
        // Offsets are shorter than a day; what moves does so by no more than its shift.
        let before = max(series.longest, moving.map(\.timing.longest).max() ?? 0)
        let early = moving.map { max(0, $0.shift) }.max() ?? 0
        let late = moving.map { max(0, -$0.shift) }.max() ?? 0
        let from = range.start.map { $0.seconds - before - early - CivilCalendar.secondsPerDay } ?? .min / 4
        let through = range.end.map { $0.seconds + late + CivilCalendar.secondsPerDay }
        let starts = try series.starts(
            from: from,
            through: min(through ?? .max, CalendarLimits.maximumDate.seconds),
            limit: limit + overrides.count
        )
        let overridden = Set(overrides.map(\.instant))
        var found: [Occurrence] = []
        found.reserveCapacity(starts.count)
        for start in starts where !overridden.contains(start.instant) {
            let occurrence = occurrence(start, of: series, moved: moving.last { $0.instant <= start.instant })
            if range.overlaps(start: occurrence.start, end: occurrence.end) { found.append(occurrence) }
        }
        return found
    }

    private func occurrence(_ start: Series.Start, of series: Series, moved: Override?) -> Occurrence {
        let id = DateTime(localSeconds: start.local, form: series.timing.start.form)
        guard let moved else {
            let end = start.end ?? series.timing.end(of: start.instant, local: start.local, in: series.zone)
            return Occurrence(
                recurrenceID: isRecurring ? id : nil,
                start: start.instant,
                end: end,
                startTime: id,
                isOverride: false,
                component: series.component
            )
        }
        let local = start.local + moved.shift
        let instant = Instant(seconds: moved.zone.utc(local: local))
        return Occurrence(
            recurrenceID: id,
            start: instant,
            end: moved.timing.end(of: instant, local: local, in: moved.zone),
            startTime: DateTime(localSeconds: local, form: moved.timing.start.form),
            isOverride: true,
            component: moved.component
        )
    }
}
