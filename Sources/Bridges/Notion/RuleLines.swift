/// The lines of a `Repeats` text as they are meant: folded ones in one, and pasted ones by themselves.
///
/// A rule of which only the half is read is another rule, so whatever may belong to one is taken for a part of it.
struct RuleLines: Sendable {
    private(set) var lines: [String] = []

    init(_ text: String) {
        for line in text.split(whereSeparator: \.isNewline) {
            if let last = lines.last, Repeats.isRaw(last), let rest = Self.continuation(line, of: last) {
                lines[lines.count - 1] = (last + rest).trimmed
            } else {
                lines += Self.parts(of: line).map { String($0).trimmed }
            }
        }
    }

    // MARK: Folded lines

    /// What a line adds to the raw one before it; nil where it is one of its own.
    ///
    /// A blank at its beginning folds it (RFC 5545 §3.1), and is often lost where a text is pasted.
    private static func continuation(_ line: Substring, of last: String) -> String? {
        let plain = String(line).trimmed
        guard !plain.isEmpty, !Repeats.hasRaw(plain) else { return nil }
        if RepeatRule.beginsWithPart(plain) { return (last.hasSuffix(";") ? "" : ";") + plain }
        if line.first == " " || line.first == "\t" { return String(line.dropFirst()) }
        return isPiece(plain) ? plain : nil
    }

    /// Whether a line is of nothing but the signs of a rule, and no word.
    private static func isPiece(_ line: String) -> Bool {
        line.utf8.allSatisfy { isMark($0) || isDigit($0) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
            && line.utf8.contains { isMark($0) || isDigit($0) }
    }

    private static func isDigit(_ octet: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(octet) }

    private static func isMark(_ octet: UInt8) -> Bool { ";=,+-".utf8.contains(octet) }

    // MARK: Lines in one

    private static let names = ["DTSTART", "EXDATE", "EXRULE", "RDATE", "RRULE"]

    /// The line, before each property in it; whole where it has no rule.
    private static func parts(of line: Substring) -> [Substring] {
        let marks = marks(in: line)
        guard marks.contains(where: { isRule(line[$0...]) }) else {
            guard marks.isEmpty, let rule = bareRule(in: line) else { return [line] }
            return [line[..<rule], line[rule...]].filter { !$0.isEmpty }
        }
        let starts = ([line.startIndex] + marks).sorted()
        let ends = starts.dropFirst() + [line.endIndex]
        return zip(starts, ends).map { line[$0..<$1] }.filter { !$0.isEmpty }
    }

    /// Where properties begin.
    private static func marks(in line: Substring) -> [Substring.Index] {
        line.indices.filter { index in
            names.contains { name in
                guard line[index...].prefix(name.count).uppercased() == name else { return false }
                let next = line[index...].dropFirst(name.count).first { $0 != " " }
                return next == ":" || next == ";"
            }
        }
    }

    private static func isRule(_ text: Substring) -> Bool {
        let plain = text.uppercased().filter { !$0.isWhitespace }
        return plain.hasPrefix("RRULE:FREQ=") || plain.hasPrefix("EXRULE:FREQ=")
    }

    /// Where a rule without its name begins behind other words.
    private static func bareRule(in line: Substring) -> Substring.Index? {
        line.indices.first { index in
            line[index...].uppercased().hasPrefix("FREQ=")
                && (index == line.startIndex || !line[line.index(before: index)].isLetter)
        }
    }
}
