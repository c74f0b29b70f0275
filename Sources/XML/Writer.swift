/// Writes XML into a buffer of octets, with prefixes that do not change from answer to answer.
///
/// Names in a namespace without an agreed prefix declare theirs in place; nothing is ever put in a default namespace.
public struct Writer: Sendable {
    /// What has been written so far.
    public private(set) var octets: [UInt8]

    private let prefixes: [(namespace: String, prefix: String)]

    /// Begins an empty buffer; `prefixes` are those that the root is going to declare.
    public init(prefixes: [(namespace: String, prefix: String)] = [], capacity: Int = 1_024) {
        self.prefixes = prefixes
        octets = []
        octets.reserveCapacity(capacity)
    }

    /// The XML declaration.
    public mutating func declaration() {
        markup("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n")
    }

    /// Writes markup that is known to be right.
    public mutating func markup(_ text: StaticString) {
        octets.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Writes markup that this type made earlier.
    public mutating func markup(_ written: [UInt8]) { octets.append(contentsOf: written) }

    /// Writes markup that is known to be right.
    public mutating func markup(_ written: ArraySlice<UInt8>) { octets.append(contentsOf: written) }

    /// Takes out what has been written so far; what is written next follows it.
    public mutating func taken() -> [UInt8] {
        defer {
            octets = []
            octets.reserveCapacity(1_024)
        }
        return octets
    }

    /// Opens an element; `declaresPrefixes` for the root of a document.
    public mutating func open(_ name: Name, attributes: [Name: String] = [:], declaresPrefixes: Bool = false) {
        startTag(name, attributes, declaresPrefixes)
        octets.append(UInt8(ascii: ">"))
    }

    /// Closes an element.
    public mutating func close(_ name: Name) {
        markup("</")
        qualified(name)
        octets.append(UInt8(ascii: ">"))
    }

    /// An element without content.
    public mutating func empty(_ name: Name, attributes: [Name: String] = [:]) {
        startTag(name, attributes, false)
        markup("/>")
    }

    /// An element that holds only text.
    public mutating func element(_ name: Name, text: String) {
        open(name)
        self.text(text)
        close(name)
    }

    /// A whole tree.
    public mutating func element(_ element: Element, declaresPrefixes: Bool = false) {
        startTag(element.name, element.attributes, declaresPrefixes)
        guard !element.children.isEmpty else { return markup("/>") }
        octets.append(UInt8(ascii: ">"))
        for child in element.children {
            switch child {
            case .element(let inner): self.element(inner)
            case .text(let content): text(content)
            }
        }
        close(element.name)
    }

    /// Character data, escaped.
    ///
    /// A carriage return is written as a reference, since a bare one is lost in line-end normalisation (XML 1.0 §2.11).
    public mutating func text(_ text: String) { escape(text, inAttribute: false) }

    /// Character data, escaped, from octets that are UTF-8.
    public mutating func text(_ octets: ArraySlice<UInt8>) {
        octets.withUnsafeBufferPointer { escape($0, inAttribute: false) }
    }

    private mutating func startTag(_ name: Name, _ attributes: [Name: String], _ declaresPrefixes: Bool) {
        octets.append(UInt8(ascii: "<"))
        qualified(name)
        if declaresPrefixes {
            for (namespace, prefix) in prefixes { attribute("xmlns:" + prefix, namespace) }
        }
        if !name.namespace.isEmpty, prefix(of: name.namespace) == nil { attribute("xmlns:x", name.namespace) }
        // Sorted, so that the same tree is always the same octets.
        let sorted = attributes.sorted { ($0.key.namespace, $0.key.local) < ($1.key.namespace, $1.key.local) }
        for (index, (name, value)) in sorted.enumerated() {
            attribute(attributePrefix(name.namespace, index) + name.local, value)
        }
    }

    /// The prefix of an attribute, declared on the spot where it has none.
    private mutating func attributePrefix(_ namespace: String, _ index: Int) -> String {
        if namespace.isEmpty { return "" }
        if let known = prefix(of: namespace) { return known + ":" }
        attribute("xmlns:a\(index)", namespace)
        return "a\(index):"
    }

    private mutating func attribute(_ name: String, _ value: String) {
        octets.append(UInt8(ascii: " "))
        octets.append(contentsOf: name.utf8)
        markup("=\"")
        escape(value, inAttribute: true)
        octets.append(UInt8(ascii: "\""))
    }

    private mutating func qualified(_ name: Name) {
        if !name.namespace.isEmpty {
            octets.append(contentsOf: (prefix(of: name.namespace) ?? "x").utf8)
            octets.append(UInt8(ascii: ":"))
        }
        octets.append(contentsOf: name.local.utf8)
    }

    private func prefix(of namespace: String) -> String? {
        if let known = prefixes.first(where: { $0.namespace == namespace }) { return known.prefix }
        // Bound to this prefix without a declaration, and to no other (Namespaces in XML 1.0 §3).
        return namespace == "http://www.w3.org/XML/1998/namespace" ? "xml" : nil
    }
}

extension Writer {
    private mutating func escape(_ text: String, inAttribute: Bool) {
        var text = text
        text.withUTF8 { escape($0, inAttribute: inAttribute) }
    }

