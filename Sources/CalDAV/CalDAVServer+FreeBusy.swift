import HTTPTypes
import ICalendar
import Store
import WebDAV

extension CalDAVServer {
    /// The longest range one may ask about: a year and a day, in which even many daily meetings can be told.
    static let maximumFreeBusySeconds: Int64 = 366 * 86_400

    /// `free-busy-query` (RFC 4791 §7.10, RFC 7953 §5) of a calendar, or of a home and all calendars in it.
    func freeBusyQuery(_ query: FreeBusyQuery, of resource: Resource) async throws -> DAVResponse {
        let asked = query.range
        guard let start = asked.start, let end = asked.end, end - start <= Self.maximumFreeBusySeconds else {
            throw DAVError.failed(.numberOfMatchesWithinLimits, "A free-busy query spans a year at most.")
        }
        let searched = try await calendars(in: resource)
        var busy = BusyTimes(within: Instant(seconds: start), Instant(seconds: end))
        var availabilities: [Availability] = []
        if let first = searched.first {
            let zone = try first.floatingZone(asked: query.timeZone)
            let owner = resource.calendar?.owner ?? resource.requester.id
            availabilities = try await self.availabilities(of: owner, floatingZone: zone)
        }
        for calendar in searched {
            let zone = try calendar.floatingZone(asked: query.timeZone)
            availabilities += try await gather(in: calendar, TimeRange(asked), floatingZone: zone, into: &busy)
        }
        do throws(CalendarDataError) {
            try busy.add(availabilities, in: TimeRange(asked))
        } catch {
            throw DAVError.failed(.numberOfMatchesWithinLimits, error.message)
        }
        let text = busy.calendar(stamped: now()).serialized()
        return DAVResponse(
            status: 200,
            headers: [.contentType: "text/calendar; charset=utf-8"],
            body: Array(text.utf8)
        )
    }

    /// The calendars that a report on a resource is about: itself, or all of a home.
    private func calendars(in resource: Resource) async throws -> [CalendarCollection] {
        if let calendar = resource.calendar { return [calendar] }
        guard case .home = resource.kind else {
            throw DAVError.failed(.supportedReport, "This report can only be asked of a calendar or a home.")
        }
        // What others share is their time, not the time of who asks.
        return try await members(of: resource).compactMap(\.calendar).filter { $0.received == nil }
    }

    /// Adds the time that the objects of a calendar take, and returns the availability they tell.
    private func gather(
        in calendar: CalendarCollection,
        _ range: TimeRange,
        floatingZone: FloatingZone,
        into busy: inout BusyTimes
    ) async throws -> [Availability] {
        let kinds: Set<ComponentKind> = [.event, .freeBusy, .availability]
        let candidates = try await calendars.candidates(in: calendar.id, kinds: kinds, range: range)
        var availabilities: [Availability] = []
        do throws(CalendarDataError) {
            for candidate in candidates {
                let object = try candidate.object.object()
                if object.kind == .availability {
                    availabilities += try object.calendar.availabilities(floatingZone: floatingZone)
                } else {
                    try busy.add(object, in: range, floatingZone: floatingZone)
                }
            }
        } catch {
            throw DAVError.failed(.numberOfMatchesWithinLimits, error.message)
        }
        return availabilities
    }
}
