/// Whether one tag spans more than `limit` octets, seen without parsing.
///
/// Quoted values, comments and CDATA sections are skipped as units: a `>` inside them ends no tag.
func hasTag(longerThan limit: Int, in octets: [UInt8]) -> Bool {
    octets.withUnsafeBufferPointer { buffer in
        var scan = TagScan(buffer)
        return scan.finds(longerThan: limit)
    }
}

private struct TagScan {
    private let octets: UnsafeBufferPointer<UInt8>
    private var position = 0

    init(_ octets: UnsafeBufferPointer<UInt8>) { self.octets = octets }

    mutating func finds(longerThan limit: Int) -> Bool {
        while let start = next(UInt8(ascii: "<")) {
            if skips("<![CDATA[", to: "]]>") || skips("<!--", to: "-->") { continue }
            position = start + 1
            guard let end = endOfTag() else { return octets.count - start > limit }
            if end - start > limit { return true }
        }
        return false
    }

    /// Moves to the next such octet.
    private mutating func next(_ octet: UInt8) -> Int? {
        while position < octets.count, octets[position] != octet { position += 1 }
        return position < octets.count ? position : nil
    }

    /// Moves behind the `>` that no quotes enclose.
    private mutating func endOfTag() -> Int? {
        var quote: UInt8?
        while position < octets.count {
            let octet = octets[position]
            position += 1
            if let open = quote {
                if octet == open { quote = nil }
            } else if octet == UInt8(ascii: "\"") || octet == UInt8(ascii: "'") {
                quote = octet
            } else if octet == UInt8(ascii: ">") {
                return position
            }
        }
        return nil
    }

    /// Moves behind `close` if `open` stands here; an unclosed section reaches to the end.
    private mutating func skips(_ open: StaticString, to close: StaticString) -> Bool {
        guard matches(open, at: position) else { return false }
        position += open.utf8CodeUnitCount
        while position < octets.count, !matches(close, at: position) { position += 1 }
        position = min(position + close.utf8CodeUnitCount, octets.count)
        return true
    }

    private func matches(_ text: StaticString, at start: Int) -> Bool {
        let count = text.utf8CodeUnitCount
        guard start + count <= octets.count else { return false }
        return (0..<count).allSatisfy { octets[start + $0] == text.utf8Start[$0] }
    }
}
