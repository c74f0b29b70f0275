public import HTTPTypes

/// A request to somebody else's server, with the limits of its answer.
public struct OutboundRequest: Sendable, Hashable {
    /// The verb; extension methods such as `PROPFIND` too.
    public var method: HTTPRequest.Method

    /// The absolute address, percent-encoded.
    public var url: String

    /// The fields to send; `Host` and `Content-Length` are written by the transport.
    public var headers: HTTPFields

    /// The content; empty for none.
    public var body: [UInt8]

    /// How long the whole exchange may take, from the name lookup to the last octet.
    public var timeout: Duration

    /// How many octets of content, decompressed, are taken before the answer is ``OutboundError/tooLarge(limit:)``.
    public var maximumReplyOctets: Int

    /// Long enough for a provider's slowest page, short enough that a sync pass does not hang on a dead one.
    public static let defaultTimeout = Duration.seconds(60)

    /// Several times the largest page a provider sends (Google: 2500 events), and harmless to hold in memory.
    public static let defaultMaximumReplyOctets = 32 * 1_048_576

    /// Describes a request.
    public init(
        method: HTTPRequest.Method = .get,
        url: String,
        headers: HTTPFields = [:],
        body: [UInt8] = [],
        timeout: Duration = OutboundRequest.defaultTimeout,
        maximumReplyOctets: Int = OutboundRequest.defaultMaximumReplyOctets
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeout = timeout
        self.maximumReplyOctets = maximumReplyOctets
    }
}

extension OutboundRequest: CustomStringConvertible, CustomDebugStringConvertible {
    /// The verb and the address without its query: fields, query and content carry secrets.
    public var description: String { "\(method.rawValue) \(url.prefix { $0 != "?" })" }

    public var debugDescription: String { description }
}
