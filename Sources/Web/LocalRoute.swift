import Accounts
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Sync

/// `/local/…`: what commands on this machine ask of a running gateway.
///
/// They present a secret that the gateway made at its start and wrote where only its own user can read it.
struct LocalRoute: Sendable {
    /// The header that carries the secret.
    static let header = "X-Kalends-Local"

    private let gateway: Gateway

    init(_ gateway: Gateway) { self.gateway = gateway }

    func respond(to request: Request, path: String) async throws -> Response {
        guard let secret = gateway.localToken, let given = HTTPField.Name(Self.header).flatMap({ request.headers[$0] }),
            Secret.areEqual(secret.utf8, given.utf8), path == "/local/sync", request.method == .post
        else { return Response(status: .notFound) }
        let wanted = FormFields(request.uri.query ?? "")["link"].flatMap { Int64($0) }
        var woken = 0
        for status in try await gateway.links.allStatuses() where wanted == nil || wanted == status.link.id.rawValue {
            guard status.state != .preview, status.state != .paused else { continue }
            _ = try await gateway.scheduler.syncNow(status.link.id)
            woken += 1
        }
        return Response.json(["woken": .integer(woken)])
    }
}
