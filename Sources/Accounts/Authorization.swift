import Foundation

/// The value of an `Authorization` field, as far as we read it.
public enum Authorization: Sendable, Hashable {
    /// RFC 7617 §2: name and password.
    case basic(user: String, password: String)

    /// RFC 6750 §2.1: a token of ours.
    case bearer(String)

    /// What a 401 says in `WWW-Authenticate`: passwords are UTF-8 (RFC 7617 §2.1).
    public static let challenge = #"Basic realm="Kalends", charset="UTF-8""#

    /// Longer than any name and password of ours; what is longer is not decoded at all.
    private static let maximumOctets = 4096

    /// Reads a field's value; nil for another scheme and for anything malformed.
    public init?(_ value: String) {
        guard value.utf8.count <= Self.maximumOctets, let blank = value.firstIndex(of: " ") else { return nil }
        let credentials = value[blank...].drop { $0 == " " }
        switch value[..<blank].lowercased() {
        case "basic": self.init(basic: String(credentials))
        case "bearer" where !credentials.isEmpty: self = .bearer(String(credentials))
        default: return nil
        }
    }

    private init?(basic credentials: String) {
        guard let octets = Data(base64Encoded: credentials), let text = String(bytes: octets, encoding: .utf8),
            // RFC 7617 §2: neither part contains control characters.
            !text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }),
            let colon = text.firstIndex(of: ":")
        else { return nil }
        self = .basic(user: String(text[..<colon]), password: String(text[text.index(after: colon)...]))
    }
}

extension Authorization: CustomStringConvertible, CustomDebugStringConvertible {
    /// Never the secret.
    public var description: String {
        switch self {
        case .basic(let user, _): "Basic \(user):•••"
        case .bearer: "Bearer •••"
        }
    }

    public var debugDescription: String { description }
}
