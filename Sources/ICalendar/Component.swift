/// A calendar component: a tree of content lines between BEGIN and END. RFC 5545 §3.6
///
/// What was read and not changed is written with the very octets it was read from: folding, letter case, order and line
/// ends included.
public struct Component: Sendable {
    enum Item: Sendable, Hashable {
        case property(Property)
        case component(Component)
        /// Empty lines, which mean nothing and are kept.
        case blank(ArraySlice<UInt8>)
    }

    /// The name in upper case.
    public let name: String

    var items: [Item]

    /// The BEGIN and END lines as they were read; nil in a component made here.
    let begin: ArraySlice<UInt8>?
    let end: ArraySlice<UInt8>?

    /// Makes a component from its parts.
    public init(_ name: String, properties: [Property] = [], components: [Component] = []) {
        self.init(
            name: name.asciiUppercased,
            items: properties.map(Item.property) + components.map(Item.component),
            begin: nil,
            end: nil
        )
    }

    init(name: String, items: [Item], begin: ArraySlice<UInt8>?, end: ArraySlice<UInt8>?) {
        self.name = name
        self.items = items
        self.begin = begin
        self.end = end
    }

    /// The properties in order.
    public var properties: [Property] { items.compactMap(\.property) }

    /// The components inside, in order.
    public var components: [Component] { items.compactMap(\.component) }

    /// The first property of that name; the name in any case.
    public func first(_ property: String) -> Property? {
        let name = property.asciiUppercased
        return items.firstIndex { $0.isProperty(name) }.flatMap { items[$0].property }
    }

    /// All properties of that name, in order.
    public func all(_ property: String) -> [Property] {
        let name = property.asciiUppercased
        var found: [Property] = []
        for index in items.indices where items[index].isProperty(name) {
            if let property = items[index].property { found.append(property) }
        }
        return found
    }

    /// How many properties have that name, which is in upper case.
    func count(of name: String) -> Int { items.count { $0.isProperty(name) } }

    /// The names of the components inside, in order.
    var componentNames: [String] {
        items.compactMap { item in
            if case .component(let component) = item { return component.name }
            return nil
        }
    }

    /// The components of that name inside, in order.
    public func components(_ name: String) -> [Component] {
        let name = name.asciiUppercased
        var found: [Component] = []
        for index in items.indices where items[index].isComponent(name) {
            if let component = items[index].component { found.append(component) }
        }
        return found
    }
}

extension Component: Hashable {
    public static func == (left: Component, right: Component) -> Bool {
        left.name == right.name && left.items == right.items
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(name)
        hasher.combine(items)
    }
}

extension Component.Item {
    var property: Property? {
        if case .property(let property) = self { return property }
        return nil
    }

    var component: Component? {
        if case .component(let component) = self { return component }
        return nil
    }

    func isProperty(_ name: String) -> Bool {
        // Most names differ in length, which is told apart at once.
        if case .property(let property) = self {
            return property.name.utf8.count == name.utf8.count && property.name == name
        }
        return false
    }

    func isComponent(_ name: String) -> Bool {
        if case .component(let component) = self { return component.name == name }
        return false
    }
}
