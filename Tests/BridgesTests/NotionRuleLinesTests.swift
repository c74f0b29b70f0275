import Testing

@testable import BridgeNotion

@Suite("Notion: long texts in the column of the rule")
struct NotionRuleLinesTests {
    /// Repeats a text until a column is full of it.
    private static func much(_ text: String) -> String {
        String(repeating: text, count: RichText.maximumRun * RichText.maximumRuns / text.utf8.count)
    }

    @Test(arguments: ["see you there ", "aFREQ=DAILY", "EXDATE "])
    func `as many words on one line as a column holds are read in one go`(_ words: String) {
        #expect(Repeats.reading(Self.much(words)) == .nothing)
    }

    @Test(arguments: ["RRULE:", "EXRULE:FREQ=DAILYISH"])
    func `as many rules that are none on one line as a column holds are read in one go`(_ rules: String) {
        #expect(Repeats.reading(Self.much(rules)) == .nonsense)
    }

    @Test(arguments: ["\n,MO,TU,WE,TH,FR", "\r\n ,MO,TU,WE,TH,FR"])
    func `as many lines that continue one rule as a column holds are read in one go`(_ lines: String) throws {
        guard case .recurrence(let repeats) = Repeats.reading("RRULE:FREQ=DAILY;BYDAY=SU" + Self.much(lines)) else {
            Issue.record("no rule")
            return
        }
        #expect(repeats.rules.first?.sentence.hasPrefix("Every day on Sunday, Monday") == true)
    }
}
