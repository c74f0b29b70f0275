import ICalendar

/// The occurrences of a recurring object: all from its beginning to a year ahead of its last write, or those around it.
///
/// Most questions are about times that the window covers: for those nothing is expanded. Others fall back on the span.
struct OccurrenceWindow: Sendable, Hashable {
    struct Occurrence: Sendable, Hashable {
        var start: Instant
        var end: Instant
    }

    let start: Instant
    let end: Instant

    /// Every occurrence that meets the window, by start.
    let occurrences: [Occurrence]

    /// How far back the window of a series reaches whose beginning is too far away: clients look back three months at most.
    private static let past: Int64 = 92 * 86_400

    /// A year ahead, and a month more, so that the window of what is rarely written stays of use for long.
    private static let future: Int64 = 400 * 86_400

    /// A weekly series of twenty years fits, a daily one of two, some kilobytes; what recurs more often is expanded when
    /// it is asked for.
    private static let maximumOccurrences = 1_024

    init(start: Instant, end: Instant, occurrences: [Occurrence]) {
        self.start = start
        self.end = end
        self.occurrences = occurrences
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
        guard let found = try? set.occurrences(in: range, limit: Self.maximumOccurrences),
            found.count < Self.maximumOccurrences
        else { return nil }
        self.init(start: start, end: end, occurrences: found.map { Occurrence(start: $0.start, end: $0.end) })
    }
}

// MARK: - As octets

extension OccurrenceWindow {
    /// The occurrences as octets, about five for each: the step from start to start, and the length.
    var encoded: [UInt8] {
        var octets: [UInt8] = []
        var previous = start.seconds
        for occurrence in occurrences {
            Self.append(occurrence.start.seconds - previous, to: &octets)
            Self.append(occurrence.end - occurrence.start, to: &octets)
            previous = occurrence.start.seconds
        }
        return octets
    }

    /// Reads what ``encoded`` wrote; nil when it is cut short.
    init?(start: Instant, end: Instant, encoded: [UInt8]) {
        var rest = encoded[...]
        var previous = start
        var occurrences: [Occurrence] = []
        while !rest.isEmpty {
            guard let step = Self.next(of: &rest), let length = Self.next(of: &rest) else { return nil }
            previous = previous.advanced(by: step)
            occurrences.append(Occurrence(start: previous, end: previous.advanced(by: length)))
        }
        self.init(start: start, end: end, occurrences: occurrences)
    }

    /// Seven bits an octet, the lowest first, the sign in the lowest bit; the top bit says that more follows.
    private static func append(_ number: Int64, to octets: inout [UInt8]) {
        var bits = UInt64(bitPattern: number << 1 ^ number >> 63)
        while bits > 0x7f {
            octets.append(UInt8(truncatingIfNeeded: bits) | 0x80)
            bits >>= 7
        }
        octets.append(UInt8(truncatingIfNeeded: bits))
    }

    private static func next(of octets: inout ArraySlice<UInt8>) -> Int64? {
        var bits: UInt64 = 0
        var shift: UInt64 = 0
        while let octet = octets.popFirst() {
            bits |= UInt64(octet & 0x7f) << shift
            guard octet & 0x80 != 0 else { return Int64(bitPattern: bits >> 1) ^ -Int64(bitPattern: bits & 1) }
            shift += 7
        }
        return nil
    }
}
