import ICalendar
import Testing
import TestSupport

/// The files of `Fixtures/icalendar`: those with a `.refused` beside them, and the others.
enum CalendarFixtures {
    static let all = Fixture.all(in: "icalendar", extension: "ics")
    static let accepted = all.filter { $0.sibling("refused") == nil }
    static let refused = all.filter { $0.sibling("refused") != nil }
    static let expanded = accepted.filter { $0.sibling("instances") != nil }

    /// The one accepted fixture that cannot be text as it came.
    static let mended = "a-fold-inside-a-character-is-moved-in-front-of-it"
}

@Suite("RFC 4791 §4.1 calendar objects, as files")
struct CalendarFixtureTests {
    @Test("is accepted and kept octet for octet", arguments: CalendarFixtures.accepted)
    func accepted(_ fixture: Fixture) throws {
        let object = try CalendarObject(octets: fixture.octets)
        #expect(Array(object.calendar.serialized().utf8) == Array(object.text.utf8))
        if fixture.name != CalendarFixtures.mended {
            #expect(Array(object.text.utf8) == fixture.octets)
        }
    }

    @Test("is refused for its reason", arguments: CalendarFixtures.refused)
    func refused(_ fixture: Fixture) throws {
        let expected = try #require(fixture.sibling("refused")).text.split(separator: "\n").first.map(String.init)
        let error = #expect(throws: CalendarDataError.self) { try CalendarObject(octets: fixture.octets) }
        #expect(error.map(name) == expected)
        #expect(error?.message.hasSuffix(".") == true)
    }

    private func name(_ error: CalendarDataError) -> String {
        switch error {
        case .invalidData: "invalidData"
        case .invalidObject: "invalidObject"
        case .unsupportedComponent: "unsupportedComponent"
        case .tooLarge: "tooLarge"
        case .belowMinimumDate: "belowMinimumDate"
        case .aboveMaximumDate: "aboveMaximumDate"
        case .tooManyInstances: "tooManyInstances"
        case .tooManyAttendees: "tooManyAttendees"
        case .uidMissing: "uidMissing"
        }
    }

    @Test("has these occurrences", arguments: CalendarFixtures.expanded)
    func occurrences(_ fixture: Fixture) throws {
        let expected = try ExpectedOccurrences(#require(fixture.sibling("instances")).text)
        let set = try CalendarObject(octets: fixture.octets).recurrenceSet(floatingZone: expected.zone)
        let found = try set.occurrences(in: expected.window, limit: 1_000)
        #expect(found.map(ExpectedOccurrences.line) == expected.lines)
        for occurrence in found {
            let span = try #require(set.span)
            #expect(span.start <= occurrence.start)
            #expect(span.end.map { $0 >= occurrence.end } ?? true)
        }
    }

    @Test("changes one property and nothing else", arguments: CalendarFixtures.accepted)
    func patched(_ fixture: Fixture) throws {
        var object = try CalendarObject(octets: fixture.octets)
        let before = object.calendar.serialized()
        var calendar = object.calendar
        let kind = object.kind.rawValue
        calendar.updateComponents(where: { $0.name == kind }) {
            $0.set("SUMMARY", Property("SUMMARY", text: "Changed; ok"))
        }
        object = try CalendarObject(calendar)
        let components = object.calendar.components(kind)
        #expect(components.allSatisfy { $0.first("SUMMARY")?.text == "Changed; ok" })
        #expect(Self.withoutSummary(object.text) == Self.withoutSummary(before))
    }

    /// The text without the SUMMARY lines of main components, and with one line end after the last line.
    private static func withoutSummary(_ text: String) -> [String] {
        var lines: [String] = []
        var isSummary = false
        for line in text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map({ String($0) }) {
            let isContinuation = line.hasPrefix(" ") || line.hasPrefix("\t")
            if !isContinuation { isSummary = line.uppercased().hasPrefix("SUMMARY") }
            if !isSummary { lines.append(line) }
        }
        // One fixture folds the name itself.
        return lines.filter { !$0.hasPrefix("S\r") && !$0.hasPrefix(" ") }
    }
}

/// An `.instances` file: `window START END [ZONE]`, then `START END [override]` a line.
struct ExpectedOccurrences {
    var window: TimeRange
    var zone: String
    var lines: [String]

    init(_ text: String) throws {
        let rows = text.split(separator: "\n").filter { !$0.hasPrefix("#") }
        let head = try #require(rows.first).split(separator: " ").map(String.init)
        try #require(head.count >= 3 && head[0] == "window")
        window = TimeRange(start: Instant(rfc3339: head[1]), end: Instant(rfc3339: head[2]))
        zone = head.count > 3 ? head[3] : "UTC"
        lines = rows.dropFirst().map(String.init)
    }

    static func line(_ occurrence: Occurrence) -> String {
        "\(occurrence.start.rfc3339) \(occurrence.end.rfc3339)\(occurrence.isOverride ? " override" : "")"
    }
}
