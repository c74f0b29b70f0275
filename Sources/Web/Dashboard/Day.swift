import ICalendar

/// A day of a calendar page.
struct Day: Hashable, Comparable {
    private static let secondsPerDay: Int64 = 86_400

    /// Days since 1970-01-01.
    let number: Int64

    init(number: Int64) { self.number = number }

    /// The day of a time, by its wall clock.
    init(_ time: DateTime) {
        let midnight = DateTime(date: time.year, time.month, time.day)
        number = ZoneResolver().instant(midnight).seconds / Self.secondsPerDay
    }

    /// Reads `2026-11-24`; `2026-11` is its first day.
    init?(_ text: String) {
        let digits = text.filter { $0 != "-" }
        guard let date = DateTime(digits.utf8.count == 6 ? digits + "01" : digits, tzid: nil, isDate: true) else {
            return nil
        }
        self.init(date)
    }

    var date: DateTime {
        ZoneResolver().local(Instant(seconds: number * Self.secondsPerDay), form: .date)
    }

    /// `2026-11-24`.
    var text: String { date.dashed }

    /// Monday is 0.
    var weekday: Int { Int(((number + 3) % 7 + 7) % 7) }

    var firstOfMonth: Day { Day(DateTime(date: date.year, date.month, 1)) }

    var nextMonth: Day { Day(number: firstOfMonth.number + 31).firstOfMonth }

    var previousMonth: Day { Day(number: firstOfMonth.number - 1).firstOfMonth }

    /// The last month that a page shows, with days of the next one behind it: years have four digits.
    static let lastMonth = Day(DateTime(date: 9999, 11, 1))

    /// `November 2026`.
    var monthName: String { "\(Self.months[date.month - 1]) \(date.year)" }

    /// `Tue 24 November`.
    var name: String { "\(Self.weekdays[weekday]) \(date.day) \(Self.months[date.month - 1])" }

    static let weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]

    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]

    static func < (one: Day, other: Day) -> Bool { one.number < other.number }
}

extension DateTime {
    /// `2026-11-24`.
    var dashed: String {
        let digits = text
        return "\(digits.prefix(4))-\(digits.dropFirst(4).prefix(2))-\(digits.dropFirst(6).prefix(2))"
    }

    /// `09:00`.
    var clock: String { (hour < 10 ? "0" : "") + "\(hour):" + (minute < 10 ? "0" : "") + "\(minute)" }
}
