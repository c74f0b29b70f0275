/// A property parameter with its values unquoted and decoded. RFC 5545 §3.2, RFC 6868
public struct Parameter: Sendable, Hashable {
    /// The name in upper case.
    public let name: String

    /// The values, without quotes and with RFC 6868 escapes resolved.
    public let values: [String]

    /// Makes a parameter with one value.
    public init(_ name: String, _ value: String) { self.init(name, [value]) }

    /// Makes a parameter with any number of values.
    public init(_ name: String, _ values: [String]) {
        self.name = name.asciiUppercased
        self.values = values
    }
}

extension String {
    /// The text with a–z raised; most names already are, and then nothing is copied.
    var asciiUppercased: String {
        var text = self
        let isUpper = text.withUTF8 { octets in !octets.contains { $0 >= 97 && $0 <= 122 } }
        guard !isUpper else { return self }
        return String(decoding: utf8.map { $0 >= 97 && $0 <= 122 ? $0 - 32 : $0 }, as: UTF8.self)
    }

    /// Whether two texts are the same but for the case of a–z.
    func equalsIgnoringCase(_ other: String) -> Bool {
        utf8.count == other.utf8.count && asciiUppercased == other.asciiUppercased
    }
}
