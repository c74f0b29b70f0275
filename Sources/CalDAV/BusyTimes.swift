import ICalendar
import Store

/// Busy time gathered from occurrences, told as one `VFREEBUSY` (RFC 5545 §3.6.4).
struct BusyTimes: Sendable {
    /// How sure the time is taken (RFC 5545 §3.2.9).
    enum Kind: String, CaseIterable, Sendable {
        case busy = "BUSY"
        case unavailable = "BUSY-UNAVAILABLE"
        case tentative = "BUSY-TENTATIVE"
    }

    private let start: Instant
    private let end: Instant
    private var periods: [Kind: [(start: Instant, end: Instant)]] = [:]

    init(within start: Instant, _ end: Instant) {
        self.start = start
        self.end = end
    }

    /// Adds the time of an object: of a stored `VFREEBUSY` what it tells, of an event its occurrences.
    mutating func add(
        _ object: CalendarObject,
        in range: TimeRange,
        floatingZone: FloatingZone
    ) throws(CalendarDataError) {
        if object.kind == .freeBusy {
            let zones = ZoneResolver(floatingZone: floatingZone, calendar: object.calendar)
            add(object.calendar.components("VFREEBUSY").flatMap { $0.freeBusyPeriods(zones) })
            return
        }
        let set = try object.recurrenceSet(floatingZone: floatingZone)
        for occurrence in try set.occurrences(in: range, limit: CalendarLimits.maximumInstances) { add(occurrence) }
    }

    /// Adds an occurrence, unless it takes no time from anybody (RFC 4791 §7.10).
    mutating func add(_ occurrence: Occurrence) {
        add(Occupancy(of: occurrence.component), occurrence.start, occurrence.end)
    }

    /// Adds time that an event takes, as far as it takes any.
    mutating func add(_ occupancy: Occupancy, _ first: Instant, _ last: Instant) {
        guard last > first else { return }
        switch occupancy {
        case .free, .mixed: break
        case .busy: add(Kind.busy, first, last)
        case .tentative: add(Kind.tentative, first, last)
        }
    }

    /// Adds what a stored `VFREEBUSY` tells; a type nobody knows is busy (RFC 5545 §3.2.9).
    mutating func add(_ told: [FreeBusyPeriod]) {
        for period in told where period.type != "FREE" {
            add(Kind(rawValue: period.type) ?? .busy, period.start, period.end)
        }
    }

    /// Adds time, as far as it lies in the range.
    mutating func add(_ kind: Kind, _ first: Instant, _ last: Instant) {
        let period = (max(first, start), min(last, end))
        guard period.0 < period.1 else { return }
        periods[kind, default: []].append(period)
    }

    func calendar(stamped now: Instant) -> Component {
        var properties = [
            Property("DTSTAMP", value: now.basicUTC), Property("DTSTART", value: start.basicUTC),
            Property("DTEND", value: end.basicUTC),
        ]
        for kind in Kind.allCases {
            let merged = Self.merged(periods[kind] ?? [])
            properties += merged.map { period in
                Property(
                    "FREEBUSY",
                    parameters: [Parameter("FBTYPE", kind.rawValue)],
                    value: "\(period.start.basicUTC)/\(period.end.basicUTC)"
                )
            }
        }
        return Component(
            "VCALENDAR",
            properties: [
                Property("VERSION", value: "2.0"), Property("PRODID", value: "-//Kalends//CalDAV//EN"),
            ],
            components: [Component("VFREEBUSY", properties: properties)]
        )
    }

    /// Overlapping and touching periods joined, in order.
    private static func merged(_ periods: [(start: Instant, end: Instant)]) -> [(start: Instant, end: Instant)] {
        periods.sorted { ($0.start, $0.end) < ($1.start, $1.end) }.reduce(into: []) { merged, period in
            guard let last = merged.last, period.start <= last.end else { return merged.append(period) }
            merged[merged.count - 1].end = max(last.end, period.end)
        }
    }
}
