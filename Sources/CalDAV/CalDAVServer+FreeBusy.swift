import HTTPTypes
import ICalendar
import Store
import WebDAV

extension CalDAVServer {
    /// The longest range one may ask about: a year and a day, in which even many daily meetings can be told.
    static let maximumFreeBusySeconds: Int64 = 366 * 86_400

    /// `free-busy-query` (RFC 4791 §7.10).
    func freeBusyQuery(_ asked: UTCRange, in calendar: CalendarCollection) async throws -> DAVResponse {
        guard let start = asked.start, let end = asked.end, end - start <= Self.maximumFreeBusySeconds else {
            throw DAVError.failed(.numberOfMatchesWithinLimits, "A free-busy query spans a year at most.")
        }
        let range = TimeRange(asked)
        let candidates = try await calendars.candidates(in: calendar.id, kinds: [.event], range: range)
        var busy = BusyTimes(within: Instant(seconds: start), Instant(seconds: end))
        for candidate in candidates {
            do throws(CalendarDataError) {
                let object = try candidate.object.object()
                let set = try object.recurrenceSet(floatingZone: calendar.floatingZone)
                for occurrence in try set.occurrences(in: range, limit: CalendarLimits.maximumInstances) {
                    busy.add(occurrence)
                }
            } catch {
                throw DAVError.failed(.numberOfMatchesWithinLimits, error.message)
            }
        }
        let text = busy.calendar(stamped: now()).serialized()
        return DAVResponse(
            status: 200,
            headers: [.contentType: "text/calendar; charset=utf-8"],
            body: Array(text.utf8)
        )
    }
}

/// Busy time gathered from occurrences, told as one `VFREEBUSY` (RFC 5545 §3.6.4).
struct BusyTimes: Sendable {
    /// How sure the time is taken (RFC 5545 §3.2.9).
    private enum Kind: String, CaseIterable, Sendable { case busy = "BUSY", tentative = "BUSY-TENTATIVE" }

    private let start: Instant
    private let end: Instant
    private var periods: [Kind: [(start: Instant, end: Instant)]] = [:]

    init(within start: Instant, _ end: Instant) {
        self.start = start
        self.end = end
    }

    /// Adds an occurrence, unless it takes no time from anybody (RFC 4791 §7.10).
    mutating func add(_ occurrence: Occurrence) {
        let component = occurrence.component
        let status = component.first("STATUS")?.value.uppercased()
        guard component.first("TRANSP")?.value.uppercased() != "TRANSPARENT", status != "CANCELLED",
            occurrence.end > occurrence.start
        else { return }
        let period = (max(occurrence.start, start), min(occurrence.end, end))
        guard period.0 < period.1 else { return }
        periods[status == "TENTATIVE" ? .tentative : .busy, default: []].append(period)
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
