import CalDAV
import ICalendar
import Store
import Testing

@Suite("Secret links: what they show of a calendar")
struct CalendarFeedTests {
    private let zone = [
        "BEGIN:VTIMEZONE", "TZID:Europe/Berlin", "BEGIN:STANDARD", "DTSTART:19701025T030000", "TZOFFSETFROM:+0200",
        "TZOFFSETTO:+0100", "END:STANDARD", "END:VTIMEZONE",
    ]

    private func stored(_ uid: String, _ lines: [String]) throws -> StoredObject {
        let all = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Tests//EN"] + lines + ["END:VCALENDAR"]
        let text = all.map { $0 + "\r\n" }.joined()
        let entry = ObjectEntry(
            id: ObjectID(rawValue: 1),
            name: uid + ".ics",
            uid: uid,
            etag: ETag.of(text),
            kind: .event,
            size: text.utf8.count,
            modified: Instant(seconds: 0),
            revision: 1
        )
        return StoredObject(entry: entry, text: text)
    }

    private func event(_ uid: String, _ lines: [String]) -> [String] {
        ["BEGIN:VEVENT", "UID:\(uid)", "DTSTAMP:20261101T000000Z"] + lines + ["END:VEVENT"]
    }

    private func feed(_ privacy: FeedPrivacy) -> CalendarFeed {
        CalendarFeed(
            Feed(
                id: 7,
                calendar: CalendarID(rawValue: 1),
                label: "",
                privacy: privacy,
                expiresAt: nil,
                lastUsedAt: nil,
                createdAt: Instant(seconds: 0)
            )
        )
    }

    private func shown(_ objects: [StoredObject], _ privacy: FeedPrivacy) throws -> Component {
        var feed = feed(privacy)
        let calendar = CalendarCollection(
            id: CalendarID(rawValue: 1),
            owner: PrincipalID(rawValue: 1),
            name: "default",
            properties: CalendarProperties(displayName: "Team, all"),
            revision: 1,
            purgedBelow: 0,
            isWriteProtected: false,
            createdAt: Instant(seconds: 0)
        )
        var text = feed.head(of: calendar)
        for object in objects { text += feed.lines(of: object) }
        return try Component(parsing: text + CalendarFeed.tail)
    }

    private let meeting = [
        "DTSTART;TZID=Europe/Berlin:20261121T090000", "DTEND;TZID=Europe/Berlin:20261121T100000", "SUMMARY:Raise",
        "LOCATION:Room 1", "DESCRIPTION:Secret", "ORGANIZER:mailto:boss@example.org", "BEGIN:VALARM",
        "ACTION:DISPLAY", "DESCRIPTION:x", "TRIGGER:-PT5M", "END:VALARM",
    ]

