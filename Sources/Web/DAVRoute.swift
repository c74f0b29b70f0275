import CalDAV
import HTTPTypes
import Hummingbird
import HummingbirdCore
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
            return Self.response(gateway.caldav.refuseOversizedBody(of: asked))
        }
        return Self.response(await gateway.caldav.respond(to: asked))
    }

    private static func response(_ answer: DAVResponse) -> Response {
        Response(
            status: HTTPResponse.Status(code: answer.status),
            headers: answer.headers,
            body: answer.body.isEmpty ? .init() : .init(byteBuffer: ByteBuffer(bytes: answer.body))
        )
    }
}
