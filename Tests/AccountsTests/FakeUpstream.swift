import Foundation
import HTTPTypes
import OutboundHTTP
import Synchronization

/// An authorisation server behind an `HTTPTransport`, with the habits of Google or of Notion.
final class FakeUpstream: HTTPTransport {
    /// What the token endpoint does next.
    enum Mood: Sendable {
        case granting
        /// RFC 6749 §5.2.
        case refusing(status: Int, error: String)
        case failing(status: Int)
        case unreachable
        /// Waits until ``FakeUpstream/open()``, then grants.
        case holding
    }

    struct State: Sendable {
        var mood = Mood.granting
        var requests: [OutboundRequest] = []
        var generation = 0
        var scope: String? = FakeUpstream.allScopes
        var expiresIn: Int? = 3600
        var grantsRefreshToken = true
        /// Whether a token that was revoked is good nevertheless.
        var isStillActive = false
        /// The only refresh token that is good; Notion makes a new one with each use.
        var refreshToken = "refresh-0"
        var held: [CheckedContinuation<Void, Never>] = []
        var userStatus = 200
        /// What Notion calls the grant; two people of one workspace have two.
        var bot = "bot-1"
        var workspace = "workspace-1"
        var workspaceName = "Home"
    }

    static let allScopes =
        "https://www.googleapis.com/auth/calendar.events https://www.googleapis.com/auth/calendar.readonly"

    let state = Mutex(State())
    private let rotates: Bool

    /// Makes a server; one that `rotates` answers each refresh with a new refresh token, as Notion does.
    init(rotates: Bool = false) { self.rotates = rotates }

    var requests: [OutboundRequest] { state.withLock { $0.requests } }

    /// The requests whose address ends so.
    func requests(to end: String) -> [OutboundRequest] { requests.filter { $0.url.hasSuffix(end) } }

    func change(_ change: (inout State) -> Void) { state.withLock { change(&$0) } }

    /// Lets the held requests go on.
    func open() {
        let held = state.withLock { state in
            state.mood = .granting
            defer { state.held = [] }
            return state.held
        }
        for continuation in held { continuation.resume() }
    }

    func send(_ request: OutboundRequest) async throws(OutboundError) -> OutboundReply {
        let mood = state.withLock { state in
            state.requests.append(request)
            return state.mood
        }
        switch mood {
        case .unreachable: throw OutboundError.unreachable("no route")
        case .failing(let status): return OutboundReply(status: status, body: [UInt8]("<html>".utf8))
        case .refusing(let status, let error):
            return reply(status, ["error": error, "error_description": "Told so."])
        case .holding:
            await withCheckedContinuation { continuation in
                state.withLock { $0.held.append(continuation) }
            }
            return answer(request)
        case .granting: return answer(request)
        }
    }

    private func answer(_ request: OutboundRequest) -> OutboundReply {
        if request.url.hasSuffix("/revoke") { return reply(200, [:]) }
        if request.url.hasSuffix("/introspect") { return reply(200, ["active": state.withLock { $0.isStillActive }]) }
        if request.url.hasSuffix("/users/me") {
            let state = state.withLock { $0 }
            let bot = ["workspace_id": state.workspace, "workspace_name": state.workspaceName]
            return reply(state.userStatus, ["object": "user", "bot": bot])
        }
        let parameters = Parameters(of: request)
        return state.withLock { state in
            if parameters["grant_type"] == "refresh_token", parameters["refresh_token"] != state.refreshToken {
                return reply(400, ["error": "invalid_grant"])
            }
            state.generation += 1
            let isCode = parameters["grant_type"] == "authorization_code"
            if rotates || isCode { state.refreshToken = "refresh-\(state.generation)" }
            var body: [String: Any] = ["access_token": "access-\(state.generation)", "token_type": "bearer"]
            if (rotates || isCode) && state.grantsRefreshToken { body["refresh_token"] = state.refreshToken }
            if rotates { body["workspace_name"] = state.workspaceName }
            if rotates { body["workspace_id"] = state.workspace }
            if rotates { body["bot_id"] = state.bot }
            if !rotates { body["scope"] = state.scope }
            if !rotates { body["expires_in"] = state.expiresIn }
            return reply(200, body)
        }
    }

    private func reply(_ status: Int, _ body: [String: Any]) -> OutboundReply {
        let data = try? JSONSerialization.data(withJSONObject: body)
        return OutboundReply(status: status, headers: [.contentType: "application/json"], body: [UInt8](data ?? Data()))
    }
}

/// The parameters of a token request, from a form or from JSON.
struct Parameters {
    private let values: [String: String]

    init(of request: OutboundRequest) {
        if request.headers[.contentType] == "application/json" {
            values = (try? JSONDecoder().decode([String: String].self, from: Data(request.body))) ?? [:]
        } else {
            values = Self.decode(String(decoding: request.body, as: UTF8.self))
        }
    }

    init(ofQuery url: String) {
        values = Self.decode(String(url.drop { $0 != "?" }.dropFirst()))
    }

    subscript(_ name: String) -> String? { values[name] }

    private static func decode(_ text: String) -> [String: String] {
        let pairs = text.split(separator: "&").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1).map { String($0).removingPercentEncoding ?? "" }
            return (parts[0], parts.count > 1 ? parts[1] : "")
        }
        return Dictionary(pairs) { first, _ in first }
    }
}
