/// `application/x-www-form-urlencoded` pairs: a query string, or the body of a form.
struct FormFields: Sendable {
    private let pairs: [(name: String, value: String)]

    /// Parses `a=b&c=d`; a field that is not valid UTF-8 after decoding is left out.
    init(_ text: some StringProtocol) {
        pairs = text.split(separator: "&").compactMap { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decoded(String(parts[0])),
                let value = Self.decoded(parts.count > 1 ? String(parts[1]) : "")
            else { return nil }
            return (name, value)
        }
    }

    /// The first value of a field.
    subscript(_ name: String) -> String? { pairs.first { $0.name == name }?.value }

    /// All values of a field, in their order.
    func all(_ name: String) -> [String] { pairs.filter { $0.name == name }.map(\.value) }

    private static func decoded(_ text: String) -> String? {
        var octets: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "+") {
                octets.append(UInt8(ascii: " "))
            } else if byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                octets.append(value)
                rest = rest.dropFirst(2)
            } else {
                octets.append(byte)
            }
        }
        return String(validating: octets, as: UTF8.self)
    }
}
