/// `application/x-www-form-urlencoded` content, as OAuth requires it (RFC 6749 appendix B).
public enum FormBody {
    /// The media type of what ``encode(_:)`` returns.
    public static let mediaType = "application/x-www-form-urlencoded"

    /// Encodes pairs, in order, as the octets of a form.
    public static func encode(_ pairs: [(String, String)]) -> [UInt8] { [UInt8](query(pairs).utf8) }

    /// Encodes pairs, in order, as the query of an address.
    ///
    /// A blank becomes `%20`, which readers of forms and of addresses agree on.
    public static func query(_ pairs: [(String, String)]) -> String {
        pairs
            .map { name, value in percentEncodeSegment(name) + "=" + percentEncodeSegment(value) }
            .joined(separator: "&")
    }
}

/// Encodes `text` as one segment of a path: all but the unreserved characters (RFC 3986 §2.3).
public func percentEncodeSegment(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var octets: [UInt8] = []
    octets.reserveCapacity(text.utf8.count)
    for octet in text.utf8 {
        if isUnreserved(octet) {
            octets.append(octet)
        } else {
            octets.append(UInt8(ascii: "%"))
            octets.append(digits[Int(octet >> 4)])
            octets.append(digits[Int(octet & 15)])
        }
    }
    return String(decoding: octets, as: UTF8.self)
}

/// `ALPHA / DIGIT / "-" / "." / "_" / "~"` (RFC 3986 §2.3).
private func isUnreserved(_ octet: UInt8) -> Bool {
    switch octet {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"),
        UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
        true
    default: false
    }
}
