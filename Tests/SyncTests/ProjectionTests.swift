import Bridging
import ICalendar
import Reconcile
import Testing

@testable import Sync

@Suite("Projection and overlay")
struct ProjectionTests {
    private let all = FieldSet(writable: Set(Field.allCases), holdsOverrides: true)

    private func fields(_ text: String, _ fieldSet: FieldSet? = nil) throws -> Fields {
        Projection(of: try CalendarObject(parsing: text), onto: fieldSet ?? all).fields
    }

    @Test(
        arguments: [
            // DTEND and DURATION; the instants of a single event, whatever their zone.
            (["DTSTART:20261121T090000Z", "DURATION:PT1H"], ["DTSTART:20261121T090000Z", "DTEND:20261121T100000Z"]),
            (
                ["DTSTART;TZID=Europe/Berlin:20261121T100000", "DTEND;TZID=Europe/Berlin:20261121T110000"],
                ["DTSTART:20261121T090000Z", "DTEND:20261121T100000Z"]
            ),
            (["DTSTART;VALUE=DATE:20261121"], ["DTSTART;VALUE=DATE:20261121", "DTEND;VALUE=DATE:20261122"]),
            // The order and the defaults of a rule.
            (
                ["DTSTART:20261121T090000Z", "RRULE:FREQ=WEEKLY;BYDAY=SA,MO;INTERVAL=1;COUNT=3"],
                ["DTSTART:20261121T090000Z", "RRULE:COUNT=3;FREQ=WEEKLY;BYDAY=MO,SA;WKST=MO"]
            ),
            // Sets.
            (
                ["DTSTART:20261121T090000Z", "CATEGORIES:b,a"],
                ["DTSTART:20261121T090000Z", "CATEGORIES:a", "CATEGORIES:b"]
            ),
            // Escapes and blanks at the ends.
            (["DTSTART:20261121T090000Z", "SUMMARY: a\\, b\\n"], ["DTSTART:20261121T090000Z", "SUMMARY:a\\, b"]),
            // What never matters.
            (
                ["DTSTART:20261121T090000Z", "SEQUENCE:4", "LAST-MODIFIED:20260101T000000Z", "TRANSP:OPAQUE"],
                ["DTSTART:20261121T090000Z"]
            ),
        ] as [([String], [String])]
    )
    func `what means the same is the same`(_ left: [String], _ right: [String]) throws {
        func text(_ lines: [String]) -> String {
            let head = [
                "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN", "BEGIN:VEVENT", "UID:e",
                "DTSTAMP:20260101T000000Z",
            ]
            return (head + lines + ["END:VEVENT", "END:VCALENDAR", ""]).joined(separator: "\r\n")
        }
        #expect(try fields(text(left)) == fields(text(right)))
    }

    @Test func `a series in another zone is another series`() throws {
        let berlin = event("e", "DTSTART;TZID=Europe/Berlin:20261121T100000", "RRULE:FREQ=DAILY")
        let utc = event("e", "DTSTART:20261121T090000Z", "RRULE:FREQ=DAILY")
        #expect(try fields(berlin) != fields(utc))
    }

    @Test func `what is stored of fields is what was stored`() throws {
        let fields: Fields = [.schedule: "a\nb\\n", FieldKey("summary", of: "20261121T090000Z"): "x\ty"]
        #expect(FieldsText.decode(FieldsText.encode(fields)) == fields)
    }

    @Test func `an overlay leaves every other octet alone`() throws {
        let target = event(
            "e",
            "SUMMARY:Old",
            "X-MINE;X-P=\"q\":kept",
            "DESCRIPTION:Long\r\n  folded text",
            "SEQUENCE:1"
        )
        let source = event("e", "SUMMARY:New", "DESCRIPTION:Other")
        let result = try overlay(
            [FieldKey("summary")],
            of: CalendarObject(parsing: source),
            onto: CalendarObject(parsing: target),
            fieldSet: all
        )
        #expect(result.text == target.replacing("SUMMARY:Old", with: "SUMMARY:New"))
    }

    @Test func `an overlay that changes nothing is the same octets`() throws {
        let object = try CalendarObject(parsing: event("e", "SUMMARY:Same", "LOCATION:Here"))
        let keys = Set(Projection(of: object, onto: all).fields.keys)
        let result = try overlay(keys, of: object, onto: object, fieldSet: all, stamp: Instant(seconds: 0))
        #expect(result.text == object.text)
    }

    @Test func `a moved event counts its sequence on, a renamed one does not`() throws {
        let target = try CalendarObject(parsing: event("e", "SUMMARY:A", "SEQUENCE:1"))
        let source = try CalendarObject(parsing: event("e", "SUMMARY:B", "DTSTART:20261122T090000Z"))
        let stamp = Instant(seconds: 1_795_000_000)
        let renamed = try overlay([FieldKey("summary")], of: source, onto: target, fieldSet: all, stamp: stamp)
        #expect(renamed.master?.first("SEQUENCE")?.value == "1")
        #expect(renamed.master?.first("LAST-MODIFIED")?.value == "20261118T110640Z")
        let moved = try overlay([.schedule], of: source, onto: target, fieldSet: all, stamp: stamp)
        #expect(moved.master?.first("SEQUENCE")?.value == "2")
    }

