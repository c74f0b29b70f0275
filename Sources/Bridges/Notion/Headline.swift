import ICalendar

/// The line of a `Repeats` column that tells people how an event recurs: `Every week on Monday (changes: 2)`.
struct Headline: Sendable, Hashable {
    var sentence: String
    /// How many occurrences are different: Notion shows the series only.
    var changes: Int

    /// What of `sentence` a series without a rule is told by.
    static let chosenDates = "On chosen dates"

    var text: String { changes > 0 ? "\(sentence)\(Self.mark)\(changes))" : sentence }

    private static let mark = " (changes: "

    /// What stands above the rule in a column.
    enum Reading: Sendable, Hashable {
        case nothing
        case ours(Headline)
        /// A person's own words, which are theirs.
        case words
    }

    /// Reads the first line of a column's text.
    static func reading(_ text: String) -> Reading {
        guard let line = text.split(whereSeparator: \.isNewline).first.map({ String($0).trimmed }), !line.isEmpty,
            !Repeats.isRaw(line)
        else { return .nothing }
        var (sentence, changes) = (line, 0)
        if line.hasSuffix(")"), let mark = line.ranges(of: Self.mark).last,
            let number = Int(line[mark.upperBound...].dropLast()), number > 0
        {
            (sentence, changes) = (String(line[..<mark.lowerBound]), number)
        }
        return isOurs(sentence) ? .ours(Headline(sentence: sentence, changes: changes)) : .words
    }

    /// A column's text that says how many occurrences are different, and is the same otherwise; nil where it says so already
    /// or a person's words stand there.
    static func text(_ text: String, telling changes: Int, of repeats: Repeats) -> String? {
        switch reading(text) {
        case .words: return nil
        case .nothing: return changes == 0 ? nil : repeats.headline(changes: changes).text + "\n" + text
        case .ours(var headline):
            guard headline.changes != changes else { return nil }
            headline.changes = changes
            let rest = text.drop(while: \.isNewline).drop { !$0.isNewline }
            return headline.text + rest
        }
    }

    /// Whether the words above a rule are as they are to be: those that `wanted` has, or a person's own.
    static func agrees(_ current: String, with wanted: String) -> Bool {
        guard case .ours(let wanted) = reading(wanted) else { return true }
        switch reading(current) {
        case .nothing: return wanted.changes == 0
        case .ours(let current): return current == wanted
        case .words: return true
        }
    }

    // MARK: Our own words

    private static let words: Set<String> = [
        "every", "second", "minute", "hour", "day", "week", "month", "year", "seconds", "minutes", "hours", "days",
        "weeks", "months", "years", "on", "the", "and", "to", "last", "first", "third", "by", "a", "special", "rule",
        "once", "times", "until", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
    ]

    /// Whether a sentence is of the words that we tell a rule by.
    private static func isOurs(_ sentence: String) -> Bool {
        guard sentence != chosenDates else { return true }
        let parts = sentence.lowercased().split { $0 == " " || $0 == "," }
        return parts.first == "every"
            && parts.allSatisfy { words.contains(String($0)) || $0.first?.isNumber == true }
    }
}
