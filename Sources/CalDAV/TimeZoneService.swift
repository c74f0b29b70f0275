import HTTPTypes
import ICalendar
import Store
import WebDAV

/// Time zone distribution (RFC 7808): capabilities, list, get, expand and find, for everybody.
///
/// Zones are not cut to a range of time, and leap seconds are not told.
enum TimeZoneService {
    /// The context path (RFC 7808 §4.2).
    static let root = "/dav/timezones"

    /// The well-known address, which leads there (RFC 7808 §4.2.1.3).
    static let wellKnown = "/.well-known/timezone"

    /// Whether a path is one of this service.
    static func serves(_ path: String) -> Bool { rest(of: path, below: root) != nil || leads(path) }

    /// Whether a path is the well-known address, or below it.
    static func leads(_ path: String) -> Bool { rest(of: path, below: wellKnown) != nil }

    /// The answer to a request whose path ``serves(_:)`` accepts.
    static func respond(to request: DAVRequest) -> DAVResponse {
        if let rest = rest(of: request.path, below: wellKnown) {
            return DAVResponse(status: 301, headers: [.location: root + rest])
        }
        guard ["GET", "HEAD"].contains(request.method) else {
            let status = request.method == "OPTIONS" ? 200 : 405
            return DAVResponse(status: status, headers: [.allow: "OPTIONS, GET, HEAD"])
        }
        let rest = rest(of: request.path, below: root) ?? ""
        switch rest {
        case "/capabilities": return capabilities(request)
        case "/zones", "/zones/":
            return parameters("pattern", of: request.query).isEmpty ? list(request) : find(request)
        default:
            guard rest.hasPrefix("/zones/") else { return problem(400, "invalid-action", "There is no such action.") }
            let name = rest.dropFirst("/zones/".count)
            let suffix = "/observances"
            guard name.hasSuffix(suffix) else { return zone(name, request) }
            return expand(name.dropLast(suffix.count), request)
        }
    }

    /// What follows a prefix of whole segments; nil where the path lies elsewhere.
    private static func rest(of path: String, below prefix: String) -> String? {
        guard path.utf8.starts(with: prefix.utf8) else { return nil }
        let rest = String(path.dropFirst(prefix.count))
        return rest.isEmpty || rest.hasPrefix("/") ? rest : nil
    }

    /// `capabilities` (RFC 7808 §5.1); the templates begin at the context path.
    private static func capabilities(_ request: DAVRequest) -> DAVResponse {
        func action(_ name: String, _ template: String, _ parameters: [(String, isRequired: Bool)] = []) -> String {
            let list = parameters.map { "{\"name\":\"\($0.0)\",\"required\":\($0.isRequired),\"multi\":false}" }
            return """
                {"name":"\(name)","uri-template":"\(template)","parameters":[\(list.joined(separator: ","))]}
                """
        }
        let formats = CalendarFormat.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ",")
        let actions = [
            action("capabilities", "/capabilities"),
            action("list", "/zones{?changedsince}", [("changedsince", false)]),
            action("get", "/zones{/tzid}"),
            action("expand", "/zones{/tzid}/observances{?start,end}", [("start", true), ("end", true)]),
            action("find", "/zones{?pattern}", [("pattern", true)]),
        ]
        let body = """
            {"version":1,"info":{"primary-source":"IANA:\(TimeZoneData.version)","formats":[\(formats)],\
            "truncated":{"any":false,"untruncated":true},"contacts":[]},"actions":[\
            \(actions.joined(separator: ","))]}
            """
        return answer(request, ETag.of(body), type: "application/json", Array(body.utf8))
    }

    /// `list` (RFC 7808 §5.2); its token is the release of the data.
    private static func list(_ request: DAVRequest) -> DAVResponse {
        var zones = TimeZoneData.identifiers
        let since = parameters("changedsince", of: request.query)
        if !since.isEmpty {
            guard since == [TimeZoneData.version] else {
                return problem(400, "invalid-changedsince", "The token is none of the data that is here.")
            }
            zones = []
        }
        return told(zones, request)
    }

    /// The metadata of some zones (RFC 7808 §6.2).
    static func told(_ zones: [String], _ request: DAVRequest) -> DAVResponse {
        let token = TimeZoneData.version
        let items = zones.compactMap { name -> String? in
            guard let modified = TimeZoneData.modified(of: name) else { return nil }
            return """
                {"tzid":"\(name)","etag":"\(etag(of: name, modified).rawValue)",\
                "last-modified":"\(modified.rfc3339)","publisher":"IANA","version":"\(token)"}
                """
        }
        let body = "{\"synctoken\":\"\(token)\",\"timezones\":[\(items.joined(separator: ","))]}"
        return answer(request, ETag.of(body), type: "application/json", Array(body.utf8))
    }

    /// `get` (RFC 7808 §5.3).
    private static func zone(_ segment: Substring, _ request: DAVRequest) -> DAVResponse {
        // No range is among those that could be asked for: capabilities tell that nothing is cut.
        for name in ["start", "end"] where !parameters(name, of: request.query).isEmpty {
            return problem(400, "invalid-\(name)", "Zones are told whole.")
        }
        guard CalendarFormat.isAmong(accept: request.headers[.accept]) else {
            return problem(406, "invalid-format", "A zone is told as iCalendar, jCal or xCal.")
        }
        guard let name = Percent.decode(segment: segment), let modified = TimeZoneData.modified(of: name),
            var calendar = TimeZoneData.calendar(of: name)
        else { return unknownZone }
        calendar.updateComponents(where: { _ in true }) { definition in
            definition.append(Property("LAST-MODIFIED", value: modified.basicUTC))
        }
        let format = CalendarFormat(accept: request.headers[.accept])
        let type = "\(format.rawValue); charset=utf-8"
        let etag = format.etag(of: etag(of: name, modified))
        var response = answer(request, etag, type: type, format.octets(of: calendar))
        response.headers[.lastModified] = modified.httpDate
        response.headers[.vary] = "Accept"
        return response
    }

    /// The tag of a zone: its data, and the way in which they are written here.
    private static func etag(of name: String, _ modified: Instant) -> ETag {
        ETag.of("\(name) \(TimeZoneData.version) \(modified.seconds) 1")
    }

    static let unknownZone = problem(404, "tzid-not-found", "There is no time zone of that name.")

    static func answer(_ request: DAVRequest, _ etag: ETag, type: String, _ body: [UInt8]) -> DAVResponse {
        let headers: HTTPFields = [.eTag: etag.quoted, .cacheControl: "max-age=86400"]
        switch EntityTags.outcome(ofReading: etag, request.headers) {
        case .failed: return DAVResponse(.preconditionFailed)
        case .notModified: return DAVResponse(status: 304, headers: headers)
        case .proceed: break
        }
        var response = DAVResponse(status: 200, headers: headers, body: body)
        response.headers[.contentType] = type
        return response
    }

    /// RFC 7808 §4.1.7, RFC 7807.
    static func problem(_ status: Int, _ type: String, _ title: String) -> DAVResponse {
        let body = """
            {"type":"urn:ietf:params:tzdist:error:\(type)","title":"\(title)","status":\(status)}
            """
        return DAVResponse(
            status: status,
            headers: [.contentType: "application/problem+json"],
            body: Array(body.utf8)
        )
    }

    /// The values of a query parameter, decoded; more than one is told as such by whoever asked for one.
    static func parameters(_ name: String, of query: String) -> [String] {
        query.split(separator: "&").filter { $0.hasPrefix(name + "=") }.map { pair in
            Percent.decode(segment: pair.dropFirst(name.count + 1)) ?? ""
        }
    }
}
