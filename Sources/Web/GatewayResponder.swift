import Accounts
import CalDAV
import Foundation
import HTTPTypes
public import Hummingbird
public import HummingbirdCore
import Logging
import NIOCore

/// The one entrance: a request's path and method say which part answers it.
///
/// The framework's router is not used: DAV needs the path as it was sent, methods it does not know, and 405 with `Allow`.
public struct GatewayResponder: HTTPResponder {
    public typealias Context = BasicRequestContext

    private let gateway: Gateway
    private let dav: DAVRoute
    private let rest: RESTRoutes
    private let dashboard: DashboardRoutes
    private let oauth: OAuthRoute
    private let webhooks: WebhookRoute
    private let feeds: FeedRoute
    private let local: LocalRoute
    private let mcp: MCPRoute
    private let metrics: RequestMetrics

    /// Makes the entrance to a gateway.
    public init(_ gateway: Gateway) throws {
        self.gateway = gateway
        let visitors = Visitors(gateway)
        dav = DAVRoute(gateway, visitors)
        rest = RESTRoutes(gateway, visitors)
        dashboard = try DashboardRoutes(gateway, visitors, rest)
        oauth = OAuthRoute(gateway, visitors, dashboard)
        webhooks = WebhookRoute(gateway)
        feeds = FeedRoute(gateway)
        local = LocalRoute(gateway)
        mcp = MCPRoute(gateway, visitors, rest)
        metrics = RequestMetrics()
    }

    /// Answers one request; whatever goes wrong inside is a 500 and a log line, never a dead connection.
    public func respond(to request: Request, context: Context) async throws -> Response {
        let begun = ContinuousClock.now
        let id = RandomText.make(length: Self.idLength)
        var response: Response
        do {
            response = try await RequestID.$current.withValue(id) { try await route(request, id) }
        } catch let error as TooManyGuesses {
            response = .text("There were too many wrong passwords. Wait, then try again.", status: .tooManyRequests)
            response.headers[.retryAfter] = String(error.retryAfter)
        } catch is PasswordHasherOverloaded {
            // Later, not never: a client that is told 4xx would ask its user for another password.
            response = Response(status: .serviceUnavailable, headers: [.retryAfter: "1"])
        } catch is NIOTooManyBytesError {
            response = Response(status: .contentTooLarge)
        } catch {
            gateway.logger.error(
                "request failed",
                metadata: ["path": "\(FeedRoute.logged(request.uri.path))", "request": "\(id)", "error": "\(error)"]
            )
            response = Response(status: .internalServerError)
        }
        if let name = Self.idField { response.headers[name] = id }
        // An answer to HEAD has no body: the next answer on the connection would be read out of it (RFC 9110 §9.3.2).
        if request.method == .head { response = response.createHeadResponse() }
        let elapsed = ContinuousClock.now - begun
        metrics.count(request.method, response.status.code, elapsed)
        gateway.logger.debug(
            "request",
            metadata: [
                "request": "\(id)", "method": "\(request.method)", "path": "\(FeedRoute.logged(request.uri.path))",
                "status": "\(response.status.code)",
                "milliseconds": "\(elapsed / .milliseconds(1))",
            ]
        )
        return response
    }

    /// The header that names a request in the log.
    private static let idField = HTTPField.Name("X-Request-Id")
    private static let idLength = 12

    private func route(_ request: Request, _ id: String) async throws -> Response {
        // Every request names its host (RFC 9112 §3.2); what follows never has to guess.
        guard request.head.authority?.isEmpty == false else { return Response(status: .badRequest) }
        let target = request.head.path ?? "/"
        let path = target.prefix { $0 != "?" }
        switch path {
        case "/healthz": return health()
        case "/metrics": return try await metrics.response(of: gateway)
        case "/mcp": return try await mcp.respond(to: request, id: id)
        case "/oauth/callback": return try await oauth.respond(to: request)
        default: break
        }
        if path.hasPrefix("/api/v1/") { return try await rest.respond(to: request, path: String(path), id: id) }
        if path.hasPrefix("/local/") { return try await local.respond(to: request, path: String(path)) }
        if path.hasPrefix("/webhooks/") { return try await webhooks.respond(to: request, path: String(path)) }
        if FeedRoute.serves(String(path)) { return try await feeds.respond(to: request, path: String(path)) }
        if CalDAVServer.serves(method: request.method.rawValue, path: String(path)) || !dashboard.serves(request.method)
        {
            return try await dav.respond(to: request, path: String(path))
        }
        return try await dashboard.respond(to: request, path: String(path))
    }

    private func health() -> Response {
        Response.json(["status": "ok"])
    }
}

extension Response {
    /// A JSON answer.
    static func json(_ body: JSON, status: HTTPResponse.Status = .ok, type: String = "application/json") -> Response {
        Response(
            status: status,
            headers: [.contentType: type, .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(bytes: body.octets))
        )
    }

    /// A plain sentence.
    static func text(_ sentence: String, status: HTTPResponse.Status) -> Response {
        Response(
            status: status,
            headers: [.contentType: "text/plain; charset=utf-8"],
            body: .init(byteBuffer: ByteBuffer(string: sentence + "\n"))
        )
    }
}
