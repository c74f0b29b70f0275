import Bridging
import ICalendar
import Reconcile
import Testing

@testable import Sync

@Suite("Overlay: what an upstream never showed stays")
struct OverlayLimitsTests {
    private func fieldSet(count: Int = 100, zone: String? = nil) -> FieldSet {
        var fields = FieldSet(writable: [.schedule, .categories, .alarms], holdsOverrides: false)
        fields.limits.showsFirstReminderOnly = true
        fields.limits.categories = OptionNames(maximumCount: count)
        fields.limits.forgottenZone = zone
        return fields
    }

    private func taken(
        _ key: FieldKey,
        of source: [String],
        onto target: [String],
        _ fieldSet: FieldSet
    ) throws -> CalendarObject {
        try overlay(
            [key],
            of: CalendarObject(parsing: whole(source)),
            onto: CalendarObject(parsing: whole(target)),
            fieldSet: fieldSet
        )
    }

    private func whole(_ lines: [String]) -> String {
        let head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN", "BEGIN:VEVENT", "UID:e"]
        let isTimed = lines.contains { $0.hasPrefix("DTSTART") }
        let start = ["DTSTAMP:20260101T000000Z"] + (isTimed ? [] : ["DTSTART:20261121T090000Z"])
        return (head + start + lines + ["END:VEVENT", "END:VCALENDAR", ""]).joined(separator: "\r\n")
    }

    // MARK: Categories

    @Test(
        arguments: [
            // The true name of what is shown with a semicolon.
            (["work, urgent"], ["work; urgent", "home"], 100, ["work, urgent", "home"]),
            (["work, urgent", "home"], ["home"], 100, ["home"]),
            (["Work"], ["work"], 100, ["Work"]),
            // A column that holds one.
            (["a", "b", "c"], ["x"], 1, ["x", "b", "c"]),
            (["a", "b", "c"], [], 1, ["b", "c"]),
            (["a", "b"], ["b"], 1, ["b"]),
            // More than are shown.
            (["a", "b", "c"], ["a", "d"], 2, ["a", "d", "c"]),
            ([], ["new"], 100, ["new"]),
        ] as [([String], [String], Int, [String])]
    )
    func `a category whose name is still there keeps its true one, and what was not shown stays`(
        _ ours: [String],
        _ theirs: [String],
        _ count: Int,
        _ expected: [String]
    ) throws {
        func lines(_ names: [String]) -> [String] {
            names.map { "CATEGORIES:" + $0.replacing(",", with: "\\,") }
        }
        let key = FieldKey("categories")
        let result = try taken(key, of: lines(theirs), onto: lines(ours), fieldSet(count: count))
        #expect(result.master?.all("CATEGORIES").flatMap(\.texts) == expected)
    }

    // MARK: Alarms

    private static func alarm(_ trigger: String, action: String = "DISPLAY") -> [String] {
        ["BEGIN:VALARM", "ACTION:\(action)", "DESCRIPTION:Mine", "TRIGGER\(trigger)", "END:VALARM"]
    }

    private static let three =
        alarm(":-PT5M", action: "AUDIO") + alarm(":-PT10M") + alarm(";VALUE=DATE-TIME:20261121T080000Z")
        + alarm(":-P1D")

    @Test(
        arguments: [
            (alarm(":-PT15M"), [":-PT5M", ":-PT15M", ";VALUE=DATE-TIME:20261121T080000Z", ":-P1D"]),
            ([], [":-PT5M", ";VALUE=DATE-TIME:20261121T080000Z", ":-P1D"]),
            (alarm(":-PT10M"), [":-PT5M", ":-PT10M", ";VALUE=DATE-TIME:20261121T080000Z", ":-P1D"]),
        ] as [([String], [String])]
    )
    func `only the alarm that is shown is changed`(_ theirs: [String], _ expected: [String]) throws {
        let result = try taken(FieldKey("alarms"), of: theirs, onto: Self.three, fieldSet())
        let alarms = result.master?.components("VALARM") ?? []
        #expect(alarms.allSatisfy { $0.first("DESCRIPTION")?.value == "Mine" })
        let triggers = alarms.compactMap { $0.first("TRIGGER") }.map { trigger in
            (trigger.parameter("VALUE").map { ";VALUE=\($0)" } ?? "") + ":" + trigger.value
        }
        #expect(triggers == expected)
    }

    @Test func `a reminder for an event that rings in another way is one more`() throws {
        let ours = Self.alarm(":-PT5M", action: "AUDIO")
        let result = try taken(FieldKey("alarms"), of: Self.alarm(":-PT15M"), onto: ours, fieldSet())
        #expect(result.master?.components("VALARM").count == 2)
    }

    // MARK: Zones

    private static let york = [
        "DTSTART;TZID=America/New_York:20261121T040000", "DTEND;TZID=America/New_York:20261121T050000",
    ]

