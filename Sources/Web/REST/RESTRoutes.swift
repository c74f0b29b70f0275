import Accounts
import Bridging
import HTTPTypes
import Hummingbird
import HummingbirdCore
import ICalendar
import NIOCore
import Store

/// `/api/v1/…`: what programs drive the gateway by.
struct RESTRoutes: Sendable {
    let gateway: Gateway
    private let visitors: Visitors

    init(_ gateway: Gateway, _ visitors: Visitors) {
        self.gateway = gateway
        self.visitors = visitors
    }

    /// The largest body of a request: an event with a long description, or a mapping.
    private static let maximumBody = 256 * 1024

    func respond(to request: Request, path: String) async throws -> Response {
        do {
            return Self.response(try await answer(request, path))
        } catch let problem as RESTProblem {
            return Self.response(problem)
        } catch is NIOTooManyBytesError {
            return Self.response(
                RESTProblem(
                    .contentTooLarge,
                    "invalid_request",
                    "The body has more than \(Self.maximumBody) octets.",
                    "Send less."
                )
            )
        } catch let error as ConnectError {
            return Self.response(RESTProblem(error))
        } catch let error as BridgeError {
            return Self.response(RESTProblem(error))
        } catch let error as CalendarDataError {
            return Self.response(
                RESTProblem(.unprocessableContent, "invalid_event", error.message, "Correct the event.")
            )
        }
    }

    private func answer(_ request: Request, _ path: String) async throws -> RESTReply {
        let isRead = request.method == .get || request.method == .head
        guard isRead || gateway.isOurs(request.headers[.origin], host: request.head.authority) else {
            throw RESTProblem(
                .forbidden,
                "permission_denied",
                "The request comes from a page of another site.",
                "Call the interface from a program, not from another site's page."
            )
        }
        guard let visitor = try await visitor(request) else {
            throw RESTProblem(
                .unauthorized,
                "permission_denied",
                "Nobody is logged in.",
                "Send Basic or Bearer credentials."
            )
        }
        let body = try await request.body.collect(upTo: Self.maximumBody)
        let rest = RESTRequest(
            // HEAD is GET whose body is not sent (RFC 9110 §9.3.2).
            method: request.method == .head ? .get : request.method,
            path: path.split(separator: "/").dropFirst(2).map(String.init),
            query: FormFields(request.uri.query ?? ""),
            headers: request.headers,
            body: Array(body.readableBytesView),
            visitor: visitor
        )
        guard rest.method == .get || visitor.mayWrite else {
            throw RESTProblem(
                .forbidden,
                "permission_denied",
                "The token may only read.",
                "Make a token with the scope write."
            )
        }
        return try await route(rest)
    }

    /// Credentials; or the browser's session for reading, because a form of another site can send no header of ours.
    private func visitor(_ request: Request) async throws -> Visitor? {
        if let visitor = try await visitors.visitor(credentialsOf: request) { return visitor }
        guard request.method == .get || request.method == .head else { return nil }
        return try await visitors.visitor(sessionOf: request)
    }

    private func route(_ request: RESTRequest) async throws -> RESTReply {
        switch request.path.first ?? "" {
        case "calendars": try await calendars(request)
        case "events": try await events(request)
        case "connections": try await connections(request)
        case "links": try await links(request)
        case "sync-status", "sync", "runs", "queue", "quarantine": try await passes(request)
        case "conflicts": try await conflicts(request)
        case "app-passwords", "tokens": try await secrets(request)
        default: throw RESTProblem.notFound
        }
    }

    private static func response(_ reply: RESTReply) -> Response {
        guard let body = reply.body else { return Response(status: reply.status) }
        var response = Response.json(body, status: reply.status)
        if let etag = reply.etag { response.headers[.eTag] = "\"\(etag)\"" }
        return response
    }

    private static func response(_ problem: RESTProblem) -> Response {
        var response = Response.json(problem.body, status: problem.status, type: "application/problem+json")
        if problem.status == .unauthorized { response.headers[.wwwAuthenticate] = Authorization.challenge }
        return response
    }
}

extension RESTRequest {
    /// The number in a segment of the path.
    ///
    /// - Throws: ``RESTProblem/notFound`` where it is none: no such thing has that id.
    func identifier(_ index: Int) throws(RESTProblem) -> Int64 {
        guard path.count > index, let number = Int64(path[index]), number > 0 else { throw RESTProblem.notFound }
        return number
    }

    /// Refuses a method that the address does not know.
    var methodNotAllowed: RESTProblem {
        RESTProblem(.methodNotAllowed, "invalid_request", "\(method) is not known here.", "See /api/v1/openapi.json.")
    }
}

extension RESTProblem {
    /// What a connection attempt met.
    init(_ error: ConnectError) {
        switch error {
        case .unknownConnection: self = .notFound
        case .unsupported(let provider):
            self = .invalid(
                "\(provider) cannot be connected this way.",
                "Set its client id and secret, or use a token."
            )
        case .refused(let problem): self.init(.unprocessableContent, problem.code, problem.message, problem.remedy)
        case .unreachable(let problem): self.init(.badGateway, problem.code, problem.message, problem.remedy)
        }
    }

    /// What an upstream answered.
    init(_ error: BridgeError) {
        switch error {
        case .cursorExpired, .changedUpstream:
            self.init(.conflict, "conflict", "The upstream changed in the meantime.", "Try again.")
        case .authorizationRevoked(let message):
            self.init(.conflict, "reconnect_required", message, "Connect the account again.")
        case .throttled:
            self.init(.tooManyRequests, "rate_limited", "The upstream asks us to slow down.", "Try again later.")
        case .unreachable(let message):
            self.init(.badGateway, "upstream_unreachable", message, "Try again later.")
        case .refused(let refusal):
            self.init(.unprocessableContent, refusal.code, refusal.message, "Correct what the message names.")
        }
    }
}
