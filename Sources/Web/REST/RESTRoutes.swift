import Accounts
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import ICalendar
import Logging
import NIOCore
import Store

/// `/api/v1/…`: what programs drive the gateway by.
struct RESTRoutes: Sendable {
    let gateway: Gateway
    private let visitors: Visitors

    let streams = StreamSeats()
    private let limiter: RateLimiter

    init(_ gateway: Gateway, _ visitors: Visitors) {
        self.gateway = gateway
        self.visitors = visitors
        limiter = RateLimiter(perMinute: gateway.requestsPerMinute)
    }

    /// The largest body of a request: an event with a long description, or a mapping.
    private static let maximumBody = 256 * 1024

    func respond(to request: Request, path: String, id: String) async throws -> Response {
        do {
            return Self.response(try await answer(request, path))
        } catch {
            if let problem = RESTProblem(meaning: error, limit: Self.maximumBody) { return Self.response(problem) }
            gateway.logger.error(
                "request failed",
                metadata: ["path": "\(path)", "request": "\(id)", "error": "\(error)"]
            )
            return Self.response(RESTProblem.unexpected(id))
        }
    }

    private func answer(_ request: Request, _ path: String) async throws -> RESTReply {
        let segments = path.split(separator: "/").dropFirst(2).map { String($0).removingPercentEncoding ?? String($0) }
        let routes = Self.routes(at: segments)
        // What describes the interface tells nothing of anybody.
        if segments == ["openapi.json"], Self.isRead(request.method) {
            return RESTReply(.ok, OpenAPI.document(of: Self.operations, at: gateway.publicURL))
        }
        if request.method == .options, !routes.isEmpty {
            var reply = RESTReply.done
            reply.headers[.allow] = Self.allowed(routes)
            return reply
        }
        guard Self.isRead(request.method) || gateway.isOurs(request.headers[.origin], host: request.head.authority)
        else { throw RESTProblem.foreignPage }
        guard let visitor = try await visitor(request) else { throw RESTProblem.nobody }
        let ration = ration(of: visitor)
        guard ration.isGranted else { throw RESTProblem.tooMany(ration) }
        let body = try await request.body.collect(upTo: Self.maximumBody)
        let rest = RESTRequest(
            // HEAD is GET whose body is not sent (RFC 9110 §9.3.2).
            method: request.method == .head ? .get : request.method,
            path: segments,
            query: FormFields(request.uri.query ?? ""),
            headers: request.headers,
            body: Array(body.readableBytesView),
            visitor: visitor
        )
        do {
            var reply = try await AuditActor.$current.withValue(visitor.principal.name) { try await perform(rest) }
            reply.headers.append(contentsOf: ration.fields)
            return reply
        } catch {
            guard var problem = RESTProblem(meaning: error, limit: Self.maximumBody) else { throw error }
            problem.headers.append(contentsOf: ration.fields)
            throw problem
        }
    }

    /// Counts a request of a user.
    func ration(of visitor: Visitor) -> Ration { limiter.count(visitor.principal.id, at: gateway.now()) }

    private static func isRead(_ method: HTTPRequest.Method) -> Bool { method == .get || method == .head }

    /// Credentials; or the browser's session for reading, because a form of another site can send no header of ours.
    private func visitor(_ request: Request) async throws -> Visitor? {
        if let visitor = try await visitors.visitor(credentialsOf: request) { return visitor }
        guard Self.isRead(request.method) else { return nil }
        return try await visitors.visitor(sessionOf: request)
    }

    // MARK: Performing

    /// Does what a request asks, whoever brought it.
    func perform(_ request: RESTRequest) async throws -> RESTReply {
        let routes = Self.routes(at: request.path)
        guard !routes.isEmpty else { throw RESTProblem.notFound }
        guard let operation = routes.first(where: { $0.method == request.method }) else {
            throw RESTProblem.methodNotAllowed(request.method, allowed: Self.allowed(routes))
        }
        guard request.method == .get || request.visitor.mayWrite else { throw RESTProblem.readOnlyToken }
        try operation.check(request)
        guard operation.method == .post, let key = request.headers[Self.idempotencyKey] else {
            return try await operation.run(self, request)
        }
        return try await once(key, operation, request)
    }

    /// The operations whose path that is; where one spells it out, only that one.
    private static func routes(at path: [String]) -> [Operation] {
        let found = table.filter { $0.matches(path) }
        let fewest = found.map(\.names).min()
        return found.filter { $0.names == fewest }.map(\.operation)
    }

    private static func allowed(_ routes: [Operation]) -> String {
        let methods = routes.map(\.method.rawValue)
        return (methods + (methods.contains("GET") ? ["HEAD"] : []) + ["OPTIONS"]).joined(separator: ", ")
    }

    // MARK: Answering

    static func response(_ reply: RESTReply) -> Response {
        var response: Response
        switch reply.content {
        case .nothing: response = Response(status: reply.status)
        case .json(let body): response = Response.json(body, status: reply.status)
        case .file(let type, let name, let text):
            response = Response(status: reply.status, body: .init(byteBuffer: ByteBuffer(string: text)))
            response.headers[.contentType] = type
            response.headers[.cacheControl] = "no-store"
            response.headers[.contentDisposition] = "attachment; filename=\"\(name)\""
        case .stream(let type, let body):
            response = Response(
                status: reply.status,
                headers: [.contentType: type, .cacheControl: "no-store"],
                body: body
            )
        }
        for field in reply.headers { response.headers[field.name] = field.value }
        return response
    }

    static func response(_ problem: RESTProblem) -> Response {
        var response = Response.json(problem.body, status: problem.status, type: "application/problem+json")
        if problem.status == .unauthorized { response.headers[.wwwAuthenticate] = Authorization.challenge }
        for field in problem.headers { response.headers[field.name] = field.value }
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
}
