/// Why a request got no whole answer.
///
/// Only ``addressNotAllowed(_:)`` and ``tls(_:)`` prove that the server did not act on the request; after any other
/// the outcome of a write is unknown.
public enum OutboundError: Error, Sendable, Hashable {
    /// The request's time was up.
    case timedOut

    /// No connection, or it broke; the sentence says which.
    case unreachable(String)

    /// The content exceeds the request's limit.
    case tooLarge(limit: Int)

    /// The connection ended before the content did.
    case truncated

    /// No trustworthy connection: certificate, host name, protocol.
    case tls(String)

    /// The caller's task was cancelled, or the transport shut down.
    case cancelled

    /// The address is malformed, or its scheme is not one the transport may use.
    case addressNotAllowed(String)
}

extension OutboundError: CustomStringConvertible {
    /// One sentence for a person.
    public var description: String {
        switch self {
        case .timedOut: "The server did not answer in time."
        case .unreachable(let reason): "The server could not be reached: \(reason)."
        case .tooLarge(let limit): "The answer is larger than \(limit) octets."
        case .truncated: "The answer ended early."
        case .tls(let reason): "No secure connection could be made: \(reason)."
        case .cancelled: "The request was cancelled."
        case .addressNotAllowed(let reason): "The address may not be used: \(reason)."
        }
    }
}
