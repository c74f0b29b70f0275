/// Reads JSON octets once, from the front. RFC 8259
///
/// A caller may build values, or skip over them and keep their extent: a page of thousands of events is cut into its
/// items without building any of them.
struct JSONReader {
    /// What was read is not JSON: garbled, or cut short.
    struct Malformed: Error, Sendable, Hashable {}

    /// Deeper than any answer of Google's; guards the stack against hostile input.
    static let maximumDepth = 64

    /// So many members has an event, and what is in it, as a rule: an array that grows is allocated again and again.
    private static let usualMembers = (outermost: 24, inner: 4)

    private let octets: UnsafeBufferPointer<UInt8>
    private var position = 0
    private var depth = 0

    private init(_ octets: UnsafeBufferPointer<UInt8>) { self.octets = octets }

    /// Reads octets from their front; the reader is of use in `body` only.
    static func read<Value>(
        _ octets: ArraySlice<UInt8>,
        _ body: (_ reader: inout JSONReader) throws(Malformed) -> Value
    ) throws(Malformed) -> Value {
        try octets.withUnsafeBufferPointer { octets throws(Malformed) in
            var reader = JSONReader(octets)
            return try body(&reader)
        }
    }

    /// Reads a text from its front; the reader is of use in `body` only.
    static func read<Value>(
        _ text: String,
        _ body: (_ reader: inout JSONReader) throws(Malformed) -> Value
    ) throws(Malformed) -> Value {
        var text = text
        return try text.withUTF8 { octets in
            var reader = JSONReader(octets)
            return Result { () throws(Malformed) in try body(&reader) }
        }
        .get()
    }

    /// Reads one value of octets and nothing after it.
    static func value(of octets: ArraySlice<UInt8>) throws(Malformed) -> JSON {
        try read(octets) { reader throws(Malformed) in try reader.only() }
    }

    /// Reads one value of a text and nothing after it.
    static func value(of text: String) throws(Malformed) -> JSON {
        try read(text) { reader throws(Malformed) in try reader.only() }
    }

    private mutating func only() throws(Malformed) -> JSON {
        let value = try value()
        try end()
        return value
    }

    /// Requires that nothing but blanks is left.
    mutating func end() throws(Malformed) {
        guard peek() == nil else { throw Malformed() }
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

    private mutating func take(_ expected: UInt8) throws(Malformed) {
        guard peek() == expected else { throw Malformed() }
        position += 1
    }

    /// Whether the next octet is the expected one, which is then taken.
    private mutating func takes(_ expected: UInt8) -> Bool {
        guard peek() == expected else { return false }
        position += 1
        return true
    }

    private mutating func take(word: StaticString) throws(Malformed) {
        for index in 0..<word.utf8CodeUnitCount {
            guard position < octets.count, octets[position] == word.utf8Start[index] else {
                throw Malformed()
            }
            position += 1
        }
    }
}

// MARK: - Values

extension JSONReader {
    /// Reads the next value.
    mutating func value() throws(Malformed) -> JSON {
        switch peek() {
        case UInt8(ascii: "{"):
            var members: [JSON.Member] = []
            members.reserveCapacity(depth == 0 ? Self.usualMembers.outermost : Self.usualMembers.inner)
            try object { name, reader throws(Malformed) in
                members.append(JSON.Member(name: name, value: try reader.value()))
            }
            return .object(members)
        case UInt8(ascii: "["):
            var elements: [JSON] = []
            try array { reader throws(Malformed) in elements.append(try reader.value()) }
            return .array(elements)
        case UInt8(ascii: "\""): return .string(try string())
        case nil: throw Malformed()
        default: return try scalar()
        }
    }

    /// Passes over the next value and returns where it stands among the octets.
    @discardableResult
    mutating func skip() throws(Malformed) -> Range<Int> {
        guard let first = peek() else { throw Malformed() }
        let start = position
        switch first {
        case UInt8(ascii: "{"):
            try skipMembers()
        case UInt8(ascii: "["):
            try array { reader throws(Malformed) in try reader.skip() }
        case UInt8(ascii: "\""): try skipString()
        default: _ = try scalar()
        }
        return start..<position
    }

    /// Reads an object; `member` is called after each name and must read or skip its value.
    mutating func object(
        _ member: (_ name: String, _ reader: inout JSONReader) throws(Malformed) -> Void
    ) throws(Malformed) {
        try enter(UInt8(ascii: "{"))
        if !takes(UInt8(ascii: "}")) {
            repeat {
                guard peek() == UInt8(ascii: "\"") else { throw Malformed() }
                let name = try string()
                try take(UInt8(ascii: ":"))
                try member(name, &self)
            } while takes(UInt8(ascii: ","))
            try take(UInt8(ascii: "}"))
        }
        depth -= 1
    }

