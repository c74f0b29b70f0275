import WebDAV
import XML

/// A property whose value the server knows or computes (RFC 4918 §4.1): its name, and who has it.
///
/// Every property is one row of a table, grouped by the standard that defines it; see the extensions.
struct LiveProperty: Sendable {
    /// A property's value.
    enum Content: Sendable {
        case text(String)
        case hrefs([Href])
        case elements([Element])
        /// Names of elements without content.
        case names([Name])
    }

    let name: PropertyName

    /// Whether `allprop` names it: only what RFC 4918 itself defines (RFC 4791 §5.2, RFC 3744 §5).
    let isInAllProp: Bool

    /// The value on a resource, nil where that kind of resource has no such property.
    let content: @Sendable (Resource) -> Content?

    init(
        _ name: PropertyName,
        isInAllProp: Bool = false,
        _ content: @escaping @Sendable (Resource) -> Content?
    ) {
        self.name = name
        self.isInAllProp = isInAllProp
        self.content = content
    }

    /// Every property there is, in the order in which `allprop` and `propname` list them.
    static let all: [LiveProperty] =
        webDAV + locking + addMember + quota + accessControl + calendarAccess + synchronization + display + sharing
        + subscriptions + availability

    /// The same by name.
    static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

    /// Writes the property, if the resource has it.
    func write(_ resource: Resource, to writer: inout Writer) -> Bool {
        guard let content = content(resource) else { return false }
        writer.open(name)
        switch content {
        case .text(let text): writer.text(text)
        case .hrefs(let hrefs):
            for href in hrefs { writer.element(.dav("href"), text: href.path) }
        case .elements(let elements):
            for element in elements { writer.element(element) }
        case .names(let names):
            for name in names { writer.empty(name) }
        }
        writer.close(name)
        return true
    }
}
