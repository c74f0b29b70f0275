import ICalendar

/// When an event begins or ends: a day, or an instant seen in a zone.
enum EventTime: Sendable, Hashable {
    case day(CivilDay)
    case moment(Instant, zone: String)

    /// Whether this is a day.
    var isDay: Bool {
        guard case .day = self else { return false }
        return true
    }

    /// The instant, a day beginning at midnight of `zone`.
    func instant(in zone: String) -> Instant {
        switch self {
        case .day(let day): day.midnight(in: zone)
        case .moment(let instant, _): instant
        }
    }

    /// The resource: `dateTime` in `zone` (that of the calendar or of the query), `timeZone` the event's own.
    func resource(in zone: String) -> JSON {
        switch self {
        case .day(let day): ["date": .string(day.text)]
        case .moment(let instant, let own):
            ["dateTime": .string(localTimestamp(instant, in: zone)), "timeZone": .string(own)]
        }
    }

    /// The part of an instance's identifier after the underscore.
    var instanceSuffix: String {
        switch self {
        case .day(let day): day.compact
        case .moment(let instant, _): ZoneResolver().local(instant, form: .utc).text
        }
    }

    /// This time, later by so much as lies between `old` and `new`, in the same form.
    func shifted(by seconds: Int64) -> EventTime {
        switch self {
        case .day(let day): .day(day.adding(days: Int((Double(seconds) / 86_400).rounded(.down))))
        case .moment(let instant, let zone): .moment(instant + seconds, zone: zone)
        }
    }
}

/// A day of the proleptic Gregorian calendar.
struct CivilDay: Sendable, Hashable, Comparable {
    /// Days since 1970-01-01.
    let number: Int

    init(number: Int) { self.number = number }

    /// Reads `2026-03-02` or `20260302`.
    init?(_ text: String) {
        let digits = text.utf8.filter { $0 != UInt8(ascii: "-") }
        let isPlain = text.utf8.count == 8 && digits.count == 8
        let isDashed = text.utf8.count == 10 && digits.count == 8
        guard isPlain || isDashed, let time = DateTime(String(decoding: digits, as: UTF8.self), tzid: nil, isDate: true)
        else { return nil }
        number = Int(ZoneResolver().instant(time).seconds / 86_400)
    }

    /// The day that `instant` falls on in `zone`.
    init(of instant: Instant, in zone: String) {
        let local = instant.seconds + Int64(ZoneResolver().offset(ofUTC: instant, tzid: zone))
        number = Int((Double(local) / 86_400).rounded(.down))
    }

    func adding(days: Int) -> CivilDay { CivilDay(number: number + days) }

    /// The DATE value.
    var dateTime: DateTime {
        let utc = ZoneResolver().local(Instant(seconds: Int64(number) * 86_400), form: .utc)
        return DateTime(year: utc.year, month: utc.month, day: utc.day, hour: 0, minute: 0, second: 0, form: .date)
    }

    /// The day without dashes: `20260302`.
    var compact: String { dateTime.text }

    /// The day as the API writes it: `2026-03-02`.
    var text: String {
        let digits = Array(compact.utf8)
        let parts = [digits[0..<4], digits[4..<6], digits[6..<8]]
        return parts.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "-")
    }

    /// The instant at which the day begins in `zone`.
    func midnight(in zone: String) -> Instant {
        var time = dateTime
        time.form = .zoned(zone)
        return ZoneResolver().instant(time)
    }

    static func < (one: CivilDay, other: CivilDay) -> Bool { one.number < other.number }
}

/// Whether `name` is a zone of the IANA data base, the only kind Google takes.
func isKnownZone(_ name: String) -> Bool {
    !name.isEmpty && ZoneResolver.ianaName(for: name) == name
}

/// An RFC 3339 time with the offset that `zone` has then.
func localTimestamp(_ instant: Instant, in zone: String) -> String {
    let offset = ZoneResolver().offset(ofUTC: instant, tzid: zone)
    let utc = (instant + Int64(offset)).rfc3339.dropLast()
    guard offset != 0 else { return "\(utc)Z" }
    let minutes = abs(offset) / 60
    return "\(utc)\(offset < 0 ? "-" : "+")\(twoDigits(minutes / 60)):\(twoDigits(minutes % 60))"
}

/// A time of an answer, with milliseconds: `2018-03-30T22:28:48.000Z`.
func timestamp(microseconds: Int64) -> String {
    let milliseconds = String(1000 + (microseconds / 1000) % 1000).dropFirst()
    return "\(Instant(seconds: microseconds / 1_000_000).rfc3339.dropLast()).\(milliseconds)Z"
}

private func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }
