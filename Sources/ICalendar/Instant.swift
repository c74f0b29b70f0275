/// A point in time: seconds since 1970-01-01T00:00:00Z.
public struct Instant: Sendable, Hashable, Comparable, Codable {
    /// Seconds since the epoch, leap seconds not counted.
    public var seconds: Int64

    /// Makes the instant that many seconds after the epoch.
    public init(seconds: Int64) { self.seconds = seconds }

    /// Decodes the bare number of seconds.
    public init(from decoder: any Decoder) throws {
        seconds = try decoder.singleValueContainer().decode(Int64.self)
    }

    /// Encodes the bare number of seconds.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(seconds)
    }

    public static func < (left: Instant, right: Instant) -> Bool { left.seconds < right.seconds }

    /// The instant so many seconds later.
    public static func + (instant: Instant, seconds: Int64) -> Instant { Instant(seconds: instant.seconds + seconds) }

    /// The seconds from `right` to `left`.
    public static func - (left: Instant, right: Instant) -> Int64 { left.seconds - right.seconds }

    /// The instant so many seconds later.
    public func advanced(by seconds: Int64) -> Instant { self + seconds }
}

extension Instant {
    /// Reads `2026-11-21T09:00:00.000+01:00`; a fraction of a second is dropped. RFC 3339 §5.6
    public init?(rfc3339 text: String) {
        var digits = DigitReader(text.utf8)
        guard let year = digits.number(4), digits.skip("-"), let month = digits.number(2), digits.skip("-"),
            let day = digits.number(2), digits.skip("T") || digits.skip("t") || digits.skip(" "),
            let hour = digits.number(2), digits.skip(":"), let minute = digits.number(2), digits.skip(":"),
            let second = digits.number(2),
            (1...12).contains(month), (1...CivilCalendar.length(ofMonth: month, year: year)).contains(day),
            hour < 24, minute < 60, second <= 60
        else { return nil }
        if digits.skip(".") {
            guard digits.skipDigits() > 0 else { return nil }
        }
        guard let offset = digits.rfc3339Offset(), digits.isAtEnd else { return nil }
        let days = CivilCalendar.days(year: year, month: month, day: day)
        seconds = Int64(days) * CivilCalendar.secondsPerDay + Int64(hour * 3600 + minute * 60 + second - offset)
    }

    /// The instant in UTC, `2026-11-21T08:00:00Z`.
    public var rfc3339: String {
        let local = LocalTime(seconds: seconds)
        let date = CivilCalendar.date(ofDay: local.day)
        return DigitWriter.text(capacity: "2026-11-21T08:00:00Z".utf8.count) { text in
            text.append(date.year, digits: 4)
            text.append("-")
            text.append(date.month, digits: 2)
            text.append("-")
            text.append(date.day, digits: 2)
            text.append("T")
            text.append(local.second / 3600, digits: 2)
            text.append(":")
            text.append(local.second / 60 % 60, digits: 2)
            text.append(":")
            text.append(local.second % 60, digits: 2)
            text.append("Z")
        }
    }
}

/// A wall-clock time as a day number and the seconds of that day.
struct LocalTime: Sendable, Hashable {
    var day: Int
    var second: Int

    /// Splits seconds counted as if the wall clock were UTC.
    init(seconds: Int64) {
        day = CivilCalendar.floorDivide(Int(seconds), 86_400)
        second = Int(seconds) - day * 86_400
    }
}
