import HTTPTypes
import WebDAV
import XML

/// What a LOCK asks for (RFC 4918 §9.10).
enum LockRequest: Sendable, Hashable {
    /// A new lock.
    case new(isExclusive: Bool, isDeep: Bool, owner: String?)

    /// More time for the lock whose token the `If` header shows (RFC 4918 §9.10.2).
    case refresh

    /// The longest `DAV:owner` that is kept: a name and an address.
    static let maximumOwnerOctets = 4_096

    /// Reads a request: its body, and its Depth, which is infinity when it is not said.
    init(_ request: DAVRequest) throws(DAVError) {
        guard !request.body.isEmpty else {
            self = .refresh
            return
        }
        let root = try Document(body: request.body).root
        guard root.name == .dav("lockinfo") else { throw .badRequest("The body is no DAV:lockinfo.") }
        let scopes = root.first(.dav("lockscope"))?.elements.map(\.name) ?? []
        let types = root.first(.dav("locktype"))?.elements.map(\.name) ?? []
        guard types == [.dav("write")], scopes == [.dav("exclusive")] || scopes == [.dav("shared")] else {
            throw .badRequest("A lock is a write lock, and either exclusive or shared.")
        }
        let owner = root.first(.dav("owner"))?.serialized()
        guard (owner?.utf8.count ?? 0) <= Self.maximumOwnerOctets else {
            throw .badRequest("DAV:owner is longer than \(Self.maximumOwnerOctets) octets.")
        }
        self = .new(
            isExclusive: scopes == [.dav("exclusive")],
            isDeep: try Self.isDeep(request.headers[.depth]),
            owner: owner
        )
    }

    private static func isDeep(_ header: String?) throws(DAVError) -> Bool {
        switch header.map(Depth.init) ?? .infinity {
        case .zero: return false
        case .infinity: return true
        case .one, nil: throw .badRequest("Depth of a LOCK is 0 or infinity.")
        }
    }
}

/// How long a lock holds (RFC 4918 §10.7).
enum LockTimeout {
    /// For clients that do not say: they come back within minutes, or never.
    static let ordinarySeconds: Int64 = 600

    /// The most that is granted: a client that was closed bars everybody else for no longer than an hour.
    static let maximumSeconds: Int64 = 3_600

    /// The first time in the header that can be understood, cut to what is granted.
    static func seconds(_ header: String?) -> Int64 {
        for part in (header ?? "").split(separator: ",") {
            let word = part.filter { $0 != " " }.lowercased()
            if word == "infinite" { return maximumSeconds }
            guard word.hasPrefix("second-"), let seconds = Int64(word.dropFirst("second-".count)), seconds > 0 else {
                continue
            }
            return min(seconds, maximumSeconds)
        }
        return ordinarySeconds
    }
}
