import Accounts
import Bridging
import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore
import Store
import Sync

/// The dashboard: plain pages and forms, and a small script that keeps them up to date.
struct DashboardRoutes: Sendable {
    let gateway: Gateway
    let templates: Templates
    let rest: RESTRoutes
    let visitors: Visitors

    init(_ gateway: Gateway, _ visitors: Visitors, _ rest: RESTRoutes) throws {
        self.gateway = gateway
        self.rest = rest
        self.visitors = visitors
        templates = try Templates()
    }

    /// The largest form.
    static let maximumForm = 64 * 1024

    /// Whether a browser sends that method; everything else is DAV.
    func serves(_ method: HTTPRequest.Method) -> Bool { method == .get || method == .head || method == .post }

    func respond(to request: Request, path: String) async throws -> Response {
        if let asset = asset(path) { return asset }
        if path == "/login" { return try await login(request) }
        if path == "/setup" { return try await setup(request) }
        guard let visitor = try await visitors.visitor(sessionOf: request) else {
            guard request.method != .post else { return .seeOther("/login") }
            return .seeOther("/login?next=" + Self.encoded(request.head.path ?? "/"))
        }
        do {
            return try await AuditActor.$current.withValue(visitor.principal.name) {
                try await answer(request, path, visitor)
            }
        } catch {
            guard let problem = RESTProblem(meaning: error, limit: Self.maximumForm) else { throw error }
            let heading = problem.status == .notFound ? "There is no such page" : "That did not work"
            return message(heading, problem.detail, remedy: problem.remedy, for: visitor, problem.status)
        }
    }

    private func answer(_ request: Request, _ path: String, _ visitor: Visitor) async throws -> Response {
        if request.method == .post { return try await post(request, path, visitor) }
        let asked = PageRequest(request, path: path, visitor: visitor)
        guard let route = PageRoute.pages.first(where: { $0.matches(asked.path) }) else { throw RESTProblem.notFound }
        return try await route.run(self, asked)
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
        if path == "/logout" { return try await logout(request) }
        let asked = PageRequest(request, path: path, form: form, visitor: visitor)
        guard let route = PageRoute.forms.first(where: { $0.matches(asked.path) }) else { throw RESTProblem.notFound }
        return try await route.run(self, asked)
    }

    // MARK: Logging in

    private func login(_ request: Request) async throws -> Response {
        guard request.method == .post else {
            return loginPage(next: FormFields(request.uri.query ?? "")["next"] ?? "/", status: .ok)
        }
        let form = FormFields(String(buffer: try await request.body.collect(upTo: Self.maximumForm)))
        let next = Self.localPath(form["next"])
        let user = form["user"] ?? ""
        switch try await gateway.authenticator.authenticate(basic: user, password: form["password"] ?? "") {
        case .accepted(let principal): return try await welcome(principal, to: next)
        case .refused:
            return loginPage(next: next, status: .unauthorized, failure: "The user name or the password is wrong.")
        case .throttled(let seconds):
            let failure = "There were too many wrong passwords. Try again in \(seconds) seconds."
            var page = loginPage(next: next, status: .tooManyRequests, failure: failure)
            page.headers[.retryAfter] = String(seconds)
            return page
        }
    }

    /// Begins a session.
    func welcome(_ principal: Principal, to next: String) async throws -> Response {
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
        var content: [String: Any] = ["next": Self.localPath(next)]
        if let failure { content["failure"] = failure }
        return .page(templates.page("login", content), status: status)
    }

    /// A page with one sentence, and what can be done.
    func message(
        _ heading: String,
        _ text: String,
        remedy: String? = nil,
        for visitor: Visitor,
        _ status: HTTPResponse.Status
    ) -> Response {
        var content: [String: Any] = ["heading": heading, "text": text]
        if let remedy { content["remedy"] = remedy }
        return .page(templates.page("message", frame(visitor, of: "message").merging(content) { $1 }), status: status)
    }

    /// What every page of a logged-in user shows.
    func frame(_ visitor: Visitor, of page: String) -> [String: Any] {
        let menu = Self.menu.map { entry -> [String: Any] in
            ["path": entry.path, "label": entry.label, "isHere": entry.pages.contains(page)]
        }
        return ["user": visitor.principal.name, "csrf": visitor.csrf ?? "", "menu": menu]
    }

    /// The menu, each entry with the pages that belong to it.
    private static let menu: [(path: String, label: String, pages: Set<String>)] = [
        ("/", "Overview", ["home", "link", "mapping", "connection", "connect"]),
        ("/calendars", "Calendars", ["calendars", "calendar", "event", "history", "explain", "share"]),
        ("/conflicts", "Conflicts", ["conflicts", "conflict"]),
        ("/activity", "Activity", ["activity"]),
        ("/audit", "Audit", ["audit"]),
        ("/client", "Your program", ["client"]),
        ("/settings", "Settings", ["settings"]),
    ]

    /// A path of ours to go on to; never another site.
    private static func localPath(_ next: String?) -> String {
        guard let next, next.hasPrefix("/"), !next.hasPrefix("//"), !next.contains("\\"),
            next.utf8.allSatisfy({ $0 > 32 && $0 < 127 })
        else { return "/" }
        return next
    }

    private func asset(_ path: String) -> Response? {
        let (type, octets): (String, [UInt8])
        switch path {
        case "/assets/style.css": (type, octets) = ("text/css; charset=utf-8", PackageResources.style_css)
        case "/assets/live.js": (type, octets) = ("text/javascript; charset=utf-8", PackageResources.live_js)
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
