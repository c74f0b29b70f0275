extension Property {
    /// The value as plain text. RFC 5545 §3.3.11
    public var text: String { TextValue.unescape(value.utf8) }

    /// The comma-separated values as plain texts.
    public var texts: [String] { TextValue.list(value) }

    /// The single DATE or DATE-TIME value, by VALUE and TZID; nil where it is none.
    public var dateTime: DateTime? { date(value) }

    /// The values of an EXDATE or RDATE list; a period gives its start, what is no date is left out.
    public var dateTimes: [DateTime] {
        guard value.utf8.contains(where: { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "/") }) else {
            return dateTime.map { [$0] } ?? []
        }
        return value.utf8.split(separator: UInt8(ascii: ",")).compactMap { item in
            date(String(Substring(item.prefix { $0 != UInt8(ascii: "/") })))
        }
    }

    /// Whether VALUE announces a DATE.
    var isDateValued: Bool { parameter("VALUE").map { $0.equalsIgnoringCase("DATE") } ?? false }

    func date(_ text: String) -> DateTime? { DateTime(text, tzid: parameter("TZID"), isDate: isDateValued) }
}

/// The escapes of TEXT values. RFC 5545 §3.3.11
enum TextValue {
    private static let backslash = UInt8(ascii: "\\")

    static func escape(_ text: String) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count + 8)
        var previous: UInt8 = 0
        for byte in text.utf8 {
            switch byte {
            case backslash, UInt8(ascii: ";"), UInt8(ascii: ","):
                bytes.append(backslash)
                bytes.append(byte)
            case 13:
                bytes += [backslash, UInt8(ascii: "n")]
            case 10:
                // CR LF is one line end, already written.
                if previous != 13 { bytes += [backslash, UInt8(ascii: "n")] }
            case 0..<9, 11, 12, 14..<32, 127:
                // Controls cannot be written in iCalendar at all.
                break
            default:
                bytes.append(byte)
            }
            previous = byte
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    static func unescape(_ value: some Sequence<UInt8>) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(value.underestimatedCount)
        var isEscaped = false
        for byte in value {
            if isEscaped {
                isEscaped = false
                bytes.append(byte == UInt8(ascii: "n") || byte == UInt8(ascii: "N") ? 10 : byte)
            } else if byte == backslash {
                isEscaped = true
            } else {
                bytes.append(byte)
            }
        }
        if isEscaped { bytes.append(backslash) }
        return String(decoding: bytes, as: UTF8.self)
    }

    static func list(_ value: String) -> [String] {
        guard !value.isEmpty else { return [] }
        var items: [String] = []
        var item: [UInt8] = []
        var isEscaped = false
        for byte in value.utf8 {
            if byte == UInt8(ascii: ","), !isEscaped {
                items.append(unescape(item))
                item.removeAll(keepingCapacity: true)
                continue
            }
            isEscaped = byte == backslash && !isEscaped
            item.append(byte)
        }
        items.append(unescape(item))
        return items
    }
}
