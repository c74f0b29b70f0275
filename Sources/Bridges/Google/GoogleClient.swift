import Bridging
import HTTPTypes
import OutboundHTTP

/// Sends one request to the Calendar API with a token that works, and reads its answer.
struct GoogleClient: Sendable {
    let transport: any HTTPTransport
    /// The address before `/calendar/v3`.
    let apiURL: String
    let credentials: any CredentialSource
    let pace: RequestPace
    /// Whose account it is, where that is known.
    var account: String?

    private static let root = "/calendar/v3/"
    private static let batchPath = "/batch/calendar/v3"

    /// Enough for 2500 events with long guest lists; a larger page is refused rather than held in memory.
    static let maximumReplyOctets = 64 * 1_048_576

    /// Sends a request, once more with another token after a 401.
    ///
    /// - Returns: an answer with a 2xx status; every other one is thrown.
    func send(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ query: [(String, String)] = [],
        match revision: String? = nil,
        body: JSON? = nil,
        about subject: Refusal.Subject
    ) async throws(BridgeError) -> GoogleReply {
        let reply = try await exchange(method, path, query, match: revision, body: body)
        guard reply.isSuccess else { throw GoogleFailure(reply).error(about: subject) }
        return reply
    }

    /// Sends a request like ``send(_:_:_:match:body:about:)``, and returns the answer whatever its status but 401.
    func exchange(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ query: [(String, String)] = [],
        match revision: String? = nil,
        body: JSON? = nil
    ) async throws(BridgeError) -> GoogleReply {
        try await exchange(GoogleCall(method: method, path: path, query: query, revision: revision, body: body))
    }

    /// Sends a call by itself, and returns the answer whatever its status but 401.
    func exchange(_ call: GoogleCall) async throws(BridgeError) -> GoogleReply {
        var request = OutboundRequest(method: call.method, url: apiURL + Self.root + call.target, headers: call.headers)
        if let body = call.body { request.body = body.octets }
        return try await GoogleReply(exchange(request, costing: 1))
    }

    /// Sends calls in one request, and returns the answer to each; nil where there is none.
    ///
    /// - Throws: what befell the request as a whole.
    func exchange(batch calls: [GoogleCall]) async throws(BridgeError) -> [GoogleReply?] {
        let headers: HTTPFields = [.contentType: Batch.contentType]
        var request = OutboundRequest(method: .post, url: apiURL + Self.batchPath, headers: headers)
        request.body = Batch.body(of: calls, root: Self.root)
        let reply = try await exchange(request, costing: calls.count)
        let answer = GoogleReply(reply)
        guard answer.isSuccess else { throw GoogleFailure(answer).error(about: .calendar) }
        return Batch.replies(to: calls.count, in: reply)
    }

    /// Sends a request, once more with another token after a 401; it counts as so many calls.
    private func exchange(_ request: OutboundRequest, costing calls: Int) async throws(BridgeError) -> OutboundReply {
        let token = try await credentials.accessToken()
        let reply = try await send(request, token, calls)
        guard reply.status == 401 else { return reply }
        let second = try await send(request, credentials.accessToken(replacing: token), calls)
        guard second.status != 401 else { throw GoogleFailure.tokenRefused }
        return second
    }

    /// Whose quota a request of that token counts against.
    func owner(of token: AccessToken) -> RequestPace.Owner { account.map { .account($0) } ?? .holder(token) }

    private func send(
        _ request: OutboundRequest,
        _ token: AccessToken,
        _ calls: Int
    ) async throws(BridgeError) -> OutboundReply {
        var request = request
        request.maximumReplyOctets = Self.maximumReplyOctets
        request.headers[.authorization] = "Bearer " + token.secret
        do {
            try await pace.wait(for: owner(of: token), calls)
            let begun = ContinuousClock.now
            let reply = try await transport.send(request)
            if calls > 1 { pace.noteBatch(of: calls, for: owner(of: token), took: .now - begun) }
            return reply
        } catch {
            throw .unreachable("Google Calendar: \(error)")
        }
    }
}

/// An answer of the Calendar API.
struct GoogleReply: Sendable {
    let status: Int
    let retryAfter: Int?
    let body: [UInt8]

    var isSuccess: Bool { (200..<300).contains(status) }

    init(status: Int, retryAfter: Int?, body: [UInt8]) {
        self.status = status
        self.retryAfter = retryAfter
        self.body = body
    }

    init(_ reply: OutboundReply) {
        self.init(
            status: reply.status,
            retryAfter: reply.retryAfter,
            body: reply.body
        )
    }

    /// The content as a value.
    ///
    /// - Throws: ``BridgeError/unreachable(_:)`` for what is no whole JSON: a proxy answered, or the answer was cut.
    func value() throws(BridgeError) -> JSON {
        do {
            return try JSONReader.value(of: body[...])
        } catch {
            throw .unreadableAnswer
        }
    }
}

extension BridgeError {
    /// A success whose content is no JSON, or not all of it.
    static let unreadableAnswer = BridgeError.unreachable(
        "Google Calendar sent an answer that cannot be read."
    )
}
