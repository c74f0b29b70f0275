import HTTPTypes
import ICalendar
import Store
import TestSupport
import Testing
import WebDAV
import XML

@testable import CalDAV

@Suite("RFC 4791 §9.6.5, §7.10 what the index answers is what the octets say")
struct ExpansionTests {
    private static let address = "/dav/calendars/alice/default/"

    /// Months before, in and after the window of the index.
    private static let months = ["20240301", "20260101", "20261101", "20261201", "20270301", "20310101"]

    private static func text(_ lines: [String], lineEnd: String = "\r\n") -> String {
        let all =
            ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//F//EN"] + lines + ["END:VCALENDAR"]
        return all.joined(separator: lineEnd) + lineEnd
    }

    /// Events that are hard to cut out of their octets.
    private static let hard: [String] = [
        text([
            "BEGIN:VEVENT", "UID:duration", "DTSTAMP:20260101T000000Z", "DTSTART;TZID=Europe/Berlin:20260105T093000",
            "DURATION:PT45M", "RRULE:FREQ=WEEKLY", "EXDATE;TZID=Europe/Berlin:20261109T093000", "BEGIN:VALARM",
            "ACTION:DISPLAY", "DESCRIPTION:x", "TRIGGER:-PT5M", "DURATION:PT5M", "REPEAT:2", "END:VALARM",
            "X-LAST:after the alarm", "END:VEVENT",
        ]),
        text(
            [
                "begin:vevent", "uid:lf", "dtstamp:20260101T000000Z", "dtstart:20261105T100000Z",
                "dtend:20261105T110000Z", "summary:folded", "  here", "", "end:vevent", "X-WR-CALNAME:behind",
            ],
            lineEnd: "\n"
        ),
        text([
            "X-BEFORE;X-P=\"a:b;c\":1", "BEGIN:VTIMEZONE", "TZID:Made/Up", "BEGIN:STANDARD", "DTSTART:19700101T000000",
            "TZOFFSETFROM:+0000", "TZOFFSETTO:+0530", "END:STANDARD", "END:VTIMEZONE", "BEGIN:VEVENT", "UID:zone",
            "DTSTAMP:20260101T000000Z", "DTSTART;TZID=Made/Up:20261103T010000", "DTEND;TZID=Made/Up:20261103T023000",
            "RRULE:FREQ=DAILY;COUNT=40", "TRANSP:TRANSPARENT", "END:VEVENT",
        ]),
        text([
            "BEGIN:VEVENT", "UID:moved", "DTSTAMP:20260101T000000Z", "DTSTART:20261102T100000Z",
            "DTEND:20261102T110000Z",
            "RRULE:FREQ=WEEKLY;COUNT=9", "STATUS:TENTATIVE", "END:VEVENT", "BEGIN:VEVENT", "UID:moved",
            "DTSTAMP:20260101T000000Z", "RECURRENCE-ID:20261109T100000Z", "DTSTART:20261110T120000Z",
            "DTEND:20261110T123000Z", "END:VEVENT",
        ]),
        text([
            "BEGIN:VEVENT", "UID:extra", "DTSTAMP:20260101T000000Z", "DTSTART:20261102T100000Z", "DURATION:PT1H",
            "RDATE;VALUE=PERIOD:20261116T100000Z/20261116T140000Z", "END:VEVENT",
        ]),
        text([
            "BEGIN:VEVENT", "UID:moment", "DTSTAMP:20260101T000000Z", "DTSTART:20261102T100000Z", "STATUS:CANCELLED",
            "RRULE:FREQ=MONTHLY", "END:VEVENT",
        ]),
    ]

    private func filled() async throws -> (TestServer, CalendarCollection) {
        let test = try await TestServer()
        let owner = try #require(await test.calendars.principal(named: "alice"))
        let collection = try #require(await test.calendars.calendar(named: "default", of: owner.id))
        var texts = Self.hard
        for fixture in Fixture.all(in: "icalendar", extension: "ics") { texts.append(fixture.text) }
        for (number, text) in texts.enumerated() {
            // Fixtures of what is refused are here too.
            guard let object = try? CalendarObject(parsing: text) else { continue }
            let author = Author(.command, name: "test")
            _ = try await test.calendars.put(object, named: "\(number).ics", in: collection.id, if: .always, by: author)
        }
        return (test, collection)
    }

