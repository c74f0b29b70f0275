public import XML

/// A substring search under a collation (RFC 4791 §9.7.5, §7.5).
public struct TextMatch: Sendable, Hashable {
    /// How texts are compared (RFC 4790).
    public enum Collation: String, Sendable, Hashable, CaseIterable {
        case octet = "i;octet"
        case asciiCasemap = "i;ascii-casemap"
        case unicodeCasemap = "i;unicode-casemap"
    }

    /// What is looked for.
    public let text: String

    /// How it is compared.
    public let collation: Collation

    /// Whether a property must not contain it.
    public let isNegated: Bool

    /// Makes a search by hand.
    public init(_ text: String, collation: Collation = .asciiCasemap, isNegated: Bool = false) {
        self.text = text
        self.collation = collation
        self.isNegated = isNegated
    }

    /// Reads a `CALDAV:text-match`.
    public init(_ element: Element) throws(DAVError) {
        let named = element.attribute("collation") ?? Collation.asciiCasemap.rawValue
        guard let collation = Collation(rawValue: named == "default" ? Collation.asciiCasemap.rawValue : named) else {
            throw .failed(.supportedCollation, "The collation \(named) is not known here.")
        }
        guard element.text.utf8.count <= RequestLimits.maximumSearchOctets else {
            let message = "A text to be matched has \(RequestLimits.maximumSearchOctets) octets at most."
            throw .failed(.supportedFilter, message)
        }
        self.init(element.text, collation: collation, isNegated: element.attribute("negate-condition") == "yes")
    }

    /// Whether `value` passes.
    public func accepts(_ value: String) -> Bool { contains(value) != isNegated }

    private func contains(_ value: String) -> Bool {
        switch collation {
        case .octet: Array(value.utf8).contains(Array(text.utf8))
        case .asciiCasemap: value.utf8.map(lowered).contains(text.utf8.map(lowered))
        case .unicodeCasemap: Array(value.lowercased().utf8).contains(Array(text.lowercased().utf8))
        }
    }
}

private func lowered(_ octet: UInt8) -> UInt8 { (0x41...0x5A).contains(octet) ? octet | 0x20 : octet }
