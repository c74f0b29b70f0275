import ICalendar
import Testing

@Suite("RFC 5545 §3.3.10 rules that cost too much")
struct RuleCostTests {
    private func expand(_ rule: String, limit: Int = 1_000) throws -> Int {
        let lines = [
            "BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VEVENT", "UID:1", "DTSTART:20250101T000000Z", "RRULE:\(rule)",
            "END:VEVENT", "END:VCALENDAR", "",
        ]
        let window = TimeRange(
            start: Instant(rfc3339: "2030-01-01T00:00:00Z"),
            end: Instant(rfc3339: "2031-01-01T00:00:00Z")
        )
        let object = try CalendarObject(parsing: lines.joined(separator: "\r\n"))
        return try object.recurrenceSet().occurrences(in: window, limit: limit).count
    }

    private static let everySecond =
        "BYHOUR=\((0...23).map(String.init).joined(separator: ","));BYMINUTE=\((0...59).map(String.init).joined(separator: ","));BYSECOND=\((0...59).map(String.init).joined(separator: ","))"

    @Test(arguments: [
        "FREQ=SECONDLY", "FREQ=MINUTELY", "FREQ=SECONDLY;COUNT=999999999", "FREQ=DAILY;\(everySecond)",
        "FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;\(everySecond)", "FREQ=HOURLY",
    ])
    func `too many occurrences are an error, not a wait`(_ rule: String) {
        #expect(throws: CalendarDataError.self) { try expand(rule) }
    }

    @Test(arguments: [
        "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=HOURLY;BYDAY=MO;BYMONTHDAY=31;BYMONTH=4",
        "FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=YEARLY;INTERVAL=32767",
        "FREQ=WEEKLY;INTERVAL=32767", "FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=2,4",
    ])
    func `a rule that never matches ends`(_ rule: String) throws {
        #expect(try expand(rule) == 0)
    }

    @Test func `an endless rule in an open window is an error`() throws {
        let lines = [
            "BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VEVENT", "UID:1", "DTSTART:20250101T000000Z", "RRULE:FREQ=DAILY",
            "END:VEVENT", "END:VCALENDAR", "",
        ]
        let set = try CalendarObject(parsing: lines.joined(separator: "\r\n")).recurrenceSet()
        #expect(set.span?.end == nil)
        #expect(throws: CalendarDataError.tooManyInstances(limit: 10_000)) {
            try set.occurrences(in: TimeRange(), limit: CalendarLimits.maximumInstances)
        }
    }
}