    @Test func `a zone that comes along brings its VTIMEZONE`() throws {
        let target = try CalendarObject(parsing: event("e", "SUMMARY:A"))
        let source = try CalendarObject(
            parsing: event(
                "e",
                "DTSTART;TZID=Europe/Berlin:20261121T100000",
                "DTEND;TZID=Europe/Berlin:20261121T110000"
            )
        )
        let result = try overlay([.schedule], of: source, onto: target, fieldSet: all)
        #expect(result.calendar.components.map(\.name) == ["VTIMEZONE", "VEVENT"])
    }

    @Test func `a zone whose name is escaped brings its VTIMEZONE, once`() throws {
        let zone = [
            "BEGIN:VTIMEZONE", #"TZID:Amsterdam\, Berlin"#, "BEGIN:STANDARD", "DTSTART:19700101T000000",
            "TZOFFSETFROM:+0100", "TZOFFSETTO:+0100", "END:STANDARD", "END:VTIMEZONE", "BEGIN:VEVENT",
        ]
        let target = try CalendarObject(parsing: event("e", "SUMMARY:A"))
        let zoned = event("e", #"DTSTART;TZID="Amsterdam, Berlin":20261121T100000"#, "SUMMARY:B")
        let source = try CalendarObject(
            parsing: zoned.replacing("BEGIN:VEVENT", with: zone.joined(separator: "\r\n"))
        )
        let result = try overlay([.schedule], of: source, onto: target, fieldSet: all)
        #expect(result.calendar.components.map(\.name) == ["VTIMEZONE", "VEVENT"])
        let renamed = try overlay([FieldKey("summary")], of: source, onto: result, fieldSet: all)
        #expect(renamed.calendar.components.map(\.name) == ["VTIMEZONE", "VEVENT"])
    }

    @Test func `times come in the zone they have here where that is the same under another name`() throws {
        let rule = "RRULE:FREQ=WEEKLY;COUNT=9"
        let windows = "TZID=W. Europe Standard Time:"
        let target = try CalendarObject(
            parsing: event("e", "DTSTART;\(windows)20261019T100000", "DTEND;\(windows)20261019T110000", rule)
        )
        func moved(_ zone: String) throws -> Component? {
            let exceptions = "EXDATE;TZID=\(zone):20261026T120000,20261102T120000"
            let source = try CalendarObject(
                parsing: event("e", "DTSTART;TZID=\(zone):20261019T120000", exceptions, rule)
            )
            let keys = Set(Projection(of: source, onto: all).fields.keys).filter { $0.name == FieldKey.schedule.name }
            return try overlay(keys, of: source, onto: target, fieldSet: all).master
        }
        let same = try #require(try moved("Europe/Berlin"))
        for name in ["DTSTART", "EXDATE"] {
            #expect(same.first(name)?.parameter("TZID") == "W. Europe Standard Time")
        }
        #expect(same.first("DTSTART")?.value == "20261019T120000")
        #expect(try moved("Europe/London")?.first("EXDATE")?.parameter("TZID") == "Europe/London")
    }

    @Test func `overrides an upstream knows nothing of move along with their series`() throws {
        let series = event("s", "DTSTART:20261121T090000Z", "DTEND:20261121T100000Z", "RRULE:FREQ=DAILY")
        let override = [
            "BEGIN:VEVENT", "UID:s", "DTSTAMP:20260101T000000Z", "RECURRENCE-ID:20261122T090000Z",
            "DTSTART:20261122T110000Z", "DTEND:20261122T120000Z", "END:VEVENT", "END:VCALENDAR",
        ]
        let target = series.replacing("END:VCALENDAR", with: override.joined(separator: "\r\n"))
        let source = series.replacing("T090000Z", with: "T080000Z").replacing("T100000Z", with: "T090000Z")
        let single = FieldSet(writable: [.schedule], holdsOverrides: false)
        let result = try overlay(
            [.schedule],
            of: CalendarObject(parsing: source),
            onto: CalendarObject(parsing: target),
            fieldSet: single
        )
        #expect(result.overrides.first?.first("RECURRENCE-ID")?.value == "20261122T080000Z")
        #expect(result.overrides.first?.first("DTSTART")?.value == "20261122T100000Z")
    }

    @Test func `overrides keep their distance on the wall clock when a series moves over a clock change`() throws {
        let zone = ";TZID=Europe/Berlin:"
        // The clocks go back on 25 October; a week later the same hour is another instant.
        let series = event("s", "DTSTART\(zone)20261020T090000", "DTEND\(zone)20261020T100000", "RRULE:FREQ=DAILY")
        let override = [
            "BEGIN:VEVENT", "UID:s", "DTSTAMP:20260101T000000Z", "RECURRENCE-ID\(zone)20261021T090000",
            "DTSTART\(zone)20261021T110000", "DTEND\(zone)20261021T120000", "END:VEVENT", "END:VCALENDAR",
        ]
        let target = series.replacing("END:VCALENDAR", with: override.joined(separator: "\r\n"))
        let result = try overlay(
            [.schedule],
            of: CalendarObject(parsing: series.replacing("20261020T", with: "20261027T")),
            onto: CalendarObject(parsing: target),
            fieldSet: FieldSet(writable: [.schedule], holdsOverrides: false)
        )
        #expect(result.overrides.first?.first("RECURRENCE-ID")?.value == "20261028T090000")
        #expect(result.overrides.first?.first("DTSTART")?.value == "20261028T110000")
    }
}
