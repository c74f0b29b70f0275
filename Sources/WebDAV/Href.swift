/// The address of a resource inside an answer or a request body: an absolute path, percent-encoded once.
///
/// RFC 4918 §8.3.
public struct Href: Sendable, Hashable {
    /// The encoded path, `/dav/calendars/alice/team/lunch%20break.ics`.
    public let path: String

    /// Encodes segments; a collection's path ends in `/`.
    public init(segments: [String], isCollection: Bool) {
        let joined = segments.map(Percent.encode(segment:)).joined(separator: "/")
        path = segments.isEmpty ? "/" : "/" + joined + (isCollection ? "/" : "")
    }

    /// Takes a path that is encoded already.
    public init(encoded path: String) { self.path = path }

    /// Reads an `href` element or a `Destination`: an absolute path, or an absolute URI whose path is taken.
    public init?(parsing text: String) {
        guard let scheme = text.utf8.firstIndex(of: UInt8(ascii: ":")), !text.utf8.starts(with: "/".utf8) else {
            guard text.utf8.starts(with: "/".utf8) else { return nil }
            path = text
            return
        }
        let rest = text[text.utf8.index(after: scheme)...]
        guard rest.utf8.starts(with: "//".utf8) else { return nil }
        let authority = rest.utf8.dropFirst(2)
        path = authority.firstIndex(of: UInt8(ascii: "/")).map { String(rest[$0...]) } ?? "/"
    }

    /// The collection that this is a member of.
    public var parent: Href {
        let segments = path.utf8.dropLast(path.utf8.last == UInt8(ascii: "/") ? 1 : 0)
        guard let slash = segments.lastIndex(of: UInt8(ascii: "/")) else { return Href(encoded: "/") }
        return Href(encoded: String(path[...slash]))
    }

    /// A member of this collection.
    public func appending(_ segment: String, isCollection: Bool = false) -> Href {
        Href(encoded: path + Percent.encode(segment: segment) + (isCollection ? "/" : ""))
    }
}
