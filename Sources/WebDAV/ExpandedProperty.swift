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
