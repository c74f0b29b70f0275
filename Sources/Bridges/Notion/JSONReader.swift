/// Reads one JSON value from octets. RFC 8259
struct JSONReader {
    /// What was read is not JSON: garbled, cut short, too deep.
    struct Malformed: Error, Sendable, Hashable {}

    /// Deeper than any answer of Notion's; guards the stack against hostile input.
    static let maximumDepth = 64

    private let octets: [UInt8]
    private var position = 0
    private var depth = 0

    private init(_ octets: [UInt8]) { self.octets = octets }

    /// Reads one value and nothing after it.
    static func value(of octets: [UInt8]) throws(Malformed) -> JSON {
        var reader = JSONReader(octets)
        let value = try reader.value()
        guard reader.peek() == nil else { throw Malformed() }
        return value
    }

    /// Reads one value of a text and nothing after it.
    static func value(of text: String) throws(Malformed) -> JSON { try value(of: Array(text.utf8)) }

    private mutating func value() throws(Malformed) -> JSON {
        switch peek() {
        case UInt8(ascii: "{"): try object()
        case UInt8(ascii: "["): try array()
        case UInt8(ascii: "\""): .string(try string())
        case UInt8(ascii: "t"): try word("true", .bool(true))
        case UInt8(ascii: "f"): try word("false", .bool(false))
        case UInt8(ascii: "n"): try word("null", .null)
        default: try number()
        }
    }

    private mutating func object() throws(Malformed) -> JSON {
        try descend()
        var members: [String: JSON] = [:]
        if !takes(UInt8(ascii: "}")) {
            repeat {
                guard peek() == UInt8(ascii: "\"") else { throw Malformed() }
                let name = try string()
                guard takes(UInt8(ascii: ":")) else { throw Malformed() }
                members[name] = try value()
            } while takes(UInt8(ascii: ","))
            guard takes(UInt8(ascii: "}")) else { throw Malformed() }
        }
        depth -= 1
        return .object(members)
    }

    private mutating func array() throws(Malformed) -> JSON {
        try descend()
        var elements: [JSON] = []
        if !takes(UInt8(ascii: "]")) {
            repeat { elements.append(try value()) } while takes(UInt8(ascii: ","))
            guard takes(UInt8(ascii: "]")) else { throw Malformed() }
        }
        depth -= 1
        return .array(elements)
    }

    /// Passes the opening bracket.
    private mutating func descend() throws(Malformed) {
        position += 1
        depth += 1
        guard depth <= Self.maximumDepth else { throw Malformed() }
    }

    private mutating func word(_ word: StaticString, _ value: JSON) throws(Malformed) -> JSON {
        for index in 0..<word.utf8CodeUnitCount {
            guard position < octets.count, octets[position] == word.utf8Start[index] else { throw Malformed() }
            position += 1
        }
        return value
    }

    private mutating func number() throws(Malformed) -> JSON {
        let start = position
        while position < octets.count, Self.isNumeric(octets[position]) { position += 1 }
        let text = String(decoding: octets[start..<position], as: UTF8.self)
        guard Double(text) != nil else { throw Malformed() }
        return .number(text)
    }

    private static func isNumeric(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."),
            UInt8(ascii: "e"), UInt8(ascii: "E"):
            true
        default: false
        }
    }

    /// The next octet that is no blank, without taking it.
    private mutating func peek() -> UInt8? {
        while position < octets.count {
            switch octets[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            case let octet: return octet
            }
        }
        return nil
    }

    /// Whether the next octet is the expected one, which is then taken.
    private mutating func takes(_ expected: UInt8) -> Bool {
        guard peek() == expected else { return false }
        position += 1
        return true
    }
}

// MARK: - Strings

extension JSONReader {
    private mutating func string() throws(Malformed) -> String {
        position += 1
        let start = position
        var isPlain = true
        while position < octets.count, octets[position] != UInt8(ascii: "\"") {
            let isEscape = octets[position] == UInt8(ascii: "\\")
            if isEscape { isPlain = false }
            position += isEscape ? 2 : 1
        }
        guard position < octets.count else { throw Malformed() }
        let content = octets[start..<position]
        position += 1
        return try isPlain ? Self.text(content) : Self.text(Self.unescape(content)[...])
    }

    private static func text(_ octets: ArraySlice<UInt8>) throws(Malformed) -> String {
        guard let text = String(validating: octets, as: UTF8.self) else { throw Malformed() }
        return text
    }

    private static func unescape(_ content: ArraySlice<UInt8>) throws(Malformed) -> [UInt8] {
        var units: [UInt8] = []
        units.reserveCapacity(content.count)
        var index = content.startIndex
        while index < content.endIndex {
            let octet = content[index]
            index += 1
            guard octet == UInt8(ascii: "\\") else {
                units.append(octet)
                continue
            }
            let escape = content[index]
            index += 1
            if escape == UInt8(ascii: "u") {
                units += String(try scalar(at: &index, in: content)).utf8
            } else {
                guard let plain = plain(escape) else { throw Malformed() }
                units.append(plain)
            }
        }
        return units
    }

    private static func plain(_ escape: UInt8) -> UInt8? {
        switch escape {
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): escape
        default: nil
        }
    }

    /// Reads the digits of `\uXXXX`, and of the second half of a surrogate pair; half a pair is U+FFFD.
    private static func scalar(at index: inout Int, in content: ArraySlice<UInt8>) throws(Malformed) -> Character {
        let first = try codeUnit(at: &index, in: content)
        if let scalar = Unicode.Scalar(first) { return Character(scalar) }
        guard first < 0xDC00, content[index...].starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "u")]) else {
            return "\u{FFFD}"
        }
        var next = index + 2
        let second = try codeUnit(at: &next, in: content)
        guard UTF16.isTrailSurrogate(second) else { return "\u{FFFD}" }
        index = next
        let value = 0x10000 + (UInt32(first) - 0xD800) << 10 + (UInt32(second) - 0xDC00)
        return Unicode.Scalar(value).map(Character.init) ?? "\u{FFFD}"
    }

    private static func codeUnit(at index: inout Int, in content: ArraySlice<UInt8>) throws(Malformed) -> UInt16 {
        let end = index + 4
        guard end <= content.endIndex,
            let unit = UInt16(String(decoding: content[index..<end], as: UTF8.self), radix: 16)
        else { throw Malformed() }
        index = end
        return unit
    }
}
