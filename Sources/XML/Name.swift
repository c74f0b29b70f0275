/// An expanded name: a namespace and a local part; the prefix a document happened to use is forgotten.
///
/// Namespaces in XML 1.0 §2.1.
public struct Name: Sendable, Hashable {
    /// The namespace URI, empty for a name in no namespace.
    public let namespace: String

    /// The local part.
    public let local: String

    /// Makes a name from its two parts.
    public init(_ namespace: String, _ local: String) {
        self.namespace = namespace
        self.local = local
    }
}

extension Name: CustomStringConvertible {
    /// The name in Clark notation: `{DAV:}href`.
    public var description: String { "{\(namespace)}\(local)" }
}
