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
        if let series, overrides.isEmpty, series.isSingle {
            let end = series.timing.end(of: series.start, local: series.timing.start.localSeconds, in: series.zone)
            return (series.start, series.isOpen ? nil : max(series.start, end))
        }
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
        try places(in: range, limit: limit).map(occurrence)
    }

    /// When the occurrences that meet the range take place, by start.
    ///
    /// - Throws: ``CalendarDataError/tooManyInstances(limit:)`` rather than leave any out.
    public func spans(in range: TimeRange, limit: Int) throws(CalendarDataError) -> [TimeSpan] {
        try places(in: range, limit: limit).map(\.span)
    }

    /// Where one occurrence lies, and what describes it.
    private struct Place {
        /// What describes an occurrence: an override by its position, or what the series says at a start.
        enum Source {
            case override(Int)
            case series(local: Int64)
            /// The series, moved by an override that all later occurrences follow.
            case moved(local: Int64, by: Int)
        }

        var span: TimeSpan
        var source: Source
    }

    private func places(in range: TimeRange, limit: Int) throws(CalendarDataError) -> [Place] {
        var found: [Place] = []
        for (index, override) in overrides.enumerated()
        where range.overlaps(start: override.start, end: override.end) {
            found.append(Place(span: TimeSpan(start: override.start, end: override.end), source: .override(index)))
        }
        if let series { found += try places(of: series, in: range, limit: limit) }
        guard found.count <= limit else { throw .tooManyInstances(limit: limit) }
        // Most come in order already; the sort is stable and then nearly free.
        found.sort { $0.span.start < $1.span.start }
        return found
    }

    private func places(
        of series: Series,
        in range: TimeRange,
        limit: Int
    ) throws(CalendarDataError) -> [Place] {
        let moving = overrides.indices.filter { overrides[$0].isThisAndFuture }
        // Offsets are shorter than a day; what moves does so by no more than its shift.
        let before = max(series.longest, moving.map { overrides[$0].timing.longest }.max() ?? 0)
        let early = moving.map { max(0, overrides[$0].shift) }.max() ?? 0
        let late = moving.map { max(0, -overrides[$0].shift) }.max() ?? 0
        let from = range.start.map { $0.seconds - before - early - CivilCalendar.secondsPerDay } ?? .min / 4
        let through = range.end.map { $0.seconds + late + CivilCalendar.secondsPerDay }
        let starts = try series.starts(
            from: from,
            through: min(through ?? .max, CalendarLimits.maximumDate.seconds),
            limit: limit + overrides.count
        )
        let overridden = Set(overrides.map(\.instant))
        var found: [Place] = []
        found.reserveCapacity(starts.count)
        for start in starts where !overridden.contains(start.instant) {
            let mover = moving.last { overrides[$0].instant <= start.instant }
            let place = place(of: start, series, movedBy: mover)
            if range.overlaps(start: place.span.start, end: place.span.end) { found.append(place) }
        }
        return found
    }

    private func place(of start: Series.Start, _ series: Series, movedBy mover: Int?) -> Place {
        guard let mover else {
            let end = start.end ?? series.timing.end(of: start.instant, local: start.local, in: series.zone)
            return Place(span: TimeSpan(start: start.instant, end: end), source: .series(local: start.local))
        }
        let moved = overrides[mover]
        let local = start.local + moved.shift
        let instant = Instant(seconds: moved.zone.utc(local: local))
        let end = moved.timing.end(of: instant, local: local, in: moved.zone)
        return Place(span: TimeSpan(start: instant, end: end), source: .moved(local: start.local, by: mover))
    }

    private func occurrence(_ place: Place) -> Occurrence {
        let (id, time, component): (DateTime?, DateTime, Component)
        var isOverride = true
        switch place.source {
        case .override(let index):
            let override = overrides[index]
            (id, time, component) = (override.recurrenceID, override.timing.start, override.component)
        case .series(let local):
            guard let series else { preconditionFailure("a series told of this place") }
            time = DateTime(localSeconds: local, form: series.timing.start.form)
            (id, component, isOverride) = (isRecurring ? time : nil, series.component, false)
        case .moved(let local, let index):
            guard let series else { preconditionFailure("a series told of this place") }
            let moved = overrides[index]
            id = DateTime(localSeconds: local, form: series.timing.start.form)
            time = DateTime(localSeconds: local + moved.shift, form: moved.timing.start.form)
            component = moved.component
        }
        return Occurrence(
            recurrenceID: id,
            start: place.span.start,
            end: place.span.end,
            startTime: time,
            isOverride: isOverride,
            component: component
        )
    }
}