    @Test(
        arguments: [
            (york, "DTSTART;TZID=America/New_York:20261121T050000", "DTEND;TZID=America/New_York:20261121T053000"),
            (["DTSTART:20261121T090000", "DTEND:20261121T100000"], "DTSTART:20261121T110000", "DTEND:20261121T113000"),
            (["DTSTART:20261121T080000Z"], "DTSTART:20261121T100000Z", "DTEND:20261121T103000Z"),
            (
                ["DTSTART;TZID=Europe/Berlin:20261121T100000", "DTEND;TZID=America/New_York:20261121T050000"],
                "DTSTART;TZID=Europe/Berlin:20261121T110000", "DTEND;TZID=America/New_York:20261121T053000"
            ),
            // Days have no zone.
            (
                ["DTSTART;VALUE=DATE:20261121"], "DTSTART;TZID=Europe/Berlin:20261121T110000",
                "DTEND;TZID=Europe/Berlin:20261121T113000"
            ),
        ] as [([String], String, String)]
    )
    func `an event that was moved where zones do not come back stays in its own`(
        _ ours: [String],
        _ start: String,
        _ end: String
    ) throws {
        let theirs = ["DTSTART;TZID=Europe/Berlin:20261121T110000", "DTEND;TZID=Europe/Berlin:20261121T113000"]
        let result = try taken(.schedule, of: theirs, onto: ours, fieldSet(zone: "Europe/Berlin"))
        #expect(result.text.contains("\r\n\(start)\r\n"))
        #expect(result.text.contains("\r\n\(end)\r\n"))
    }

    @Test(arguments: [
        ["DTSTART:20261121T100000Z", "DTEND:20261121T103000Z"],
        ["DTSTART;TZID=America/New_York:20261121T050000", "DTEND;TZID=America/New_York:20261121T053000"],
    ])
    func `an event that was all-day in between is told in the calendar's zone`(_ theirs: [String]) throws {
        let ours = ["DTSTART;VALUE=DATE:20261121", "DTEND;VALUE=DATE:20261122"]
        let result = try taken(.schedule, of: theirs, onto: ours, fieldSet(zone: "Europe/Berlin"))
        #expect(result.text.contains("\r\nDTSTART;TZID=Europe/Berlin:20261121T110000\r\n"))
        #expect(result.text.contains("\r\nDTEND;TZID=Europe/Berlin:20261121T113000\r\n"))
    }

    // MARK: Days instead of times

    private func series(_ master: [String], _ overrides: [String]...) -> String {
        let components = [master + ["RRULE:FREQ=DAILY"]] + overrides
        let events = components.flatMap { lines in
            ["BEGIN:VEVENT", "UID:s", "DTSTAMP:20260101T000000Z"] + lines + ["END:VEVENT"]
        }
        let head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN"]
        return (head + events + ["END:VCALENDAR", ""]).joined(separator: "\r\n")
    }

    private static let timed = [
        "DTSTART;TZID=Europe/Berlin:20261120T090000", "DTEND;TZID=Europe/Berlin:20261120T100000",
    ]
    private static let days = ["DTSTART;VALUE=DATE:20261121", "DTEND;VALUE=DATE:20261122"]

    @Test func `overrides of a series that became all-day are days, and of two on one day one stays`() throws {
        let target = series(
            Self.timed,
            [
                "RECURRENCE-ID;TZID=Europe/Berlin:20261122T090000", "DTSTART;TZID=Europe/Berlin:20261123T233000",
                "DURATION:PT1H", "SUMMARY:Late",
            ],
            ["RECURRENCE-ID;TZID=Europe/Berlin:20261122T150000", "DTSTART;TZID=Europe/Berlin:20261122T160000"]
        )
        let result = try overlay(
            [.schedule],
            of: CalendarObject(parsing: series(Self.days)),
            onto: CalendarObject(parsing: target),
            fieldSet: fieldSet()
        )
        let override = try #require(result.overrides.first)
        #expect(result.overrides.count == 1)
        #expect(override.first("RECURRENCE-ID")?.value == "20261123")
        #expect(override.first("DTSTART")?.value == "20261124")
        #expect(override.first("DTEND")?.value == "20261125")
        #expect(override.first("SUMMARY")?.value == "Late")
    }

    @Test func `overrides of an all-day series that got a time have it, too`() throws {
        let target = series(
            Self.days,
            ["RECURRENCE-ID;VALUE=DATE:20261123", "DTSTART;VALUE=DATE:20261124", "DTEND;VALUE=DATE:20261125"]
        )
        let result = try overlay(
            [.schedule],
            of: CalendarObject(parsing: series(Self.timed)),
            onto: CalendarObject(parsing: target),
            fieldSet: fieldSet()
        )
        let override = try #require(result.overrides.first)
        #expect(override.first("RECURRENCE-ID")?.dateTime?.text == "20261122T090000")
        #expect(override.first("RECURRENCE-ID")?.parameter("TZID") == "Europe/Berlin")
        #expect(override.first("DTSTART")?.value == "20261123T090000")
        #expect(override.first("DTEND")?.value == "20261123T100000")
    }
}
