import Accounts
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Sync

/// Calls of upstreams: each is an early poll and carries no data into the system.
struct WebhookRoute: Sendable {
    /// The largest call of Notion's: identifiers of one entity, its parents and its authors.
    private static let maximumBody = 256 * 1024

    private let gateway: Gateway
    private let answered = AnsweredCalls()

    init(_ gateway: Gateway) { self.gateway = gateway }

    func respond(to request: Request, path: String) async throws -> Response {
        guard request.method == .post else { return Response(status: .methodNotAllowed, headers: [.allow: "POST"]) }
        switch path {
        case "/webhooks/google": return try await google(request)
        case "/webhooks/notion": return try await notion(request)
        default: return Response(status: .notFound)
        }
    }

    /// Notion's secret while a window is open for it, or a call signed with it.
    ///
    /// The signature is over the octets as they came; they are read only once it is right.
    private func notion(_ request: Request) async throws -> Response {
        let body = Array(try await request.body.collect(upTo: Self.maximumBody).readableBytesView)
        guard let signature = HTTPField.Name("X-Notion-Signature").flatMap({ request.headers[$0] }) else {
            guard let token = JSON(parsing: body)?["verification_token"]?.string,
                try await gateway.notionCalls.accept(token)
            else { return Response(status: .unauthorized) }
            return Response(status: .ok)
        }
        guard try await gateway.notionCalls.isGenuine(body, signature: signature) else {
            return Response(status: .unauthorized)
        }
        guard let call = JSON(parsing: body).flatMap(NotionCall.init) else { return Response(status: .badRequest) }
        try await answered.once(call.id) { try await wakeLinks(for: call) }
        return Response(status: .ok)
    }

    /// Lets the links look that a call concerns.
    private func wakeLinks(for call: NotionCall) async throws {
        guard call.subject != .nothing else { return }
        for link in try await gateway.links.allLinks() where link.provider == "notion" {
            switch call.subject {
            case .nothing: continue
            case .everything: break
            case .dataSource(let source):
                guard NotionCall.plain(source) == NotionCall.plain(link.upstreamCalendar) else { continue }
            case .page(let page, let source):
                // One that was moved away is called about under its new parent.
                let isKnown = try await gateway.links.knows(NotionCall.dashed(page), link.id)
                guard isKnown || source.map(NotionCall.plain) == NotionCall.plain(link.upstreamCalendar) else {
                    continue
                }
            }
            await wake(link, for: call)
            try await gateway.links.rang(link.id)
        }
    }

    /// A page is asked for by itself where no query tells of it; what becomes of a whole table only a full listing shows.
    private func wake(_ link: Link, for call: NotionCall) async {
        switch call.subject {
        case .page(let page, _):
            await gateway.scheduler.upstreamRang(link.id, about: NotionCall.plain(page))
        case .dataSource, .everything, .nothing:
            await gateway.scheduler.upstreamRang(link.id, mayHideDeletions: call.mayHideDeletions)
        }
    }

    /// Google's headers only: the body is empty by contract.
    private func google(_ request: Request) async throws -> Response {
        func header(_ name: String) -> String? { HTTPField.Name(name).flatMap { request.headers[$0] } }
        guard let channel = header("X-Goog-Channel-ID") else { return Response(status: .badRequest) }
        let outcome = try await gateway.scheduler.channelRang(
            channel,
            token: header("X-Goog-Channel-Token") ?? "",
            state: header("X-Goog-Resource-State") ?? "",
            resource: header("X-Goog-Resource-ID")
        )
        switch outcome {
        case .woken, .ignored: return Response(status: .ok)
        case .unknownChannel: return Response(status: .notFound)
        case .wrongToken: return Response(status: .forbidden)
        }
    }
}
