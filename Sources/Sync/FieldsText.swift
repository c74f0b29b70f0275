import Reconcile

/// Field values as one column holds them: a line for each, `name TAB occurrence TAB value`.
enum FieldsText {
    static func encode(_ fields: Fields) -> String {
        var text = ""
        text.reserveCapacity(fields.values.reduce(0) { $0 + $1.utf8.count } + fields.count * usualKeyOctets)
        for (key, value) in fields.sorted(by: { $0.key < $1.key }) {
            if !text.isEmpty { text += "\n" }
            text += key.name
            text += "\t"
            if let occurrence = key.occurrence { text += occurrence }
            text += "\t"
            text += escape(value)
        }
        return text
    }

    static func decode(_ text: String) -> Fields {
        var fields: Fields = [:]
        for line in text.utf8.split(separator: newline) {
            let parts = line.split(separator: tab, maxSplits: 2, omittingEmptySubsequences: false).map {
                String(Substring($0))
            }
            guard parts.count == 3 else { continue }
            fields[FieldKey(parts[0], of: parts[1].isEmpty ? nil : parts[1])] = unescape(parts[2])
        }
        return fields
    }

    static func encode(keys: some Sequence<FieldKey>) -> String {
        encode(Dictionary(uniqueKeysWithValues: keys.map { ($0, "") }))
    }

    static func decodeKeys(_ text: String) -> [FieldKey] { decode(text).keys.sorted() }

    /// What a line needs besides its value, as a rule.
    private static let usualKeyOctets = 32

    private static let newline = UInt8(ascii: "\n")
    private static let tab = UInt8(ascii: "\t")
    private static let backslash = UInt8(ascii: "\\")

    private static func escape(_ value: String) -> String {
        guard value.utf8.contains(where: { $0 == newline || $0 == backslash }) else { return value }
        var octets: [UInt8] = []
        for octet in value.utf8 {
            switch octet {
            case newline: octets += [backslash, UInt8(ascii: "n")]
            case backslash: octets += [backslash, backslash]
            default: octets.append(octet)
            }
        }
        return String(decoding: octets, as: UTF8.self)
    }

    private static func unescape(_ value: String) -> String {
        guard value.utf8.contains(backslash) else { return value }
        var octets: [UInt8] = []
        var isEscaped = false
        for octet in value.utf8 {
            if isEscaped {
                octets.append(octet == UInt8(ascii: "n") ? newline : octet)
                isEscaped = false
            } else if octet == backslash {
                isEscaped = true
            } else {
                octets.append(octet)
            }
        }
        return String(decoding: octets, as: UTF8.self)
    }
}
