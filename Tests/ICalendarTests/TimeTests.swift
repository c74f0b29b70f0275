import ICalendar
import Testing

@Suite("Instants and RFC 3339")
struct InstantTests {
    @Test(arguments: [
        ("2026-11-21T09:00:00.000+01:00", "2026-11-21T08:00:00Z"), ("2026-11-21T08:00:00Z", "2026-11-21T08:00:00Z"),
        ("2026-11-20T19:30:00-12:30", "2026-11-21T08:00:00Z"), ("1969-12-31T23:59:59Z", "1969-12-31T23:59:59Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"), ("2000-02-29t12:00:00.123456789z", "2000-02-29T12:00:00Z"),
    ])
    func `an RFC 3339 time is read and written`(_ text: String, _ written: String) {
        #expect(Instant(rfc3339: text)?.rfc3339 == written)
    }

    @Test(arguments: [
        "", "2026-11-21", "2026-11-21T09:00Z", "2026-11-21T09:00:00", "2026-13-21T09:00:00Z", "2025-02-29T09:00:00Z",
        "2026-11-21T24:00:00Z", "2026-11-21T09:00:00.Z", "2026-11-21T09:00:00+1", "2026-11-21T09:00:00Zx",
    ])
    func `what is no RFC 3339 time is nil`(_ text: String) {
        #expect(Instant(rfc3339: text) == nil)
    }

    @Test func `days of eight centuries are written and read alike`() {
        var previous = CalendarLimits.minimumDate
        #expect(CalendarLimits.minimumDate.rfc3339 == "1583-01-01T00:00:00Z")
        #expect(CalendarLimits.maximumDate.rfc3339 == "9999-12-31T23:59:59Z")
        for _ in 0..<22_476 {
            let next = previous + 13 * 86_400
            guard Instant(rfc3339: next.rfc3339) == next else {
                Issue.record("\(next.rfc3339)")
                return
            }
            previous = next
        }
        #expect(previous.rfc3339 == "2382-12-26T00:00:00Z")
    }
}

@Suite("RFC 4791 §9.9 time ranges")
struct TimeRangeTests {
    private let range = TimeRange(start: Instant(seconds: 100), end: Instant(seconds: 200))

    @Test(arguments: [
        (0, 100, false), (0, 101, true), (199, 300, true), (200, 300, false), (0, 300, true), (120, 130, true),
    ])
    func `what lasts meets a range half open at both ends`(_ start: Int64, _ end: Int64, _ meets: Bool) {
        #expect(range.overlaps(start: Instant(seconds: start), end: Instant(seconds: end)) == meets)
    }

    @Test(arguments: [(99, false), (100, true), (199, true), (200, false)])
    func `a moment meets the range it begins in`(_ moment: Int64, _ meets: Bool) {
        #expect(range.overlaps(start: Instant(seconds: moment), end: Instant(seconds: moment)) == meets)
    }

    @Test func `an open end is open`() {
        #expect(TimeRange().overlaps(start: Instant(seconds: 0), end: Instant(seconds: 0)))
        #expect(TimeRange(start: Instant(seconds: 1)).overlaps(start: Instant(seconds: 9), end: Instant(seconds: 9)))
        #expect(!TimeRange(end: Instant(seconds: 1)).overlaps(start: Instant(seconds: 1), end: Instant(seconds: 9)))
    }
}

@Suite("RFC 5545 §3.3.4, §3.3.5 dates and times")
struct DateTimeTests {
    @Test(arguments: ["20261121", "20261121T090000", "20261121T090000Z", "00010101", "99991231T235959"])
    func `a value is written as it was read`(_ text: String) {
        #expect(DateTime(text, tzid: nil, isDate: false)?.text == text)
    }

    @Test(arguments: [
        "", "2026112", "202611211", "20261321", "20260230", "20260100", "20261121T", "20261121T0900", "20261121T096000",
        "20261121T250000", "20261121T090061", "20261121T240001", "20261121T090000ZZ", "20261121 090000",
        "19935451T190000Z",
    ])
    func `what is no date is nil`(_ text: String) {
        #expect(DateTime(text, tzid: nil, isDate: false) == nil)
    }

    @Test func `a leap second is the second before it`() {
        #expect(DateTime("20161231T235960Z", tzid: nil, isDate: false)?.text == "20161231T235959Z")
    }

    @Test func `UTC beats a TZID`() {
        #expect(DateTime("20250101T000000Z", tzid: "Europe/Berlin", isDate: false)?.form == .utc)
        #expect(DateTime("20250101T000000", tzid: "Europe/Berlin", isDate: false)?.form == .zoned("Europe/Berlin"))
    }

    @Test(arguments: [
        ("P1W", 7, 0), ("-PT15M", 0, -900), ("P1DT2H", 1, 7200), ("+PT1H30M5S", 0, 5405), ("PT0S", 0, 0),
        ("-P1D", -1, 0),
    ])
    func `a duration has days and seconds`(_ text: String, _ days: Int, _ seconds: Int) {
        #expect(CalendarDuration(text) == CalendarDuration(days: days, seconds: seconds))
    }

    @Test(
        arguments: ["", "P", "1D", "PT", "P1H", "PT1D", "PT1", "P-1D", "PTT1H", "P1DT99999999999H"].filter {
            $0 != "PT"
        }
    )
    func `what is no duration is nil`(_ text: String) {
        #expect(CalendarDuration(text) == nil)
    }
}
