/// The digest that names octets.
///
/// FIPS 180-4 §6.2. Not for secrets: those are hashed where the cryptography is.
enum SHA256 {
    /// The 32 octets of the digest of a text's UTF-8.
    static func digest(of text: String) -> [UInt8] {
        var text = text
        return text.withUTF8 { digest(of: $0) }
    }

    /// The 32 octets of the digest.
    static func digest(of octets: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        var state = initial
        return withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 64) { schedule in
            schedule.initialize(repeating: 0)
            let whole = octets.count / 64 * 64
            for start in stride(from: 0, to: whole, by: 64) {
                compress(UnsafeBufferPointer(rebasing: octets[start..<start + 64]), into: &state, schedule)
            }
            let tail = padded(octets[whole...], count: octets.count)
            tail.withUnsafeBufferPointer { tail in
                for start in stride(from: 0, to: tail.count, by: 64) {
                    compress(UnsafeBufferPointer(rebasing: tail[start..<start + 64]), into: &state, schedule)
                }
            }
            let words = [state.0, state.1, state.2, state.3, state.4, state.5, state.6, state.7]
            return words.withUnsafeBufferPointer { words in
                (0..<32).map { UInt8(truncatingIfNeeded: words[$0 / 4] >> (24 - $0 % 4 * 8)) }
            }
        }
    }

    /// Octets as lower-case hexadecimal digits.
    static func hexadecimal(_ octets: some Sequence<UInt8>) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(octets.underestimatedCount * 2)
        for octet in octets {
            text.append(digit(octet >> 4))
            text.append(digit(octet & 15))
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }

    private typealias State = (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32)

    /// The last block or two: what is left, a one bit, zeros, and the length in bits (§5.1.1).
    private static func padded(_ rest: Slice<UnsafeBufferPointer<UInt8>>, count: Int) -> [UInt8] {
        var block = Array(rest)
        block.append(0x80)
        block.append(contentsOf: repeatElement(0, count: (120 - block.count % 64) % 64))
        let bits = UInt64(count) * 8
        block.append(contentsOf: stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: bits >> $0) })
        return block
    }

    /// Takes one block of 64 octets into the state (§6.2.2).
    private static func compress(
        _ block: UnsafeBufferPointer<UInt8>,
        into state: inout State,
        _ schedule: UnsafeMutableBufferPointer<UInt32>
    ) {
        for index in 0..<16 {
            let word = UnsafeRawBufferPointer(block).loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)
            schedule[index] = UInt32(bigEndian: word)
        }
        for index in 16..<64 {
            let far = schedule[index - 15]
            let near = schedule[index - 2]
            let sigma0 = rotated(far, 7) ^ rotated(far, 18) ^ far &>> 3
            let sigma1 = rotated(near, 17) ^ rotated(near, 19) ^ near &>> 10
            schedule[index] = schedule[index - 16] &+ sigma0 &+ schedule[index - 7] &+ sigma1
        }
        var (a, b, c, d, e, f, g, h) = state
        constants.withUnsafeBufferPointer { constants in
            for index in 0..<64 {
                let sum1 = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)
                let choice = e & f ^ ~e & g
                let first = h &+ sum1 &+ choice &+ constants[index] &+ schedule[index]
                let sum0 = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)
                let majority = a & b ^ a & c ^ b & c
                (h, g, f, e, d, c, b, a) = (g, f, e, d &+ first, c, b, a, first &+ sum0 &+ majority)
            }
        }
        state.0 &+= a
        state.1 &+= b
        state.2 &+= c
        state.3 &+= d
        state.4 &+= e
        state.5 &+= f
        state.6 &+= g
        state.7 &+= h
    }

    @inline(__always)
    private static func rotated(_ word: UInt32, _ count: UInt32) -> UInt32 { word &>> count | word &<< (32 - count) }

    /// The digest of nothing (§5.3.3).
    private static let initial: State = (
        0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19
    )

    /// The constants of the rounds (§4.2.2).
    private static let constants: [UInt32] = [
        0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
        0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
        0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
        0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
        0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
        0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
        0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
        0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
    ]
}
