public import HTTPTypes
public import Store

/// A request as the web layer hands it over: body collected, sender known, nothing decoded.
public struct DAVRequest: Sendable {
    /// The method, upper-case as on the wire: `PROPFIND`.
    public var method: String

    /// The path as on the wire: percent-encoded, without query.
    public var path: String

    /// What follows the question mark, as on the wire; empty without one.
    public var query: String

    /// The header fields.
    public var headers: HTTPFields

    /// The hosts by which this server is known, with their ports: that of the request, that of the public address.
    public var authorities: [String]

    /// The whole body, at most ``CalDAVServer/maximumBodyOctets``.
    public var body: [UInt8]

    /// Who sent it; nil where no valid credentials came with it.
    public var principal: Principal?

    /// Describes a request.
    public init(
        method: String,
        path: String,
        query: String = "",
        headers: HTTPFields = [:],
        authorities: [String] = [],
        body: [UInt8] = [],
        principal: Principal?
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.authorities = authorities
        self.body = body
        self.principal = principal
    }
}