    /// Reads an array; `element` is called before each element and must read or skip it.
    mutating func array(_ element: (_ reader: inout JSONReader) throws(Malformed) -> Void)
        throws(Malformed)
    {
        try enter(UInt8(ascii: "["))
        if !takes(UInt8(ascii: "]")) {
            repeat { try element(&self) } while takes(UInt8(ascii: ","))
            try take(UInt8(ascii: "]"))
        }
        depth -= 1
    }

    private mutating func skipMembers() throws(Malformed) {
        try enter(UInt8(ascii: "{"))
        if !takes(UInt8(ascii: "}")) {
            repeat {
                guard peek() == UInt8(ascii: "\"") else { throw Malformed() }
                try skipString()
                try take(UInt8(ascii: ":"))
                try skip()
            } while takes(UInt8(ascii: ","))
            try take(UInt8(ascii: "}"))
        }
        depth -= 1
    }

    private mutating func enter(_ bracket: UInt8) throws(Malformed) {
        try take(bracket)
        depth += 1
        guard depth <= Self.maximumDepth else { throw Malformed() }
    }

    private mutating func scalar() throws(Malformed) -> JSON {
        switch peek() {
        case UInt8(ascii: "t"):
            try take(word: "true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try take(word: "false")
            return .bool(false)
        case UInt8(ascii: "n"):
            try take(word: "null")
            return .null
        default:
            let start = position
            while position < octets.count, Self.isNumeric(octets[position]) { position += 1 }
            let text = String(decoding: octets[start..<position], as: UTF8.self)
            guard Double(text) != nil else { throw Malformed() }
            return .number(text)
        }
    }

    private static func isNumeric(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"),
            UInt8(ascii: "."),
            UInt8(ascii: "e"), UInt8(ascii: "E"):
            true
        default: false
        }
    }
}

// MARK: - Strings

extension JSONReader {
    private mutating func skipString() throws(Malformed) {
        position += 1
        while position < octets.count {
            switch octets[position] {
            case UInt8(ascii: "\""):
                position += 1
                return
            case UInt8(ascii: "\\"): position += 2
            default: position += 1
            }
        }
        throw Malformed()
    }

    private mutating func string() throws(Malformed) -> String {
        let start = position + 1
        try skipString()
        let content = UnsafeBufferPointer(rebasing: octets[start..<position - 1])
        guard content.contains(UInt8(ascii: "\\")) else {
            return String(decoding: content, as: UTF8.self)
        }
        return try Self.unescape(content)
    }

    private static func unescape(_ content: UnsafeBufferPointer<UInt8>) throws(Malformed) -> String {
        var units: [UInt8] = []
        units.reserveCapacity(content.count)
        var index = 0
        while index < content.count {
            let octet = content[index]
            index += 1
            guard octet == UInt8(ascii: "\\") else {
                units.append(octet)
                continue
            }
            guard index < content.count else { throw Malformed() }
            let escape = content[index]
            index += 1
            if escape == UInt8(ascii: "u") {
                units += String(try scalar(at: &index, in: content)).utf8
            } else {
                guard let plain = plain(escape) else { throw Malformed() }
                units.append(plain)
            }
        }
        return String(decoding: units, as: UTF8.self)
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
    private static func scalar(at index: inout Int, in content: UnsafeBufferPointer<UInt8>) throws(Malformed)
        -> Character
    {
        let first = try codeUnit(at: &index, in: content)
        if let scalar = Unicode.Scalar(first) { return Character(scalar) }
        let rest = content[index...]
        guard first < 0xDC00, rest.starts(with: Array(#"\u"#.utf8)) else { return "\u{FFFD}" }
        var next = index + 2
        let second = try codeUnit(at: &next, in: content)
        guard (0xDC00...0xDFFF).contains(second) else { return "\u{FFFD}" }
        index = next
        let value = 0x10000 + (UInt32(first) - 0xD800) << 10 + (UInt32(second) - 0xDC00)
        return Unicode.Scalar(value).map(Character.init) ?? "\u{FFFD}"
    }

    private static func codeUnit(at index: inout Int, in content: UnsafeBufferPointer<UInt8>) throws(Malformed)
        -> UInt16
    {
        let end = index + 4
        guard end <= content.count,
            let unit = UInt16(String(decoding: content[index..<end], as: UTF8.self), radix: 16)
        else { throw Malformed() }
        index = end
        return unit
    }
}
