@testable import BridgeGoogle
import Bridging
import ICalendar
import TestSupport
import Testing

@Suite("Google events ↔ calendar objects")
struct GoogleTranslationTests {
    @Test("read", arguments: Fixture.all(in: "bridges/google/reading", extension: "json"))
    func reads(_ fixture: Fixture) throws {
        let object = try googleBridge().object(from: fixture.records())
        let expected = try #require(fixture.sibling("ics"))
        #expect(object.withoutZones == expected.content.unfoldedLines)
    }

    @Test("fixed point", arguments: Fixture.all(in: "bridges/google/reading", extension: "json"), [false, true])
    func whatIsServedAsksForNoWrite(_ fixture: Fixture, _ notifiesGuests: Bool) throws {
        let records = try fixture.records()
        var link = googleLink
        link.notifiesGuests = notifiesGuests
        let bridge = googleBridge(link)
        // An exception that says nothing new is tidied up by its own removal, which writes nothing either.
        #expect(try bridge.writes(toMake: bridge.object(from: records), from: records) == [])
    }

    @Test("write", arguments: Fixture.all(in: "bridges/google/writing", extension: "writes.json"))
    func writes(_ fixture: Fixture) throws {
        let name = fixture.name.replacing(".writes", with: "")
        let records = try Fixture.named("bridges/google/writing/\(name).json").records()
        let text = Fixture.named("bridges/google/writing/\(name).ics").content
        let object = text.isEmpty ? nil : try CalendarObject(parsing: text.replacing("\n", with: "\r\n"))
        let expected = try JSONReader.value(of: fixture.content)
        if let refusal = expected["refused"]?.text {
            #expect(throws: TranslationError.unsupported(refusal)) {
                try googleBridge().writes(toMake: object, from: records)
            }
        } else {
            let bridge = googleBridge(Self.link(of: fixture))
            let writes = try bridge.writes(toMake: object, from: records).map { try $0.json }
            #expect(writes == expected.elements)
        }
    }

    @Test("carried out", arguments: Fixture.all(in: "bridges/google/writing", extension: "writes.json"))
    func carryingOutTheWritesLeavesNothingToWrite(_ fixture: Fixture) throws {
        let name = fixture.name.replacing(".writes", with: "")
        let records = try Fixture.named("bridges/google/writing/\(name).json").records()
        let text = Fixture.named("bridges/google/writing/\(name).ics").content
        guard !text.isEmpty, try JSONReader.value(of: fixture.content)["refused"] == nil else { return }
        let object = try CalendarObject(parsing: text.replacing("\n", with: "\r\n"))
        let bridge = googleBridge(Self.link(of: fixture))
        var upstream = try GoogleMemory(records)
        try upstream.carryOut(bridge.writes(toMake: object, from: records))
        #expect(try bridge.writes(toMake: object, from: upstream.records()) == [])
    }

    /// The link of a fixture of writing: one that mails guests where its first line says so.
    private static func link(of fixture: Fixture) -> UpstreamLink {
        var link = googleLink
        link.notifiesGuests = fixture.text.hasPrefix("# Over a link that mails guests")
        return link
    }

    @Test func `a served object carries the time zones it names`() throws {
        let fixture = Fixture.named("bridges/google/reading/start-and-end-in-different-zones-stay-so.json")
        let object = try googleBridge().object(from: fixture.records())
        let zones = object.calendar.components("VTIMEZONE").compactMap { $0.first("TZID")?.value }
        #expect(zones == ["America/New_York", "Europe/Berlin"])
    }

    @Test func `a deleted series is no event`() throws {
        let record = UpstreamRecord(id: "a1b2c3", series: "a1b2c3", revision: nil, payload: "", isDeleted: true)
        #expect(throws: TranslationError.notAnEvent) { try googleBridge().object(from: [record]) }
    }

    @Test func `occurrences that are all cancelled are no event`() throws {
        let payload = #"{"id":"a1b2c3_20260330","status":"cancelled","recurringEventId":"a1b2c3"}"#
        let record = UpstreamRecord(id: "a1b2c3_20260330", series: "a1b2c3", revision: nil, payload: payload)
        #expect(throws: TranslationError.notAnEvent) { try googleBridge().object(from: [record]) }
    }

    @Test(arguments: ["{", #"{"id":"a1b2c3"}"#, #"{"id":"a1b2c3","start":{"date":"2026-13-01"},"end":{}}"#])
    func `a resource that cannot be read is named in quarantine`(_ payload: String) throws {
        let record = UpstreamRecord(id: "a1b2c3", series: "a1b2c3", revision: nil, payload: payload)
        let error = #expect(throws: TranslationError.self) { try googleBridge().object(from: [record]) }
        guard case .unreadable(let sentence) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(sentence.contains("a1b2c3"))
    }

    @Test func `a description longer than google keeps is refused`() throws {
        let text = String(repeating: "x", count: 8193)
        let object = try googleObject("DESCRIPTION:\(text)")
        #expect(throws: TranslationError.self) { try googleBridge().writes(toMake: object, from: []) }
    }

    @Test func `guests of a new event are written over a link that may mail them`() throws {
        var link = googleLink
        link.notifiesGuests = true
        let guest = "ATTENDEE;CN=Bob;PARTSTAT=ACCEPTED:mailto:Bob@example.com"
        let writes = try googleBridge(link).writes(toMake: googleObject(guest), from: [])
        let body = try #require(try writes.first?.json["body"])
        let expected = #"[{"email":"bob@example.com","responseStatus":"accepted","displayName":"Bob"}]"#
        #expect(body["attendees"]?.serialized == expected)
    }

    @Test func `a guest list that was cut is never written`() throws {
        var link = googleLink
        link.notifiesGuests = true
        let fixture = Fixture.named("bridges/google/reading/a-timed-event-keeps-its-zone.json")
        let event = try #require(JSONReader.value(of: fixture.content).elements.first)
        let cut = event.setting("attendeesOmitted", .bool(true))
        let record = try UpstreamRecord(event: cut.octets[...], defaultReminders: .array([]))
        let object = try googleBridge(link).object(from: [record])
        var calendar = object.calendar
        calendar.updateComponents(where: { $0.name == "VEVENT" }) {
            $0.append(Property("ATTENDEE", value: "mailto:bob@example.com"))
        }
        #expect(try googleBridge(link).writes(toMake: CalendarObject(calendar), from: [record]) == [])
    }

    @Test func `guests are writable only where they may be mailed`() {
        var link = googleLink
        #expect(googleBridge(link).fields.readOnly.contains(.attendees))
        link.notifiesGuests = true
        #expect(googleBridge(link).fields.writable.contains(.attendees))
        #expect(googleBridge(link).fields.holdsOverrides)
    }
}

/// A small event with further lines.
func googleObject(_ lines: String) throws -> CalendarObject {
    let text = """
        BEGIN:VCALENDAR
        VERSION:2.0
        PRODID:-//Example//Client//EN
        BEGIN:VEVENT
        UID:lunch@example.org
        DTSTAMP:20260310T080000Z
        DTSTART;TZID=Europe/Berlin:20260316T120000
        DTEND;TZID=Europe/Berlin:20260316T130000
        \(lines)
        END:VEVENT
        END:VCALENDAR

        """
    return try CalendarObject(parsing: text.replacing("\n", with: "\r\n"))
}
