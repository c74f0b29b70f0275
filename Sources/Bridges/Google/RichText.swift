/// A description as Google holds it: plain text, or HTML that its web pages wrote.
struct RichText: Sendable, Hashable {
    /// The text as it stands upstream.
    let source: String

    /// The HTML, where it is any.
    var html: String? { Self.isHTML(source) ? source : nil }

    /// The text for a reader without HTML.
    var plain: String {
        guard Self.isHTML(source) else { return Self.withPlainLineEnds(source) }
        return Self.plainText(of: source)
    }

    init(_ source: String) { self.source = source }

    /// What to write so that exactly this plain text is read back.
    init(plain: String) {
        guard Self.isHTML(plain) else {
            source = plain
            return
        }
        source = plain.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(
            ">",
            with: "&gt;"
        )
        .replacing("\n", with: "<br>")
    }

    /// Whether two texts are the same words, however they are laid out.
    static func saysSame(_ left: String, _ right: String) -> Bool {
        left.split(whereSeparator: \.isWhitespace) == right.split(whereSeparator: \.isWhitespace)
    }

    /// The text with LF for CR LF.
    static func withPlainLineEnds(_ text: String) -> String {
        text.utf8.contains(0x0D) ? text.replacing("\r\n", with: "\n") : text
    }

    private static let elements: Set<String> = [
        "a", "b", "blockquote", "br", "code", "div", "em", "font", "h1", "h2", "h3", "h4", "h5", "h6",
        "hr", "html",
        "html-blob", "i", "img", "li", "ol", "p", "pre", "s", "small", "span", "strong", "sub", "sup",
        "table", "tbody",
        "td", "th", "tr", "tt", "u", "ul", "wbr",
    ]

    /// Whether a reader of HTML would see something else than the characters: a known tag or a character reference.
    private static func isHTML(_ text: String) -> Bool {
        var rest = text.utf8[...]
        while let mark = rest.firstIndex(where: { $0 == UInt8(ascii: "<") || $0 == UInt8(ascii: "&") }) {
            let tail = Substring(rest[mark...])
            if tail.utf8.first == UInt8(ascii: "<") {
                if let tag = Tag(tail), elements.contains(tag.name) { return true }
            } else if CharacterReference(tail) != nil {
                return true
            }
            rest = rest[rest.index(after: mark)...]
        }
        return false
    }

    private static func plainText(of html: String) -> String {
        var output = PlainTextWriter()
        var rest = html[...]
        while let first = rest.utf8.first {
            if first == UInt8(ascii: "<"), let tag = Tag(rest), elements.contains(tag.name) {
                output.write(tag)
                rest = rest[tag.end...]
            } else if first == UInt8(ascii: "&"), let reference = CharacterReference(rest) {
                output.write(reference.text)
                rest = rest[reference.end...]
            } else {
                let run = rest.utf8.dropFirst().prefix {
                    $0 != UInt8(ascii: "<") && $0 != UInt8(ascii: "&")
                }
                output.write(String(rest[..<run.endIndex]))
                rest = rest[run.endIndex...]
            }
        }
        return output.finished
    }
}

/// A start or end tag at the beginning of a text.
struct Tag {
    let name: String
    let isEnd: Bool
    /// The target of a link.
    let address: String?
    let end: String.Index

    init?(_ text: Substring) {
        let octets = text.utf8
        guard octets.first == UInt8(ascii: "<"), let close = octets.firstIndex(of: UInt8(ascii: ">"))
        else {
            return nil
        }
        var content = text[octets.index(after: octets.startIndex)..<close]
        isEnd = content.utf8.first == UInt8(ascii: "/")
        if isEnd { content = content.dropFirst() }
        let name = content.utf8.prefix { octet in
            octet != UInt8(ascii: " ") && octet != UInt8(ascii: "/") && octet != 0x0A && octet != 0x09
        }
        self.name = Substring(name).lowercased()
        address = isEnd ? nil : Self.address(content)
        end = octets.index(after: close)
    }

    private static func address(_ content: Substring) -> String? {
        // Without a blank there is nothing but the name.
        guard content.utf8.contains(where: { $0 <= 0x20 }), let range = content.firstRange(of: "href=") else {
            return nil
        }
        let rest = content[range.upperBound...]
        guard let quote = rest.utf8.first, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'")
        else { return nil }
        let value = Substring(rest.utf8.dropFirst().prefix { $0 != quote })
        return RichText(String(value)).plain
    }
}

/// A character reference at the beginning of a text.
struct CharacterReference {
    let text: String
    let end: String.Index

    private static let named: [Substring: String] = [
        "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'", "nbsp": " ", "ndash": "–",
        "mdash": "—",
        "hellip": "…", "bull": "•", "middot": "·", "copy": "©", "euro": "€", "laquo": "«", "raquo": "»",
        "auml": "ä", "ouml": "ö", "uuml": "ü", "Auml": "Ä", "Ouml": "Ö", "Uuml": "Ü", "szlig": "ß",
        "eacute": "é",
    ]

    /// Longer than any reference there is.
    private static let maximumLength = 12

    init?(_ text: Substring) {
        let octets = text.utf8
        guard octets.first == UInt8(ascii: "&"),
            let close = octets.prefix(Self.maximumLength).firstIndex(of: UInt8(ascii: ";"))
        else { return nil }
        let name = text[octets.index(after: octets.startIndex)..<close]
        if name.hasPrefix("#") {
            let digits = name.dropFirst()
            let isHexadecimal = digits.hasPrefix("x") || digits.hasPrefix("X")
            let number = isHexadecimal ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
            guard let number, let scalar = Unicode.Scalar(number) else { return nil }
            self.text = String(Character(scalar))
        } else {
            guard let text = Self.named[name] else { return nil }
            self.text = text
        }
        end = octets.index(after: close)
    }
}

/// Lays out text between tags the way a browser would, in lines.
struct PlainTextWriter {
    private var text = ""
    private var linkStart: String.Index?
    private var linkAddress: String?

    /// The whole text without empty ends.
    var finished: String {
        var result = text[...]
        while let last = result.last, last.isWhitespace { result.removeLast() }
        while let first = result.first, first.isNewline { result.removeFirst() }
        return String(result)
    }

    mutating func write(_ words: String) { text += RichText.withPlainLineEnds(words) }

    mutating func write(_ tag: Tag) {
        switch tag.name {
        case "br": text += tag.isEnd ? "" : "\n"
        case "p", "div", "ul", "ol", "table", "tr", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5",
            "h6", "hr":
            startLine()
        case "li":
            startLine()
            if !tag.isEnd { text += "- " }
        case "td", "th": text += tag.isEnd ? " " : ""
        case "a": if tag.isEnd { endLink() } else { startLink(tag.address) }
        default: break
        }
    }

    private mutating func startLine() {
        if !text.isEmpty, text.utf8.last != 0x0A { text += "\n" }
    }

    private mutating func startLink(_ address: String?) {
        linkAddress = address
        linkStart = text.endIndex
    }

    /// Shows where a link leads, unless its words say so already.
    private mutating func endLink() {
        defer { (linkStart, linkAddress) = (nil, nil) }
        guard let linkStart, let linkAddress else { return }
        let words = text[linkStart...]
        if words.isEmpty {
            text += linkAddress
        } else if !linkAddress.contains(words) {
            text += " <\(linkAddress)>"
        }
    }
}
