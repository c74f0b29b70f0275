import Accounts
import HTTPTypes
import HummingbirdCore
import Store

/// Who makes a request.
struct Visitor: Sendable {
    var principal: Principal
    /// What a token may do; nil where everything the user may.
    var scopes: Set<String>?
    /// The secret of the browser's forms; nil where the visitor is no browser.
    var csrf: String?

    /// Whether the visitor may change anything.
    var mayWrite: Bool { scopes.map { $0.contains("write") } ?? true }

    /// The author of what the visitor changes.
    var author: Author {
        Author(.client, name: "dashboard or REST, " + principal.name, principal: principal.id)
    }

    /// What an OAuth flow is bound to: the user, however known.
    var binding: String { "principal:\(principal.id.rawValue)" }
}

/// Somebody guesses passwords: the next one is looked at after so many seconds.
struct TooManyGuesses: Error, Sendable, Hashable {
    var retryAfter: Int64
}

/// Tells who makes a request.
struct Visitors: Sendable {
    /// The cookie of a browser session.
    static let cookie = "kalends_session"

    private let gateway: Gateway

    init(_ gateway: Gateway) { self.gateway = gateway }

    /// The user whose Basic or Bearer credentials the request presents, or nil.
    func visitor(credentialsOf request: Request) async throws -> Visitor? {
        guard let header = request.headers[.authorization], let authorization = Authorization(header) else {
            return nil
        }
        switch authorization {
        case .basic(let user, let password):
            switch try await gateway.authenticator.authenticate(basic: user, password: password) {
            case .accepted(let principal): return Visitor(principal: principal)
            case .refused: return nil
            case .throttled(let seconds): throw TooManyGuesses(retryAfter: seconds)
            }
        case .bearer(let token):
            guard let (principal, scopes) = try await gateway.authenticator.principal(bearer: token) else { return nil }
            return Visitor(principal: principal, scopes: Set(scopes))
        }
    }

    /// The user of the browser session, or nil.
    func visitor(sessionOf request: Request) async throws -> Visitor? {
        guard let token = request.cookie(Self.cookie), let session = try await gateway.sessions.session(token) else {
            return nil
        }
        return Visitor(principal: session.principal, csrf: session.csrf)
    }

    /// The user known by credentials, or else by the browser session.
    func visitor(_ request: Request) async throws -> Visitor? {
        if let visitor = try await visitor(credentialsOf: request) { return visitor }
        return try await visitor(sessionOf: request)
    }
}

extension Request {
    /// The value of a cookie.
    func cookie(_ name: String) -> String? {
        for header in headers[values: .cookie] {
            for pair in header.split(separator: ";") {
                let parts = pair.split(separator: "=", maxSplits: 1)
                if parts.count == 2, parts[0].trimmingPrefix(while: { $0 == " " }) == name { return String(parts[1]) }
            }
        }
        return nil
    }
}
