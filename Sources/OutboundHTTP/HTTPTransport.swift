/// What sends requests: the network, or in tests a script.
public protocol HTTPTransport: Sendable {
    /// Sends one request and returns its whole answer.
    ///
    /// Follows no redirect and repeats nothing. Ends with ``OutboundError/cancelled`` when the caller's task is cancelled.
    func send(_ request: OutboundRequest) async throws(OutboundError) -> OutboundReply
}
