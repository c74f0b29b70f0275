/// A POSIX TZ string, as it ends a TZif file. RFC 8536 §3.3
struct PosixTimeZone: Sendable {
    /// A day of the year and a time on it.
    struct Date: Sendable, Hashable {
        enum Day: Sendable, Hashable {
            /// `Mm.w.d`; week 5 is the last, weekday 0 is Sunday.
            case weekday(month: Int, week: Int, weekday: Int)
            /// `Jn`: 1…365, the leap day not counted.
            case julian(Int)
            /// `n`: 0…365.
            case ordinal(Int)
        }

        var day: Day
        /// Seconds after midnight; may be negative or beyond the day.
        var time: Int

        /// The wall-clock moment in a year, as if the wall clock were UTC.
        func local(in year: Int) -> Int64 { Int64(dayNumber(in: year)) * CivilCalendar.secondsPerDay + Int64(time) }

        func dayNumber(in year: Int) -> Int {
            switch day {
            case .julian(let n):
                CivilCalendar.days(year: year, month: 1, day: 1) + n - (CivilCalendar.isLeap(year) && n > 59 ? 0 : 1)
            case .ordinal(let n):
                CivilCalendar.days(year: year, month: 1, day: 1) + n
            case .weekday(let month, let week, let weekday):
                Self.day(year: year, month: month, week: week, weekday: (weekday + 6) % 7)
            }
        }

        private static func day(year: Int, month: Int, week: Int, weekday: Int) -> Int {
            let first = CivilCalendar.days(year: year, month: month, day: 1)
            let offset = CivilCalendar.floorModulo(weekday - CivilCalendar.weekday(ofDay: first), 7)
            let day = first + offset + (week - 1) * 7
            return day < first + CivilCalendar.length(ofMonth: month, year: year) ? day : day - 7
        }
    }

    /// Yearly changes to and from daylight saving time.
    struct Daylight: Sendable, Hashable {
        var standard: Zone.Kind
        var daylight: Zone.Kind
        var starts: Date
        var ends: Date

        /// The two changes of a year in order.
        func changes(in year: Int) -> [(utc: Int64, kind: Zone.Kind)] {
            let start = (starts.local(in: year) - Int64(standard.offset), daylight)
            let end = (ends.local(in: year) - Int64(daylight.offset), standard)
            return start.0 < end.0 ? [start, end] : [end, start]
        }
    }

    var standard: Zone.Kind
    var daylight: Daylight?

    /// Reads `CET-1CEST,M3.5.0,M10.5.0/3`.
    init?(_ text: String) {
        var reader = DigitReader(Array(text.utf8))
        guard let name = reader.zoneName(), let offset = reader.posixOffset() else { return nil }
        standard = Zone.Kind(offset: -offset, isDaylight: false, name: name)
        guard !reader.isAtEnd else { return }
        guard let daylightName = reader.zoneName() else { return nil }
        var daylightOffset = standard.offset + 3600
        if reader.next != UInt8(ascii: ",") {
            guard let offset = reader.posixOffset() else { return nil }
            daylightOffset = -offset
        }
        guard reader.skip(","), let starts = reader.posixDate(), reader.skip(","), let ends = reader.posixDate(),
            reader.isAtEnd
        else { return nil }
        daylight = Daylight(
            standard: standard,
            daylight: Zone.Kind(offset: daylightOffset, isDaylight: true, name: daylightName),
            starts: starts,
            ends: ends
        )
    }
}

extension DigitReader {
    /// Takes `CET` or `<+03>`.
    fileprivate mutating func zoneName() -> String? {
        let isQuoted = skip("<")
        var name = ""
        while let octet = next, let letter = take(octet, isQuoted) { name.unicodeScalars.append(letter) }
        guard !isQuoted || skip(">") else { return nil }
        return name.isEmpty ? nil : name
    }

    private mutating func take(_ octet: UInt8, _ isQuoted: Bool) -> Unicode.Scalar? {
        let letter = Unicode.Scalar(octet)
        let isLetter = octet & 0xDF >= 65 && octet & 0xDF <= 90
        let isOther = isQuoted && (octet == 43 || octet == 45 || octet >= 48 && octet <= 57)
        return (isLetter || isOther) && skip(letter) ? letter : nil
    }

    /// Takes an offset, of which there is none beyond a day.
    fileprivate mutating func posixOffset() -> Int? { posixTime().flatMap { abs($0) <= 86_400 ? $0 : nil } }

    /// Takes `[+-]h[h][h][:mm[:ss]]` as seconds; the hours are 167 at most (RFC 8536 §3.3.1).
    fileprivate mutating func posixTime() -> Int? {
        let sign = sign() ?? 1
        guard let hours = number(), hours <= 167 else { return nil }
        var seconds = hours * 3600
        for unit in [60, 1] {
            guard skip(":") else { break }
            guard let number = number(), number < 60 else { return nil }
            seconds += number * unit
        }
        return sign * seconds
    }

    /// Takes `M3.5.0/3`, `J60` or `59`.
    fileprivate mutating func posixDate() -> PosixTimeZone.Date? {
        let day: PosixTimeZone.Date.Day
        if skip("M") {
            guard let month = number(), skip("."), let week = number(), skip("."), let weekday = number(),
                (1...12).contains(month), (1...5).contains(week), weekday < 7
            else { return nil }
            day = .weekday(month: month, week: week, weekday: weekday)
        } else if skip("J") {
            guard let number = number(), (1...365).contains(number) else { return nil }
            day = .julian(number)
        } else {
            guard let number = number(), number <= 365 else { return nil }
            day = .ordinal(number)
        }
        guard skip("/") else { return .init(day: day, time: 7200) }
        return posixTime().map { .init(day: day, time: $0) }
    }
}
