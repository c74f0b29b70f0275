/// Notion's rich text, of which only the plain text is ours.
enum RichText {
    /// The longest run Notion takes, in UTF-16 code units (its messages are JavaScript's `.length`).
    static let maximumRun = 2_000

    /// The most runs Notion takes for one property.
    static let maximumRuns = 100

    /// What stands at the end of a text that was too long.
    static let ellipsis = "…"

    /// The joined plain text: Notion may merge, split and style runs as it likes.
    static func plainText(_ runs: JSON?) -> String {
        (runs?.elements ?? []).map { $0["plain_text"]?.string ?? $0["text"]?["content"]?.string ?? "" }.joined()
    }

    /// The text as runs, none of them cut inside a character.
    static func runs(_ text: String) -> JSON {
        .array(pieces(of: text).map { ["type": "text", "text": ["content": .string($0)]] })
    }

    /// The text as far as a property and its share of the request hold it; a cut shows as an ellipsis at the end.
    ///
    /// Its share is so many octets of the request's 500 KB, JSON escapes included.
    static func fitting(_ text: String, octets: Int) -> String {
        let pieces = pieces(of: text)
        if pieces.count <= maximumRuns, escapedCount(text) <= octets { return text }
        var kept = ""
        var room = octets - ellipsis.utf8.count
        for (index, piece) in pieces.prefix(maximumRuns).enumerated() {
            // The last run must leave a unit for the ellipsis.
            let isLast = index == maximumRuns - 1
            for character in isLast ? Substring(piece).dropLast(piece.utf16.count == maximumRun ? 1 : 0) : piece[...] {
                room -= escapedCount(String(character))
                guard room >= 0 else { return kept + ellipsis }
                kept.append(character)
            }
        }
        return kept + ellipsis
    }

    /// Cuts a text into runs at the borders of characters.
    ///
    /// A character longer than a run (a letter under thousands of accents) is cut between its scalars.
    private static func pieces(of text: String) -> [String] {
        guard text.utf16.count > maximumRun else { return text.isEmpty ? [] : [text] }
        var pieces: [String] = []
        var piece = ""
        var length = 0
        func add(_ part: some StringProtocol) {
            let partLength = part.utf16.count
            if length + partLength > maximumRun {
                pieces.append(piece)
                piece = ""
                length = 0
            }
            piece += part
            length += partLength
        }
        for character in text {
            if character.utf16.count <= maximumRun {
                add(String(character))
            } else {
                for scalar in character.unicodeScalars { add(String(scalar)) }
            }
        }
        pieces.append(piece)
        return pieces.filter { !$0.isEmpty }
    }

    /// The length of the text in a JSON string.
    private static func escapedCount(_ text: String) -> Int {
        text.utf8.reduce(0) { count, octet in
            switch octet {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "\n"): count + 2
            case 0..<0x20: count + 6
            default: count + 1
            }
        }
    }
}

extension String {
    /// The text with `\n` for every line end and without the control characters that iCalendar cannot hold.
    var normalizedLines: String {
        guard utf8.contains(where: { $0 < 0x20 && $0 != 0x0A || $0 == 0x7F }) else { return self }
        var octets: [UInt8] = []
        octets.reserveCapacity(utf8.count)
        var previous: UInt8 = 0
        for octet in utf8 {
            switch octet {
            case 0x0D: octets.append(0x0A)
            case 0x0A where previous == 0x0D: break
            case 0x0A, 0x09: octets.append(octet)
            case 0..<0x20, 0x7F: break
            default: octets.append(octet)
            }
            previous = octet
        }
        return String(decoding: octets, as: UTF8.self)
    }

    /// The text on one line, blanks for line ends.
    var onOneLine: String {
        let text = normalizedLines
        guard text.utf8.contains(0x0A) else { return text }
        return String(decoding: text.utf8.map { $0 == 0x0A ? 0x20 : $0 }, as: UTF8.self)
    }

    /// The text without blanks and line ends at both ends.
    var trimmed: String {
        let octets = Array(utf8)
        let isBlank = { (octet: UInt8) in octet == 0x20 || (0x09...0x0D).contains(octet) }
        guard let first = octets.firstIndex(where: { !isBlank($0) }),
            let last = octets.lastIndex(where: { !isBlank($0) })
        else { return "" }
        return String(decoding: octets[first...last], as: UTF8.self)
    }
}
