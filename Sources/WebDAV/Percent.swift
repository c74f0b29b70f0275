/// Percent-encoding of one path segment (RFC 3986 §2.1, §3.3).
public enum Percent {
    /// Encodes everything but unreserved characters and `@`, `!`, `$`, `(`, `)`, `,`, `=`, `:`.
    ///
    /// `;`, `&`, `'`, `*` and `+` are encoded although §3.3 allows them: some client somewhere misreads each.
    public static func encode(segment: String) -> String {
        var encoded: [UInt8] = []
        encoded.reserveCapacity(segment.utf8.count)
        for octet in segment.utf8 {
            if isPlain(octet) {
                encoded.append(octet)
            } else {
                encoded.append(UInt8(ascii: "%"))
                encoded.append(hexDigits[Int(octet >> 4)])
                encoded.append(hexDigits[Int(octet & 0x0F)])
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    /// Decodes once; nil for a bad `%`, for NUL and for what is no UTF-8 afterwards.
    public static func decode(segment: Substring) -> String? {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(segment.utf8.count)
        var rest = segment.utf8.makeIterator()
        while let octet = rest.next() {
            guard octet == UInt8(ascii: "%") else {
                decoded.append(octet)
                continue
            }
            guard let high = rest.next().flatMap(value(ofHex:)), let low = rest.next().flatMap(value(ofHex:)) else {
                return nil
            }
            decoded.append(high << 4 | low)
        }
        guard !decoded.contains(0) else { return nil }
        return String(validating: decoded, as: UTF8.self)
    }

    private static let hexDigits = Array("0123456789ABCDEF".utf8)

    private static func value(ofHex octet: UInt8) -> UInt8? {
        switch octet {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): octet - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): octet - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"): octet - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    private static let plain: [Bool] = {
        var table = [Bool](repeating: false, count: 256)
        for octet in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~@!$(),=:".utf8 {
            table[Int(octet)] = true
        }
        return table
    }()

    static func isPlain(_ octet: UInt8) -> Bool { plain[Int(octet)] }
}
