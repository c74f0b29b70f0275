import Bridging
import Hummingbird
import Store

extension DashboardRoutes {
    /// How an account of a provider is connected, step by step.
    func connectPage(_ request: PageRequest) async throws -> Response {
        guard let provider = gateway.provider(request.id) else { throw RESTProblem.notFound }
        let content: [String: Any] = [
            "name": provider.name, "label": Self.label(provider.name), "oauth": gateway.hasOAuth(provider.name),
            "isGoogle": provider.name == "google", "isNotion": provider.name == "notion",
            "isAdmin": request.visitor.principal.isAdmin, "redirect": gateway.publicURL + "/oauth/callback",
            "variable": "KALENDS_\(provider.name.uppercased())", "isPlain": gateway.publicURL.hasPrefix("http://"),
        ]
        return page("connect", content, for: request.visitor)
    }

    /// Changes what a link does when both sides changed the same.
    func editLink(_ request: PageRequest) async throws -> Response {
        var change: [String: JSON] = ["conflicts": .text(request.form["conflicts"])]
        if let direction = request.form["direction"] { change["direction"] = .string(direction) }
        change["notify_guests"] = .bool(request.form["notify_guests"] == "yes")
        _ = try await ask(.patch, ["links", request.id], .object(change), for: request.visitor)
        return .seeOther("/links/\(request.id)")
    }
}
