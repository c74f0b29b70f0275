import HTTPTypes
import Hummingbird
import HummingbirdCore
import Sync

/// Calls of upstreams: each is an early poll and carries no data into the system.
struct WebhookRoute: Sendable {
    private let gateway: Gateway

    init(_ gateway: Gateway) { self.gateway = gateway }

    func respond(to request: Request, path: String) async throws -> Response {
        guard request.method == .post else { return Response(status: .methodNotAllowed, headers: [.allow: "POST"]) }
        switch path {
        case "/webhooks/google": return try await google(request)
        default: return Response(status: .notFound)
        }
    }

    /// Google's headers only: the body is empty by contract.
    private func google(_ request: Request) async throws -> Response {
        func header(_ name: String) -> String? { HTTPField.Name(name).flatMap { request.headers[$0] } }
        guard let channel = header("X-Goog-Channel-ID") else { return Response(status: .badRequest) }
        let outcome = try await gateway.scheduler.channelRang(
            channel,
            token: header("X-Goog-Channel-Token") ?? "",
            state: header("X-Goog-Resource-State") ?? ""
        )
        switch outcome {
        case .woken, .ignored: return Response(status: .ok)
        case .unknownChannel: return Response(status: .notFound)
        case .wrongToken: return Response(status: .forbidden)
        }
    }
}