    private func data(_ reply: DAVResponse) async throws -> [String: String] {
        let root = try Document(parsing: await reply.whole().octets).root
        var found: [String: String] = [:]
        for response in root.all(.dav("response")) {
            let href = try #require(response.first(.dav("href"))?.text)
            let properties = response.first(.dav("propstat"))?.first(.dav("prop"))
            found[href] = properties?.first(.calDAV("calendar-data"))?.text ?? "none"
        }
        return found
    }

    @Test func `an object is expanded alike from the index and as a tree`() async throws {
        let (test, _) = try await filled()
        var count = 0
        for month in Self.months { count += try await expand(month, test) }
        #expect(count > 10)
    }

    /// Compares what both ways tell of a month, and answers how many objects it has.
    private func expand(_ month: String, _ test: TestServer) async throws -> Int {
        let range = "start=\"\(month)T000000Z\" end=\"\(month.prefix(6))28T000000Z\""
        let properties = "<prop><C:calendar-data><C:expand \(range)/></C:calendar-data></prop>"
        let namespaces = #"xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav""#
        let query = """
            <C:calendar-query \(namespaces)>\(properties)<C:filter><C:comp-filter name="VCALENDAR">
            <C:comp-filter name="VEVENT"><C:time-range \(range)/></C:comp-filter></C:comp-filter></C:filter>
            </C:calendar-query>
            """
        let fromIndex = try await data(test.send("REPORT", Self.address, depth: "1", body: query))
        let hrefs = fromIndex.keys.map { "<href>\($0)</href>" }.joined()
        let multiget = "<C:calendar-multiget \(namespaces)>\(properties)\(hrefs)</C:calendar-multiget>"
        let fromTree = try await data(test.send("REPORT", Self.address, depth: "1", body: multiget))
        #expect(fromIndex == fromTree, "\(month)")
        return fromIndex.count
    }

    @Test func `busy time is told alike from the index and from the octets`() async throws {
        let (test, collection) = try await filled()
        for month in Self.months { try await compareBusyTime(month, test, collection) }
    }

    private func compareBusyTime(_ month: String, _ test: TestServer, _ collection: CalendarCollection) async throws {
        let start = try #require(Instant(rfc3339: "\(month.prefix(4))-\(month.dropFirst(4).prefix(2))-01T00:00:00Z"))
        let range = TimeRange(start: start, end: start + 31 * 86_400)
        var busy = BusyTimes(within: start, start + 31 * 86_400)
        for candidate in try await test.calendars.candidates(in: collection.id, kinds: [.event], range: range) {
            let set = try candidate.object.object().recurrenceSet()
            for occurrence in try set.occurrences(in: range, limit: 10_000) { busy.add(occurrence) }
        }
        let wanted = busy.calendar(stamped: start).components("VFREEBUSY").flatMap { $0.all("FREEBUSY").map(\.value) }
        let body = """
            <C:free-busy-query xmlns:C="urn:ietf:params:xml:ns:caldav">
            <C:time-range start="\(month)T000000Z" end="\(TimeIndexText.basic(start + 31 * 86_400))"/></C:free-busy-query>
            """
        let reply = try await test.send("REPORT", Self.address, depth: "1", body: body)
        let told = try Component(parsing: String(decoding: reply.body, as: UTF8.self))
        #expect(told.components("VFREEBUSY").flatMap { $0.all("FREEBUSY").map(\.value) } == wanted, "\(month)")
    }
}

private enum TimeIndexText {
    /// `20261121T090000Z`.
    static func basic(_ instant: Instant) -> String { instant.rfc3339.filter { $0 != "-" && $0 != ":" } }
}
