public import XML

/// A property whose hrefs are to be followed (RFC 3253 §3.8 `DAV:expand-property`).
public struct ExpandedProperty: Sendable, Hashable {
    /// The property.
    public let name: PropertyName

    /// What is wanted of the resources it names; empty where it is not to be followed.
    public let inner: [ExpandedProperty]
}

extension Element {
    /// The `DAV:property` elements of an expand-property, recursively.
    func expandedProperties() throws(DAVError) -> [ExpandedProperty] {
        var properties: [ExpandedProperty] = []
        for element in all(.dav("property")) {
            guard let local = element.attribute("name") else { throw .badRequest("DAV:property needs a name.") }
            let name = Name(element.attribute("namespace") ?? Namespace.dav, local)
            properties.append(ExpandedProperty(name: name, inner: try element.expandedProperties()))
        }
        return properties
    }
}

/// `DAV:principal-property-search` (RFC 3744 §9.4).
public struct PrincipalPropertySearch: Sendable, Hashable {
    /// One condition: each of these properties contains the text.
    public struct Condition: Sendable, Hashable {
        public let properties: [PropertyName]
        public let text: String
    }

    /// The conditions.
    public let conditions: [Condition]

    /// Whether one of them is enough.
    public let isAnyOf: Bool

    /// What is wanted of each match.
    public let request: PropFind

    init(_ root: Element) throws(DAVError) {
        conditions = root.all(.dav("property-search")).map { search in
            Condition(
                properties: search.first(.dav("prop"))?.elements.map(\.name) ?? [],
                text: search.first(.dav("match"))?.text ?? ""
            )
        }
        guard !conditions.isEmpty else { throw .badRequest("principal-property-search needs a property-search.") }
        isAnyOf = root.attribute("test") == "anyof"
        request = PropFind(in: root) ?? .named([])
    }
}
