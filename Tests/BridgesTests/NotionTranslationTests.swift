import Bridging
import ICalendar
import TestSupport
import Testing

@testable import BridgeNotion

/// Pairs `<sentence>.json` (a page) and `<sentence>.ics` (the event).
///
/// `"direction"` in the page limits a pair that loses something on one of the ways: `down` from Notion, `up` to Notion.
@Suite("Notion: pages and events")
struct NotionTranslationTests {
    struct Pair {
        let page: JSON
        let record: UpstreamRecord
        let direction: String?
        let event: CalendarObject

        init(_ fixture: Fixture) throws {
            let json = try JSONReader.value(of: fixture.octets)
            direction = json["direction"]?.string
            page = NotionShorthand.expanded(json)
            record = try #require(Page(page)).record(NotionStage.columns)
            let text = try #require(fixture.sibling("ics")).text
            event = try CalendarObject(parsing: NotionTranslationTests.whole(text, json["tzids"]?.elements ?? []))
        }
    }

    /// A calendar object around the properties of an event, one on each line.
    static func whole(_ event: String, _ tzids: [JSON] = []) -> String {
        let names = ["Europe/Berlin"] + tzids.compactMap(\.string)
        let zones = names.filter { event.contains("TZID=\($0)") }.compactMap {
            TimeZoneData.vtimezone(for: $0, from: nil)?.serialized()
        }
        let lines = event.split(separator: "\n").filter { !$0.hasPrefix("#") }.joined(separator: "\r\n")
        return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Test//EN\r\n\(zones.joined())BEGIN:VEVENT\r\n"
            + "DTSTAMP:20261120T100000Z\r\n\(lines)\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    }

    /// The properties that were meant, without stamps, sorted.
    private static func meaning(_ object: CalendarObject) -> [String] {
        let stamps: Set = ["DTSTAMP", "CREATED", "LAST-MODIFIED"]
        return (object.master?.properties ?? []).filter { !stamps.contains($0.name) }
            .map { property in
                let parameters = property.parameters.map { "\($0.name)=\($0.values.joined(separator: ","))" }.sorted()
                return ([property.name] + parameters).joined(separator: ";") + ":" + property.value
            }
            .sorted()
    }

    @Test(arguments: [
        ("FREQ=MONTHLY;BYMONTHDAY=-2", "Every month on the second to last day"),
        ("FREQ=MONTHLY;BYDAY=-1FR", "Every month on the last Friday"),
        ("FREQ=YEARLY;BYDAY=21MO", "Every year on the 21st Monday"),
        ("FREQ=YEARLY;BYDAY=12MO,-42TU", "Every year on the 12th Monday and the 42nd to last Tuesday"),
        ("FREQ=DAILY;COUNT=1", "Every day, once"), ("FREQ=DAILY;COUNT=2", "Every day, 2 times"),
    ])
    func `a rule is told in plain words`(_ rule: String, _ words: String) {
        #expect(RepeatRule(rule)?.sentence == words)
    }

    @Test func `the last day of a rule is that of the zone of its series`() throws {
        let rule = try #require(RepeatRule("FREQ=DAILY;UNTIL=20270101T045959Z"))
        let start = DateTime("20261101T090000", tzid: "America/New_York", isDate: false)
        #expect(rule.sentence(from: start) == "Every day, until 2026-12-31")
        #expect(rule.sentence == "Every day, until 2027-01-01")
    }

    @Test func `a series in a described zone is told in the zone that has its rules`() throws {
        var zone = try #require(TimeZoneData.vtimezone(for: "America/New_York", from: Instant(seconds: 1_790_000_000)))
        zone.set("TZID", Property("TZID", text: "Own, as here"))
        let lines = """
            UID:series
            DTSTART;TZID="Own, as here":20261019T083000
            DTEND;TZID="Own, as here":20261019T093000
            RRULE:FREQ=WEEKLY;COUNT=8
            EXDATE;TZID="Own, as here":20261109T083000
            SUMMARY:Series
            """
        let text = Self.whole(lines).replacing("BEGIN:VEVENT", with: zone.serialized() + "BEGIN:VEVENT")
        let object = try CalendarObject(parsing: text)
        let bridge = NotionStage.bridge
        let write = try #require(try bridge.writes(toMake: object, from: []).first)
        let answer = try #require(NotionEcho.record(of: write))
        #expect(try bridge.writes(toMake: object, from: [answer]).isEmpty)
        let read = try bridge.object(from: [answer])
        #expect(read.master?.first("DTSTART")?.parameter("TZID") == "America/New_York")
        let window = TimeRange(start: Instant(seconds: 1_790_000_000), end: Instant(seconds: 1_800_000_000))
        let starts = { (object: CalendarObject) in
            try object.recurrenceSet().occurrences(in: window, limit: 20).map(\.start)
        }
        #expect(try starts(read) == starts(object) && starts(read).count == 7)
    }

    @Test("page → event", arguments: Fixture.all(in: "bridges/notion", extension: "json"))
    func reads(_ fixture: Fixture) throws {
        let pair = try Pair(fixture)
        guard pair.direction != "up" else { return }
        let object = try NotionStage.bridge.object(from: [pair.record])
        #expect(Self.meaning(object) == Self.meaning(pair.event))
        #expect(try NotionStage.bridge.object(from: [pair.record]) == object, "reading is deterministic")
    }

    @Test("event → page", arguments: Fixture.all(in: "bridges/notion", extension: "json"))
    func writes(_ fixture: Fixture) throws {
        let pair = try Pair(fixture)
        guard pair.direction != "down" else { return }
        let writes = try NotionStage.bridge.writes(toMake: pair.event, from: [])
        let write = try #require(writes.first)
        let answer = try #require(NotionEcho.record(of: write))
        let made = try Page(answer)
        let wanted = try Page(pair.record)
        for role in NotionStage.columns.roles {
            let column = try #require(NotionStage.columns[role])
            #expect(made.value(of: column).canonical == wanted.value(of: column).canonical, "\(role)")
        }
    }

    @Test("what was written needs no further write", arguments: Fixture.all(in: "bridges/notion", extension: "json"))
    func settles(_ fixture: Fixture) throws {
        let pair = try Pair(fixture)
        guard pair.direction != "down" else { return }
        let bridge = NotionStage.bridge
        let write = try #require(try bridge.writes(toMake: pair.event, from: []).first)
        let answer = try #require(NotionEcho.record(of: write))
        #expect(try bridge.writes(toMake: pair.event, from: [answer]).isEmpty)
        let read = try bridge.object(from: [answer])
        #expect(try bridge.writes(toMake: read, from: [answer]).isEmpty)
    }

    @Test("what was read needs no write", arguments: Fixture.all(in: "bridges/notion", extension: "json"))
    func echoes(_ fixture: Fixture) throws {
        let pair = try Pair(fixture)
        guard pair.direction != "up" else { return }
        let bridge = NotionStage.bridge
        let object = try bridge.object(from: [pair.record])
        let again = try bridge.writes(toMake: object, from: [pair.record])
        guard let write = again.first else { return }
        // At most the UID that a person's page lacks, and the attendees that are ours to tell.
        let answer = try #require(NotionEcho.record(of: write, changing: pair.record))
        #expect(try bridge.writes(toMake: object, from: [answer]).isEmpty)
        #expect(try Self.meaning(bridge.object(from: [answer])) == Self.meaning(object))
    }
}
