/// The strong entity tag of a calendar object: a digest of its octets.
///
/// RFC 9110 §8.8.3. Equal octets have equal tags, whoever wrote them and when.
public struct ETag: Sendable, Hashable {
    /// The tag without its quotes; it has no blank and no quote inside.
    public let rawValue: String

    /// Wraps a tag that a client or a row named.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The tag as a header field or a property shows it.
    public var quoted: String { "\"\(rawValue)\"" }

    /// The tag of these octets.
    public static func of(_ text: String) -> ETag {
        ETag(rawValue: SHA256.hexadecimal(SHA256.digest(of: text).prefix(octets)))
    }

    /// The first 128 bits of a SHA-256: nobody finds two texts that share them.
    private static let octets = 16
}

/// What must hold of a resource before it is written.
///
/// RFC 9110 §13.1.1, §13.1.2.
public enum WriteCondition: Sendable, Hashable {
    case always

    /// `If-None-Match: *`
    case absent

    /// `If-Match: *`
    case present

    /// `If-Match` with a list of strong tags.
    case matches([ETag])

    /// `If-None-Match` with a list of tags.
    case noneMatch([ETag])

    /// Whether a resource whose tag is `current` (nil where there is none) may be written.
    public func allows(_ current: ETag?) -> Bool {
        switch self {
        case .always: true
        case .absent: current == nil
        case .present: current != nil
        case .matches(let tags): current.map(tags.contains) ?? false
        case .noneMatch(let tags): current.map { !tags.contains($0) } ?? true
        }
    }
}
