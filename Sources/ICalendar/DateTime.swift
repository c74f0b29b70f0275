/// A DATE or DATE-TIME value. RFC 5545 §3.3.4, §3.3.5
public struct DateTime: Sendable, Hashable {
    /// How the value relates to a time zone.
    public enum Form: Sendable, Hashable {
        /// A whole day, the same everywhere.
        case date
        /// A wall-clock time, the same everywhere.
        case floating
        /// A time in UTC.
        case utc
        /// A wall-clock time in the zone of that TZID, as written.
        case zoned(String)
    }

    public var year: Int
    public var month: Int
    public var day: Int
    public var hour: Int
    public var minute: Int
    public var second: Int
    /// How the value relates to a time zone.
    public var form: Form

    /// Makes a value from its parts, which must be a real date and time.
    public init(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int, form: Form) {
        self.year = year
        self.month = month
        self.day = day
        self.hour = hour
        self.minute = minute
        self.second = second
        self.form = form
    }

    /// Makes a DATE from its parts, which must be a real date.
    public init(date year: Int, _ month: Int, _ day: Int) {
        self.init(year: year, month: month, day: day, hour: 0, minute: 0, second: 0, form: .date)
    }

    /// Reads `20261121`, `20261121T090000` or `20261121T090000Z`; nil for what is no real date and time.
    ///
    /// Hour 24 is the next midnight. A leap second counts as the second before it (RFC 5545 §3.3.12). Eight digits are a
    /// date even where VALUE=DATE is missing; a time where a date is announced is refused.
    public init?(_ text: String, tzid: String?, isDate: Bool) {
        var text = text
        guard let read = text.withUTF8({ DateTime(octets: $0, tzid: tzid, isDate: isDate) }) else { return nil }
        self = read
    }

    private init?(octets: UnsafeBufferPointer<UInt8>, tzid: String?, isDate: Bool) {
        var digits = DigitReader(octets)
        guard let year = digits.number(4), let month = digits.number(2), let day = digits.number(2),
            (1...12).contains(month), day >= 1, day <= CivilCalendar.length(ofMonth: month, year: year)
        else { return nil }
        if digits.isAtEnd {
            self.init(date: year, month, day)
            return
        }
        guard !isDate, digits.skip("T") || digits.skip("t"), let hour = digits.number(2), let minute = digits.number(2),
            let second = digits.number(2), minute < 60, second <= 60, hour < 24 || hour == 24 && minute + second == 0
        else { return nil }
        let isUTC = digits.skip("Z") || digits.skip("z")
        guard digits.isAtEnd else { return nil }
        let form: Form = isUTC ? .utc : tzid.map { .zoned($0) } ?? .floating
        let days = CivilCalendar.days(year: year, month: month, day: day)
        let seconds = hour * 3600 + minute * 60 + min(second, 59)
        self.init(localSeconds: Int64(days) * CivilCalendar.secondsPerDay + Int64(seconds), form: form)
    }

    /// The iCalendar value: `20261121`, `20261121T090000` or `20261121T090000Z`.
    public var text: String {
        DigitWriter.text(capacity: "20261121T090000Z".utf8.count) { writer in
            writer.append(year, digits: 4)
            writer.append(month, digits: 2)
            writer.append(day, digits: 2)
            guard form != .date else { return }
            writer.append("T")
            writer.append(hour, digits: 2)
            writer.append(minute, digits: 2)
            writer.append(second, digits: 2)
            if form == .utc { writer.append("Z") }
        }
    }

    /// Whether this is a DATE.
    public var isDate: Bool { form == .date }

    /// The instant this names; a date is its midnight.
    ///
    /// A gap or fold is resolved as RFC 5545 §3.3.5 says.
    public func instant(in zones: ZoneResolver) -> Instant { zones.instant(self) }

    /// The same wall-clock time moved by whole days.
    public func adding(days: Int) -> DateTime {
        DateTime(localSeconds: localSeconds + Int64(days) * CivilCalendar.secondsPerDay, form: form)
    }
}

extension DateTime {
    /// Makes a value from wall-clock seconds, counted as if the wall clock were UTC.
    init(localSeconds: Int64, form: Form) {
        let local = LocalTime(seconds: localSeconds)
        let date = CivilCalendar.date(ofDay: local.day)
        let second = form == .date ? 0 : local.second
        self.init(
            year: date.year,
            month: date.month,
            day: date.day,
            hour: second / 3600,
            minute: second / 60 % 60,
            second: second % 60,
            form: form
        )
    }

    /// The wall-clock time in seconds, counted as if the wall clock were UTC.
    var localSeconds: Int64 {
        let days = CivilCalendar.days(year: year, month: month, day: day)
        return Int64(days) * CivilCalendar.secondsPerDay + Int64(hour * 3600 + minute * 60 + second)
    }
}
