import Accounts
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Sync

/// `/local/…`: what commands on this machine ask of a running gateway.
///
/// They know a secret that the gateway made at its start and wrote where only its own user can read it.
struct LocalRoute: Sendable {
    /// The header that carries the secret.
    static let header = "X-Kalends-Local"

    /// The header that carries a proof of the secret, for requests that go through other hands.
    static let proofHeader = "X-Kalends-Proof"

    /// The largest body that is looked at.
    private static let maximumBody = 64 * 1024

    private let gateway: Gateway

    init(_ gateway: Gateway) { self.gateway = gateway }

    func respond(to request: Request, path: String) async throws -> Response {
        guard let secret = gateway.localToken else { return Response(status: .notFound) }
        switch path {
        case "/local/sync": return try await sync(request, secret)
        case "/local/status": return try await status(request, secret)
        case "/local/mirror": return try await mirror(request, secret)
        default: return Response(status: .notFound)
        }
    }

    /// Wakes links, all or one.
    private func sync(_ request: Request, _ secret: String) async throws -> Response {
        guard request.method == .post, knows(request, secret) else { return Response(status: .notFound) }
        let wanted = FormFields(request.uri.query ?? "")["link"].flatMap { Int64($0) }
        var woken = 0
        for status in try await gateway.links.allStatuses() where wanted == nil || wanted == status.link.id.rawValue {
            guard status.state != .preview, status.state != .paused else { continue }
            _ = try await gateway.scheduler.syncNow(status.link.id)
            woken += 1
        }
        return Response.json(["woken": .integer(woken)])
    }

    /// Tells how every link is doing, running passes included.
    private func status(_ request: Request, _ secret: String) async throws -> Response {
        guard request.method == .get, knows(request, secret) else { return Response(status: .notFound) }
        let statuses = try await gateway.scheduler.allStatuses()
        return Response.json(["items": .array(statuses.map(RESTRoutes.row))])
    }

    private func knows(_ request: Request, _ secret: String) -> Bool {
        guard let given = HTTPField.Name(Self.header).flatMap({ request.headers[$0] }) else { return false }
        return Secret.areEqual(secret.utf8, given.utf8)
    }

    /// Tells what arrived of a request, so that its sender sees what a proxy between does to it.
    private func mirror(_ request: Request, _ secret: String) async throws -> Response {
        guard let proof = HTTPField.Name(Self.proofHeader).flatMap({ request.headers[$0] }),
            Proof.isValid(proof, of: secret)
        else { return Response(status: .notFound) }
        let body = try await request.body.collect(upTo: Self.maximumBody)
        let fields = Dictionary(request.headers.map { ($0.name.canonicalName, JSON.string($0.value)) }) { $1 }
        return Response.json([
            "method": .string(request.method.rawValue), "host": .string(request.head.authority ?? ""),
            "fields": .object(fields), "octets": .integer(body.readableBytes),
        ])
    }
}
