/// A VAVAILABILITY: when somebody can be met, and what the rest of the time it speaks of is. RFC 7953 §3.1
public struct Availability: Sendable {
    /// The rank among others: 1 before 9, 9 before 0, which says nothing.
    public let priority: Int

    /// What the time is that is not available: `BUSY`, `BUSY-UNAVAILABLE` or `BUSY-TENTATIVE`.
    public let busyType: String

    /// From when on it speaks.
    public let start: Instant

    /// Until when it speaks; the latest of all dates where it has no end.
    public let end: Instant

    private let available: [RecurrenceSet]

    /// Reads a VAVAILABILITY; nil where it has no readable time.
    public init?(_ component: Component, _ zones: ZoneResolver) throws(CalendarDataError) {
        guard component.name == "VAVAILABILITY", let timing = Timing(component, .availability, zones) else {
            return nil
        }
        let number = component.first("PRIORITY").flatMap { Int($0.value.trimmed) } ?? 0
        priority = (1...9).contains(number) ? number : 0
        busyType = component.first("BUSYTYPE")?.value.trimmed.asciiUppercased ?? "BUSY-UNAVAILABLE"
        start = zones.instant(timing.start)
        end = timing.end(of: start, local: timing.start.localSeconds, in: zones.zone(timing.start.form))
        var sets: [RecurrenceSet] = []
        let parts = component.components("AVAILABLE")
        var seen: Set<String> = []
        for part in parts {
            let uid = part.first("UID")?.value ?? ""
            guard seen.insert(uid).inserted else { continue }
            let same = parts.filter { ($0.first("UID")?.value ?? "") == uid }
            sets.append(
                try RecurrenceSet(
                    master: same.first { $0.first("RECURRENCE-ID") == nil },
                    overrides: same.filter { $0.first("RECURRENCE-ID") != nil },
                    kind: .event,
                    zones: zones
                )
            )
        }
        available = sets
    }

    /// When within a range, and within its own time, somebody is available.
    public func availableTime(
        in range: TimeRange,
        limit: Int
    ) throws(CalendarDataError) -> [(start: Instant, end: Instant)] {
        var found: [(start: Instant, end: Instant)] = []
        for set in available {
            for occurrence in try set.occurrences(in: range, limit: limit - found.count) {
                let first = max(occurrence.start, start)
                let last = min(occurrence.end, end)
                if first < last { found.append((first, last)) }
            }
        }
        return found
    }
}

extension Component {
    /// Whether an AVAILABLE, taken by itself, has an occurrence that meets a range. RFC 7953 §7.2.2
    ///
    /// - Throws: ``CalendarDataError/tooManyInstances(limit:)`` where that cannot be worked out.
    public func isAvailable(in range: TimeRange, _ zones: ZoneResolver, limit: Int) throws(CalendarDataError) -> Bool {
        let isOverride = first("RECURRENCE-ID") != nil
        let set = try RecurrenceSet(
            master: isOverride ? nil : self,
            overrides: isOverride ? [self] : [],
            kind: .event,
            zones: zones
        )
        guard let span = set.span else { return false }
        let start = range.start ?? span.start
        let end = range.end ?? span.end.map { $0 + 1 } ?? CalendarLimits.maximumDate
        return try set.hasOccurrence(from: start, to: end, limit: limit)
    }
}

extension RecurrenceSet {
    /// Whether anything meets a range; one with too many occurrences to be counted is looked at by halves.
    fileprivate func hasOccurrence(from start: Instant, to end: Instant, limit: Int) throws(CalendarDataError) -> Bool {
        do throws(CalendarDataError) {
            return try !occurrences(in: TimeRange(start: start, end: end), limit: limit).isEmpty
        } catch .tooManyInstances(limit: let exceeded) {
            // Below a day nothing is won: so far around a range is always looked.
            guard exceeded == limit, end - start > 86_400 else { throw .tooManyInstances(limit: exceeded) }
            let middle = start + (end - start) / 2
            if try hasOccurrence(from: start, to: middle, limit: limit) { return true }
            return try hasOccurrence(from: middle, to: end, limit: limit)
        }
    }
}
