import Crypto
import Foundation

/// Random secrets, their digests, and comparisons that take the same time whatever they find.
public enum Secret {
    /// Unpredictable octets from the system's generator.
    public static func octets(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }

    /// A random secret of 256 bits in 43 characters that need no encoding in addresses, headers and cookies.
    public static func token() -> String { base64URL(octets(32)) }

    /// The SHA-256 digest under which a random secret is stored and found.
    public static func digest(of secret: String) -> [UInt8] { [UInt8](SHA256.hash(data: Data(secret.utf8))) }

    /// Whether `code` is the HMAC-SHA256 of `message` under `key`.
    public static func isAuthentic(_ code: [UInt8], of message: [UInt8], key: [UInt8]) -> Bool {
        HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: message, using: SymmetricKey(data: key))
    }

    /// Compares two secrets without telling by its duration where they differ.
    public static func areEqual(_ first: some Sequence<UInt8>, _ second: some Sequence<UInt8>) -> Bool {
        // Under a key that nobody knows, equal codes mean equal secrets; the comparison of codes is constant-time.
        let key = SymmetricKey(size: .bits256)
        let code = HMAC<SHA256>.authenticationCode(for: Array(second), using: key)
        return HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: Array(first), using: key)
    }

    /// RFC 4648 §5, without padding.
    static func base64URL(_ octets: [UInt8]) -> String {
        Data(octets).base64EncodedString()
            .replacingOccurrences(of: "+", with: "-")
            .replacingOccurrences(of: "/", with: "_")
            .replacingOccurrences(of: "=", with: "")
    }
}
