/// A small stable hash (FNV-1a, 64 bits): the same on every machine and in every release.
///
/// Tells contents apart; protects nothing.
struct Digest {
    private var state: UInt64 = 0xCBF2_9CE4_8422_2325

    /// The hash of one text.
    static func of(_ text: String) -> String {
        var digest = Digest()
        digest.add(text)
        return digest.hex
    }

    /// Adds one part; parts do not run together.
    mutating func add(_ text: String) {
        for octet in text.utf8 { add(octet) }
        // Occurs in no UTF-8.
        add(0xFF)
    }

    /// Sixteen hexadecimal digits.
    var hex: String {
        let digits = String(state, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }

    private mutating func add(_ octet: UInt8) {
        state ^= UInt64(octet)
        state &*= 0x0000_0100_0000_01B3
    }
}
