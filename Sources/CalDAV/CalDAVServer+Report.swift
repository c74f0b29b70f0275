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
        let zones = exchange.zones
        switch report {
        case .calendarQuery(let query):
            let calendar = try calendar(resource)
            return try await calendarQuery(query, in: calendar, at: resource.href, for: exchange.principal, zones)
        case .calendarMultiget(let multiget):
            return try await calendarMultiget(
                multiget,
                in: calendar(resource),
                at: resource.href,
                for: exchange.principal,
                zones
            )
        case .syncCollection(let sync):
            let calendar = try calendar(resource)
            return try await syncCollection(sync, in: calendar, at: resource.href, for: exchange.principal, zones)
        case .freeBusyQuery(let query):
            return try await freeBusyQuery(query, of: resource)
        case .expandProperty(let properties):
            return try await expandProperty(properties, of: resource, depth: exchange.depth)
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

    /// These reports are about the objects of one calendar.
    private func calendar(_ resource: Resource) throws(DAVError) -> CalendarCollection {
        guard let calendar = resource.calendar else {
            throw .failed(.supportedReport, "This report can only be asked of a calendar.")
        }
        return calendar
    }
}
