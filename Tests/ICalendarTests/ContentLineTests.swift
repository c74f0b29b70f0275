import ICalendar
import TestSupport
import Testing

@Suite("RFC 5545 §3.1 content lines")
struct ContentLineTests {
    private func calendar(_ lines: String...) throws -> Component {
        try Component(parsing: (["BEGIN:VCALENDAR"] + lines + ["END:VCALENDAR", ""]).joined(separator: "\r\n"))
    }

    @Test func `a name, parameters and a value are read`() throws {
        let property = try #require(
            try calendar("attendee;cn=\"A; B: C\";x-n=a^nb^^c^'d,e:mailto:a@b.c").first("Attendee")
        )
        #expect(property.name == "ATTENDEE")
        #expect(property.parameter("cn") == "A; B: C")
        #expect(property.parameters.last?.values == ["a\nb^c\"d", "e"])
        #expect(property.value == "mailto:a@b.c")
    }

    @Test func `a new line is folded at 75 octets, never inside a character`() throws {
        var component = Component("VEVENT")
        component.set("SUMMARY", Property("SUMMARY", text: String(repeating: "🎄ä", count: 60)))
        let text = component.serialized()
        for line in text.split(separator: "\r\n") { #expect(line.utf8.count <= 75) }
        #expect(text.split(separator: "\r\n").count > 3)
        let read = try Component(parsing: "BEGIN:VCALENDAR\r\n\(text)END:VCALENDAR\r\n").components[0]
        #expect(read.first("SUMMARY")?.text == String(repeating: "🎄ä", count: 60))
    }

    @Test(arguments: [74, 75, 76, 149, 150])
    func `a fold comes exactly when it must`(_ length: Int) {
        let value = String(repeating: "x", count: length - 2)
        let lines = Component("C", properties: [Property("A", value: value)]).serialized().split(separator: "\r\n")
        #expect(lines.dropFirst().dropLast().map(\.utf8.count).reduce(0, +) == length + lines.count - 3)
        #expect(lines.count - 2 == (length <= 75 ? 1 : length <= 149 ? 2 : 3))
    }

    @Test(arguments: ["plain", "a;b,c\\d\ne", "\\n", "", "🎉 „Grüße“", "end\\"])
    func `text survives escaping`(_ text: String) {
        #expect(Property("SUMMARY", text: text).text == text)
        #expect(Property("CATEGORIES", texts: [text, "b"]).texts == [text, "b"])
    }

    @Test func `every line end becomes one newline`() {
        #expect(Property("SUMMARY", text: "a\r\nb\rc\nd").value == "a\\nb\\nc\\nd")
    }

    @Test func `an escaped comma does not part a list`() {
        #expect(Property("CATEGORIES", value: "a\\,b,c\\\\,d").texts == ["a,b", "c\\", "d"])
    }

    @Test func `a value cannot break out of its line`() throws {
        let evil = Property("X-A", parameters: [Parameter("X-P", "a\"\r\nX-C:1")], value: "1\r\nX-B:2\u{0}\u{7F}")
        let text = Component("VCALENDAR", properties: [evil]).serialized()
        let read = try Component(parsing: text)
        #expect(read.properties.map(\.name) == ["X-A"])
        #expect(read.first("X-A")?.parameter("X-P") == "a\"\nX-C:1")
        #expect(read.first("X-A")?.value == "1\\nX-B:2")
    }

    @Test func `an equal property keeps the octets it was read from`() throws {
        var component = try calendar("categories:\r\n A", "X:1", "Categories:B")
        component.set("CATEGORIES", [Property("CATEGORIES", value: "B"), Property("CATEGORIES", value: "C")])
        #expect(component.serialized() == "BEGIN:VCALENDAR\r\nCategories:B\r\nCATEGORIES:C\r\nX:1\r\nEND:VCALENDAR\r\n")
    }

    @Test func `an absent property is added after the last one, before components`() throws {
        var component = try calendar("A:1", "BEGIN:B", "END:B")
        component.set("C", [Property("C", value: "2")])
        #expect(component.serialized() == "BEGIN:VCALENDAR\r\nA:1\r\nC:2\r\nBEGIN:B\r\nEND:B\r\nEND:VCALENDAR\r\n")
        component.set("C", [])
        component.removeComponents { $0.name == "B" }
        #expect(component.serialized() == "BEGIN:VCALENDAR\r\nA:1\r\nEND:VCALENDAR\r\n")
    }

    @Test func `a changed value is written anew with its parameters`() throws {
        var property = try #require(try calendar("attendee;cn=\"a,b\":mailto:x").first("ATTENDEE"))
        property.value = "mailto:y"
        #expect(
            Component("C", properties: [property]).serialized()
                == "BEGIN:C\r\nATTENDEE;CN=\"a,b\":mailto:y\r\nEND:C\r\n"
        )
    }

    @Test func `new lines end as the first line does`() throws {
        var component = try Component(parsing: "BEGIN:VCALENDAR\nA:1\nEND:VCALENDAR")
        component.set("B", [Property("B", value: "2")])
        component.append(Component("C"))
        #expect(component.serialized() == "BEGIN:VCALENDAR\nA:1\nB:2\nBEGIN:C\nEND:C\nEND:VCALENDAR")
    }
}

