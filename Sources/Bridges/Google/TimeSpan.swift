import ICalendar

/// A DURATION: days follow the wall clock, the rest is exact. RFC 5545 §3.3.6
struct TimeSpan: Hashable {
    var days: Int
    var seconds: Int64

    /// A century: longer than any event, and far from the limits of arithmetic.
    private static let maximum: Int64 = 36_525 * Zones.secondsPerDay

    /// Reads `-PT15M`, `P1D`, `P2W`, `P1DT2H`; nil for anything else, and for more than a century.
    init?(_ text: String) {
        var octets = text.utf8[...]
        let sign = octets.first == UInt8(ascii: "-") ? -1 : 1
        if octets.first == UInt8(ascii: "-") || octets.first == UInt8(ascii: "+") { octets.removeFirst() }
        guard octets.popFirst() == UInt8(ascii: "P"), let last = octets.last, last != UInt8(ascii: "T") else {
            return nil
        }
        days = 0
        seconds = 0
        while let octet = octets.first {
            if octet == UInt8(ascii: "T") {
                octets.removeFirst()
                continue
            }
            let digits = octets.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            octets = octets.dropFirst(digits.count)
            guard let number = Int32(Substring(digits)), let unit = octets.popFirst(), add(sign * Int(number), unit),
                abs(total) <= Self.maximum
            else { return nil }
        }
    }

    private mutating func add(_ number: Int, _ unit: UInt8) -> Bool {
        switch unit {
        case UInt8(ascii: "W"): days += 7 * number
        case UInt8(ascii: "D"): days += number
        case UInt8(ascii: "H"): seconds += Int64(3600 * number)
        case UInt8(ascii: "M"): seconds += Int64(60 * number)
        case UInt8(ascii: "S"): seconds += Int64(number)
        default: return false
        }
        return true
    }

    /// The whole span with days of 24 hours.
    var total: Int64 { Int64(days) * Zones.secondsPerDay + seconds }
}
