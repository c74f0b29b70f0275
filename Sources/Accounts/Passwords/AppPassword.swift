import Foundation

/// A password that we make for one client: 100 random bits in groups that can be typed.
///
/// So many bits need no slow hash: a digest is enough, and checking all of a user's costs nothing.
struct AppPassword: Sendable, Hashable {
    /// 32 letters and digits without those that are mistaken for one another (i l o u).
    private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz")
    private static let groups = 5
    private static let lettersPerGroup = 4
    private static let digestPrefix = "$sha256$"

    /// What is shown once: `k3vd-9f2m-x0qa-7tzh-4wnb`.
    let text: String

    /// Makes a new one.
    init() {
        let letters = Secret.octets(Self.groups * Self.lettersPerGroup).map { Self.alphabet[Int($0 & 31)] }
        text = stride(from: 0, to: letters.count, by: Self.lettersPerGroup)
            .map { String(letters[$0..<($0 + Self.lettersPerGroup)]) }
            .joined(separator: "-")
    }

    /// The stored form of whatever a client sent, groups and capitals or not.
    static func hash(of typed: String) -> String {
        let letters = typed.lowercased().filter { $0 != "-" && $0 != " " }
        return digestPrefix + Data(Secret.digest(of: letters)).base64EncodedString()
    }
}
