import ICalendar
import Testing

@Suite("RFC 5545 §3.1 calendars made here")
struct WrittenCalendarTests {
    /// What a property may hold, sound or not.
    private static let properties = [
        Property("X-A", value: "plain; with, delimiters: and \"quotes\""),
        Property("X-A", value: "a\tb"),
        Property("X-A", value: "1\r\n2\u{0}\u{7F}"),
        Property("X-A", text: String(repeating: "🎄ä", count: 60)),
        Property("X-A", text: String(repeating: "long", count: 200_000)),
        Property("X-A", parameters: [Parameter("X-P", "a;b^c\"d\n")], value: "1"),
        Property("X-A", parameters: [Parameter("X-P", "a\u{1}b")], value: "1"),
        Property(
            "X-A",
            parameters: [Parameter("X-P", []), Parameter("X-Q", ""), Parameter("X-R", ["", "r"])],
            value: "1"
        ),
        Property("X-A", parameters: [Parameter("X=P", "1")], value: "1"),
        Property("X-A", parameters: [Parameter("", "1")], value: "1"),
        Property("X A:B", value: "1"),
        Property("", value: "1"),
        Property("END", value: "VEVENT"),
        Property("BEGIN", value: "VALARM"),
    ]

    private func calendar(_ property: Property, named name: String = "VCALENDAR", alarm: String = "VALARM") -> Component
    {
        let start = Property("DTSTART", DateTime(date: 2026, 11, 21))
        let event = Component(
            "VEVENT",
            properties: [Property("UID", text: "a"), start, property],
            components: [Component(alarm, properties: [property])]
        )
        return Component(name, properties: [Property("VERSION", value: "2.0")], components: [event])
    }

    private func expectAsRead(_ calendar: Component) throws {
        let text = calendar.serialized()
        do throws(CalendarDataError) {
            let read = try CalendarObject(parsing: text)
            let made = try CalendarObject(calendar)
            #expect(made.calendar == read.calendar)
            #expect(made.text == read.text)
            #expect(made.uid == read.uid)
        } catch {
            #expect(throws: error) { try CalendarObject(parsing: text) }
            #expect(throws: error) { try CalendarObject(calendar) }
        }
    }

    @Test(arguments: properties)
    func `an object made here is what a reader finds in its text`(_ property: Property) throws {
        try expectAsRead(calendar(property))
    }

    @Test(arguments: ["VEVENT", "", "V CALENDAR"])
    func `what no reader takes for a calendar is no object`(_ name: String) throws {
        try expectAsRead(calendar(Property("X-A", value: "1"), named: name))
    }

    @Test(arguments: ["X-PART", "", "V ALARM", "A:B"])
    func `a part is named as a reader sees it`(_ name: String) throws {
        try expectAsRead(calendar(Property("X-A", value: "1"), alarm: name))
    }

    @Test func `parts are nested as deep as a reader goes`() throws {
        for depth in 4...10 {
            let innermost = Component("X-PART")
            let parts = (0..<depth).reduce(innermost) { part, _ in Component("X-PART", components: [part]) }
            let event = Component(
                "VEVENT",
                properties: [Property("UID", text: "a"), Property("DTSTART", DateTime(date: 2026, 11, 21))],
                components: [parts]
            )
            try expectAsRead(
                Component("VCALENDAR", properties: [Property("VERSION", value: "2.0")], components: [event])
            )
        }
    }
}
