public import XML

/// What a PROPFIND asks for (RFC 4918 §9.1).
public enum PropFind: Sendable, Hashable {
    /// Everything defined in RFC 4918 and dead properties, and these besides.
    case all(include: [PropertyName])

    /// Only the names of what there is.
    case names

    /// These.
    case named([PropertyName])

    /// Reads a request body; an empty one asks for everything.
    public init(parsing body: [UInt8]) throws(DAVError) {
        guard !body.isEmpty else {
            self = .all(include: [])
            return
        }
        let root = try Document(body: body).root
        guard root.name == .dav("propfind") else { throw .badRequest("The body is no DAV:propfind.") }
        try root.checkPropertyCount()
        guard let request = PropFind(in: root) else {
            throw .badRequest("DAV:propfind needs exactly one of allprop, propname and prop.")
        }
        self = request
    }

    /// Reads the request that stands in `parent`; nil for none or more than one.
    ///
    /// Also for reports, which ask in the same words (RFC 4791 §9.5).
    public init?(in parent: Element) {
        let requests = parent.elements.filter { Self.requests.contains($0.name) }
        guard requests.count == 1, let request = requests.first else { return nil }
        switch request.name {
        case .dav("allprop"):
            self = .all(include: parent.first(.dav("include"))?.elements.map(\.name) ?? [])
        case .dav("propname"):
            self = .names
        default:
            self = .named(request.elements.map(\.name))
        }
    }

    private static let requests: Set<Name> = [.dav("allprop"), .dav("propname"), .dav("prop")]
}
