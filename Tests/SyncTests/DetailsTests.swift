import Bridging
import ICalendar
import Reconcile
import Testing

@testable import Sync

@Suite("Overlay: what belongs to a value goes with it")
struct DetailsTests {
    private static let place = [
        "LOCATION:Old Cafe", "GEO:52.5;13.4",
        "X-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-TITLE=\"Old Cafe\":geo:52.5,13.4",
        "X-MICROSOFT-LOCATIONS:[]", "X-MICROSOFT-LOCATIONSTREET:Old Street 1",
    ]
    private static let busy = [
        "TRANSP:OPAQUE", "X-MICROSOFT-CDO-BUSYSTATUS:BUSY", "X-MICROSOFT-CDO-INTENDEDSTATUS:BUSY",
    ]
    private static let times = [
        "DTSTART:20261121T090000Z", "DTEND:20261121T100000Z", "X-MICROSOFT-CDO-ALLDAYEVENT:FALSE",
    ]
    private static let room = ["BEGIN:VLOCATION", "UID:place", "NAME:Old Cafe", "END:VLOCATION"]

    private let all = FieldSet(writable: Set(Field.allCases), holdsOverrides: true)

    private func event(_ lines: [String]) throws -> CalendarObject {
        let whole =
            [
                "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN", "BEGIN:VEVENT", "UID:e",
                "DTSTAMP:20260101T000000Z",
            ]
            + lines + ["END:VEVENT", "END:VCALENDAR", ""]
        return try CalendarObject(parsing: whole.joined(separator: "\r\n"))
    }

    private var ours: CalendarObject {
        get throws { try event(Self.times + Self.place + Self.busy + Self.room) }
    }

    /// Which lines are gone after these fields come from an object with these lines.
    private func gone(_ fields: [Field], from lines: [String]) throws -> [String] {
        let keys = Set(fields.map { FieldKey($0.rawValue) })
        let result = try overlay(keys, of: event(lines), onto: ours, fieldSet: all)
        let left = Set(result.master?.properties.map(\.name) ?? [])
        let rooms = result.master?.components("VLOCATION") ?? []
        let before = try ours.master?.properties.map(\.name) ?? []
        return (before.filter { !left.contains($0) } + (rooms.isEmpty ? ["VLOCATION"] : [])).sorted()
    }

    @Test func `coordinates and addresses go with the place that they are about`() throws {
        let details = [
            "GEO", "VLOCATION", "X-APPLE-STRUCTURED-LOCATION", "X-MICROSOFT-LOCATIONS", "X-MICROSOFT-LOCATIONSTREET",
        ]
        #expect(try gone([.location], from: Self.times + ["LOCATION:New Bar"]) == details)
        #expect(try gone([.location], from: Self.times) == (details + ["LOCATION"]).sorted())
    }

    @Test func `coordinates stay where the place does, and whatever else changes`() throws {
        #expect(try gone([.location, .summary], from: Self.times + ["LOCATION:Old Cafe ", "SUMMARY:B"]) == [])
        let later = ["DTSTART:20261122T090000Z", "DTEND:20261122T100000Z", "LOCATION:New Bar", "STATUS:TENTATIVE"]
        #expect(try gone([.schedule, .status, .transparency], from: later) == ["TRANSP"])
    }

    @Test func `coordinates of another place come along with it`() throws {
        let old = try event(Self.times + ["LOCATION:Bar", "GEO:1;2"])
        let result = try overlay([FieldKey("location")], of: old, onto: ours, fieldSet: all)
        #expect(result.master?.all("GEO").map(\.value) == ["1;2"])
        #expect(result.master?.first("X-APPLE-STRUCTURED-LOCATION") == nil)
    }

    @Test func `coordinates go with a place that is merged, unless they are merged too`() throws {
        func left(_ values: [String: String?]) throws -> [String] {
            let merged = try MergedValues(values).applied(to: ours)
            let names = ["GEO", "X-APPLE-STRUCTURED-LOCATION", "X-MICROSOFT-LOCATIONS"]
            return names.compactMap { merged.master?.first($0)?.name } + (merged.master?.components.map(\.name) ?? [])
        }
        #expect(try left(["location": "New Bar"]) == [])
        #expect(try left(["location": "New Bar", "geo": "48.1;11.6"]) == ["GEO"])
        let all = ["GEO", "X-APPLE-STRUCTURED-LOCATION", "X-MICROSOFT-LOCATIONS", "VLOCATION"]
        #expect(try left(["location": "Old Cafe", "summary": "B"]) == all)
    }

    @Test func `the state that Outlook shows goes when the event takes time no more`() throws {
        let states = ["X-MICROSOFT-CDO-BUSYSTATUS", "X-MICROSOFT-CDO-INTENDEDSTATUS"]
        #expect(try gone([.transparency], from: Self.times + ["TRANSP:TRANSPARENT"]) == states)
    }

    @Test func `Outlook's mark of a whole day goes when the event becomes one`() throws {
        let day = ["DTSTART;VALUE=DATE:20261121", "DTEND;VALUE=DATE:20261122"]
        #expect(try gone([.schedule], from: day) == ["X-MICROSOFT-CDO-ALLDAYEVENT"])
    }

    @Test func `an occurrence that takes place elsewhere has no coordinates of its series`() throws {
        let rule = ["RRULE:FREQ=DAILY;COUNT=5"]
        let override = [
            "END:VEVENT", "BEGIN:VEVENT", "UID:e", "DTSTAMP:20260101T000000Z", "RECURRENCE-ID:20261122T090000Z",
            "DTSTART:20261122T090000Z", "DTEND:20261122T100000Z", "LOCATION:New Bar",
        ]
        let source = try event(Array(Self.times.prefix(2)) + ["LOCATION:Old Cafe"] + rule + override)
        let keys: Set = [
            FieldKey("schedule"), FieldKey("schedule", of: "20261122T090000Z"),
            FieldKey("location", of: "20261122T090000Z"),
        ]
        let result = try overlay(keys, of: source, onto: event(Self.times + Self.place + rule), fieldSet: all)
        #expect(result.master?.first("GEO") != nil)
        #expect(result.overrides.first?.first("LOCATION")?.value == "New Bar")
        #expect(result.overrides.first?.first("GEO") == nil)
    }
}
