/// Base64 and percent encoding of the few short texts that the simulator writes.
enum Base64 {
    /// Base64url without padding (RFC 4648 §5).
    static func url(_ octets: some Sequence<UInt8>) -> String {
        encode(octets, alphabet: urlAlphabet, bits: 6)
    }

    /// Base32hex in lower case without padding (RFC 4648 §7): the alphabet of event identifiers.
    static func hex32(_ octets: some Sequence<UInt8>) -> String {
        encode(octets, alphabet: hexAlphabet, bits: 5)
    }

    /// Decodes base64url; nil for a character outside of the alphabet.
    static func decodeURL(_ text: String) -> [UInt8]? {
        var octets: [UInt8] = []
        var buffer = 0
        var held = 0
        for letter in text.utf8 {
            guard let value = urlAlphabet.firstIndex(of: letter) else { return nil }
            buffer = (buffer << 6 | value) & 0xFFFF
            held += 6
            guard held >= 8 else { continue }
            held -= 8
            octets.append(UInt8(truncatingIfNeeded: buffer >> held))
        }
        return octets
    }

    private static let urlAlphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    private static let hexAlphabet = Array("0123456789abcdefghijklmnopqrstuv".utf8)

    private static func encode(_ octets: some Sequence<UInt8>, alphabet letters: [UInt8], bits: Int) -> String {
        let mask = (1 << bits) - 1
        var text: [UInt8] = []
        var buffer = 0
        var held = 0
        for octet in octets {
            buffer = (buffer << 8 | Int(octet)) & 0xFFFF
            held += 8
            while held >= bits {
                held -= bits
                text.append(letters[buffer >> held & mask])
            }
        }
        if held > 0 { text.append(letters[buffer << (bits - held) & mask]) }
        return String(decoding: text, as: UTF8.self)
    }
}

/// Percent encoding (RFC 3986 §2.1).
enum Percent {
    /// Encodes all but unreserved characters.
    static func encode(_ text: String) -> String {
        var encoded: [UInt8] = []
        for octet in text.utf8 {
            switch octet {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                encoded.append(octet)
            case _:
                let digits = String(octet, radix: 16, uppercase: true)
                encoded.append(contentsOf: (octet < 16 ? "%0" : "%").utf8)
                encoded.append(contentsOf: digits.utf8)
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    /// Decodes; nil for a bad escape or for octets that are not UTF-8.
    ///
    /// In forms a plus is a blank.
    static func decode(_ text: some StringProtocol, form: Bool = false) -> String? {
        var decoded: [UInt8] = []
        var octets = text.utf8.makeIterator()
        while let octet = octets.next() {
            switch octet {
            case UInt8(ascii: "%"):
                guard let high = octets.next().flatMap(nibble), let low = octets.next().flatMap(nibble) else {
                    return nil
                }
                decoded.append(high << 4 | low)
            case UInt8(ascii: "+") where form: decoded.append(0x20)
            case _: decoded.append(octet)
            }
        }
        return String(validating: decoded, as: UTF8.self)
    }

    private static func nibble(_ octet: UInt8) -> UInt8? {
        switch octet {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): octet - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): octet - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): octet - UInt8(ascii: "A") + 10
        case _: nil
        }
    }
}

/// Names and values of a query or of a form, in order, repeated names kept.
struct Parameters: Sendable, Hashable {
    var pairs: [(name: String, value: String)] = []

    init(_ pairs: [(name: String, value: String)] = []) { self.pairs = pairs }

    /// Reads `a=1&b=2`; a pair with a bad escape is left out.
    init(encoded: some StringProtocol) {
        for pair in encoded.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Percent.decode(parts[0], form: true),
                let value = Percent.decode(parts.count > 1 ? parts[1] : "", form: true)
            else { continue }
            pairs.append((name, value))
        }
    }

    subscript(name: String) -> String? { pairs.first { $0.name == name }?.value }

    func all(_ name: String) -> [String] { pairs.filter { $0.name == name }.map(\.value) }

    static func == (one: Parameters, other: Parameters) -> Bool {
        one.pairs.elementsEqual(other.pairs) { $0 == $1 }
    }

    func hash(into hasher: inout Hasher) {
        for pair in pairs {
            hasher.combine(pair.name)
            hasher.combine(pair.value)
        }
    }
}
