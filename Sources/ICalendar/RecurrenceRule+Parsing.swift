extension RecurrenceRule {
    /// Reads an RRULE value.
    ///
    /// Lower case, empty parts and unknown parts are read over; COUNT beside UNTIL is taken as the earlier of both.
    public init(_ text: String) throws(CalendarDataError) {
        var parts: [(name: String, value: String)] = []
        for part in text.asciiUppercased.utf8.split(separator: UInt8(ascii: ";")) {
            guard let equals = part.firstIndex(of: UInt8(ascii: "=")) else {
                throw Self.error("has a part without “=”", text)
            }
            parts.append((String(Substring(part[..<equals])), String(Substring(part[part.index(after: equals)...]))))
        }
        guard let name = parts.first(where: { $0.name == "FREQ" })?.value, let frequency = Frequency(rawValue: name)
        else {
            throw Self.error("has no FREQ, or an unknown one", text)
        }
        self.init(frequency)
        for part in parts {
            guard read(part.name, part.value) else { throw Self.error("has a bad \(part.name)", text) }
        }
    }

    private static func error(_ problem: String, _ text: String) -> CalendarDataError {
        .invalidData("The recurrence rule “\(text.prefix(200))” \(problem).")
    }

    /// Takes one part; false when its value is not allowed.
    private mutating func read(_ name: String, _ value: String) -> Bool {
        switch name {
        case "INTERVAL": return Self.read(value, in: 1...99_999_999) { interval = $0 }
        case "COUNT": return Self.read(value, in: 1...999_999_999) { count = $0 }
        case "UNTIL":
            until = DateTime(value, tzid: nil, isDate: false)
            return until != nil
        case "BYSECOND": return Self.readList(value, in: 0...60) { bySecond = $0.map { min($0, 59) } }
        case "BYMINUTE": return Self.readList(value, in: 0...59) { byMinute = $0 }
        case "BYHOUR": return Self.readList(value, in: 0...23) { byHour = $0 }
        case "BYDAY": return readDays(value)
        case "BYMONTHDAY": return Self.readSignedList(value, upTo: 31) { byMonthDay = $0 }
        case "BYYEARDAY": return Self.readSignedList(value, upTo: 366) { byYearDay = $0 }
        case "BYWEEKNO": return Self.readSignedList(value, upTo: 53) { byWeekNumber = $0 }
        case "BYSETPOS": return Self.readSignedList(value, upTo: 366) { bySetPosition = $0 }
        case "BYMONTH": return readMonths(value)
        case "WKST":
            guard let day = Weekday(code: value) else { return false }
            weekStart = day
            return true
        case "RSCALE", "SKIP":
            let isPlain = name == "RSCALE" ? value == "GREGORIAN" : value == "OMIT"
            if !isPlain { calendarScale = name == "RSCALE" ? value : calendarScale ?? "GREGORIAN" }
            return !value.isEmpty
        default:
            return true
        }
    }

    private static func read(_ value: String, in range: ClosedRange<Int>, _ take: (Int) -> Void) -> Bool {
        var digits = DigitReader(value.utf8)
        guard let number = digits.number(), digits.isAtEnd, range.contains(number) else { return false }
        take(number)
        return true
    }

    private static func readList(_ value: String, in range: ClosedRange<Int>, _ take: ([Int]) -> Void) -> Bool {
        readSignedList(value, upTo: range.upperBound, allowsZero: true) { numbers in take(numbers) }
            && !value.utf8.contains(UInt8(ascii: "-"))
    }

    private static func readSignedList(
        _ value: String,
        upTo limit: Int,
        allowsZero: Bool = false,
        _ take: ([Int]) -> Void
    ) -> Bool {
        var digits = DigitReader(value.utf8)
        var numbers: [Int] = []
        repeat {
            let sign = digits.sign() ?? 1
            guard let number = digits.number(), number <= limit, number > 0 || allowsZero else { return false }
            numbers.append(sign * number)
        } while digits.skip(",")
        take(Array(Set(numbers)).sorted())
        return digits.isAtEnd
    }

    private mutating func readDays(_ value: String) -> Bool {
        for item in value.utf8.split(separator: UInt8(ascii: ",")) {
            guard item.count >= 2, let weekday = Weekday(code: String(Substring(item.suffix(2)))) else { return false }
            var digits = DigitReader(item.dropLast(2))
            guard !digits.isAtEnd else {
                byDay.append(WeekdayNumber(weekday))
                continue
            }
            let sign = digits.sign() ?? 1
            guard let number = digits.number(), digits.isAtEnd, (1...53).contains(number) else { return false }
            byDay.append(WeekdayNumber(weekday, ordinal: sign * number))
        }
        return !byDay.isEmpty
    }

    /// Months; a leap month (`5L`, RFC 7529 §4.1) is libical's to understand.
    private mutating func readMonths(_ value: String) -> Bool {
        guard !value.utf8.contains(UInt8(ascii: "L")) else {
            calendarScale = calendarScale ?? "LEAP"
            return true
        }
        return Self.readSignedList(value, upTo: calendarScale == nil ? 12 : 13) { byMonth = $0 }
            && byMonth.allSatisfy { $0 > 0 }
    }
}