@Suite("Guards in front of every parser")
struct GuardTests {
    private func refusal(_ body: String) -> CalendarDataError? {
        do {
            _ = try CalendarObject(parsing: body)
            return nil
        } catch {
            return error
        }
    }

    @Test func `a million octets and one are refused by their size`() {
        #expect(refusal(String(repeating: "x", count: CalendarLimits.maximumOctets + 1)) == .tooLarge(limit: 1_048_576))
        let octets = [UInt8](repeating: 0xFF, count: CalendarLimits.maximumOctets + 1)
        #expect(throws: CalendarDataError.tooLarge(limit: 1_048_576)) { try CalendarObject(octets: octets) }
    }

    @Test func `one endless line is refused`() {
        let body = "BEGIN:VCALENDAR\r\nX:" + String(repeating: "x", count: CalendarLimits.maximumLineOctets)
        #expect(refusal(body) == .invalidData("Line 2 is longer than 524288 octets."))
    }

    @Test func `folds do not hide an endless line`() {
        let body = "BEGIN:VCALENDAR\r\nX:" + String(repeating: "\r\n x", count: CalendarLimits.maximumLineOctets / 3)
        #expect(refusal(body) == .invalidData("Line 2 is longer than 524288 octets."))
    }

    @Test func `sixty thousand nested components are refused without recursion`() {
        let body = "BEGIN:VCALENDAR\n" + String(repeating: "BEGIN:X\n", count: 60_000)
        #expect(refusal(body) == .invalidData("Line 9: components are nested deeper than 8."))
    }

    @Test func `an error names the line it is on`() {
        let body =
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:a\r\n b\r\nDTSTART:x\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        #expect(refusal(body) == .invalidData("Line 7: DTSTART “x” is no date or date-time."))
    }

    @Test func `a file to be imported may be larger`() throws {
        let body = "BEGIN:VCALENDAR\r\n" + String(repeating: "X:0123456789\r\n", count: 100_000) + "END:VCALENDAR\r\n"
        #expect(throws: CalendarDataError.self) { try Component(parsing: body) }
        #expect(try Component(parsing: body, maximumOctets: 10_000_000).properties.count == 100_000)
    }

    @Test func `no truncation of a real object kills the process`() throws {
        let body = try #require(CalendarFixtures.accepted.first { $0.name.hasPrefix("outlook-names-the-zone-as") })
            .octets
        for length in 0..<body.count { _ = try? CalendarObject(octets: Array(body[..<length])) }
    }

    @Test func `no changed octet of a real object kills the process`() throws {
        let body = try #require(CalendarFixtures.accepted.first { $0.name.hasPrefix("outlook-names-the-zone-as") })
            .octets
        var state: UInt64 = 42
        for _ in 0..<1_000 {
            var changed = body
            for _ in 0..<3 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                changed[Int(state >> 33) % changed.count] = UInt8(truncatingIfNeeded: state >> 25)
            }
            guard let object = try? CalendarObject(octets: changed) else { continue }
            #expect(Array(object.calendar.serialized().utf8) == Array(object.text.utf8))
            let window = TimeRange(start: Instant(seconds: 1_740_000_000), end: Instant(seconds: 1_750_000_000))
            _ = try? object.recurrenceSet().occurrences(in: window, limit: 100)
        }
    }
}
