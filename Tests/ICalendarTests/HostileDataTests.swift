import ICalendar
import Testing

/// Data within the limit of size that would take far too long, or end the process, if nothing else stopped it.
@Suite("RFC 4791 §5.3.2.1 data made to do harm")
struct HostileDataTests {
    private func event(_ lines: [String], beside others: [String] = []) throws(CalendarDataError) -> CalendarObject {
        let event = ["BEGIN:VEVENT", "UID:1"] + lines + ["END:VEVENT"]
        let all = ["BEGIN:VCALENDAR", "VERSION:2.0"] + others + event + ["END:VCALENDAR", ""]
        return try CalendarObject(parsing: all.joined(separator: "\r\n"))
    }

    private static let anySecond =
        "BYHOUR=\((0...23).map(String.init).joined(separator: ","));BYMINUTE=\((0...59).map(String.init).joined(separator: ","));BYSECOND=\((0...59).map(String.init).joined(separator: ","))"

    @Test(arguments: ["P", "-P"])
    func `a duration longer than the calendar is none`(_ sign: String) {
        #expect(CalendarDuration(sign + String(repeating: "999999999W", count: 50_000)) == nil)
        #expect(CalendarDuration(sign + "T" + String(repeating: "999999999H", count: 50_000)) == nil)
        #expect(CalendarDuration(sign + "3660000D") == nil)
        #expect(CalendarDuration(sign + "3650000D")?.days == (sign == "P" ? 3_650_000 : -3_650_000))
    }

    @Test func `an endless duration is refused wherever it stands`() {
        let endless = "P" + String(repeating: "999999999W", count: 50_000)
        let start = "DTSTART:20261121T090000Z"
        #expect(throws: CalendarDataError.self) { try event([start, "DURATION:\(endless)"]) }
        #expect(throws: CalendarDataError.self) { try event([start, "DTEND:20261121T100000Z", "DURATION:\(endless)"]) }
        #expect(throws: CalendarDataError.self) {
            try event([start, "RDATE;VALUE=PERIOD:20261121T090000Z/\(endless)"])
        }
        #expect(throws: CalendarDataError.self) {
            try event([start, "BEGIN:VALARM", "TRIGGER:-\(endless)", "END:VALARM"])
        }
    }

    @Test func `a time zone of thousands of rules that never match is read at once`() throws {
        let rule = "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"
        let zone =
            [
                "BEGIN:VTIMEZONE", "TZID:Own", "BEGIN:STANDARD", "DTSTART:19700101T000000", "TZOFFSETFROM:+0100",
                "TZOFFSETTO:+0200",
            ] + Array(repeating: rule, count: 20_000) + ["END:STANDARD", "END:VTIMEZONE"]
        #expect(throws: CalendarDataError.self) { try event(["DTSTART;TZID=Own:20261121T090000"], beside: zone) }
    }

    @Test func `a time zone of thousands of observances is read at once`() throws {
        let observance = [
            "BEGIN:STANDARD", "DTSTART:19000101T000000", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0200", "RRULE:FREQ=DAILY",
            "END:STANDARD",
        ]
        let zone =
            ["BEGIN:VTIMEZONE", "TZID:Own"] + (0..<8_000).flatMap { _ in observance } + ["END:VTIMEZONE"]
        #expect(throws: CalendarDataError.self) { try event(["DTSTART;TZID=Own:20261121T090000"], beside: zone) }
    }

    @Test func `a rule of another calendar that walks through every second ends`() throws {
        let object = try event([
            "DTSTART:20000101T000000Z", "RRULE:FREQ=DAILY;RSCALE=HEBREW;\(Self.anySecond)",
        ])
        let range = TimeRange(start: Instant(rfc3339: "2500-01-01T00:00:00Z"))
        #expect(throws: CalendarDataError.self) {
            try object.recurrenceSet().occurrences(in: range, limit: CalendarLimits.maximumInstances)
        }
    }

    @Test func `more overrides than anybody makes are refused`() throws {
        let rule = ["DTSTART:20200101T000000Z", "RRULE:FREQ=MINUTELY"]
        let overrides = (0..<8_000).flatMap { number -> [String] in
            let time =
                "2020\(10 + number / 2_400 % 3)\(10 + number / 60 / 24 % 18)T\(String(10_000 + number / 60 % 24 * 100 + number % 60).dropFirst())00Z"
            return [
                "BEGIN:VEVENT", "UID:1", "RECURRENCE-ID;RANGE=THISANDFUTURE:\(time)", "DTSTART:\(time)", "END:VEVENT",
            ]
        }
        #expect(throws: CalendarDataError.tooManyInstances(limit: CalendarLimits.maximumOverrides)) {
            try event(rule, beside: overrides)
        }
    }

    @Test func `more alarms than anybody sets are refused`() throws {
        let alarm = ["BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT1M", "END:VALARM"]
        let most = (0..<CalendarLimits.maximumAlarms).flatMap { _ in alarm }
        _ = try event(["DTSTART:20261121T090000Z"] + most)
        #expect(throws: CalendarDataError.self) { try event(["DTSTART:20261121T090000Z"] + most + alarm) }
    }

    @Test func `rules that never match share the steps of one expansion`() throws {
        let rule = "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;UNTIL=20831231T000000Z"
        let start = "DTSTART:15830101T090000Z"
        let one = try event([start, rule])
        #expect(try one.recurrenceSet().occurrences(in: TimeRange(), limit: 10).count == 1)
        let all = try event([start] + Array(repeating: rule, count: CalendarLimits.maximumRules))
        #expect(throws: CalendarDataError.tooManyInstances(limit: CalendarLimits.maximumRuleSteps)) {
            try all.recurrenceSet().occurrences(in: TimeRange(), limit: 10)
        }
    }

    @Test func `ten thousand dates and no more`() throws {
        let dates = { (count: Int) in
            "RDATE:" + Array(repeating: "20261121T090000Z", count: count).joined(separator: ",")
        }
        let start = "DTSTART:20261121T090000Z"
        _ = try event([start, dates(CalendarLimits.maximumDates / 2), dates(CalendarLimits.maximumDates / 2)])
        #expect(throws: CalendarDataError.tooManyInstances(limit: CalendarLimits.maximumDates)) {
            try event([start, dates(CalendarLimits.maximumDates / 2), dates(CalendarLimits.maximumDates / 2 + 1)])
        }
    }

    @Test func `a line has so many octets and no more`() throws {
        let line = { (count: Int) in "DESCRIPTION:" + String(repeating: "a", count: count - 14) }
        let start = "DTSTART:20261121T090000Z"
        _ = try event([start, line(CalendarLimits.maximumLineOctets)])
        #expect(throws: CalendarDataError.self) { try event([start, line(CalendarLimits.maximumLineOctets + 1)]) }
    }

    @Test func `hundreds of time zones that never settle are refused at once`() {
        let zone = [
            "BEGIN:VTIMEZONE", "TZID:Own", "BEGIN:STANDARD", "DTSTART:19700101T000000", "TZOFFSETFROM:+0100",
            "TZOFFSETTO:+0200", "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "END:STANDARD", "END:VTIMEZONE",
        ]
        let zones = (0..<CalendarLimits.maximumTimeZones + 1).flatMap { _ in zone }
        #expect(throws: CalendarDataError.self) { try event(["DTSTART:20261121T090000Z"], beside: zones) }
    }

    @Test func `folds inside what is no character are read in one pass`() {
        let octets = (0..<250_000).flatMap { _ in [0x80, 10, 32, 0x80] as [UInt8] }
        #expect(throws: CalendarDataError.self) { try CalendarObject(octets: octets) }
    }
}
