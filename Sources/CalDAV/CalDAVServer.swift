import HTTPTypes
public import ICalendar
public import Store
import WebDAV

/// The CalDAV server: a DAV request in, a DAV response out; it knows no web framework.
///
/// RFC 4791, RFC 4918 classes 1, 2 and 3, RFC 6578, RFC 5689, RFC 5397 and RFC 3744 but for changing entries.
public struct CalDAVServer: Sendable {
    /// The most octets a request body may have: a calendar object, or a report with thousands of hrefs.
    public static let maximumBodyOctets = CalendarLimits.maximumOctets

    let calendars: CalendarStore
    let now: @Sendable () -> Instant
    let maximumMatches: Int
    private let isOverload: @Sendable (any Error) -> Bool
    private let log: @Sendable (String) -> Void

    /// Makes a server over a store.
    ///
    /// - Parameters:
    ///   - calendars: what is served.
    ///   - now: the clock.
    ///   - maximumMatches: how many objects one calendar-query tells at most.
    ///   - isOverload: whether an error of the database only means "later"; such a request gets 503.
    ///   - log: where an internal error is told; the client learns nothing of it.
    public init(
        calendars: CalendarStore,
        now: @escaping @Sendable () -> Instant,
        maximumMatches: Int = maximumQueryResults,
        isOverload: @escaping @Sendable (any Error) -> Bool,
        log: @escaping @Sendable (String) -> Void
    ) {
        self.calendars = calendars
        self.now = now
        self.maximumMatches = maximumMatches
        self.isOverload = isOverload
        self.log = log
    }

    /// Answers a request; the one place where an error becomes a response.
    public func respond(to request: DAVRequest) async -> DAVResponse {
        var response: DAVResponse
        do {
            response = try await AuditActor.$current.withValue(request.principal?.name) { try await answer(request) }
        } catch let error as DAVError {
            response = DAVResponse(error)
        } catch is ReadOnlyCalendar {
            // It could be written when the request came in, and cannot now that it is carried out.
            let calendar = Href(encoded: request.path).parent
            response = DAVResponse(
                .failed(.needPrivileges(.dav("write-content"), on: calendar), "This calendar is read-only.")
            )
        } catch let error as ReadOnlyObject {
            let object = Href(encoded: request.path)
            response = DAVResponse(.failed(.needPrivileges(.dav("write-content"), on: object), error.reason))
        } catch  where isOverload(error) {
            // 503 and never 4xx: Thunderbird disables a calendar for good when its first request gets a 4xx.
            response = DAVResponse(
                DAVError(status: 503, message: "The server is busy; try again.", headers: [.retryAfter: "10"])
            )
        } catch {
            log("\(request.method) \(request.path): \(error)")
            response = DAVResponse(DAVError(status: 500, message: "The server failed; its log says why."))
        }
        if request.method == "HEAD", response.headers[.contentLength] == nil {
            response.headers[.contentLength] = String(response.body.count)
            response.body = []
        }
        return response
    }

    /// The answer to a request whose body grew past ``maximumBodyOctets``, for the web layer, which stops reading there.
    public func refuseOversizedBody(of request: DAVRequest) -> DAVResponse {
        let message = "The body is longer than \(Self.maximumBodyOctets) octets."
        guard request.method == "PUT" else { return DAVResponse(DAVError(status: 413, message: message)) }
        return DAVResponse(.failed(.maxResourceSize, message))
    }

    /// Whether a request is for this server: everything below `/dav/`, the well-known addresses, and DAV methods on `/`.
    public static func serves(method: String, path: String) -> Bool {
        if TimeZoneService.leads(path) { return true }
        if path == "/dav" || path.utf8.starts(with: "/dav/".utf8) || path == "/.well-known/caldav"
            || path == "/.well-known/caldav/"
        {
            return true
        }
        return path == "/" && !["GET", "HEAD", "POST"].contains(method)
    }

