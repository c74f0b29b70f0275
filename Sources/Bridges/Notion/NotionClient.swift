import Bridging
import HTTPTypes
import ICalendar
import OutboundHTTP

/// Sends requests to the Notion API within the connection's budget, and reads the answers.
struct NotionClient: Sendable {
    let transport: any HTTPTransport
    /// The address of the API, which ends before `/v1`.
    let apiURL: String
    let credentials: any CredentialSource
    let budget: RateBudget
    let sleep: @Sendable (Duration) async throws -> Void
    /// Takes a line for the log about each answer that says no.
    let note: @Sendable (String) -> Void

    /// The version every word of this bridge is written for: data sources, `in_trash`.
    static let version = "2026-03-11"

    /// A read that takes longer is better asked again.
    static let readTimeout = Duration.seconds(30)

    /// Notion gives up after 60 s itself; less would only make more unknown outcomes.
    static let writeTimeout = Duration.seconds(70)

    /// A page of 100 rows with texts of 200,000 units each.
    static let maximumReplyOctets = 64 * 1_048_576

    /// Sends a request, once more with another token after a 401, and returns the JSON of a 2xx answer.
    ///
    /// Every other answer is thrown; a refusal is about `subject`.
    func send(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ body: JSON? = nil,
        isWrite: Bool = false,
        about subject: Refusal.Subject
    ) async throws(NotionProblem) -> JSON {
        var request = OutboundRequest(method: method, url: "\(apiURL)/v1/\(path)")
        request.timeout = isWrite ? Self.writeTimeout : Self.readTimeout
        request.maximumReplyOctets = Self.maximumReplyOctets
        request.headers[.accept] = "application/json"
        if let versionField = HTTPField.Name("Notion-Version") { request.headers[versionField] = Self.version }
        if let body {
            request.headers[.contentType] = "application/json"
            request.body = body.octets
        }
        let token = try await token(replacing: nil)
        do throws(NotionProblem) {
            return try await exchange(request, token, isWrite: isWrite, about: subject)
        } catch {
            guard error.kind == .unauthorized else { throw error }
        }
        let renewed = try await self.token(replacing: token)
        do throws(NotionProblem) {
            return try await exchange(request, renewed, isWrite: isWrite, about: subject)
        } catch {
            // Whoever could renew it is still allowed in; of what cannot be renewed the source of tokens says that it is dead.
            throw error.kind == .unauthorized && renewed != token ? .tokenRefused : error
        }
    }

    private func token(replacing rejected: AccessToken?) async throws(NotionProblem) -> AccessToken {
        do {
            guard let rejected else { return try await credentials.accessToken() }
            return try await credentials.accessToken(replacing: rejected)
        } catch {
            throw NotionProblem(passing: error)
        }
    }

    private func exchange(
        _ request: OutboundRequest,
        _ token: AccessToken,
        isWrite: Bool,
        about subject: Refusal.Subject
    ) async throws(NotionProblem) -> JSON {
        try await waitForTurn(token)
        var request = request
        request.headers[.authorization] = "Bearer " + token.secret
        let reply: OutboundReply
        do {
            reply = try await transport.send(request)
        } catch {
            throw NotionProblem(unanswered: error)
        }
        let json = try? JSONReader.value(of: reply.body)
        guard (200..<300).contains(reply.status) else {
            note(Self.line(about: request, reply, json))
            let retryAfter = reply.headers[.retryAfter].flatMap { Int($0) }
            let problem = NotionProblem(
                status: reply.status,
                json: json,
                retryAfter: retryAfter,
                isWrite: isWrite,
                about: subject
            )
            if case .throttled(let seconds, _) = problem.error {
                await budget.pause(payer(token), seconds: seconds ?? 1)
            }
            throw problem
        }
        guard let json else { throw .unreadable }
        return json
    }

    /// What the log says of an answer: what was asked, and what Notion calls the request, by which its people find it.
    private static func line(about request: OutboundRequest, _ reply: OutboundReply, _ json: JSON?) -> String {
        let path = request.url.split(separator: "?", maxSplits: 1).first.map(String.init) ?? request.url
        let number = HTTPField.Name("x-notion-request-id").flatMap { reply.headers[$0] } ?? json?["request_id"]?.string
        return "\(request.method.rawValue) \(path): \(reply.status) \(json?["code"]?.string ?? "without a code"), "
            + "request \(number ?? "without a number")"
    }

    /// Out of whose budget a request goes.
    private func payer(_ token: AccessToken) -> RateBudget.Payer {
        RateBudget.Payer(connection: credentials.connection, token)
    }

    /// Waits until the budget has room; what somebody waits for goes first.
    private func waitForTurn(_ token: AccessToken) async throws(NotionProblem) {
        let isInteractive = RequestPriority.isInteractive
        var place: RateBudget.Ticket?
        while true {
            switch await budget.turn(payer(token), isInteractive: isInteractive, place) {
            case .now: return
            case .paused(let seconds): throw NotionProblem(passing: .throttled(retryAfter: seconds))
            case .wait(let duration, let ticket):
                place = ticket
                do throws(NotionProblem) {
                    try await pause(duration)
                } catch {
                    await budget.leave(payer(token), ticket)
                    throw error
                }
            }
        }
    }

    /// Waits; a cancelled wait counts as no answer.
    func pause(_ duration: Duration) async throws(NotionProblem) {
        do {
            try await sleep(duration)
        } catch {
            throw NotionProblem(passing: .unreachable("The wait for Notion was cancelled."))
        }
    }
}

extension NotionClient {
    /// Sends a request whose every problem is the caller's.
    func ask(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ body: JSON? = nil,
        isWrite: Bool = false,
        about subject: Refusal.Subject
    ) async throws(BridgeError) -> JSON {
        do {
            return try await send(method, path, body, isWrite: isWrite, about: subject)
        } catch {
            throw error.error
        }
    }

    /// Fetches a page; nil where it is purged, or not shared any more.
    func page(_ id: String) async throws(BridgeError) -> Page? {
        do throws(NotionProblem) {
            let json = try await send(.get, "pages/\(percentEncodeSegment(id))", about: .item)
            guard let page = Page(json) else { throw .unreadable }
            return page
        } catch {
            guard error.kind == .notFound else { throw error.error }
            return nil
        }
    }

    /// Fetches a data source; its own trash counts as lost access.
    func dataSource(_ id: String) async throws(BridgeError) -> JSON {
        let json = try await ask(.get, "data_sources/\(percentEncodeSegment(id))", about: .calendar)
        guard json["in_trash"]?.bool != true else {
            throw .refused(
                Refusal(
                    .calendar,
                    code: "not_found",
                    message: "The Notion table is in the trash.",
                    remedy: "Restore the table from Notion's trash, then sync again; or remove the link."
                )
            )
        }
        return json
    }
}
