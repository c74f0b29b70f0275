import ICalendar

/// The value of an RRULE as its parts, known to make sense. RFC 5545 §3.3.10
struct RecurrenceRule: Sendable, Hashable {
    /// The parts by name, both in upper case.
    private let parts: [String: String]

    /// The value as it was written, without blanks around it.
    let value: String

    private static let frequencies: Set = [
        "SECONDLY", "MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY",
    ]

    /// The numbers that the parts which are lists of numbers may hold, signs aside.
    private static let lists: [String: ClosedRange<Int>] = [
        "BYSECOND": 0...60, "BYMINUTE": 0...59, "BYHOUR": 0...23, "BYMONTHDAY": 1...31, "BYYEARDAY": 1...366,
        "BYWEEKNO": 1...53, "BYMONTH": 1...12, "BYSETPOS": 1...366,
    ]

    /// The lists that may also count from the end.
    private static let signed: Set = ["BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS"]

    static let weekdays: KeyValuePairs = [
        "MO": "Monday", "TU": "Tuesday", "WE": "Wednesday", "TH": "Thursday", "FR": "Friday", "SA": "Saturday",
        "SU": "Sunday",
    ]

    /// Reads a rule strictly: an unknown part, a double one or a number out of range makes it nonsense.
    init?(_ text: String) {
        value = text.trimmed
        var parts: [String: String] = [:]
        for part in value.uppercased().split(separator: ";", omittingEmptySubsequences: false) {
            let sides = part.split(separator: "=", omittingEmptySubsequences: false)
            guard sides.count == 2, parts.updateValue(String(sides[1]), forKey: String(sides[0])) == nil,
                Self.isSensible(String(sides[0]), String(sides[1]))
            else { return nil }
        }
        guard parts["FREQ"] != nil, parts["COUNT"] == nil || parts["UNTIL"] == nil else { return nil }
        self.parts = parts
    }

    subscript(part: String) -> String? { parts[part] }

    /// The names of the parts that are there.
    var names: Set<String> { Set(parts.keys) }

    /// Rules are the same whatever the order and the case of their parts.
    static func == (left: RecurrenceRule, right: RecurrenceRule) -> Bool { left.canonical == right.canonical }

    func hash(into hasher: inout Hasher) { hasher.combine(canonical) }

    private var canonical: [String: String] { parts.filter { $0.key != "INTERVAL" || $0.value != "1" } }

    private static func isSensible(_ name: String, _ value: String) -> Bool {
        switch name {
        case "FREQ": frequencies.contains(value)
        case "COUNT", "INTERVAL": Int(value).map { $0 > 0 } ?? false
        case "UNTIL": DateTime(value, tzid: nil, isDate: false) != nil
        case "WKST": weekdays.contains { $0.key == value }
        case "BYDAY": items(value).allSatisfy { byDay($0) != nil }
        default: lists[name].map { range in items(value).allSatisfy { isNumber($0, in: range, name) } } ?? false
        }
    }

    private static func items(_ list: String) -> [Substring] {
        list.split(separator: ",", omittingEmptySubsequences: false)
    }

    private static func isNumber(_ text: Substring, in range: ClosedRange<Int>, _ name: String) -> Bool {
        guard let number = Int(text) else { return false }
        return range.contains(number) || signed.contains(name) && range.contains(-number)
    }

    /// Reads `MO`, `1MO`, `-1FR`: which of the weekdays of the month or year, 0 for each, and the weekday's name.
    static func byDay(_ text: Substring) -> (ordinal: Int, weekday: String)? {
        guard let weekday = weekdays.first(where: { $0.key == text.suffix(2) }) else { return nil }
        let ordinal = text.dropLast(2)
        guard !ordinal.isEmpty else { return (0, weekday.value) }
        guard let number = Int(ordinal), number != 0, abs(number) <= 53 else { return nil }
        return (number, weekday.value)
    }
}

// MARK: - For people

extension RecurrenceRule {
    /// What can be said in a sentence; a rule with other parts is only hinted at.
    private static let speakable: Set = ["FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY", "WKST"]

    /// The rule in words: `Every 2 weeks on Monday and Friday, until 2026-12-31`.
    var sentence: String {
        let units = [
            "SECONDLY": "second", "MINUTELY": "minute", "HOURLY": "hour", "DAILY": "day", "WEEKLY": "week",
            "MONTHLY": "month", "YEARLY": "year",
        ]
        let unit = units[self["FREQ"] ?? "", default: "time"]
        let interval = Int(self["INTERVAL"] ?? "1") ?? 1
        var sentence = interval == 1 ? "Every \(unit)" : "Every \(interval) \(unit)s"
        sentence += names.isSubset(of: Self.speakable) ? days : ", by a special rule"
        if let count = self["COUNT"] { sentence += ", \(count) times" }
        if let until = self["UNTIL"].flatMap({ DateTime($0, tzid: nil, isDate: false) }) {
            let digits = Array(DateTime(date: until.year, until.month, until.day).text.utf8)
            let part = { (range: Range<Int>) in String(decoding: digits[range], as: UTF8.self) }
            sentence += ", until \(part(0..<4))-\(part(4..<6))-\(part(6..<8))"
        }
        return sentence
    }

    private var days: String {
        if let list = self["BYMONTHDAY"] {
            let last = list == "-1"
            return last ? " on the last day" : " on day " + Self.joined(Self.items(list).map(String.init))
        }
        guard let list = self["BYDAY"] else { return "" }
        return " on "
            + Self.joined(
                Self.items(list).compactMap(Self.byDay).map { ordinal, weekday in
                    ordinal == 0 ? weekday : "the \(Self.word(for: ordinal)) \(weekday)"
                }
            )
    }

    private static func word(for ordinal: Int) -> String {
        switch ordinal {
        case 1: "first"
        case 2: "second"
        case 3: "third"
        case -1: "last"
        case ..<0: "\(-ordinal)th to last"
        default: "\(ordinal)th"
        }
    }

    private static func joined(_ items: [String]) -> String {
        guard items.count > 1, let last = items.last else { return items.joined() }
        return items.dropLast().joined(separator: ", ") + " and " + last
    }
}
