extension JSON {
    /// The document as UTF-8, without blanks, members in name order.
    public var octets: [UInt8] {
        var octets: [UInt8] = []
        write(to: &octets)
        return octets
    }

    /// The document as text.
    public var serialized: String { String(decoding: octets, as: UTF8.self) }

    private func write(to octets: inout [UInt8]) {
        switch self {
        case .null: octets.append(contentsOf: "null".utf8)
        case .bool(let flag): octets.append(contentsOf: (flag ? "true" : "false").utf8)
        case .integer(let number): octets.append(contentsOf: String(number).utf8)
        case .double(let number): octets.append(contentsOf: String(number).utf8)
        case .string(let text): Self.write(text, to: &octets)
        case .array(let elements):
            octets.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { octets.append(UInt8(ascii: ",")) }
                element.write(to: &octets)
            }
            octets.append(UInt8(ascii: "]"))
        case .object(let members):
            octets.append(UInt8(ascii: "{"))
            for (index, member) in members.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { octets.append(UInt8(ascii: ",")) }
                Self.write(member.key, to: &octets)
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
            case UInt8(ascii: "\""): octets.append(contentsOf: #"\""#.utf8)
            case UInt8(ascii: "\\"): octets.append(contentsOf: #"\\"#.utf8)
            case 0x0A: octets.append(contentsOf: #"\n"#.utf8)
            case 0x0D: octets.append(contentsOf: #"\r"#.utf8)
            case 0x09: octets.append(contentsOf: #"\t"#.utf8)
            case 0..<0x20:
                let digits = String(octet, radix: 16)
                octets.append(contentsOf: #"\u"#.utf8)
                octets.append(contentsOf: (String(repeating: "0", count: 4 - digits.count) + digits).utf8)
            case _: octets.append(octet)
            }
        }
        octets.append(UInt8(ascii: "\""))
    }
}

extension JSON {
    /// A string member, or nothing: for dictionaries built from optionals.
    static func text(_ text: String?) -> JSON? { text.map(JSON.string) }

    /// An object of the members that are there.
    static func compact(_ members: [String: JSON?]) -> JSON { .object(members.compactMapValues { $0 }) }
}
