public import HTTPTypes
public import ICalendar
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore

/// A simulated Notion workspace as an HTTP server on loopback.
///
/// Written from Notion's published interface, and from nothing of the gateway's own. Besides the API it answers
/// `/control/…`, through which a test or a demonstration acts as the person at the screen.
public final class NotionSimulator: Sendable {
    /// The client that may ask for consent.
    public static let clientID = "kalends-demo"
    /// Its secret.
    public static let clientSecret = "notion-secret"

    private let service: NotionService
    private let latency: Duration
    private let calls: AsyncStream<NotionWebhookCall>
    private let call: @Sendable (NotionWebhookCall) async -> Void

    /// Makes an empty workspace.
    ///
    /// - Parameters:
    ///   - latency: how long every answer takes.
    ///   - seed: of the faults.
    ///   - now: the clock of the service.
    ///   - call: carries the calls to the webhook, one after the other.
    public init(
        latency: Duration = .zero,
        seed: UInt64 = 1,
        now: @escaping @Sendable () -> Instant,
        call: @escaping @Sendable (NotionWebhookCall) async -> Void = { _ in }
    ) {
        let (calls, continuation) = AsyncStream<NotionWebhookCall>.makeStream()
        self.calls = calls
        self.call = call
        service = NotionService(seed: seed, now: now, calls: continuation)
        self.latency = latency
    }

    /// Serves until cancelled, telling `onListening` the base address once connections are taken.
    public func run(
        host: String = "127.0.0.1",
        port: Int = 0,
        onListening: @escaping @Sendable (String) async -> Void
    ) async throws {
        var logger = Logger(label: "simulator.notion")
        logger.logLevel = .critical
        let application = Application(
            responder: CallbackResponder { (request: Request, _: BasicRequestContext) in
                try await self.respond(to: request)
            },
            configuration: .init(address: .hostname(host, port: port)),
            onServerRunning: { channel in
                await onListening("http://\(host):\(channel.localAddress?.port ?? port)")
            },
            logger: logger
        )
        try await withThrowingTaskGroup { group in
            group.addTask { for await call in self.calls { await self.call(call) } }
            try await application.run()
            group.cancelAll()
        }
    }

    /// The largest body a request may have (the documented limit is 500 KB).
    private static let maximumBody = 512_000

    private func respond(to request: Request) async throws -> Response {
        if latency > .zero { try await Task.sleep(for: latency) }
        let body: ByteBuffer
        do {
            body = try await request.body.collect(upTo: Self.maximumBody)
        } catch is NIOTooManyBytesError {
            return Self.response(NotionReply(NotionProblem(413, "validation_error", "The body is too large.")))
        }
        let reply = await answer(
            request.method.rawValue,
            request.head.path ?? "/",
            headers: request.headers,
            body: Array(body.readableBytesView)
        )
        return Self.response(reply)
    }

    private func answer(
        _ method: String,
        _ target: String,
        headers: HTTPFields,
        body: [UInt8]
    ) async -> NotionReply {
        let (path, query) = Self.split(target)
        return await service.answer(
            NotionRequest(
                method: method,
                path: path,
                query: query,
                authorization: headers[.authorization],
                version: HTTPField.Name("Notion-Version").flatMap { headers[$0] },
                body: body
            )
        )
    }

    /// What comes back of a request that was sent without a socket.
    public struct Answer: Sendable {
        public var status: Int
        public var headers: HTTPFields
        public var body: [UInt8]
        /// Which part of the body arrives before the connection is cut; nil when all of it does.
        public var sentShare: Double?
    }

    /// Answers one request that comes over no socket, `/control/…` too; `target` is the path with the query.
    public func answer(
        _ method: String,
        to target: String,
        headers: HTTPFields = [:],
        body: [UInt8] = []
    ) async -> Answer {
        let reply = await answer(method, target, headers: headers, body: body)
        return Answer(
            status: reply.status,
            headers: Self.headers(of: reply),
            body: reply.octets,
            sentShare: reply.sentShare
        )
    }

    private static func split(_ target: String) -> (path: [String], query: [(name: String, value: String)]) {
        let parts = target.split(separator: "?", maxSplits: 1)
        let path = (parts.first ?? "").split(separator: "/").map { String($0).percentDecoded }
        return (path, parts.count > 1 ? NotionForm.pairs(String(parts[1])) : [])
    }

    /// A connection that ends in the middle of a body.
    private struct ConnectionCut: Error {}

    private static func headers(of reply: NotionReply) -> HTTPFields {
        var headers: HTTPFields = [.contentType: reply.type]
        if let location = reply.location { headers[.location] = location }
        if let seconds = reply.retryAfter { headers[.retryAfter] = String(seconds) }
        if let id = reply.requestID, let name = HTTPField.Name("x-notion-request-id") { headers[name] = id }
        return headers
    }

    private static func response(_ reply: NotionReply) -> Response {
        let headers = headers(of: reply)
        let status = HTTPResponse.Status(code: reply.status)
        let octets = reply.octets
        guard let share = reply.sentShare else {
            return Response(status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: octets)))
        }
        let part = ByteBuffer(bytes: octets.prefix(Int(Double(octets.count) * share)))
        return Response(
            status: status,
            headers: headers,
            body: ResponseBody(contentLength: octets.count) { writer in
                try await writer.write(part)
                throw ConnectionCut()
            }
        )
    }
}
