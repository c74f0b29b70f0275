import HTTPTypes
import WebDAV

/// Where a COPY or MOVE goes (RFC 4918 §10.3), and whether it may overwrite what is there (§10.6).
struct Destination: Sendable, Hashable {
    let path: ResourcePath
    let overwrites: Bool

    /// Reads the headers of a request.
    ///
    /// - Throws: 502 for a place on another server: nothing is carried there (RFC 4918 §9.8.5).
    init(_ request: DAVRequest) throws(DAVError) {
        guard let text = request.headers[.destination] else {
            throw .badRequest("\(request.method) needs a Destination.")
        }
        guard let href = Href(parsing: text), !text.utf8.contains(UInt8(ascii: "#")) else {
            throw .badRequest("Destination is an absolute path or an absolute URI.")
        }
        if let authority = Self.authority(of: text) {
            let ours = request.authorities + (request.headers[.forwardedHost].map { [$0] } ?? [])
            guard ours.contains(where: { Self.host($0) == Self.host(authority) }) else {
                throw DAVError(status: 502, message: "The destination is on another server.")
            }
        }
        path = try ResourcePath.parse(String(href.path.prefix { $0 != "?" }))
        switch request.headers[.overwrite]?.uppercased() {
        case nil, "T": overwrites = true
        case "F": overwrites = false
        case .some: throw .badRequest("Overwrite is T or F.")
        }
    }

    /// The host and port of an absolute URI; nil for a path.
    private static func authority(of text: String) -> String? {
        guard !text.utf8.starts(with: "/".utf8), let start = text.firstRange(of: "://")?.upperBound else { return nil }
        return String(text[start...].prefix { $0 != "/" && $0 != "?" })
    }

    /// A host for comparison: whether TLS ended before us, and so its port, cannot be known here (RFC 9110 §4.2.3).
    private static func host(_ authority: String) -> String {
        var host = authority.lowercased()
        if let user = host.lastIndex(of: "@") { host = String(host[host.index(after: user)...]) }
        for port in [":80", ":443"] where host.hasSuffix(port) { host.removeLast(port.count) }
        return host
    }
}
