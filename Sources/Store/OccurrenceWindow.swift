import ICalendar

/// The occurrences of a recurring object: all from its beginning to a year ahead of its last write, or those around it.
///
/// Most questions are about times that the window covers: for those nothing is expanded. Others fall back on the span.
struct OccurrenceWindow: Sendable, Hashable {
    let start: Instant
    let end: Instant

    /// The occurrences as octets, about five for each: the step from start to start, and the length.
    ///
    /// Seven bits an octet, the lowest first, the sign in the lowest bit; the top bit says that more follows.
    let encoded: [UInt8]

    /// How far back the window of a series reaches whose beginning is too far away: clients look back three months at most.
    private static let past: Int64 = 92 * 86_400

    /// A year ahead, and a month more, so that the window of what is rarely written stays of use for long.
    private static let future: Int64 = 400 * 86_400

    /// A weekly series of twenty years fits, a daily one of two, some kilobytes; what recurs more often is expanded when
    /// it is asked for.
    private static let maximumOccurrences = 1_024

    init(start: Instant, end: Instant, occurrences: [TimeSpan]) {
        self.start = start
        self.end = end
        var octets: [UInt8] = []
        var previous = start.seconds
        for occurrence in occurrences {
            Self.append(occurrence.start.seconds - previous, to: &octets)
            Self.append(occurrence.end - occurrence.start, to: &octets)
            previous = occurrence.start.seconds
        }
        encoded = octets
    }

    /// Takes what ``encoded`` was; nil when it is cut short.
    init?(start: Instant, end: Instant, encoded: [UInt8]) {
        // An octet without the top bit ends a number, and each occurrence is two.
        guard encoded.last ?? 0 <= 0x7f, encoded.count(where: { $0 <= 0x7f }).isMultiple(of: 2) else { return nil }
        self.start = start
        self.end = end
        self.encoded = encoded
    }

    private static func append(_ number: Int64, to octets: inout [UInt8]) {
        var bits = UInt64(bitPattern: number << 1 ^ number >> 63)
        while bits > 0x7f {
            octets.append(UInt8(truncatingIfNeeded: bits) | 0x80)
            bits >>= 7
        }
        octets.append(UInt8(truncatingIfNeeded: bits))
    }

    /// Expands `set`, which begins at `first`; nil when it has too many occurrences around `now`.
    init?(of set: RecurrenceSet, from first: Instant, around now: Instant) {
        let recent = now.advanced(by: -Self.past)
        let end = now.advanced(by: Self.future)
        if first < recent, let all = OccurrenceWindow(of: set, from: first, to: end) {
            self = all
        } else {
            self.init(of: set, from: recent, to: end)
        }
    }

    private init?(of set: RecurrenceSet, from start: Instant, to end: Instant) {
        let range = TimeRange(start: start, end: end)
        guard let found = try? set.spans(in: range, limit: Self.maximumOccurrences),
            found.count < Self.maximumOccurrences
        else { return nil }
        self.init(start: start, end: end, occurrences: found)
    }
}

/// Every occurrence that meets the window, by start.
extension OccurrenceWindow: Sequence {
    struct Iterator: IteratorProtocol {
        private let octets: [UInt8]
        private var position = 0
        private var previous: Int64

        fileprivate init(_ window: OccurrenceWindow) {
            octets = window.encoded
            previous = window.start.seconds
        }

        mutating func next() -> TimeSpan? {
            guard position < octets.count else { return nil }
            previous &+= number()
            return TimeSpan(start: Instant(seconds: previous), end: Instant(seconds: previous &+ number()))
        }

        private mutating func number() -> Int64 {
            var bits: UInt64 = 0
            var shift: UInt64 = 0
            while position < octets.count {
                let octet = octets[position]
                position += 1
                bits |= UInt64(octet & 0x7f) << shift
                guard octet & 0x80 != 0 else { break }
                shift += 7
            }
            return Int64(bitPattern: bits >> 1) ^ -Int64(bitPattern: bits & 1)
        }
    }

    func makeIterator() -> Iterator { Iterator(self) }

    /// Whether an occurrence meets a range.
    func meets(_ range: TimeRange) -> Bool {
        for occurrence in self {
            if let end = range.end, occurrence.start >= end { return false }
            if range.overlaps(start: occurrence.start, end: occurrence.end) { return true }
        }
        return false
    }
}
