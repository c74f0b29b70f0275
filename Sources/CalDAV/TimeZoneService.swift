import HTTPTypes
import ICalendar
import Store
import WebDAV

/// Time zone distribution (RFC 7808): capabilities, the list, and each zone of the system, for everybody.
///
/// Zones are neither expanded into their observances nor cut to a range of time, and there is no search.
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
        case "/zones", "/zones/": return list(request)
        default:
            guard rest.hasPrefix("/zones/") else { return problem(400, "invalid-action", "There is no such action.") }
            return zone(rest.dropFirst("/zones/".count), request)
        }
    }

    /// What follows a prefix of whole segments; nil where the path lies elsewhere.
    private static func rest(of path: String, below prefix: String) -> String? {
        guard path.utf8.starts(with: prefix.utf8) else { return nil }
        let rest = String(path.dropFirst(prefix.count))
        return rest.isEmpty || rest.hasPrefix("/") ? rest : nil
    }

    /// `capabilities` (RFC 7808 §5.1).
    private static func capabilities(_ request: DAVRequest) -> DAVResponse {
        let formats = CalendarFormat.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ",")
        let body = """
            {"version":1,"info":{"primary-source":"IANA:\(TimeZoneData.version)","formats":[\(formats)],\
            "truncated":{"any":false,"untruncated":true},"contacts":[]},"actions":[\
            {"name":"capabilities","uri-template":"\(root)/capabilities","parameters":[]},\
            {"name":"list","uri-template":"\(root)/zones{?changedsince}","parameters":[\
            {"name":"changedsince","required":false,"multi":false}]},\
            {"name":"get","uri-template":"\(root)/zones{/tzid}","parameters":[\
            {"name":"tzid","required":true,"multi":false}]}]}
            """
        return answer(request, ETag.of(body), type: "application/json", Array(body.utf8))
    }

    /// `list` (RFC 7808 §5.2); its token is the release of the data.
    private static func list(_ request: DAVRequest) -> DAVResponse {
        let token = TimeZoneData.version
        var zones = TimeZoneData.identifiers
        if let since = parameter("changedsince", of: request.query) {
            guard since == token else {
                return problem(400, "invalid-changedsince", "The token is none of the data that is here.")
            }
            zones = []
        }
        let items = zones.compactMap { name -> String? in
            guard let modified = TimeZoneData.modified(of: name) else { return nil }
            return """
                {"tzid":"\(name)","etag":"\\"\(etag(of: name, modified).rawValue)\\"",\
                "last-modified":"\(modified.rfc3339)","publisher":"IANA","version":"\(token)"}
                """
        }
        let body = "{\"synctoken\":\"\(token)\",\"timezones\":[\(items.joined(separator: ","))]}"
        return answer(request, ETag.of(body), type: "application/json", Array(body.utf8))
    }

    /// `get` (RFC 7808 §5.3).
    private static func zone(_ segment: Substring, _ request: DAVRequest) -> DAVResponse {
        guard let name = Percent.decode(segment: segment), let modified = TimeZoneData.modified(of: name),
            var calendar = TimeZoneData.calendar(of: name)
        else { return problem(404, "tzid-not-found", "There is no time zone of that name.") }
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

    private static func answer(_ request: DAVRequest, _ etag: ETag, type: String, _ body: [UInt8]) -> DAVResponse {
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
    private static func problem(_ status: Int, _ type: String, _ title: String) -> DAVResponse {
        let body = """
            {"type":"urn:ietf:params:tzdist:error:\(type)","title":"\(title)","status":\(status)}
            """
        return DAVResponse(
            status: status,
            headers: [.contentType: "application/problem+json"],
            body: Array(body.utf8)
        )
    }

    private static func parameter(_ name: String, of query: String) -> String? {
        for pair in query.split(separator: "&") where pair.hasPrefix(name + "=") {
            return Percent.decode(segment: pair.dropFirst(name.count + 1))
        }
        return nil
    }
}
