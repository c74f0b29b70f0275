import Crypto
import Foundation

/// Shows that somebody knows a secret, without telling it to whoever reads the proof on its way.
public enum Proof {
    /// A proof, different each time: a random name, and its code under the secret.
    public static func make(of secret: String) -> String {
        let name = Secret.token()
        let code = HMAC<SHA256>.authenticationCode(for: Data(name.utf8), using: SymmetricKey(data: Data(secret.utf8)))
        return name + "." + Data(code).base64EncodedString()
    }

    /// Whether a proof was made by somebody who knows the secret.
    public static func isValid(_ proof: String, of secret: String) -> Bool {
        let parts = proof.split(separator: ".", maxSplits: 1)
        guard parts.count == 2, let code = Data(base64Encoded: String(parts[1])) else { return false }
        return Secret.isAuthentic([UInt8](code), of: [UInt8](parts[0].utf8), key: [UInt8](secret.utf8))
    }
}
