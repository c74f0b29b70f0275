import CLibical

/// Rules that count in another calendar than the Gregorian, or move days that do not exist. RFC 7529
///
/// libical's iterator walks them, held on a short lead: never without an end, never by less than a day.
enum LibicalRule {
    /// libical's calendar arithmetic ends in 2582.
    private static let lastYear = 2580

    /// The wall-clock times of a rule between two others; DTSTART itself is left out.
    static func times(
        _ text: String,
        _ start: DateTime,
        from: Int64,
        through: Int64,
        limit: Int
    ) throws(CalendarDataError) -> [Int64] {
        var rule = icalrecurrencetype_from_string(text)
        // The name of the scale is the caller's; the iterator borrows it.
        defer { icalmemory_free_buffer(rule.rscale) }
        guard rule.freq != ICAL_NO_RECURRENCE, isDayOrLonger(rule.freq), start.year < lastYear else {
            throw .invalidData("The recurrence rule “\(text.prefix(200))” cannot be expanded.")
        }
        let end = Int64(CivilCalendar.days(year: lastYear, month: 1, day: 1)) * CivilCalendar.secondsPerDay
        let last = min(through, end)
        rule.until = time(DateTime(localSeconds: last, form: start.isDate ? .date : .floating))
        guard let iterator = icalrecur_iterator_new(rule, time(start)) else {
            throw .invalidData("The recurrence rule “\(text.prefix(200))” cannot be expanded.")
        }
        defer { icalrecur_iterator_free(iterator) }
        if rule.count == 0, from > start.localSeconds {
            icalrecur_iterator_set_start(iterator, time(DateTime(localSeconds: from, form: .floating)))
        }
        var times: [Int64] = []
        while true {
            let next = icalrecur_iterator_next(iterator)
            guard icaltime_is_null_time(next) == 0, case let seconds = localSeconds(next), seconds <= last else {
                break
            }
            guard seconds >= from, seconds > start.localSeconds else { continue }
            guard times.count <= limit else { throw .tooManyInstances(limit: limit) }
            times.append(seconds)
        }
        return times
    }

    private static func isDayOrLonger(_ frequency: icalrecurrencetype_frequency) -> Bool {
        frequency == ICAL_DAILY_RECURRENCE || frequency == ICAL_WEEKLY_RECURRENCE
            || frequency == ICAL_MONTHLY_RECURRENCE || frequency == ICAL_YEARLY_RECURRENCE
    }

    private static func time(_ date: DateTime) -> icaltimetype {
        var time = icaltime_null_time()
        time.year = Int32(clamping: date.year)
        time.month = Int32(date.month)
        time.day = Int32(date.day)
        time.hour = Int32(date.hour)
        time.minute = Int32(date.minute)
        time.second = Int32(date.second)
        time.is_date = date.isDate ? 1 : 0
        return time
    }

    private static func localSeconds(_ time: icaltimetype) -> Int64 {
        let day = CivilCalendar.days(year: Int(time.year), month: Int(time.month), day: Int(time.day))
        return Int64(day) * CivilCalendar.secondsPerDay + Int64(time.hour * 3600 + time.minute * 60 + time.second)
    }
}
