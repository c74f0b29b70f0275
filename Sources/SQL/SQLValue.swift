/// A value as a database stores it.
public enum SQLValue: Sendable, Hashable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    case blob([UInt8])

    /// A text, or NULL for nil.
    public static func text(_ text: String?) -> SQLValue {
        guard let text else { return .null }
        return .text(text)
    }

    /// A whole number, or NULL for nil.
    public static func integer(_ number: Int64?) -> SQLValue {
        guard let number else { return .null }
        return .integer(number)
    }

    /// A whole number of the machine's own width.
    public static func integer(_ number: Int) -> SQLValue { .integer(Int64(number)) }

    /// A truth value as 1 or 0, which every database takes.
    public static func integer(_ truth: Bool) -> SQLValue { .integer(Int64(truth ? 1 : 0)) }

    /// Octets, or NULL for nil.
    public static func blob(_ octets: [UInt8]?) -> SQLValue {
        guard let octets else { return .null }
        return .blob(octets)
    }
}
