/// The `Depth` header (RFC 4918 §10.2).
public enum Depth: Sendable, Hashable {
    case zero, one, infinity

    /// Reads the header's value; nil for anything else.
    public init?(_ text: String) {
        switch text.lowercased() {
        case "0": self = .zero
        case "1": self = .one
        case "infinity": self = .infinity
        default: return nil
        }
    }
}
