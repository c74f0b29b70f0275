import CalDAV
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore

/// From the server's request to the CalDAV server's, and back.
struct DAVRoute: Sendable {
    private let gateway: Gateway
    private let visitors: Visitors

    /// The methods that change nothing (RFC 4918 §18, RFC 3253 §3.6).
    private static let reading: Set<String> = ["GET", "HEAD", "OPTIONS", "PROPFIND", "REPORT"]

    init(_ gateway: Gateway, _ visitors: Visitors) {
        self.gateway = gateway
        self.visitors = visitors
    }

    func respond(to request: Request, path: String) async throws -> Response {
        let visitor = try await visitors.visitor(credentialsOf: request)
        guard Self.reading.contains(request.method.rawValue) || visitor?.mayWrite ?? true else {
            return .text("The token may only read.", status: .forbidden)
        }
        var asked = DAVRequest(
            method: request.method.rawValue,
            path: path,
            query: String(request.head.path?.drop { $0 != "?" }.dropFirst() ?? ""),
            headers: request.headers,
            authorities: [request.head.authority, gateway.publicAuthority].compactMap(\.self),
            body: [],
            principal: visitor?.principal
        )
        do {
            asked.body = Array(try await request.body.collect(upTo: CalDAVServer.maximumBodyOctets).readableBytesView)
        } catch is NIOTooManyBytesError {
            return response(gateway.caldav.refuseOversizedBody(of: asked))
        }
        return response(await gateway.caldav.respond(to: asked))
    }

    private func response(_ answer: DAVResponse) -> Response {
        Response(
            status: HTTPResponse.Status(code: answer.status),
            headers: answer.headers,
            body: answer.rest.map { body(ByteBuffer(bytes: answer.body), then: $0) }
                ?? (answer.body.isEmpty ? .init() : .init(byteBuffer: ByteBuffer(bytes: answer.body)))
        )
    }

    /// A body that is made while it is sent, each block once the client has taken those before it.
    private func body(_ first: ByteBuffer, then rest: DAVResponse.Rest) -> ResponseBody {
        let logger = gateway.logger
        return ResponseBody { writer in
            try await writer.write(first)
            do {
                try await rest.write { try await writer.write(ByteBuffer(bytes: $0)) }
            } catch {
                // The status is sent already: only the connection's end without a last chunk tells that this was not all.
                logger.error("an answer was cut short", metadata: ["error": "\(error)"])
                throw error
            }
            try await writer.finish(nil)
        }
    }
}
