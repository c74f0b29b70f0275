/// An event as the pattern of its occurrences, cut out of its octets (RFC 4791 §9.6.5).
///
/// Only for an object whose one component describes all of its occurrences; any other is expanded as a tree. What is
/// written here is, octet for octet, what the tree writes.
public struct OccurrencePattern: Sendable {
    /// A stretch of the component.
    private enum Piece {
        case kept(Range<Int>)
        /// DTSTART or DTEND, and the value it has if that is all it has.
        case time(isStart: Bool, line: Range<Int>, value: Range<Int>?)
    }

    private let octets: [UInt8]
    private var head: [Range<Int>] = []
    private var pieces: [Piece] = []
    /// How many of ``pieces`` stand before a property that is added.
    private var added = 0
    private var tail = 0..<0
    private var lineEnd: [UInt8]
    private var hasStart = false
    private var hasEnd = false
    private var hasDuration = false

    /// Reads an object that was checked when it was stored; nil for what is not so simple.
    public init?(stored text: String, kind: ComponentKind) {
        octets = Array(text.utf8)
        lineEnd = []
        var lines = OctetLines(octets)
        guard let first = lines.next(octets), first.keyword(in: octets) == .begin, let name = first.word(in: octets),
            name == "VCALENDAR"
        else { return nil }
        lineEnd = ContentLineWriter.lineEnd(of: octets[first.range])
        head.append(first.range)
        guard read(&lines, kind.rawValue), hasStart else { return nil }
    }

    /// Reads what is inside of the calendar.
    private mutating func read(_ lines: inout OctetLines, _ kind: String) -> Bool {
        var isFound = false
        while let line = lines.next(octets) {
            switch line.keyword(in: octets) {
            case .begin:
                guard let name = line.word(in: octets) else { return false }
                if name == kind {
                    guard !isFound, readComponent(&lines, begin: line) else { return false }
                    isFound = true
                } else {
                    guard let end = Self.skip(&lines, octets) else { return false }
                    if name != "VTIMEZONE" { head.append(line.range.lowerBound..<end) }
                }
            case .end:
                tail = line.range.lowerBound..<octets.count
                return isFound
            case .unreadable: return false
            case .blank, .property: head.append(line.range)
            }
        }
        return false
    }

    /// Reads the one component up to its end.
    private mutating func readComponent(_ lines: inout OctetLines, begin: OctetLines.Line) -> Bool {
        pieces.append(.kept(begin.range))
        while let line = lines.next(octets) {
            switch line.keyword(in: octets) {
            case .begin:
                guard let end = Self.skip(&lines, octets) else { return false }
                pieces.append(.kept(line.range.lowerBound..<end))
            case .end:
                pieces.append(.kept(line.range))
                return true
            case .unreadable: return false
            case .blank: pieces.append(.kept(line.range))
            case .property:
                guard readProperty(line) else { return false }
            }
        }
        return false
    }

    private mutating func readProperty(_ line: OctetLines.Line) -> Bool {
        switch line.name(in: octets) {
        case "RRULE", "EXDATE", "EXRULE": return true
        // A date of its own may say when it ends, an override describes what the others do not.
        case "RDATE", "RECURRENCE-ID", "DUE": return false
        case "DURATION":
            hasDuration = true
            return true
        case "DTSTART":
            guard !hasStart else { return false }
            hasStart = true
            pieces.append(.time(isStart: true, line: line.range, value: line.bareValue(in: octets)))
        case "DTEND":
            guard !hasEnd else { return false }
            hasEnd = true
            pieces.append(.time(isStart: false, line: line.range, value: line.bareValue(in: octets)))
        default: pieces.append(.kept(line.range))
        }
        added = pieces.count
        return true
    }

    /// Moves behind the end of a component that has begun, whatever is inside.
    private static func skip(_ lines: inout OctetLines, _ octets: [UInt8]) -> Int? {
        var depth = 1
        while let line = lines.next(octets) {
            switch line.keyword(in: octets) {
            case .begin: depth += 1
            case .end: depth -= 1
            case .unreadable: return nil
            case .blank, .property: break
            }
            if depth == 0 { return line.range.upperBound }
        }
        return nil
    }
}

// MARK: - Writing

extension OccurrencePattern {
    /// The object with each of these occurrences as a component of its own, in UTC and without any rule.
    ///
    /// `isRecurring` objects name each occurrence by its RECURRENCE-ID.
    public func expanded(_ occurrences: some Sequence<TimeSpan>, isRecurring: Bool) -> [UInt8] {
        var text: [UInt8] = []
        for range in head { text += octets[range] }
        for occurrence in occurrences { append(occurrence, isRecurring, to: &text) }
        text += octets[tail]
        return text
    }

    private func append(_ occurrence: TimeSpan, _ isRecurring: Bool, to text: inout [UInt8]) {
        for piece in pieces[..<added] { append(piece, occurrence, to: &text) }
        if hasDuration, !hasEnd { append("DTEND", Self.utc(occurrence.end), to: &text) }
        if isRecurring { append("RECURRENCE-ID", Self.utc(occurrence.start), to: &text) }
        for piece in pieces[added...] { append(piece, occurrence, to: &text) }
    }

    private func append(_ piece: Piece, _ occurrence: TimeSpan, to text: inout [UInt8]) {
        switch piece {
        case .kept(let range): text += octets[range]
        case .time(let isStart, let line, let value):
            let time = Self.utc(isStart ? occurrence.start : occurrence.end)
            // What says so already stays as it is.
            if let value, octets[value].elementsEqual(time) {
                text += octets[line]
            } else {
                append(isStart ? "DTSTART" : "DTEND", time, to: &text)
            }
        }
    }

    private func append(_ name: StaticString, _ time: [UInt8], to text: inout [UInt8]) {
        text.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        text.append(UInt8(ascii: ":"))
        text += time
        text += lineEnd
    }

    /// `20261121T090000Z` (RFC 5545 §3.3.5).
    private static func utc(_ instant: Instant) -> [UInt8] {
        let local = LocalTime(seconds: instant.seconds)
        let date = CivilCalendar.date(ofDay: local.day)
        var digits: [UInt8] = []
        digits.reserveCapacity(16)
        for part in [date.year / 100, date.year % 100, date.month, date.day] { Self.append(part, to: &digits) }
        digits.append(UInt8(ascii: "T"))
        for part in [local.second / 3600, local.second / 60 % 60, local.second % 60] { Self.append(part, to: &digits) }
        digits.append(UInt8(ascii: "Z"))
        return digits
    }

    private static func append(_ twoDigits: Int, to digits: inout [UInt8]) {
        digits.append(UInt8(truncatingIfNeeded: 48 + twoDigits / 10))
        digits.append(UInt8(truncatingIfNeeded: 48 + twoDigits % 10))
    }
}

/// From when to when something lasts.
public struct TimeSpan: Sendable, Hashable {
    public var start: Instant
    public var end: Instant

    /// Describes a stretch of time.
    public init(start: Instant, end: Instant) {
        self.start = start
        self.end = end
    }
}
