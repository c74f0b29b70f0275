import Crypto
import CryptoExtras
import Foundation

/// The hash of a password with all that is needed to check it: `$scrypt$ln=15,r=8,p=1$SALT$KEY` (RFC 7914).
struct PasswordHash: Sendable, Hashable {
    /// What one hash costs.
    struct Cost: Sendable, Hashable {
        /// The exponent of N: 128 · r · 2^ln octets of memory.
        var logarithmOfN: Int
        var r: Int
        var p: Int

        /// 32 MiB and, on one core of a small server, a small fraction of a second for each guess.
        static let current = Cost(logarithmOfN: 15, r: 8, p: 3)

        /// What a stored hash may ask for: a damaged row must not take the machine's memory (4 GiB at ln 25).
        static let maximum = Cost(logarithmOfN: 20, r: 16, p: 16)

        var isAcceptable: Bool {
            (1...Self.maximum.logarithmOfN).contains(logarithmOfN) && (1...Self.maximum.r).contains(r)
                && (1...Self.maximum.p).contains(p)
        }
    }

    /// Enough that no two passwords share one.
    private static let saltOctets = 16
    private static let keyOctets = 32

    let cost: Cost
    private let salt: [UInt8]
    private let key: [UInt8]

    /// Hashes a password; slow on purpose.
    init(of password: String, cost: Cost, salt: [UInt8] = Secret.octets(saltOctets)) throws {
        self.cost = cost
        self.salt = salt
        key = try Self.derive(password, salt: salt, cost: cost)
    }

    /// A hash that no password has, but that takes as long to check.
    init(decoyAt cost: Cost) {
        self.cost = cost
        salt = Secret.octets(Self.saltOctets)
        key = Secret.octets(Self.keyOctets)
    }

    /// Reads the stored form; nil for anything else.
    init?(encoded: String) {
        let parts = encoded.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0].isEmpty, parts[1] == "scrypt" else { return nil }
        let numbers = parts[2].split(separator: ",").map { $0.split(separator: "=") }
        guard numbers.count == 3, numbers.allSatisfy({ $0.count == 2 }), numbers.map({ $0[0] }) == ["ln", "r", "p"],
            let ln = Int(numbers[0][1]), let r = Int(numbers[1][1]), let p = Int(numbers[2][1]),
            let salt = Data(base64Encoded: String(parts[3])), let key = Data(base64Encoded: String(parts[4])),
            key.count == Self.keyOctets
        else { return nil }
        cost = Cost(logarithmOfN: ln, r: r, p: p)
        self.salt = [UInt8](salt)
        self.key = [UInt8](key)
        guard cost.isAcceptable else { return nil }
    }

    /// The form that is stored.
    var encoded: String {
        let parameters = "ln=\(cost.logarithmOfN),r=\(cost.r),p=\(cost.p)"
        return "$scrypt$\(parameters)$\(Data(salt).base64EncodedString())$\(Data(key).base64EncodedString())"
    }

    /// Whether this is the hash of `password`; as slow as making it.
    func matches(_ password: String) throws -> Bool {
        try Secret.areEqual(Self.derive(password, salt: salt, cost: cost), key)
    }

    private static func derive(_ password: String, salt: [UInt8], cost: Cost) throws -> [UInt8] {
        // One form of accented letters, whatever keyboard typed them (RFC 8265 §4.2.2, RFC 7617 §2.1).
        let normalized = password.precomposedStringWithCanonicalMapping
        let key = try KDF.Scrypt.deriveKey(
            from: Data(normalized.utf8),
            salt: Data(salt),
            outputByteCount: keyOctets,
            rounds: 1 << cost.logarithmOfN,
            blockSize: cost.r,
            parallelism: cost.p,
            maxMemory: nil
        )
        return key.withUnsafeBytes { [UInt8]($0) }
    }
}
