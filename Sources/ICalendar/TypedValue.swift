/// A value read by its type. RFC 7265 §3.6, RFC 6321 §3.6
enum TypedValue: Sendable, Hashable {
    /// Everything that is told as text; dates and times in the extended form of ISO 8601.
    case string(String)
    /// A number, as JSON writes it.
    case number(String)
    case boolean(Bool)
    case period(start: String, end: String, endsByDuration: Bool)
    case rule([RulePart])
    /// A structured value; its parts have names in XML.
    case parts([Part])

    /// One part of a structured value.
    struct Part: Sendable, Hashable {
        var name: String
        var value: String
        var isNumber: Bool
    }

    /// One part of a recurrence rule: `BYDAY=MO,TU`.
    struct RulePart: Sendable, Hashable {
        /// The name in lower case.
        var name: String
        var values: [String]
        var isNumber: Bool
    }

    /// Reads one value, still as it stands in the content line; nil where it is none of that type.
    init?(_ text: String, _ type: String) {
        switch type {
        case "date": self.init(optional: ExtendedTime.date(text))
        case "date-time": self.init(optional: ExtendedTime.dateTime(text))
        case "time": self.init(optional: ExtendedTime.time(text[...]))
        case "utc-offset": self.init(optional: ExtendedTime.offset(text))
        case "duration": self.init(optional: CalendarDuration(text) == nil ? nil : text.trimmed)
        case "integer":
            guard let number = Int(text.trimmed) else { return nil }
            self = .number(String(number))
        case "float":
            guard let number = Self.decimal(text) else { return nil }
            self = .number(number)
        case "boolean":
            guard text.equalsIgnoringCase("TRUE") || text.equalsIgnoringCase("FALSE") else { return nil }
            self = .boolean(text.equalsIgnoringCase("TRUE"))
        case "period": self.init(period: text)
        case "recur": self.init(rule: text)
        // uri, cal-address, binary, and types of later standards, whose values are not escaped.
        default: self = .string(text)
        }
    }

    private init?(optional text: String?) {
        guard let text else { return nil }
        self = .string(text)
    }

    private init?(period text: String) {
        let parts = text.split(separator: "/", maxSplits: 1).map(String.init)
        guard parts.count == 2, let start = ExtendedTime.dateTime(parts[0]) else { return nil }
        if let end = ExtendedTime.dateTime(parts[1]) {
            self = .period(start: start, end: end, endsByDuration: false)
        } else if CalendarDuration(parts[1]) != nil {
            self = .period(start: start, end: parts[1], endsByDuration: true)
        } else {
            return nil
        }
    }

    private init?(rule text: String) {
        var parts: [RulePart] = []
        for part in text.split(separator: ";") {
            let pair = part.split(separator: "=", maxSplits: 1).map(String.init)
            guard pair.count == 2 else { return nil }
            let name = pair[0].asciiLowercased
            var values = pair[1].split(separator: ",").map(String.init)
            if name == "until" {
                guard let until = ExtendedTime.dateTime(pair[1]) ?? ExtendedTime.date(pair[1]) else { return nil }
                values = [until]
            }
            let numbers = Self.numericRuleParts.contains(name) ? values.compactMap { Int($0) } : []
            // BYMONTH of other calendars has leap months, "5L", which are no numbers (RFC 7529 §4.2).
            let isNumber = !values.isEmpty && numbers.count == values.count
            parts.append(RulePart(name: name, values: isNumber ? numbers.map(String.init) : values, isNumber: isNumber))
        }
        guard !parts.isEmpty else { return nil }
        self = .rule(parts)
    }

    private static let numericRuleParts: Set<String> = [
        "interval", "count", "bysecond", "byminute", "byhour", "bymonthday", "byyearday", "byweekno", "bymonth",
        "bysetpos",
    ]

    /// GEO: latitude and longitude. RFC 7265 §3.4.1.2, RFC 6321 §3.4.1.2
    static func position(_ text: String) -> TypedValue? {
        let parts = text.split(separator: ";").map(String.init)
        guard parts.count == 2, let latitude = decimal(parts[0]), let longitude = decimal(parts[1]) else { return nil }
        return .parts([
            Part(name: "latitude", value: latitude, isNumber: true),
            Part(name: "longitude", value: longitude, isNumber: true),
        ])
    }

    /// REQUEST-STATUS: code, description and, where there is any, data. RFC 6321 §3.4.1.3
    static func status(_ text: String) -> TypedValue? {
        var parts: [[UInt8]] = [[]]
        var isEscaped = false
        for octet in text.utf8 {
            if octet == UInt8(ascii: ";"), !isEscaped, parts.count < 3 {
                parts.append([])
                continue
            }
            isEscaped = octet == UInt8(ascii: "\\") && !isEscaped
            parts[parts.count - 1].append(octet)
        }
        guard parts.count >= 2 else { return nil }
        return .parts(
            zip(["code", "description", "data"], parts).map { name, part in
                Part(name: name, value: TextValue.unescape(part), isNumber: false)
            }
        )
    }

    /// A decimal as JSON writes it: no plus sign, no leading zeros.
    private static func decimal(_ text: String) -> String? {
        let text = text.trimmed
        guard let number = Double(text), number.isFinite else { return nil }
        if text.wholeMatch(of: /-?(0|[1-9][0-9]*)(\.[0-9]+)?/) != nil { return text }
        return String(number)
    }
}

/// Dates and times with the separators of ISO 8601, as jCal and xCal write them.
enum ExtendedTime {
    /// `20261121` as `2026-11-21`.
    static func date(_ text: String) -> String? {
        guard text.utf8.count == 8, text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return "\(text.prefix(4))-\(text.dropFirst(4).prefix(2))-\(text.dropFirst(6))"
    }

    /// `20261121T090000Z` as `2026-11-21T09:00:00Z`.
    static func dateTime(_ text: String) -> String? {
        let text = text.asciiUppercased
        let parts = text.split(separator: "T", maxSplits: 1)
        guard parts.count == 2, let date = date(String(parts[0])), let time = time(parts[1]) else { return nil }
        return "\(date)T\(time)"
    }

    /// `090000Z` as `09:00:00Z`.
    static func time(_ text: Substring) -> String? {
        let isUTC = text.hasSuffix("Z")
        let digits = isUTC ? text.dropLast() : text
        guard digits.utf8.count == 6, digits.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return "\(digits.prefix(2)):\(digits.dropFirst(2).prefix(2)):\(digits.dropFirst(4))\(isUTC ? "Z" : "")"
    }

    /// `-0500` as `-05:00`; seconds where there are any.
    static func offset(_ text: String) -> String? {
        let digits = text.dropFirst()
        guard text.hasPrefix("+") || text.hasPrefix("-"), digits.utf8.count == 4 || digits.utf8.count == 6,
            digits.utf8.allSatisfy({ (48...57).contains($0) })
        else { return nil }
        let seconds = digits.utf8.count == 6 ? ":" + digits.suffix(2) : ""
        return "\(text.prefix(1))\(digits.prefix(2)):\(digits.dropFirst(2).prefix(2))\(seconds)"
    }
}
