import Bridging
import HTTPTypes
import OutboundHTTP
import SimulatorGoogle
import SyncTestSupport

/// Requests to a simulated Google without a socket, from a process that may die.
struct SimulatedTransport: HTTPTransport {
    let simulator: GoogleSimulator
    let life: Life

    func send(_ request: OutboundRequest) async throws(OutboundError) -> OutboundReply {
        guard life.spend() else { throw .unreachable("dead") }
        let parts = request.url.split(separator: "?", maxSplits: 1).map(String.init)
        var headers: [String: String] = [:]
        for field in request.headers { headers[field.name.canonicalName] = field.value }
        let path =
            "/" + parts[0].split(separator: "/", omittingEmptySubsequences: true).dropFirst(2).joined(separator: "/")
        let reply = await simulator.respond(
            to: APIRequest(
                method: request.method.rawValue,
                path: path,
                query: parts.count > 1 ? parts[1] : "",
                headers: headers,
                body: request.body
            )
        )
        guard life.spend() else { throw .unreachable("dead") }
        switch reply.delivery {
        case .whole: break
        case .cut: throw .unreachable("the connection was closed")
        case .truncated: throw .truncated
        }
        var fields = HTTPFields()
        for (name, value) in reply.headers {
            if let name = HTTPField.Name(name) { fields[name] = value }
        }
        return OutboundReply(status: reply.status, headers: fields, body: reply.body)
    }
}

/// One token that is always good.
struct FixedToken: CredentialSource {
    let token: AccessToken

    func accessToken() async throws(BridgeError) -> AccessToken { token }

    func accessToken(replacing rejected: AccessToken) async throws(BridgeError) -> AccessToken { token }
}
