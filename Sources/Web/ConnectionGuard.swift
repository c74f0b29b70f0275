import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Corrects what the HTTP server leaves open on a connection.
///
/// - A client that waits for `100 Continue` gets it (RFC 9110 §10.1.1).
/// - `Connection: close` of either side, in any case, closes after the response (RFC 9112 §9.6).
/// - A refusal that is sent before the request's body has ended closes the connection: only a bounded rest of the body is
///   still taken in, so that the client can read the refusal, and an upload without end costs nothing (RFC 9112 §9.6).
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// How much of an unread body is still taken in after a refusal: enough for what a client has in flight.
    private static let toleratedRest = 1024 * 1024

    /// How long a client may take to notice that the connection is over.
    private static let lingering = TimeAmount.seconds(5)

    /// A request whose answer has not ended.
    private struct Exchange {
        var asksToClose: Bool
        var awaitsContinue: Bool
        var isOpen = true
    }

    /// In the order of the requests, which a client may send before it has read the answers (RFC 9112 §9.3.2).
    private var exchanges: [Exchange] = []
    private var mustClose = false
    private var isLingering = false
    private var rest = 0

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isLingering else { return discard(unwrapInboundIn(data), context) }
        switch unwrapInboundIn(data) {
        case .head(let head):
            let awaitsContinue = head.headerFields[.expect]?.lowercased() == "100-continue"
            exchanges.append(Exchange(asksToClose: asksToClose(head.headerFields), awaitsContinue: awaitsContinue))
            encourage(context)
        case .body:
            break
        case .end:
            if let last = exchanges.indices.last { exchanges[last].isOpen = false }
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var head) where head.status.code >= 200:
            if let exchange = exchanges.first {
                mustClose = exchange.asksToClose || (exchange.isOpen && head.status.code >= 400)
            }
            if asksToClose(head.headerFields) { mustClose = true }
            if mustClose { head.headerFields[.connection] = "close" }
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .end where mustClose:
            context.writeAndFlush(data, promise: promise)
            exchanges.first?.isOpen == true ? linger(context) : context.close(promise: nil)
        case .end:
            context.write(data, promise: promise)
            if !exchanges.isEmpty { exchanges.removeFirst() }
            encourage(context)
        case .head, .body:
            context.write(data, promise: promise)
        }
    }

    /// Tells the client whose turn it is to send its body, if it waits for that.
    private func encourage(_ context: ChannelHandlerContext) {
        guard exchanges.first?.awaitsContinue == true else { return }
        exchanges[0].awaitsContinue = false
        context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
    }

    /// Ends our side and reads on for a moment: closing at once would reset the connection before the client saw the answer.
    private func linger(_ context: ChannelHandlerContext) {
        isLingering = true
        context.close(mode: .output, promise: nil)
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: Self.lingering) { bound.value.close(promise: nil) }
    }

    private func discard(_ part: HTTPRequestPart, _ context: ChannelHandlerContext) {
        switch part {
        case .head, .end:
            context.close(promise: nil)
        case .body(let octets):
            rest += octets.readableBytes
            if rest > Self.toleratedRest { context.close(promise: nil) }
        }
    }

    private func asksToClose(_ fields: HTTPFields) -> Bool {
        fields[values: .connection].contains { value in
            value.lowercased().split(separator: ",").contains { $0.trimmingPrefix(while: \.isWhitespace) == "close" }
        }
    }
}