    private func answer(_ request: DAVRequest) async throws -> DAVResponse {
        if TimeZoneService.serves(request.path) { return TimeZoneService.respond(to: request) }
        let path = try ResourcePath.parse(request.path)
        if path == .wellKnown { return DAVResponse(status: 301, headers: [.location: Href.root.path]) }
        if request.method == "OPTIONS" { return options(of: path) }
        guard let principal = request.principal else { throw DAVError.unauthorized }
        var exchange = Exchange(request: request, principal: principal, path: path)
        exchange.writeGuard.quota = calendars.quota
        do {
            try await checkIfHeader(of: &exchange)
            return try await answer(exchange)
        } catch let error as DAVError where error.status == 412 {
            return try await withCurrentState(error, exchange)
        }
    }

    /// The one switch over methods.
    private func answer(_ exchange: Exchange) async throws -> DAVResponse {
        switch exchange.request.method {
        case "PROPFIND": return try await propfind(exchange)
        case "REPORT": return try await report(exchange)
        case "GET", "HEAD": return try await get(exchange)
        case "PUT": return try await put(exchange)
        case "DELETE": return try await delete(exchange)
        case "COPY": return try await transfer(exchange, .copy)
        case "MOVE": return try await transfer(exchange, .move)
        case "POST": return try await post(exchange)
        case "LOCK": return try await lock(exchange)
        case "UNLOCK": return try await unlock(exchange)
        case "PROPPATCH": return try await proppatch(exchange)
        case "MKCALENDAR": return try await makeCalendar(exchange, body: .calDAV("mkcalendar"))
        case "MKCOL": return try await makeCalendar(exchange, body: .dav("mkcol"))
        case "ACL": return try await changeAccessControl(exchange)
        default:
            // What belongs to nobody here is 404 whatever the method.
            _ = try await resource(exchange)
            throw exchange.methodNotAllowed
        }
    }

    /// What the `DAV` header announces (RFC 4918 §10.1).
    private static let capabilities = [
        "1", "2", "3", "access-control", "extended-mkcol", "calendar-access", "calendar-no-timezone",
        "calendar-availability", "calendarserver-sharing", "calendarserver-subscribed", "resource-sharing",
    ].joined(separator: ", ")

    /// OPTIONS asks for no login: Evolution sends none (RFC 4918 §10.1, RFC 4791 §5.1).
    private func options(of path: ResourcePath) -> DAVResponse {
        DAVResponse(
            status: 200,
            headers: [.allow: path.allowedMethods, .dav: Self.capabilities]
        )
    }
}

/// A request whose sender is known and whose path has been read.
struct Exchange: Sendable {
    let request: DAVRequest
    let principal: Principal
    let path: ResourcePath

    /// What the `If` header asks for, and the locks that it shows the tokens of.
    var writeGuard: WriteGuard

    init(request: DAVRequest, principal: Principal, path: ResourcePath) {
        self.request = request
        self.principal = principal
        self.path = path
        writeGuard = WriteGuard(principal: principal.id)
    }

    /// The refusal of the request's method.
    var methodNotAllowed: DAVError { .methodNotAllowed(request.method, allow: path.allowedMethods) }

    /// Who writes, for the history of what is written.
    var author: Author {
        let name = "\(principal.name) \(request.headers[.userAgent] ?? "")".trimmed(toOctets: 200)
        return Author(.client, name: name, principal: principal.id)
    }
}

extension String {
    /// The text cut to so many octets, whole characters only.
    fileprivate func trimmed(toOctets limit: Int) -> String {
        var octets = 0
        return String(
            prefix { character in
                octets += character.utf8.count
                return octets <= limit
            }
        )
    }
}

extension DAVError {
    /// Thunderbird looks the password up by origin and realm, so the realm never changes (RFC 7617 §2).
    static let unauthorized = DAVError(
        status: 401,
        message: "Log in with your user name and password.",
        headers: [.wwwAuthenticate: "Basic realm=\"Kalends\", charset=\"UTF-8\""]
    )
}
