/// An address that both sides can hold.
struct EventURL: Sendable, Hashable {
    let text: String

    /// The longest address Notion takes, in UTF-16 code units.
    static let maximumLength = 2_000

    /// Takes an address over, blanks escaped and control characters left out.
    ///
    /// Nil for what is too long or has no scheme: that is no URI (RFC 3986 §3.1).
    init?(_ text: String) {
        let clean = text.onOneLine.trimmed
        guard clean.utf16.count <= Self.maximumLength, Self.hasScheme(clean) else { return nil }
        var octets: [UInt8] = []
        for octet in clean.utf8 where octet != 0x09 {
            octets += octet == 0x20 ? Array("%20".utf8) : [octet]
        }
        self.text = String(decoding: octets, as: UTF8.self)
    }

    private static func hasScheme(_ text: String) -> Bool {
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")), colon != text.utf8.startIndex,
            text.utf8.index(after: colon) != text.utf8.endIndex
        else { return false }
        return text.utf8[..<colon].allSatisfy { octet in
            switch octet {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
                true
            default: false
            }
        }
    }
}
