import HTTPTypes
import ICalendar
import Store
import WebDAV
import XML

extension CalDAVServer {
    /// REPORT (RFC 3253 §3.6): the one switch over its kinds.
    func report(_ exchange: Exchange) async throws -> DAVResponse {
        let isMinimal = exchange.preferences.returning == .minimal
        let report = try Report(parsing: exchange.request.body).sparing(isMinimal)
        let response = try await answer(report, exchange)
        return response.applying(exchange.preferences, report.canBeSpared ? .minimal : nil)
    }

    private func answer(_ report: Report, _ exchange: Exchange) async throws -> DAVResponse {
        let resource = try await resource(exchange)
        switch report {
        case .calendarQuery(let query):
            return try await calendarQuery(query, of: resource, exchange)
        case .calendarMultiget(let multiget):
            return try await calendarMultiget(multiget, of: resource, exchange)
        case .syncCollection(let sync):
            guard let calendar = resource.calendar else {
                throw DAVError.failed(.supportedReport, "This report can only be asked of a calendar.")
            }
            return try await syncCollection(
                sync,
                in: calendar,
                at: resource.href,
                for: exchange.principal,
                exchange.zones
            )
        case .freeBusyQuery(let query):
            return try await freeBusyQuery(query, of: resource)
        case .expandProperty(let properties):
            return try await expandProperty(properties, of: resource, exchange)
        case .principalPropertySearch(let search):
            return try await principalPropertySearch(search, exchange)
        case .principalSearchPropertySet:
            return try principalSearchPropertySet(exchange)
        case .principalMatch(let match):
            return try await principalMatch(match, of: resource, exchange)
        case .aclPrincipalPropSet(let request):
            return try await aclPrincipalPropSet(request, of: resource, exchange)
        }
    }

    /// `calendar-query` of a calendar, of a home and all calendars in it, or of one object (RFC 4791 §7.2, §7.8).
    private func calendarQuery(
        _ query: CalendarQuery,
        of resource: Resource,
        _ exchange: Exchange
    ) async throws -> DAVResponse {
        switch resource.kind {
        case .home: return try await calendarQuery(query, inHome: resource, exchange)
        case .object(_, in: let calendar): return try await calendarQuery(query, of: resource, in: calendar, exchange)
        case .root, .principals, .homes, .principal, .notifications, .calendar:
            guard let calendar = resource.calendar else { throw DAVError.noCalendars }
            let (principal, zones) = (exchange.principal, exchange.zones)
            return try await calendarQuery(query, in: calendar, at: resource.href, for: principal, zones)
        }
    }

    /// `calendar-multiget` of a calendar, of a home and all calendars in it, or of one object (RFC 4791 §7.2, §7.9).
    private func calendarMultiget(
        _ multiget: CalendarMultiget,
        of resource: Resource,
        _ exchange: Exchange
    ) async throws -> DAVResponse {
        switch resource.kind {
        case .home, .object: return try await calendarMultiget(multiget, around: resource, exchange)
        case .root, .principals, .homes, .principal, .notifications, .calendar:
            guard let calendar = resource.calendar else { throw DAVError.noCalendars }
            let (principal, zones) = (exchange.principal, exchange.zones)
            return try await calendarMultiget(multiget, in: calendar, at: resource.href, for: principal, zones)
        }
    }
}

extension DAVError {
    fileprivate static let noCalendars = DAVError.failed(
        .supportedReport,
        "This report can only be asked of a calendar, of what is in it, or of a home."
    )
}
