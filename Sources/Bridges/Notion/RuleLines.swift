/// The lines of a `Repeats` text as they are meant: folded ones in one, and pasted ones by themselves.
///
/// A rule of which only the half is read is another rule, so whatever may belong to one is taken for a part of it.
struct RuleLines: Sendable {
    private(set) var lines: [String] = []

    /// Reads a text in time that grows with its length only: a person may paste whatever there is.
    init(_ text: String) {
        // What is added to a line does not change whether it is raw.
        var isRaw = false
        for line in text.split(whereSeparator: \.isNewline) {
            let endsPart = lines.last?.hasSuffix(";") ?? false
            if isRaw, let rest = Self.continuation(line, afterPart: endsPart) {
                lines[lines.count - 1] += rest
            } else {
                lines += Self.parts(of: line).map { String($0).trimmed }
                isRaw = lines.last.map(Repeats.isRaw) ?? false
            }
        }
    }

    // MARK: Folded lines

    /// What a line adds to the raw one before it; nil where it is one of its own.
    ///
    /// A blank at its beginning folds it (RFC 5545 §3.1), and is often lost where a text is pasted.
    private static func continuation(_ line: Substring, afterPart: Bool) -> String? {
        let plain = String(line).trimmed
        guard !plain.isEmpty, !Repeats.hasRaw(plain) else { return nil }
        if RepeatRule.beginsWithPart(plain) { return (afterPart ? "" : ";") + plain }
        if line.first == " " || line.first == "\t" {
            // The blank that folds it is no part of it; another one before it is.
            let blanks = line.dropFirst().prefix { $0 == " " || $0 == "\t" }
            return blanks + plain
        }
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
                guard line[index...].begins(with: name) else { return false }
                let next = line[index...].dropFirst(name.count).first { $0 != " " }
                return next == ":" || next == ";"
            }
        }
    }

    private static func isRule(_ text: Substring) -> Bool {
        ["RRULE:FREQ=", "EXRULE:FREQ="].contains { rule in
            String(text.lazy.filter { !$0.isWhitespace }.prefix(rule.count))[...].begins(with: rule)
        }
    }

    /// Where a rule without its name begins behind other words.
    private static func bareRule(in line: Substring) -> Substring.Index? {
        line.indices.first { index in
            line[index...].begins(with: "FREQ=")
                && (index == line.startIndex || !line[line.index(before: index)].isLetter)
        }
    }
}

extension Substring {
    /// Whether it begins with a word, given in upper case, in upper or lower case; what follows is not looked at.
    fileprivate func begins(with word: String) -> Bool {
        let octets = utf8.prefix(word.utf8.count)
        return octets.elementsEqual(word.utf8) { octet, other in
            octet == other || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(other) && octet == other | 0x20
        }
    }
}
