public import XML

/// The body of an ACL request (RFC 3744 §8.1).
public struct AccessControlRequest: Sendable, Hashable {
    /// One access control entry.
    public struct Entry: Sendable, Hashable {
        /// Whose entry it is: the one element inside `DAV:principal`.
        public let principal: Element

        /// Whether it is about everybody but the principal.
        public let isInverted: Bool

        /// Whether it takes privileges away.
        public let isDenial: Bool

        /// The privileges it grants or denies.
        public let privileges: [Name]

        init(_ ace: Element) throws(DAVError) {
            let inverted = ace.first(.dav("invert"))
            isInverted = inverted != nil
            guard let principal = (inverted ?? ace).first(.dav("principal"))?.elements.first else {
                throw .badRequest("DAV:ace needs a principal.")
            }
            self.principal = principal
            let grant = ace.first(.dav("grant"))
            let deny = ace.first(.dav("deny"))
            guard let change = grant ?? deny, grant == nil || deny == nil else {
                throw .badRequest("DAV:ace needs either grant or deny.")
            }
            isDenial = deny != nil
            privileges = change.all(.dav("privilege")).flatMap { $0.elements.map(\.name) }
        }
    }

    /// The entries, in order.
    public let entries: [Entry]

    /// Reads a `DAV:acl`.
    public init(parsing body: [UInt8]) throws(DAVError) {
        let root = try Document(body: body).root
        guard root.name == .dav("acl") else { throw .badRequest("The body is no DAV:acl.") }
        entries = try root.all(.dav("ace")).map { ace throws(DAVError) in try Entry(ace) }
    }
}
