/// Cuts iCalendar octets into content lines and reads each. RFC 5545 §3.1
///
/// Refuses what no calendar may contain: controls (RFC 5545 §3.1), lines beyond the limit, lines without a colon. LF alone
/// ends a line like CR LF: programs send it, and the octets are kept as they came.
struct ContentLineReader {
    /// One logical line: where it stands, and what it says.
    enum Line {
        case property(Property)
        case begin(String, ArraySlice<UInt8>)
        case end(String, ArraySlice<UInt8>)
        case blank(ArraySlice<UInt8>)
    }

    private let octets: [UInt8]
    private var position = 0
    /// The number of the physical line the last logical line began on.
    private(set) var lineNumber = 0
    private var nextLineNumber = 1

    init(_ octets: [UInt8]) { self.octets = octets }

    /// The next logical line, or nil at the end.
    mutating func next() throws(CalendarDataError) -> Line? {
        guard position < octets.count else { return nil }
        let start = position
        lineNumber = nextLineNumber
        let (contentEnd, isFolded) = try scanLine()
        let kept = octets[start..<position]
        if contentEnd == start { return .blank(kept) }
        guard position - start <= CalendarLimits.maximumLineOctets else {
            throw .invalidData("Line \(lineNumber) is longer than \(CalendarLimits.maximumLineOctets) octets.")
        }
        let parsed =
            isFolded
            ? Self.unfolded(kept).withUnsafeBufferPointer { ContentLineParser($0[...]).line(kept) }
            : octets.withUnsafeBufferPointer { ContentLineParser($0[start..<contentEnd]).line(kept) }
        guard let parsed else {
            throw .invalidData("Line \(lineNumber) is no content line: name, parameters, colon, value.")
        }
        return parsed
    }

    /// Moves past one logical line; answers where its last physical line's content ends and whether it is folded.
    private mutating func scanLine() throws(CalendarDataError) -> (contentEnd: Int, isFolded: Bool) {
        var isFolded = false
        while true {
            let (contentEnd, control) = scanPhysicalLine()
            if let control { throw .invalidData("Line \(nextLineNumber) contains the control character \(control).") }
            nextLineNumber += 1
            guard position < octets.count, octets[position] == 32 || octets[position] == 9 else {
                return (contentEnd, isFolded)
            }
            isFolded = true
        }
    }

    /// Moves past one line end; answers where the content before it ends, or the control character that stands there.
    private mutating func scanPhysicalLine() -> (contentEnd: Int, control: UInt8?) {
        octets.withUnsafeBufferPointer { octets in
            var index = position
            defer { position = index }
            while index < octets.count {
                let octet = octets[index]
                index += 1
                if octet >= 32, octet != 127 { continue }
                if octet == 10 { return (index - 1, nil) }
                if octet == 13, index < octets.count, octets[index] == 10 {
                    index += 1
                    return (index - 2, nil)
                }
                if octet != 9 { return (index, octet) }
            }
            return (index, nil)
        }
    }

    /// The line without its folds and its end.
    private static func unfolded(_ line: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(line.count)
        var index = line.startIndex
        while index < line.endIndex {
            let octet = line[index]
            index += 1
            if octet == 13 { continue }
            if octet == 10 {
                index += 1
                continue
            }
            result.append(octet)
        }
        return result
    }
}

/// Reads one unfolded content line.
struct ContentLineParser {
    private let octets: UnsafeBufferPointer<UInt8>.SubSequence
    private var position: Int

    init(_ octets: UnsafeBufferPointer<UInt8>.SubSequence) {
        self.octets = octets
        position = octets.startIndex
    }

    /// The line, or nil when it is none; `kept` are the octets it was read from.
    consuming func line(_ kept: ArraySlice<UInt8>) -> ContentLineReader.Line? {
        guard let name = name() else { return nil }
        var parameters: [Parameter] = []
        while take(UInt8(ascii: ";")) {
            guard let parameter = parameter() else { return nil }
            parameters.append(parameter)
        }
        guard take(UInt8(ascii: ":")) else { return nil }
        let value = String(decoding: octets[position...], as: UTF8.self)
        switch name {
        case "BEGIN": return .begin(value.trimmed.asciiUppercased, kept)
        case "END": return .end(value.trimmed.asciiUppercased, kept)
        default: return .property(Property(name: name, parameters: parameters, value: value, octets: kept))
        }
    }

    private mutating func take(_ octet: UInt8) -> Bool {
        guard position < octets.endIndex, octets[position] == octet else { return false }
        position += 1
        return true
    }

    /// A name in upper case: anything printable up to a delimiter, since programs invent names freely.
    private mutating func name() -> String? {
        let start = position
        while position < octets.endIndex {
            let octet = octets[position]
            if octet == 0x3A || octet == 0x3B || octet == 0x3D { break }
            guard octet > 32, octet != 0x22, octet != 0x2C else { return nil }
            position += 1
        }
        guard position > start else { return nil }
        return String(decoding: octets[start..<position], as: UTF8.self).asciiUppercased
    }

    private mutating func parameter() -> Parameter? {
        guard let name = name() else { return nil }
        // vCalendar 1.0 style: a parameter that is only a name.
        guard take(0x3D) else { return Parameter(name, []) }
        var values: [String] = []
        repeat {
            guard let value = parameterValue() else { return nil }
            values.append(value)
        } while take(0x2C)
        return Parameter(name, values)
    }

    private mutating func parameterValue() -> String? {
        if take(0x22) {
            guard let quote = octets[position...].firstIndex(of: 0x22) else { return nil }
            defer { position = quote + 1 }
            return ParameterValue.decode(octets[position..<quote])
        }
        let start = position
        while position < octets.endIndex, octets[position] != 0x2C, octets[position] != 0x3A, octets[position] != 0x3B {
            position += 1
        }
        return ParameterValue.decode(octets[start..<position])
    }
}

extension String {
    /// The text without blanks at its ends.
    var trimmed: String {
        guard utf8.first == 32 || utf8.last == 32 || utf8.first == 9 || utf8.last == 9 else { return self }
        let isBlank = { (octet: UInt8) in octet == 32 || octet == 9 }
        let start = utf8.firstIndex { !isBlank($0) } ?? endIndex
        let end = utf8.lastIndex { !isBlank($0) }.map { utf8.index(after: $0) } ?? start
        return String(self[start..<end])
    }
}
