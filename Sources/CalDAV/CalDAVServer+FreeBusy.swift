import HTTPTypes
import ICalendar
import Store
import WebDAV

extension CalDAVServer {
    /// The longest range one may ask about: a year and a day, in which even many daily meetings can be told.
    static let maximumFreeBusySeconds: Int64 = 366 * 86_400

    /// `free-busy-query` (RFC 4791 §7.10).
    func freeBusyQuery(_ query: FreeBusyQuery, in calendar: CalendarCollection) async throws -> DAVResponse {
        let asked = query.range
        guard let start = asked.start, let end = asked.end, end - start <= Self.maximumFreeBusySeconds else {
            throw DAVError.failed(.numberOfMatchesWithinLimits, "A free-busy query spans a year at most.")
        }
        let range = TimeRange(asked)
        let candidates = try await calendars.candidates(in: calendar.id, kinds: [.event, .freeBusy], range: range)
        let floatingZone = try calendar.floatingZone(asked: query.timeZone)
        var busy = BusyTimes(within: Instant(seconds: start), Instant(seconds: end))
        for candidate in candidates {
            do throws(CalendarDataError) {
                let object = try candidate.object.object()
                if object.kind == .freeBusy {
                    let zones = ZoneResolver(floatingZone: floatingZone, calendar: object.calendar)
                    busy.add(object.calendar.components("VFREEBUSY").flatMap { $0.freeBusyPeriods(zones) })
                    continue
                }
                let set = try object.recurrenceSet(floatingZone: floatingZone)
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