    @Test func `a zone whose name is escaped in one object and not in another is written once`() throws {
        func own(_ name: String) -> [String] { zone.map { $0 == "TZID:Europe/Berlin" ? "TZID:\(name)" : $0 } }
        let time = #"DTSTART;TZID="Amsterdam, Berlin":20261121T100000"#
        let escaped = try stored("a", own(#"Amsterdam\, Berlin"#) + event("a", [time]))
        let bare = try stored("b", own("Amsterdam, Berlin") + event("b", [time]))
        for objects in [[escaped, bare], [bare, escaped]] {
            #expect(try shown(objects, .full).components.map(\.name) == ["VTIMEZONE", "VEVENT", "VEVENT"])
        }
    }

    @Test func `the whole is one calendar with its name, and each zone stands in it once`() throws {
        let objects = try ["a", "b"].map { try stored($0, zone + event($0, meeting)) }
        let calendar = try shown(objects, .full)
        #expect(calendar.first("X-WR-CALNAME")?.text == "Team, all")
        #expect(calendar.first("REFRESH-INTERVAL")?.value == "PT1H")
        #expect(calendar.components("VTIMEZONE").count == 1)
        #expect(calendar.components("VEVENT").map { $0.first("UID")?.value } == ["a", "b"])
        #expect(calendar.components("VEVENT")[0].components("VALARM").count == 1)
        #expect(calendar.components("VEVENT")[0].first("LOCATION")?.value == "Room 1")
    }

    @Test func `a text without a line end at its end runs into no other`() throws {
        var first = try stored("a", event("a", meeting))
        first.text = String(first.text.dropLast(1))
        let calendar = try shown([first, try stored("b", event("b", meeting))], .full)
        #expect(calendar.components("VEVENT").count == 2)
    }

    @Test func `titles are times and summary, and nothing else`() throws {
        let calendar = try shown([stored("a", zone + event("a", meeting))], .titles)
        let event = try #require(calendar.components("VEVENT").first)
        #expect(event.properties.map(\.name) == ["UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY"])
        #expect(event.components.isEmpty)
        #expect(event.first("SUMMARY")?.value == "Raise")
    }

    @Test(arguments: ["PRIVATE", "CONFIDENTIAL", "X-ELSE"])
    func `private events are only busy among titles, and whole in the full view`(_ word: String) throws {
        let object = try stored("a", event("a", meeting + ["CLASS:\(word)"]))
        let hidden = try #require(try shown([object], .titles).components("VEVENT").first)
        #expect(hidden.first("SUMMARY")?.value == "Busy")
        #expect(hidden.first("CLASS") == nil && hidden.first("LOCATION") == nil)
        #expect(try shown([object], .full).components("VEVENT").first?.first("SUMMARY")?.value == "Raise")
    }

    @Test func `busy tells times alone, not even the UID, and leaves out what takes no time`() throws {
        let objects = [
            try stored("a", event("a", meeting)), try stored("b", event("b", meeting + ["TRANSP:TRANSPARENT"])),
            try stored("c", event("c", meeting + ["STATUS:CANCELLED"])),
            try stored("d", ["BEGIN:VTODO", "UID:d", "DTSTAMP:20261101T000000Z", "SUMMARY:Do", "END:VTODO"]),
        ]
        let calendar = try shown(objects, .busy)
        #expect(calendar.components.map(\.name) == ["VTIMEZONE", "VEVENT"])
        let event = try #require(calendar.components("VEVENT").first)
        #expect(event.properties.map(\.name) == ["UID", "SUMMARY", "DTSTAMP", "DTSTART", "DTEND"])
        #expect(event.first("SUMMARY")?.value == "Busy")
        #expect(event.first("UID")?.value.contains("a@") == false && event.first("UID")?.value != "a")
    }

    @Test func `an override that is not shown leaves a gap and not what the series says`() throws {
        let series = meeting + ["RRULE:FREQ=DAILY;COUNT=3"]
        let free = [
            "RECURRENCE-ID;TZID=Europe/Berlin:20261122T090000", "DTSTART;TZID=Europe/Berlin:20261122T090000",
            "TRANSP:TRANSPARENT",
        ]
        let object = try stored("a", zone + event("a", series) + event("a", free))
        let calendar = try shown([object], .busy)
        #expect(calendar.components("VEVENT").count == 1)
        let exception = try #require(calendar.components("VEVENT")[0].first("EXDATE"))
        #expect(exception.value == "20261122T090000" && exception.parameter("TZID") == "Europe/Berlin")
        let starts = try CalendarObject(calendar).recurrenceSet().occurrences(in: TimeRange(), limit: 10).map(\.start)
        #expect(starts.count == 2)
    }

    @Test func `the overrides of a private series are private`() throws {
        let series = meeting + ["RRULE:FREQ=DAILY;COUNT=3", "CLASS:PRIVATE"]
        let moved = [
            "RECURRENCE-ID;TZID=Europe/Berlin:20261122T090000", "DTSTART;TZID=Europe/Berlin:20261122T110000",
            "SUMMARY:Moved",
        ]
        let calendar = try shown([stored("a", zone + event("a", series) + event("a", moved))], .titles)
        #expect(calendar.components("VEVENT").map { $0.first("SUMMARY")?.value } == ["Busy", "Busy"])
    }
}
