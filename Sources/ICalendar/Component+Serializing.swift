extension Component {
    /// The component as text; what was not changed since it was read stands there octet for octet.
    ///
    /// New lines end as the component's first line does and are folded at 75 octets. RFC 5545 §3.1
    public func serialized() -> String { written().text }

    /// The text, and whether reading it gives this very component.
    func written() -> (text: String, isFaithful: Bool) {
        var writer = ContentLineWriter(lineEnd: begin.map(ContentLineWriter.lineEnd(of:)) ?? [13, 10])
        write(to: &writer, depth: 1)
        return (String(decoding: writer.octets, as: UTF8.self), writer.isFaithful)
    }

    private func write(to writer: inout ContentLineWriter, depth: Int) {
        writer.append(begin, or: "BEGIN", name)
        for item in items {
            switch item {
            case .property(let property): writer.append(property)
            case .component(let component): component.write(to: &writer, depth: depth + 1)
            case .blank(let octets): writer.append(kept: octets)
            }
        }
        writer.append(end, or: "END", name)
        if depth > CalendarLimits.maximumDepth { writer.doubt() }
    }
}

/// Writes content lines: kept ones as they are, new ones quoted, encoded and folded.
struct ContentLineWriter {
    /// RFC 5545 §3.1: octets of a line, its end not counted.
    static let maximumLine = 75

    private(set) var octets: [UInt8] = []

    /// Whether a reader finds in the lines what they were written from.
    ///
    /// False where something was left out or written otherwise, and where a reader might refuse it.
    private(set) var isFaithful = true

    private let lineEnd: [UInt8]

    init(lineEnd: [UInt8]) {
        self.lineEnd = lineEnd
        octets.reserveCapacity(2048)
    }

    /// The line end of a line that was read.
    static func lineEnd(of line: ArraySlice<UInt8>) -> [UInt8] {
        line.last == 10 && line.dropLast().last != 13 ? [10] : [13, 10]
    }

    /// Says that what was written may not be readable.
    mutating func doubt() { isFaithful = false }

    /// A line as it was read, or `word:name`.
    mutating func append(_ kept: ArraySlice<UInt8>?, or word: StaticString, _ name: String) {
        if let kept { return append(kept: kept) }
        endLastLine()
        let start = octets.count
        octets += UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
        octets.append(UInt8(ascii: ":"))
        append(name: name)
        endLine(from: start)
    }

    mutating func append(kept: ArraySlice<UInt8>) {
        endLastLine()
        octets += kept
    }

    mutating func append(_ property: Property) {
        if let kept = property.octets { return append(kept: kept) }
        endLastLine()
        let start = octets.count
        append(name: property.name)
        if property.name == "BEGIN" || property.name == "END" { doubt() }
        for parameter in property.parameters {
            octets.append(UInt8(ascii: ";"))
            append(name: parameter.name)
            guard !parameter.values.isEmpty else { continue }
            octets.append(UInt8(ascii: "="))
            for (index, value) in parameter.values.enumerated() {
                if index > 0 { octets.append(UInt8(ascii: ",")) }
                if !ParameterValue.append(value, to: &octets) { doubt() }
            }
        }
        octets.append(UInt8(ascii: ":"))
        append(value: property.value)
        endLine(from: start)
    }

    /// A name as it is; one that a reader would not take for a name is doubtful.
    private mutating func append(name: String) {
        var name = name
        name.withUTF8 { name in
            octets += name
            let isPlain = name.allSatisfy { octet in
                octet > 32 && octet != 0x22 && octet != 0x2C && octet != 0x3A && octet != 0x3B && octet != 0x3D
                    && octet != 127
            }
            if !isPlain || name.isEmpty { doubt() }
        }
    }

    /// A raw value never breaks out of its line: line ends are escaped, other controls left out.
    private mutating func append(value: String) {
        var value = value
        value.withUTF8 { value in
            guard value.contains(where: { $0 < 32 && $0 != 9 || $0 == 127 }) else {
                octets += value
                return
            }
            doubt()
            for octet in value {
                switch octet {
                case 10: octets += [UInt8(ascii: "\\"), UInt8(ascii: "n")]
                case 0..<9, 11..<32, 127: break
                default: octets.append(octet)
                }
            }
        }
    }

    /// A last line without its end may stand before others by now.
    private mutating func endLastLine() {
        if let last = octets.last, last != 10 { octets += lineEnd }
    }

    /// Ends the line that began at `start`, and folds it where it is long.
    private mutating func endLine(from start: Int) {
        if octets.count - start > Self.maximumLine { fold(from: start) }
        octets += lineEnd
        if octets.count - start > CalendarLimits.maximumLineOctets { doubt() }
    }

    private mutating func fold(from begin: Int) {
        let line = Array(octets[begin...])
        octets.removeSubrange(begin...)
        var start = 0
        var room = Self.maximumLine
        while line.count - start > room {
            var end = start + room
            // Never inside a character: step back over its continuation octets.
            while line[end] & 0xC0 == 0x80 { end -= 1 }
            octets += line[start..<end]
            octets += lineEnd
            octets.append(32)
            start = end
            room = Self.maximumLine - 1
        }
        octets += line[start...]
    }
}

/// The encoding of parameter values. RFC 6868 §3
enum ParameterValue {
    /// Writes a value; answers whether all of it could be written.
    static func append(_ value: String, to line: inout [UInt8]) -> Bool {
        var value = value
        return value.withUTF8 { value in
            let isQuoted = value.contains { $0 == 0x2C || $0 == 0x3A || $0 == 0x3B }
            var isWhole = true
            if isQuoted { line.append(0x22) }
            for octet in value {
                switch octet {
                case 10: line += [UInt8(ascii: "^"), UInt8(ascii: "n")]
                case UInt8(ascii: "^"): line += [octet, octet]
                case 0x22: line += [UInt8(ascii: "^"), UInt8(ascii: "'")]
                case 0..<9, 11..<32, 127: isWhole = false
                default: line.append(octet)
                }
            }
            if isQuoted { line.append(0x22) }
            return isWhole
        }
    }

    static func decode(_ octets: UnsafeBufferPointer<UInt8>.SubSequence) -> String {
        let caret = UInt8(ascii: "^")
        guard octets.contains(caret) else { return String(decoding: octets, as: UTF8.self) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(octets.count)
        var index = octets.startIndex
        while index < octets.endIndex {
            let next = index + 1
            if octets[index] == caret, next < octets.endIndex, let decoded = decoded(octets[next]) {
                bytes.append(decoded)
                index += 2
            } else {
                bytes.append(octets[index])
                index += 1
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func decoded(_ octet: UInt8) -> UInt8? {
        switch octet {
        case UInt8(ascii: "n"): 10
        case UInt8(ascii: "^"): octet
        case UInt8(ascii: "'"): 0x22
        default: nil
        }
    }
}
