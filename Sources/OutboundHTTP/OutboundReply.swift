public import HTTPTypes

/// A whole answer, whatever its status.
public struct OutboundReply: Sendable, Hashable {
    /// The status code; a redirect is an answer like any other and is not followed.
    public var status: Int

    /// The fields of the final answer, in the order received.
    public var headers: HTTPFields

    /// The content, decompressed.
    public var body: [UInt8]

    /// Describes an answer.
    public init(status: Int, headers: HTTPFields = [:], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

extension OutboundReply: CustomStringConvertible, CustomDebugStringConvertible {
    /// The status and the size: fields and content carry secrets.
    public var description: String { "\(status), \(body.count) octets" }

    public var debugDescription: String { description }
}
