import Synchronization

/// A transport that counts what servers answered.
public final class CountedTransport: HTTPTransport {
    /// How many requests one server answered with one status.
    public struct Count: Sendable, Hashable {
        public var host: String
        /// A status, or `failed` where there was no answer.
        public var outcome: String
        public var requests: Int
    }

    private struct Key: Hashable {
        var host: String
        var outcome: String
    }

    private let transport: any HTTPTransport
    private let totals = Mutex<[Key: Int]>([:])

    /// Counts what goes through a transport.
    public init(_ transport: any HTTPTransport) { self.transport = transport }

    public func send(_ request: OutboundRequest) async throws(OutboundError) -> OutboundReply {
        do {
            let reply = try await transport.send(request)
            count(request, String(reply.status))
            return reply
        } catch {
            count(request, "failed")
            throw error
        }
    }

    /// What was counted so far, in order.
    public var counts: [Count] {
        totals.withLock { $0 }.map { Count(host: $0.key.host, outcome: $0.key.outcome, requests: $0.value) }
            .sorted { ($0.host, $0.outcome) < ($1.host, $1.outcome) }
    }

    private func count(_ request: OutboundRequest, _ outcome: String) {
        let authority = request.url.split(separator: "/").dropFirst().first ?? ""
        let host = String(authority.prefix { $0 != "?" && $0 != "#" })
        totals.withLock { $0[Key(host: host, outcome: outcome), default: 0] += 1 }
    }
}
