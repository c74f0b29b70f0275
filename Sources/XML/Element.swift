/// An element with its attributes and content; comments and processing instructions are not kept.
public struct Element: Sendable, Hashable {
    /// What stands inside an element.
    public enum Node: Sendable, Hashable {
        case element(Element)
        case text(String)
    }

    /// The expanded name.
    public var name: Name

    /// Attributes by name; their order means nothing in XML.
    public var attributes: [Name: String]

    /// Child elements and text, in document order.
    public var children: [Node]

    /// Makes an element from its parts.
    public init(_ name: Name, attributes: [Name: String] = [:], children: [Node] = []) {
        self.name = name
        self.attributes = attributes
        self.children = children
    }

    /// Makes an element that holds only text.
    public init(_ name: Name, text: String) {
        self.init(name, children: text.isEmpty ? [] : [.text(text)])
    }

    /// The child elements in order.
    public var elements: [Element] {
        children.compactMap { node in
            guard case .element(let element) = node else { return nil }
            return element
        }
    }

    /// The text directly inside, joined.
    public var text: String {
        guard children.count != 1, !children.isEmpty else {
            guard case .text(let only)? = children.first else { return "" }
            return only
        }
        return children.reduce(into: "") { joined, node in
            if case .text(let part) = node { joined += part }
        }
    }

    /// The text directly inside without white space at its ends.
    public var trimmedText: String { text.trimmingXMLSpace() }

    /// The first child element of that name.
    public func first(_ name: Name) -> Element? {
        for case .element(let element) in children where element.name == name { return element }
        return nil
    }

    /// All child elements of that name.
    public func all(_ name: Name) -> [Element] { elements.filter { $0.name == name } }

    /// The value of an attribute in no namespace, as DAV vocabularies use them.
    public func attribute(_ local: String) -> String? { attributes[Name("", local)] }
}

extension String {
    /// The text without the white space of XML 1.0 §2.3 at its ends.
    func trimmingXMLSpace() -> String {
        func isSpace(_ octet: UInt8) -> Bool { octet == 0x20 || octet == 0x09 || octet == 0x0A || octet == 0x0D }
        guard let first = utf8.firstIndex(where: { !isSpace($0) }),
            let last = utf8.lastIndex(where: { !isSpace($0) })
        else { return "" }
        return String(self[first...last])
    }
}
