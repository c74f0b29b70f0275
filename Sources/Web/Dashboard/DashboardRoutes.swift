import Accounts
import Bridging
import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore
import Store
import Sync

/// The dashboard: plain pages and forms, no script.
struct DashboardRoutes: Sendable {
    let gateway: Gateway
    let templates: Templates
    private let visitors: Visitors

    init(_ gateway: Gateway, _ visitors: Visitors) throws {
        self.gateway = gateway
        self.visitors = visitors
        templates = try Templates()
    }

    /// The largest form.
    private static let maximumForm = 64 * 1024

    /// Whether a browser sends that method; everything else is DAV.
    func serves(_ method: HTTPRequest.Method) -> Bool { method == .get || method == .head || method == .post }

    func respond(to request: Request, path: String) async throws -> Response {
        if let asset = asset(path) { return asset }
        if path == "/login" { return try await login(request) }
        guard let visitor = try await visitors.visitor(sessionOf: request) else {
            guard request.method != .post else { return .seeOther("/login") }
            return .seeOther("/login?next=" + Self.encoded(request.head.path ?? "/"))
        }
        do {
            if request.method == .post { return try await post(request, path, visitor) }
            return try await page(path, visitor)
        } catch let problem as RESTProblem {
            return message("That did not work", problem.detail + " " + problem.remedy, for: visitor, problem.status)
        } catch let error as ConnectError {
            let problem = RESTProblem(error)
            return message("Not connected", problem.detail + " " + problem.remedy, for: visitor, problem.status)
        } catch let error as BridgeError {
            let problem = RESTProblem(error)
            return message("The upstream said no", problem.detail + " " + problem.remedy, for: visitor, problem.status)
        }
    }

    private func page(_ path: String, _ visitor: Visitor) async throws -> Response {
        let segments = path.split(separator: "/").map(String.init)
        switch (segments.count, segments.first ?? "") {
        case (0, _): return try await home(visitor)
        case (2, "connections"): return try await connectionPage(segments[1], visitor)
        case (2, "links"): return try await linkPage(segments[1], visitor)
        case (3, "calendars") where segments[2] == "share": return try await sharingPage(segments[1], visitor)
        default: throw RESTProblem.notFound
        }
    }

    private func post(_ request: Request, _ path: String, _ visitor: Visitor) async throws -> Response {
        let body = try await request.body.collect(upTo: Self.maximumForm)
        let form = FormFields(String(buffer: body))
        guard let given = form["csrf"], let secret = visitor.csrf, Secret.areEqual(given.utf8, secret.utf8) else {
            throw RESTProblem(
                .forbidden,
                "permission_denied",
                "The form is too old.",
                "Go back, reload the page, try again."
            )
        }
        let segments = path.split(separator: "/").map(String.init)
        switch (segments.count, segments.first ?? "") {
        case (1, "logout"): return try await logout(request)
        case (1, "calendars"): return try await addCalendar(form, visitor)
        case (1, "connections"): return try await connect(form, visitor)
        case (3, "connections"): return try await change(connection: segments[1], segments[2], visitor)
        case (1, "links"): return try await addLink(form, visitor)
        case (3, "links"): return try await change(link: segments[1], segments[2], visitor)
        case (3, "calendars") where segments[2] == "shares": return try await giveCalendar(segments[1], form, visitor)
        case (3, "calendars") where segments[2] == "feeds": return try await addFeed(segments[1], form, visitor)
        case (4, "calendars"): return try await answerShare(segments[1], segments[3], visitor)
        case (5, "calendars"): return try await changeSharing(segments, form, visitor)
        case (2, "conflicts"): return try await settle(conflict: segments[1], form, visitor)
        default: throw RESTProblem.notFound
        }
    }

    // MARK: Logging in

    private func login(_ request: Request) async throws -> Response {
        guard request.method == .post else {
            return loginPage(next: FormFields(request.uri.query ?? "")["next"] ?? "/", status: .ok)
        }
        let form = FormFields(String(buffer: try await request.body.collect(upTo: Self.maximumForm)))
        let next = Self.localPath(form["next"])
        guard let user = form["user"], let password = form["password"],
            let principal = try await gateway.authenticator.principal(basic: user, password: password)
        else { return loginPage(next: next, status: .unauthorized, failure: "The user name or the password is wrong.") }
        let token = try await gateway.sessions.open(for: principal)
        return .seeOther(next, cookie: cookie(token, lifetime: Sessions.lifetime))
    }

    private func logout(_ request: Request) async throws -> Response {
        if let token = request.cookie(Visitors.cookie) { try await gateway.sessions.close(token) }
        return .seeOther("/login", cookie: cookie("", lifetime: 0))
    }

    private func cookie(_ value: String, lifetime: Int64) -> String {
        let secure = gateway.publicURL.hasPrefix("https://") ? "; Secure" : ""
        return "\(Visitors.cookie)=\(value); Path=/; HttpOnly; SameSite=Lax; Max-Age=\(lifetime)\(secure)"
    }

    func loginPage(next: String, status: HTTPResponse.Status, failure: String? = nil) -> Response {
        .page(templates.page("login", ["next": Self.localPath(next), "failure": failure as Any]), status: status)
    }

    /// A page with one sentence.
    func message(_ heading: String, _ text: String, for visitor: Visitor, _ status: HTTPResponse.Status) -> Response {
        .page(
            templates.page("message", frame(visitor).merging(["heading": heading, "text": text]) { $1 }),
            status: status
        )
    }

    /// What every page of a logged-in user shows.
    func frame(_ visitor: Visitor) -> [String: Any] {
        ["user": visitor.principal.name, "csrf": visitor.csrf ?? ""]
    }

    /// A path of ours to go on to; never another site.
    private static func localPath(_ next: String?) -> String {
        guard let next, next.hasPrefix("/"), !next.hasPrefix("//"), !next.contains("\\"),
            next.utf8.allSatisfy({ $0 > 32 && $0 < 127 })
        else { return "/" }
        return next
    }

    private static func encoded(_ path: String) -> String {
        path.utf8.map { byte in
            let isPlain = (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
            if isPlain || byte == 47 || byte == 45 || byte == 95 || byte == 46 { return String(UnicodeScalar(byte)) }
            return "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }
        .joined()
    }

    private func asset(_ path: String) -> Response? {
        let (type, octets): (String, [UInt8])
        switch path {
        case "/assets/style.css": (type, octets) = ("text/css; charset=utf-8", PackageResources.style_css)
        case "/assets/icon.svg": (type, octets) = ("image/svg+xml", PackageResources.icon_svg)
        default: return nil
        }
        return Response(
            status: .ok,
            headers: [.contentType: type, .cacheControl: "max-age=3600"],
            body: .init(byteBuffer: ByteBuffer(bytes: octets))
        )
    }
}
