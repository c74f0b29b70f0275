import Accounts
import Bridging
import HTTPTypes
import Hummingbird
import Store

extension DashboardRoutes {
    /// How an account of a provider is connected, step by step.
    ///
    /// `told` is what a button found out.
    func connectPage(_ request: PageRequest, told: [String: Any] = [:]) async throws -> Response {
        guard let provider = gateway.provider(request.id) else { throw RESTProblem.notFound }
        let known = try await ask(.get, ["providers", provider.name], for: request.visitor)
        let isAdmin = request.visitor.principal.isAdmin
        var content: [String: Any] = [
            "name": provider.name, "label": Self.label(provider.name),
            "oauth": try await gateway.hasOAuth(provider.name), "isGoogle": provider.name == "google",
            "isNotion": provider.name == "notion", "isAdmin": isAdmin,
            "redirect": known["redirect_uri"]?.string ?? "", "isFixed": known["client"]?.string == "environment",
            "isEntered": known["client"]?.string == "entered",
            "variable": "KALENDS_\(provider.name.uppercased())", "isPlain": gateway.publicURL.hasPrefix("http://"),
        ]
        if let id = known["client_id"]?.string { content["clientID"] = id }
        // Google knows nobody without; at Notion the other way stands first. What is wrong is to be mended at once.
        let isMissing = provider.name == "google" && content["oauth"] as? Bool == false
        content["showsClient"] = isMissing || told["toldStyle"] as? String == "failure"
        if isAdmin, provider.name == "notion" { content["webhook"] = try await webhook(request) }
        return page("connect", content.merging(told) { $1 }, for: request.visitor)
    }

    private func webhook(_ request: PageRequest) async throws -> [String: Any] {
        let setup = try await ask(.get, ["webhooks", "notion", "setup"], for: request.visitor)
        let state = setup["state"]?.string.flatMap(WebhookVerification.State.init)
        var shown: [String: Any] = [
            "url": setup["url"]?.string ?? "", "isOpen": setup["closes_at"]?.string != nil, "isSet": state == .verified,
        ]
        if let token = setup["verification_token"]?.string { shown["token"] = token }
        return shown
    }

    /// Takes the client id and secret that a provider gave for this gateway, and tries them.
    func enterClient(_ request: PageRequest) async throws -> Response {
        let wish: JSON = [
            "client_id": .string(request.form["client_id"] ?? ""),
            "client_secret": .string(request.form["client_secret"] ?? ""),
        ]
        _ = try await ask(.patch, ["providers", request.id], wish, for: request.visitor)
        return try await checkClient(request)
    }

    /// Asks the provider whether it knows this gateway; the page says what it answered.
    func checkClient(_ request: PageRequest) async throws -> Response {
        let found = try await ask(.post, ["providers", request.id, "check"], for: request.visitor)
        let label = Self.label(request.id)
        guard let problem = found["last_error"], problem != .null else {
            let told = "\(label) knows this gateway. Now connect your account."
            return try await connectPage(request, told: ["told": told, "toldStyle": "notice"])
        }
        let told = "\(problem["message"]?.string ?? "") \(problem["remedy"]?.string ?? "")"
        return try await connectPage(request, told: ["told": told, "toldStyle": "failure"])
    }

    func forgetClient(_ request: PageRequest) async throws -> Response {
        _ = try await ask(.delete, ["providers", request.id], for: request.visitor)
        return .seeOther("/connect/\(Self.encoded(request.id))")
    }

    /// Opens the window in which Notion may tell the secret of its webhook.
    func listenForWebhook(_ request: PageRequest) async throws -> Response {
        guard request.id == "notion" else { throw RESTProblem.notFound }
        _ = try await ask(.post, ["webhooks", "notion", "setup"], for: request.visitor)
        return .seeOther("/connect/notion#webhook")
    }

    /// Changes what a link does when both sides changed the same.
    func editLink(_ request: PageRequest) async throws -> Response {
        var change: [String: JSON] = ["conflicts": .text(request.form["conflicts"])]
        if let direction = request.form["direction"] { change["direction"] = .string(direction) }
        if let zone = request.form["time_zone"], !zone.isEmpty { change["time_zone"] = .string(zone) }
        // A form without the box says nothing of it.
        if request.form["asks_guests"] != nil { change["notify_guests"] = .bool(request.form["notify_guests"] != nil) }
        _ = try await ask(.patch, ["links", request.id], .object(change), for: request.visitor)
        return .seeOther("/links/\(request.id)")
    }
}
