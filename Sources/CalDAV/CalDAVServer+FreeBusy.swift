import HTTPTypes
import ICalendar
import Store
import WebDAV

extension CalDAVServer {
    /// The longest range one may ask about: a year and a day, in which even many daily meetings can be told.
    static let maximumFreeBusySeconds: Int64 = 366 * 86_400

    /// So many objects of which the index does not know enough are read at once.
    private static let freeBusyPage = 256

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
        let found = try await calendars.matches(in: calendar.id, kinds: kinds, range: range, withOccurrences: true)
        let unknown = found.filter { !busy.add($0) }
        var availabilities: [Availability] = []
        for start in stride(from: 0, to: unknown.count, by: Self.freeBusyPage) {
            let page = unknown[start..<min(start + Self.freeBusyPage, unknown.count)]
            let texts = try await calendars.texts(ofVersions: page.map(\.version))
            do throws(CalendarDataError) {
                for (listed, text) in zip(page, texts) {
                    guard let text else { continue }
                    var read = ReadObject(listed: listed, text: text)
                    let object = try read.parsed()
                    if object.kind == .availability {
                        availabilities += try object.calendar.availabilities(floatingZone: floatingZone)
                    } else {
                        try busy.add(object, in: range, floatingZone: floatingZone)
                    }
                }
            } catch {
                throw DAVError.failed(.numberOfMatchesWithinLimits, error.message)
            }
        }
        return availabilities
    }
}

extension BusyTimes {
    /// Adds what the index knows of an object; false where it does not know enough.
    fileprivate mutating func add(_ object: ListedObject) -> Bool {
        guard object.kind == .event, let occupancy = object.occupancy else { return false }
        if occupancy == .free { return true }
        guard occupancy != .mixed, let occurrences = object.occurrences else { return false }
        for occurrence in occurrences { add(occupancy, occurrence.start, occurrence.end) }
        return true
    }
}
