import Store
import WebDAV

/// The `If` header: lists of conditions, one of which must hold as a whole.
///
/// RFC 4918 §10.4.
struct IfHeader: Sendable, Hashable {
    /// Conditions that must hold together, of the tagged resource or, untagged, of the one the request is for.
    struct List: Sendable, Hashable {
        var resource: Href?
        var conditions: [Condition]
    }

    /// That a resource is in a state, or is not.
    struct Condition: Sendable, Hashable {
        var isNegated: Bool
        var state: State
    }

    enum State: Sendable, Hashable {
        /// A lock token or a sync token.
        case token(String)
        /// An entity tag; nil for a weak one, which matches nothing.
        case entityTag(ETag?)
    }

    /// The most lists that are read: each may name another resource, and each of those is a question to the store.
    static let maximumLists = 64

    private(set) var lists: [List] = []

    init(parsing text: String) throws(DAVError) {
        var scanner = Scanner(rest: Array(text.utf8)[...])
        var resource: Href?
        var isTagOpen = false
        while let octet = scanner.next() {
            switch octet {
            case UInt8(ascii: "<") where !isTagOpen && (lists.isEmpty || resource != nil):
                resource = Href(parsing: try scanner.text(before: UInt8(ascii: ">")))
                guard resource != nil else { throw Self.malformed }
                isTagOpen = true
            case UInt8(ascii: "("):
                lists.append(List(resource: resource, conditions: try scanner.conditions()))
                guard lists.count <= Self.maximumLists else {
                    throw .badRequest("The If header has more than \(Self.maximumLists) lists.")
                }
                isTagOpen = false
            default:
                throw Self.malformed
            }
        }
        guard !lists.isEmpty, !isTagOpen else { throw Self.malformed }
    }

    private static let malformed = DAVError.badRequest("The If header is not as RFC 4918 §10.4.2 writes it.")
}

extension IfHeader {
    /// Reads the header octet by octet.
    private struct Scanner {
        var rest: ArraySlice<UInt8>

        /// The next octet that is no blank.
        mutating func next() -> UInt8? {
            rest = rest.drop { $0 == 0x20 || $0 == 0x09 }
            return rest.popFirst()
        }

        /// The text up to `end`, which may stand in quotes inside it.
        mutating func text(before end: UInt8) throws(DAVError) -> String {
            var isQuoted = false
            for (index, octet) in zip(rest.indices, rest) {
                if octet == UInt8(ascii: "\"") { isQuoted.toggle() }
                guard octet == end, !isQuoted else { continue }
                let text = String(decoding: rest[..<index], as: UTF8.self)
                rest = rest[(index + 1)...]
                return text
            }
            throw IfHeader.malformed
        }

        /// The conditions up to the end of their list.
        mutating func conditions() throws(DAVError) -> [Condition] {
            var conditions: [Condition] = []
            var isNegated = false
            while let octet = next() {
                let state: State
                switch octet {
                case UInt8(ascii: "<"):
                    state = .token(try text(before: UInt8(ascii: ">")))
                case UInt8(ascii: "["):
                    state = .entityTag(EntityTags(try text(before: UInt8(ascii: "]"))).strong.first)
                case UInt8(ascii: ")") where !conditions.isEmpty && !isNegated:
                    return conditions
                case UInt8(ascii: "N"), UInt8(ascii: "n"):
                    guard !isNegated, rest.prefix(2).map({ $0 | 0x20 }) == Array("ot".utf8) else {
                        throw IfHeader.malformed
                    }
                    rest = rest.dropFirst(2)
                    isNegated = true
                    continue
                default:
                    throw IfHeader.malformed
                }
                conditions.append(Condition(isNegated: isNegated, state: state))
                isNegated = false
            }
            throw IfHeader.malformed
        }
    }
}
