import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTPTypes

/// The HTTP server in front of the simulator.
extension GoogleSimulator {
    /// Begins to listen; port 0 takes a free one.
    ///
    /// - Returns: the base address, `http://127.0.0.1:PORT`.
    @discardableResult
    public func start(host: String = "127.0.0.1", port: Int = 0) async throws -> String {
        let (running, announce) = AsyncThrowingStream<Int, any Error>.makeStream()
        let application = application(host: host, port: port) { port in
            announce.yield(port)
            announce.finish()
        }
        server = Task {
            do {
                try await application.run()
            } catch {
                // Too late for a server that ran, and the caller's error for one that could not.
                announce.finish(throwing: error)
                throw error
            }
        }
        sender = Task { await sendNotifications() }
        for try await bound in running { return "http://\(host):\(bound)" }
        throw CancellationError()
    }

    /// Serves until the task is cancelled.
    public func run(host: String = "127.0.0.1", port: Int) async throws {
        try await start(host: host, port: port)
        let server = server
        try await withTaskCancellationHandler {
            try await server?.value
        } onCancel: {
            server?.cancel()
        }
        await stop()
    }

    /// Ends the server and its connections; a stopped simulator is not started again.
    public func stop() async {
        server?.cancel()
        sender?.cancel()
        queueEnd.finish()
        // The server ends with the cancellation it was just sent.
        _ = await server?.result
        await sender?.value
        server = nil
        sender = nil
    }

    private nonisolated func application(
        host: String,
        port: Int,
        announce: @escaping @Sendable (Int) -> Void
    ) -> some ApplicationProtocol {
        var logger = Logger(label: "simulated-google")
        logger.logLevel = .critical
        return Application(
            responder: CallbackResponder { (request: Request, _: BasicRequestContext) in
                try await self.respond(to: request)
            },
            server: .http1(configuration: .init(additionalChannelHandlers: [DeliveryHandler()])),
            configuration: .init(address: .hostname(host, port: port)),
            onServerRunning: { channel in announce(channel.localAddress?.port ?? port) },
            logger: logger
        )
    }

    /// More than the largest batch of the API.
    private static let maximumBody = 32 * 1_048_576

    private nonisolated func respond(to request: Request) async throws -> Response {
        let body = try await request.body.collect(upTo: Self.maximumBody)
        var headers: [String: String] = [:]
        for field in request.headers { headers[field.name.canonicalName] = field.value }
        let reply = await respond(
            to: APIRequest(
                method: request.method.rawValue,
                path: request.uri.path,
                query: request.uri.query ?? "",
                headers: headers,
                body: Array(buffer: body)
            )
        )
        var fields = HTTPFields()
        for (name, value) in reply.headers {
            guard let name = HTTPField.Name(name) else { continue }
            fields[name] = value
        }
        if reply.delivery != .whole { fields[DeliveryHandler.field] = reply.delivery.rawValue }
        let content = reply.body.isEmpty ? ResponseBody() : ResponseBody(byteBuffer: ByteBuffer(bytes: reply.body))
        return Response(status: .init(code: reply.status), headers: fields, body: content)
    }
}

/// Cuts connections and answers short, as the response's own mark asks.
final class DeliveryHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// The mark; it never leaves the server.
    static let field = HTTPField.Name("X-Simulated-Delivery").unsafelyUnwrapped

    private var delivery = APIReply.Delivery.whole

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        var part = unwrapOutboundIn(data)
        if case .head(var head) = part {
            delivery = head.headerFields[Self.field].flatMap(APIReply.Delivery.init(rawValue:)) ?? .whole
            head.headerFields[Self.field] = nil
            part = .head(head)
        }
        switch (delivery, part) {
        case (.whole, _), (.truncated, .head): context.write(wrapOutboundOut(part), promise: promise)
        case (.cut, _): cut(context, promise)
        case (.truncated, .body(var octets)):
            let half = octets.readSlice(length: octets.readableBytes / 2) ?? ByteBuffer()
            context.writeAndFlush(wrapOutboundOut(.body(half)), promise: promise)
        case (.truncated, .end): cut(context, promise)
        }
    }

    private func cut(_ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
        promise?.succeed()
        context.close(mode: .all, promise: nil)
    }
}
