/// Walks over the content lines of octets that were checked before, and reads of each only how it begins.
struct OctetLines {
    /// One logical line, its folds and its end included.
    struct Line {
        let range: Range<Int>
        /// Where its content ends.
        let contentEnd: Int
        let isFolded: Bool
    }

    enum Keyword {
        case begin, end, property, blank
        /// A name that is folded, or that has no end.
        case unreadable
    }

    private var position = 0

    init(_ octets: [UInt8]) {}

    mutating func next(_ octets: [UInt8]) -> Line? {
        guard position < octets.count else { return nil }
        let start = position
        var isFolded = false
        while true {
            var index = position
            while index < octets.count, octets[index] != 10 { index += 1 }
            position = min(index + 1, octets.count)
            if position < octets.count, octets[position] == 32 || octets[position] == 9 {
                isFolded = true
                continue
            }
            let contentEnd = index > start && index < octets.count && octets[index - 1] == 13 ? index - 1 : index
            return Line(range: start..<position, contentEnd: contentEnd, isFolded: isFolded)
        }
    }
}

extension OctetLines.Line {
    func keyword(in octets: [UInt8]) -> OctetLines.Keyword {
        guard contentEnd > range.lowerBound else { return .blank }
        guard let nameEnd = nameEnd(in: octets) else { return .unreadable }
        let isWithoutParameters = octets[nameEnd] == UInt8(ascii: ":")
        switch name(in: octets) {
        case "BEGIN": return isWithoutParameters && !isFolded ? .begin : .unreadable
        case "END": return isWithoutParameters && !isFolded ? .end : .unreadable
        default: return .property
        }
    }

    /// The name in upper case.
    func name(in octets: [UInt8]) -> String {
        guard let end = nameEnd(in: octets) else { return "" }
        return String(decoding: octets[range.lowerBound..<end], as: UTF8.self).asciiUppercased
    }

    /// The value of BEGIN or END, in upper case.
    func word(in octets: [UInt8]) -> String? {
        guard let nameEnd = nameEnd(in: octets) else { return nil }
        return String(decoding: octets[(nameEnd + 1)..<contentEnd], as: UTF8.self).trimmed.asciiUppercased
    }

    /// Where the value stands, if there are neither parameters nor folds.
    func bareValue(in octets: [UInt8]) -> Range<Int>? {
        guard !isFolded, let nameEnd = nameEnd(in: octets), octets[nameEnd] == UInt8(ascii: ":") else { return nil }
        return nameEnd + 1..<contentEnd
    }

    private func nameEnd(in octets: [UInt8]) -> Int? {
        var index = range.lowerBound
        while index < contentEnd, octets[index] > 32 {
            if octets[index] == UInt8(ascii: ":") || octets[index] == UInt8(ascii: ";") { return index }
            index += 1
        }
        return nil
    }
}
