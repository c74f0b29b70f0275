import Accounts
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Store
import Sync

/// `/oauth/callback`: where every provider sends the browser back.
struct OAuthRoute: Sendable {
    private let gateway: Gateway
    private let visitors: Visitors
    private let dashboard: DashboardRoutes

    init(_ gateway: Gateway, _ visitors: Visitors, _ dashboard: DashboardRoutes) {
        self.gateway = gateway
        self.visitors = visitors
        self.dashboard = dashboard
    }

    func respond(to request: Request) async throws -> Response {
        guard let visitor = try await visitors.visitor(request) else {
            return dashboard.loginPage(next: request.head.path ?? "/", status: .unauthorized)
        }
        let query = FormFields(request.uri.query ?? "")
        let outcome = try await gateway.connect.finish(
            state: query["state"],
            code: query["code"],
            error: query["error"],
            scope: query["scope"],
            by: visitor.principal,
            sessionBinding: visitor.binding
        )
        switch outcome {
        case .connected(let connection):
            _ = try await gateway.examined(connection)
            try await gateway.scheduler.connectionMended(connection.id)
            return .seeOther("/connections/\(connection.id.rawValue)")
        case .refused(let problem, _):
            return dashboard.message("Nothing was connected", problem.message + " " + problem.remedy, for: visitor, .ok)
        case .missingScopes(let scopes, _):
            let names = scopes.joined(separator: ", ")
            return dashboard.message(
                "Nothing was connected",
                "These permissions were not given: \(names). Connect again and leave every box ticked.",
                for: visitor,
                .ok
            )
        case .unknownState, .foreign:
            return dashboard.message(
                "Nothing was changed",
                "This answer was used already, is too old, or belongs to somebody else. Start again from the overview.",
                for: visitor,
                .badRequest
            )
        }
    }
}
