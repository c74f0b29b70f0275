extension Component {
    /// The component as text; what was not changed since it was read stands there octet for octet.
    ///
    /// New lines end as the component's first line does and are folded at 75 octets. RFC 5545 §3.1
    public func serialized() -> String {
        var writer = ContentLineWriter(lineEnd: begin.map(ContentLineWriter.lineEnd(of:)) ?? [13, 10])
        write(to: &writer)
        return String(decoding: writer.octets, as: UTF8.self)
    }

    private func write(to writer: inout ContentLineWriter) {
        writer.append(begin, or: "BEGIN:" + name)
        for item in items {
            switch item {
            case .property(let property): writer.append(property)
            case .component(let component): component.write(to: &writer)
            case .blank(let octets): writer.append(octets, or: "")
            }
        }
        writer.append(end, or: "END:" + name)
    }
}

/// Writes content lines: kept ones as they are, new ones quoted, encoded and folded.
struct ContentLineWriter {
    /// RFC 5545 §3.1: octets of a line, its end not counted.
    static let maximumLine = 75

    private(set) var octets: [UInt8] = []
    private let lineEnd: [UInt8]

    init(lineEnd: [UInt8]) {
        self.lineEnd = lineEnd
        octets.reserveCapacity(1024)
    }

    /// The line end of a line that was read.
    static func lineEnd(of line: ArraySlice<UInt8>) -> [UInt8] {
        line.last == 10 && line.dropLast().last != 13 ? [10] : [13, 10]
    }

    mutating func append(_ kept: ArraySlice<UInt8>?, or new: String) {
        guard let kept else { return fold(Array(new.utf8)) }
        // A last line without its end may stand before others by now.
        if let last = octets.last, last != 10 { octets += lineEnd }
        octets += kept
    }

    mutating func append(_ property: Property) {
        if let kept = property.octets { return append(kept, or: "") }
        var line = Array(property.name.utf8)
        for parameter in property.parameters {
            line.append(UInt8(ascii: ";"))
            line += parameter.name.utf8
            guard !parameter.values.isEmpty else { continue }
            line.append(UInt8(ascii: "="))
            for (index, value) in parameter.values.enumerated() {
                if index > 0 { line.append(UInt8(ascii: ",")) }
                ParameterValue.append(value, to: &line)
            }
        }
        line.append(UInt8(ascii: ":"))
        appendValue(property.value, to: &line)
        fold(line)
    }

    /// A raw value never breaks out of its line: line ends are escaped, other controls left out.
    private func appendValue(_ value: String, to line: inout [UInt8]) {
        for byte in value.utf8 {
            switch byte {
            case 10: line += [UInt8(ascii: "\\"), UInt8(ascii: "n")]
            case 0..<9, 11..<32, 127: break
            default: line.append(byte)
            }
        }
    }

    private mutating func fold(_ line: [UInt8]) {
        if let last = octets.last, last != 10 { octets += lineEnd }
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
        octets += lineEnd
    }
}

/// The encoding of parameter values. RFC 6868 §3
enum ParameterValue {
    static func append(_ value: String, to line: inout [UInt8]) {
        let isQuoted = value.utf8.contains { $0 == 0x2C || $0 == 0x3A || $0 == 0x3B }
        if isQuoted { line.append(0x22) }
        for byte in value.utf8 {
            switch byte {
            case 10: line += [UInt8(ascii: "^"), UInt8(ascii: "n")]
            case UInt8(ascii: "^"): line += [byte, byte]
            case 0x22: line += [UInt8(ascii: "^"), UInt8(ascii: "'")]
            case 0..<9, 11..<32, 127: break
            default: line.append(byte)
            }
        }
        if isQuoted { line.append(0x22) }
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
