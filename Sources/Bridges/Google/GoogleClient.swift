import Bridging
import HTTPTypes
import OutboundHTTP

/// Sends one request to the Calendar API with a token that works, and reads its answer.
struct GoogleClient: Sendable {
    let transport: any HTTPTransport
    /// The address of the API, with its last slash.
    let root: String
    let credentials: any CredentialSource
    let pace: RequestPace

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
        let parameters = FormBody.query(query + [("prettyPrint", "false")])
        var request = OutboundRequest(method: method, url: root + path + "?" + parameters)
        request.maximumReplyOctets = Self.maximumReplyOctets
        request.headers[.accept] = "application/json"
        if let revision { request.headers[.ifMatch] = revision }
        if let body {
            request.headers[.contentType] = "application/json; charset=utf-8"
            request.body = body.octets
        }
        let token = try await credentials.accessToken()
        let reply = try await send(request, token)
        guard reply.status == 401 else { return GoogleReply(reply) }
        let second = try await send(request, credentials.accessToken(replacing: token))
        guard second.status != 401 else {
            throw .authorizationRevoked("Google no longer accepts the authorization of this account.")
        }
        return GoogleReply(second)
    }

    private func send(_ request: OutboundRequest, _ token: AccessToken) async throws(BridgeError)
        -> OutboundReply
    {
        var request = request
        request.headers[.authorization] = "Bearer " + token.secret
        do {
            try await pace.wait(for: token)
            return try await transport.send(request)
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

    init(_ reply: OutboundReply) {
        status = reply.status
        retryAfter = reply.headers[.retryAfter].flatMap { Int($0) }
        body = reply.body
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
