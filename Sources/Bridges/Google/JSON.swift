/// A JSON value whose objects keep the order of their members. RFC 8259
///
/// Numbers stay as written: nothing here calculates with them but ``integer``.
enum JSON: Sendable, Hashable {
    case null
    case bool(Bool)
    case number(String)
    case string(String)
    case array([JSON])
    case object([Member])

    /// One name and its value.
    struct Member: Sendable, Hashable {
        var name: String
        var value: JSON
    }

    /// Makes an object of names and values, in that order.
    static func members(_ members: [(String, JSON)]) -> JSON {
        .object(members.map { Member(name: $0.0, value: $0.1) })
    }

    static func integer(_ value: Int) -> JSON { .number(String(value)) }

    /// The member of that name; nil where there is none, or no object.
    subscript(_ name: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    /// The text; an empty one counts as absent, as upstream.
    var text: String? {
        guard case .string(let text) = self, !text.isEmpty else { return nil }
        return text
    }

    var bool: Bool? {
        guard case .bool(let value) = self else { return nil }
        return value
    }

    /// The whole number, also where it came as text.
    var integer: Int? {
        switch self {
        case .number(let text), .string(let text): Int(text)
        case .null, .bool, .array, .object: nil
        }
    }

    /// The elements; empty where there is no array.
    var elements: [JSON] {
        guard case .array(let elements) = self else { return [] }
        return elements
    }

    var isNull: Bool { self == .null }

    /// This object without the member of that name.
    func removing(_ name: String) -> JSON {
        guard case .object(let members) = self else { return self }
        return .object(members.filter { $0.name != name })
    }

    /// This object with the member set, in its old place or at the end.
    func setting(_ name: String, _ value: JSON) -> JSON {
        guard case .object(var members) = self else { return self }
        if let index = members.firstIndex(where: { $0.name == name }) {
            members[index].value = value
        } else {
            members.append(Member(name: name, value: value))
        }
        return .object(members)
    }
}

extension JSON {
    /// The compact text.
    var serialized: String { String(decoding: octets, as: UTF8.self) }

    /// The compact text's octets.
    var octets: [UInt8] {
        var octets: [UInt8] = []
        write(to: &octets)
        return octets
    }

    private func write(to octets: inout [UInt8]) {
        switch self {
        case .null: octets += "null".utf8
        case .bool(let value): octets += (value ? "true" : "false").utf8
        case .number(let text): octets += text.utf8
        case .string(let text): JSON.write(text, to: &octets)
        case .array(let elements):
            octets.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { octets.append(UInt8(ascii: ",")) }
                element.write(to: &octets)
            }
            octets.append(UInt8(ascii: "]"))
        case .object(let members):
            octets.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { octets.append(UInt8(ascii: ",")) }
                JSON.write(member.name, to: &octets)
                octets.append(UInt8(ascii: ":"))
                member.value.write(to: &octets)
            }
            octets.append(UInt8(ascii: "}"))
        }
    }

    private static func write(_ text: String, to octets: inout [UInt8]) {
        octets.append(UInt8(ascii: "\""))
        for octet in text.utf8 {
            switch octet {
            case UInt8(ascii: "\""): octets += #"\""#.utf8
            case UInt8(ascii: "\\"): octets += #"\\"#.utf8
            case UInt8(ascii: "\n"): octets += #"\n"#.utf8
            case UInt8(ascii: "\r"): octets += #"\r"#.utf8
            case UInt8(ascii: "\t"): octets += #"\t"#.utf8
            case 0..<0x20:
                let digits = String(octet, radix: 16)
                octets += ("\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits).utf8
            default: octets.append(octet)
            }
        }
        octets.append(UInt8(ascii: "\""))
    }
}