    private mutating func escape(_ utf8: UnsafeBufferPointer<UInt8>, inAttribute: Bool) {
        var start = 0
        var index = Self.firstSpecial(in: utf8, from: 0)
        while index < utf8.count {
            if let replacement = Self.replacement(in: utf8, at: index, inAttribute) {
                octets.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[start..<index]))
                markup(replacement.text)
                start = index + replacement.length
            }
            index = Self.firstSpecial(in: utf8, from: max(start, index + 1))
        }
        if start < utf8.count { octets.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[start...])) }
    }

    /// Where the first octet stands that may need more than to be copied; the end where there is none.
    private static func firstSpecial(in utf8: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        var index = start
        // Nearly all text needs nothing, so that eight octets are looked at in one go.
        if let base = UnsafeRawPointer(utf8.baseAddress) {
            while index + 8 <= utf8.count, !mayHoldSpecial(base.loadUnaligned(fromByteOffset: index, as: UInt64.self)) {
                index += 8
            }
        }
        while index < utf8.count, !isSpecial(utf8[index]) { index += 1 }
        return index
    }

    /// Whether one of eight octets is special; now and then it says so of one that is not.
    private static func mayHoldSpecial(_ octets: UInt64) -> Bool {
        let each: UInt64 = 0x0101_0101_0101_0101
        /// The highest bit of every octet that is 0 (and sometimes of the one behind it).
        func zeros(_ octets: UInt64) -> UInt64 { (octets &- each) & ~octets }
        let controls = (octets &- each &* 0x20) & ~octets
        // `"` and `&` differ in one bit, and so do `<` and `>`.
        let quotes = zeros(octets & ~(each &* 0x04) ^ each &* 0x22)
        let angles = zeros(octets & ~(each &* 0x02) ^ each &* 0x3C)
        let lastPlane = zeros(octets ^ each &* 0xEF)
        return (controls | quotes | angles | lastPlane) & (each &* 0x80) != 0
    }

    private static func isSpecial(_ octet: UInt8) -> Bool {
        octet < 0x20 || octet == 0x26 || octet == 0x3C || octet == 0x3E || octet == 0x22 || octet == 0xEF
    }

    /// What to write for the character that begins at `index`, or nil to copy it.
    private static func replacement(
        in utf8: UnsafeBufferPointer<UInt8>,
        at index: Int,
        _ inAttribute: Bool
    ) -> (text: StaticString, length: Int)? {
        switch utf8[index] {
        case UInt8(ascii: "&"): return ("&amp;", 1)
        case UInt8(ascii: "<"): return ("&lt;", 1)
        case UInt8(ascii: ">"): return ("&gt;", 1)
        case UInt8(ascii: "\""): return inAttribute ? ("&quot;", 1) : nil
        case 0x0D: return ("&#13;", 1)
        case 0x0A: return inAttribute ? ("&#10;", 1) : nil
        case 0x09: return inAttribute ? ("&#9;", 1) : nil
        // U+FFFE and U+FFFF are no XML characters (XML 1.0 §2.2); everything else behind 0xEF is.
        case 0xEF: return utf8[index + 1] == 0xBF && utf8[index + 2] >= 0xBE ? ("\u{FFFD}", 3) : nil
        default: return ("\u{FFFD}", 1)
        }
    }
}

extension Element {
    /// The element as a text of its own, with every prefix declared.
    public func serialized() -> String {
        var writer = Writer()
        writer.element(self)
        return String(decoding: writer.octets, as: UTF8.self)
    }
}
