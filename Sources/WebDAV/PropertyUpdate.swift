public import XML

/// What a PROPPATCH changes, in document order (RFC 4918 §9.2); also what MKCALENDAR and MKCOL set.
public struct PropertyUpdate: Sendable, Hashable {
    /// One property to be set or removed.
    public enum Instruction: Sendable, Hashable {
        case set(Element)
        case remove(PropertyName)

        /// The property it is about.
        public var name: PropertyName {
            switch self {
            case .set(let element): element.name
            case .remove(let name): name
            }
        }
    }

    /// The instructions, to be carried out in this order, all or none.
    public let instructions: [Instruction]

    /// Makes an update by hand.
    public init(_ instructions: [Instruction]) { self.instructions = instructions }

    /// Reads a `DAV:propertyupdate`.
    public init(parsing body: [UInt8]) throws(DAVError) {
        let root = try Document(body: body).root
        guard root.name == .dav("propertyupdate") else { throw .badRequest("The body is no DAV:propertyupdate.") }
        try self.init(in: root)
        guard !instructions.isEmpty else { throw .badRequest("DAV:propertyupdate changes nothing.") }
    }

    /// Reads the body of MKCALENDAR (RFC 4791 §5.3.1) or of extended MKCOL (RFC 5689 §3); an empty one sets nothing.
    public init(creating root: Name, parsing body: [UInt8]) throws(DAVError) {
        guard !body.isEmpty else {
            self.init([])
            return
        }
        let element = try Document(body: body).root
        guard element.name == root else {
            throw DAVError(status: 415, message: "The body is no \(root.local).")
        }
        try self.init(in: element)
    }

    private init(in root: Element) throws(DAVError) {
        instructions = root.elements.flatMap { action -> [Instruction] in
            let properties = action.first(.dav("prop"))?.elements ?? []
            switch action.name {
            case .dav("set"): return properties.map { .set($0.inheriting(language: action, root)) }
            case .dav("remove"): return properties.map { .remove($0.name) }
            default: return []
            }
        }
        guard instructions.count <= RequestLimits.maximumChanges else {
            throw .badRequest("A request changes \(RequestLimits.maximumChanges) properties at most.")
        }
    }
}

extension Element {
    /// Takes over the language in scope, which is part of a property's value (RFC 4918 §4.3).
    fileprivate func inheriting(language ancestors: Element...) -> Element {
        let language = Name("http://www.w3.org/XML/1998/namespace", "lang")
        let prop = ancestors.first?.first(.dav("prop"))
        guard attributes[language] == nil,
            let inherited = ([prop] + ancestors).lazy.compactMap({ $0?.attributes[language] }).first
        else { return self }
        var copy = self
        copy.attributes[language] = inherited
        return copy
    }
}
