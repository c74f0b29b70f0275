/// A whole XML document, reduced to its root element.
public struct Document: Sendable, Hashable {
    /// The one outermost element.
    public let root: Element

    /// Wraps an element built by hand.
    public init(root: Element) { self.root = root }

    /// Parses a namespace-well-formed document without any document type declaration.
    ///
    /// - Throws: ``XMLError``, one case per way in which a document is refused.
    public init(parsing octets: [UInt8], limits: XMLLimits = .standard) throws(XMLError) {
        guard octets.count <= limits.octets else { throw .tooLarge(limit: limits.octets) }
        guard !hasTag(longerThan: limits.tagOctets, in: octets) else { throw .tagTooLong(limit: limits.tagOctets) }
        root = try TreeBuilder.parse(octets, limits: limits)
    }
}

/// How large and how intricate a document may be.
public struct XMLLimits: Sendable, Hashable {
    /// Octets of the document.
    public var octets: Int

    /// Elements inside one another; a parser without a limit lets a client fill the stack.
    public var depth: Int

    /// Elements altogether; bounds the memory that one request takes.
    public var elements: Int

    /// Octets of one tag; libxml2 takes quadratic time over the attributes of one.
    public var tagOctets: Int

    /// Names the limits.
    public init(octets: Int, depth: Int, elements: Int, tagOctets: Int) {
        self.octets = octets
        self.depth = depth
        self.elements = elements
        self.tagOctets = tagOctets
    }

    /// What a DAV request or reply needs at most: the deepest known request nests 12, the longest tag is 400 octets.
    public static let standard = XMLLimits(octets: 1_048_576, depth: 64, elements: 50_000, tagOctets: 8_192)
}

/// Why a document was refused.
public enum XMLError: Error, Sendable, Hashable {
    case malformed(line: Int)
    case documentTypeForbidden
    case tooDeep(limit: Int)
    case tooManyElements(limit: Int)
    case tagTooLong(limit: Int)
    case tooLarge(limit: Int)

    /// One sentence for the client's log.
    public var message: String {
        switch self {
        case .malformed(let line): "The XML is not well-formed (line \(line))."
        case .documentTypeForbidden: "The XML has a document type declaration, which is not accepted."
        case .tooDeep(let limit): "The XML nests deeper than \(limit) elements."
        case .tooManyElements(let limit): "The XML has more than \(limit) elements."
        case .tagTooLong(let limit): "The XML has a tag longer than \(limit) octets."
        case .tooLarge(let limit): "The XML is longer than \(limit) octets."
        }
    }
}
