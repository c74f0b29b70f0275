import Accounts
import Hummingbird
import HummingbirdCore
import ICalendar
import NIOCore
import Store

extension DashboardRoutes {
    /// App passwords, API tokens, and who one is.
    func settingsPage(_ request: PageRequest, told: [String: Any] = [:]) async throws -> Response {
        let visitor = request.visitor
        let passwords = try await rows("app-passwords", for: visitor).map(secret)
        let tokens = try await rows("tokens", for: visitor).map(secret)
        let principal = visitor.principal
        var content: [String: Any] = [
            "passwords": passwords, "tokens": tokens, "email": principal.email ?? "–",
            "displayName": principal.displayName ?? "–", "isAdmin": principal.isAdmin, "address": gateway.publicURL,
            "redirect": gateway.publicURL + "/oauth/callback", "mcp": gateway.publicURL + "/mcp",
            "rest": gateway.publicURL + "/api/v1/openapi.json",
        ]
        if principal.isAdmin {
            content["providerRows"] = try await rows("providers", for: visitor).map { row -> [String: Any] in
                let name = row["id"]?.string ?? ""
                let known =
                    switch row["client"]?.string {
                    case "environment": "set in the environment"
                    case "entered": "entered here"
                    default: "not set"
                    }
                return ["name": name, "label": Self.label(name), "known": known]
            }
        }
        content.merge(told) { $1 }
        return page("settings", content, for: visitor)
    }

    private func secret(_ row: JSON) -> [String: Any] {
        let used = row["last_used_at"]?.string.flatMap(Instant.init(rfc3339:))
        return [
            "id": row["id"]?.integer ?? 0, "label": row["label"]?.string ?? "",
            "made": time(row["created_at"]?.string.flatMap(Instant.init(rfc3339:))),
            "used": used == nil ? "never" : time(used),
            "scopes": (row["scopes"]?.array ?? []).compactMap(\.string).joined(separator: ", "),
        ]
    }

    /// Makes what is told once: the answer is the page itself, so that no address leads to it again.
    func addSecret(_ request: PageRequest) async throws -> Response {
        var wish: [String: JSON] = ["label": .text(request.form["label"])]
        switch request.id {
        case "app-passwords":
            let made = try await ask(.post, ["app-passwords"], .object(wish), for: request.visitor)
            return try await settingsPage(request, told: ["newPassword": made["password"]?.string ?? ""])
        case "tokens":
            wish["scopes"] = request.form["write"] == "yes" ? ["read", "write"] : ["read"]
            let made = try await ask(.post, ["tokens"], .object(wish), for: request.visitor)
            return try await settingsPage(request, told: ["newToken": made["token"]?.string ?? ""])
        default: throw RESTProblem.notFound
        }
    }

    func removeSecret(_ request: PageRequest) async throws -> Response {
        guard ["app-passwords", "tokens"].contains(request.path[1]) else { throw RESTProblem.notFound }
        _ = try await ask(.delete, [request.path[1], request.path[2]], for: request.visitor)
        return .seeOther("/settings")
    }

    // MARK: Calendar programs

    /// The addresses that calendar programs ask for.
    func clientPage(_ request: PageRequest, told: [String: Any] = [:]) async throws -> Response {
        let name = request.visitor.principal.name
        let calendars = try await rows("calendars", for: request.visitor).map { calendar -> [String: Any] in
            ["name": Self.name(of: calendar), "address": gateway.publicURL + (calendar["href"]?.string ?? "")]
        }
        let host = gateway.publicURL.split(separator: "/").dropFirst().first.map(String.init) ?? ""
        var content: [String: Any] = [
            "address": gateway.publicURL + "/dav/", "principal": gateway.publicURL + "/dav/principals/\(name)/",
            "home": gateway.publicURL, "host": host, "calendars": calendars, "phone": phoneAddress(name),
            "isPlain": gateway.publicURL.hasPrefix("http://"),
        ]
        content.merge(told) { $1 }
        return page("client", content, for: request.visitor)
    }

    /// Makes an app password where it is needed, and shows it there, once.
    func addClientPassword(_ request: PageRequest) async throws -> Response {
        let wish: JSON = ["label": .text(request.form["label"])]
        let made = try await ask(.post, ["app-passwords"], wish, for: request.visitor)
        return try await clientPage(request, told: ["newPassword": made["password"]?.string ?? ""])
    }

    /// The same as a picture for a telephone's camera.
    func clientCode(_ request: PageRequest) async throws -> Response {
        guard let code = QRCode(phoneAddress(request.visitor.principal.name)) else { throw RESTProblem.notFound }
        return Response(
            status: .ok,
            headers: [.contentType: "image/svg+xml", .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(string: code.svg))
        )
    }

    /// What a telephone opens: DAVx⁵ takes `caldavs://user@host/path` as an account to add.
    private func phoneAddress(_ name: String) -> String {
        guard let rest = gateway.publicURL.split(separator: ":", maxSplits: 1).last?.drop(while: { $0 == "/" }) else {
            return gateway.publicURL + "/dav/"
        }
        return (gateway.publicURL.hasPrefix("https://") ? "caldavs" : "caldav") + "://\(name)@\(rest)/dav/"
    }
}
