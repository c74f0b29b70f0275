import Foundation
import ICalendar
import TestSupport
import Testing

@Suite("RFC 7265 and RFC 6321: jCal and xCal")
struct FormatTests {
    @Test(arguments: Fixture.all(in: "formats", extension: "ics"))
    func `calendar data is written as jCal`(_ fixture: Fixture) throws {
        let expected = try #require(fixture.sibling("json"))
        let written = try CalendarObject(octets: fixture.octets).calendar.jCal
        let actual = try JSONSerialization.jsonObject(with: Data(written)) as? NSArray
        #expect(try actual == JSONSerialization.jsonObject(with: Data(expected.octets)) as? NSArray)
    }

    @Test(arguments: Fixture.all(in: "formats", extension: "ics"))
    func `calendar data is written as xCal`(_ fixture: Fixture) throws {
        let expected = try #require(fixture.sibling("xml")).text
        let written = try CalendarObject(octets: fixture.octets).calendar.xCal
        #expect(withoutIndentation(String(decoding: written, as: UTF8.self)) == withoutIndentation(expected))
    }

    @Test(arguments: Fixture.all(in: "icalendar", extension: "ics"))
    func `whatever is accepted can be written in both forms`(_ fixture: Fixture) throws {
        guard let object = try? CalendarObject(octets: fixture.octets) else { return }
        #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(object.calendar.jCal)) }
        #expect(!object.calendar.xCal.isEmpty)
    }

    /// The document without the white space between its elements.
    private func withoutIndentation(_ text: String) -> String {
        text.replacing(/>\s+</, with: "><").trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
