public import XML

/// A `CALDAV:time-range` (RFC 4791 §9.9): from `start` up to but not including `end`, either of which may be open.
///
/// In seconds since 1970-01-01T00:00:00Z.
public struct UTCRange: Sendable, Hashable {
    /// Where it begins; nil for always.
    public let start: Int64?

    /// Where it ends; nil for never.
    public let end: Int64?

    /// The earliest moment of a range, which calendars tell as `CALDAV:min-date-time`.
    public static let earliest: Int64 = -12_212_553_600

    /// The latest moment of a range, which calendars tell as `CALDAV:max-date-time`.
    public static let latest: Int64 = 253_402_300_799

    /// Makes a range by hand.
    public init(start: Int64?, end: Int64?) {
        self.start = start
        self.end = end
    }

    /// Reads the `start` and `end` attributes of an element; one may be missing, as KDE's `end` is.
    public init(_ element: Element) throws(DAVError) {
        start = try Self.time(element, "start")
        end = try Self.time(element, "end")
        guard start != nil || end != nil else {
            throw .failed(.validFilter, "\(element.name.local) needs a start or an end.")
        }
        if let start, let end, start >= end {
            throw .failed(.validFilter, "\(element.name.local) ends before it starts.")
        }
    }

    /// Reads a range both of whose ends are required, as in `CALDAV:expand` (RFC 4791 §9.6.5).
    public init(closed element: Element) throws(DAVError) {
        try self.init(element)
        guard start != nil, end != nil else {
            throw .failed(.validFilter, "\(element.name.local) needs a start and an end.")
        }
    }

    private static func time(_ element: Element, _ attribute: String) throws(DAVError) -> Int64? {
        guard let text = element.attribute(attribute) else { return nil }
        guard let time = secondsSinceEpoch(utc: text) else {
            throw .failed(.validFilter, "\(attribute)=\"\(text)\" is no date with UTC time.")
        }
        // RFC 4791 §7.8: a range keeps to the dates that a calendar can hold.
        guard time >= earliest else { throw .failed(.minDateTime, "\(attribute) lies before the year 1583.") }
        guard time <= latest else { throw .failed(.maxDateTime, "\(attribute) lies after the year 9999.") }
        return time
    }
}

/// Reads `20261121T090000Z`, nil for anything else.
func secondsSinceEpoch(utc text: String) -> Int64? {
    let octets = Array(text.utf8)
    guard octets.count == 16, octets[8] == UInt8(ascii: "T"), octets[15] == UInt8(ascii: "Z") else { return nil }
    func number(_ range: Range<Int>) -> Int64? {
        octets[range].reduce(Int64?(0)) { number, octet in
            guard let number, (0x30...0x39).contains(octet) else { return nil }
            return number * 10 + Int64(octet - 0x30)
        }
    }
    guard let year = number(0..<4), let month = number(4..<6), let day = number(6..<8), let hour = number(9..<11),
        let minute = number(11..<13), let second = number(13..<15),
        (1...12).contains(month), (1...daysIn(month, of: year)).contains(day), hour < 24, minute < 60, second <= 60
    else { return nil }
    return daysSinceEpoch(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second
}

private func daysIn(_ month: Int64, of year: Int64) -> Int64 {
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    return month == 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
}

/// Days of the proleptic Gregorian calendar, counted in years that begin in March.
private func daysSinceEpoch(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    let marchYear = month > 2 ? year : year - 1
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let leapDays = marchYear / 4 - marchYear / 100 + marchYear / 400
    return marchYear * 365 + leapDays + dayOfYear - 719_468
}
