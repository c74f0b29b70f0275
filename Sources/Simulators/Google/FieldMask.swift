/// A partial response: what `fields=items(id,start/date),nextSyncToken` leaves of an answer.
///
/// A mask that does not name the tokens of a listing loses them, as with Google.
struct FieldMask: Sendable, Hashable {
    /// The members that stay; an empty mask below a member keeps all of it.
    private var members: [String: FieldMask] = [:]

    private init() {}

    /// Reads a mask; nil if its parentheses do not match or a name is missing.
    init?(_ text: String) {
        var rest = Array(text.utf8)[...]
        guard let mask = Self.list(&rest), rest.isEmpty, !mask.members.isEmpty else { return nil }
        self = mask
    }

    private static func list(_ rest: inout ArraySlice<UInt8>) -> FieldMask? {
        var mask = FieldMask()
        repeat {
            guard let (name, below) = member(&rest) else { return nil }
            mask.members[name] = below
        } while take(UInt8(ascii: ","), &rest)
        return mask
    }

    private static func member(_ rest: inout ArraySlice<UInt8>) -> (String, FieldMask)? {
        let name = rest.prefix { !",()/".utf8.contains($0) }
        guard !name.isEmpty else { return nil }
        rest = rest[name.endIndex...]
        var below = FieldMask()
        if take(UInt8(ascii: "/"), &rest) {
            guard let (name, mask) = member(&rest) else { return nil }
            below.members[name] = mask
        } else if take(UInt8(ascii: "("), &rest) {
            guard let mask = list(&rest), take(UInt8(ascii: ")"), &rest) else { return nil }
            below = mask
        }
        return (String(decoding: name, as: UTF8.self), below)
    }

    private static func take(_ octet: UInt8, _ rest: inout ArraySlice<UInt8>) -> Bool {
        guard rest.first == octet else { return false }
        rest.removeFirst()
        return true
    }

    /// What the mask leaves of a value; arrays element by element.
    func applied(to value: JSON) -> JSON {
        guard !members.isEmpty, members["*"] == nil else { return value }
        switch value {
        case .object(let object):
            let kept = object.compactMap { name, value in members[name].map { (name, $0.applied(to: value)) } }
            return .object(Dictionary(kept) { first, _ in first })
        case .array(let elements): return .array(elements.map(applied))
        case .null, .bool, .integer, .double, .string: return value
        }
    }
}
