import ICalendar

/// The times of a to-do, or of one occurrence of it, by which RFC 4791 §9.9 decides whether it meets a range.
struct TodoTimes: Sendable, Hashable {
    private var start: Instant?
    private var due: Instant?
    /// Whether the end comes from DURATION: then a range may begin right at it.
    private var isEndIncluded = false
    private var completed: Instant?
    private var created: Instant?

    /// Reads the times; nil for a to-do that recurs, or is one occurrence of one that does.
    init?(_ todo: Component, _ zones: ZoneResolver) {
        guard todo.first("RRULE") == nil, todo.first("RDATE") == nil, todo.first("RECURRENCE-ID") == nil else {
            return nil
        }
        func time(_ name: String) -> Instant? { todo.first(name)?.dateTime.map(zones.instant) }
        start = time("DTSTART")
        due = time("DUE")
        if due == nil, let start, let length = todo.first("DURATION").flatMap({ duration(of: $0.value) }) {
            due = start + length
            isEndIncluded = true
        }
        completed = time("COMPLETED")
        created = time("CREATED")
    }

    /// The times of one occurrence of a to-do that recurs.
    init(_ occurrence: Occurrence) {
        let todo = occurrence.component
        let hasDue = todo.first("DUE") != nil
        isEndIncluded = !hasDue && todo.first("DURATION") != nil
        if todo.first("DTSTART") != nil || !hasDue { start = occurrence.start }
        if hasDue || isEndIncluded { due = occurrence.end }
    }

    /// The table of RFC 4791 §9.9, row by row.
    func meets(_ range: TimeRange) -> Bool {
        switch (start, due, completed, created) {
        case (let start?, let due?, _, _):
            return (begins(range, before: due, orAt: isEndIncluded) || begins(range, atOrBefore: start))
                && (ends(range, after: start) || ends(range, atOrAfter: due))
        case (let start?, nil, _, _):
            return begins(range, atOrBefore: start) && ends(range, after: start)
        case (nil, let due?, _, _):
            return begins(range, before: due, orAt: false) && ends(range, atOrAfter: due)
        case (nil, nil, let completed?, let created?):
            return (begins(range, atOrBefore: created) || begins(range, atOrBefore: completed))
                && (ends(range, atOrAfter: created) || ends(range, atOrAfter: completed))
        case (nil, nil, let completed?, nil):
            return begins(range, atOrBefore: completed) && ends(range, atOrAfter: completed)
        case (nil, nil, nil, let created?):
            return ends(range, after: created)
        case (nil, nil, nil, nil):
            return true
        }
    }

    private func begins(_ range: TimeRange, before time: Instant, orAt: Bool) -> Bool {
        range.start.map { $0 < time || (orAt && $0 == time) } ?? true
    }

    private func begins(_ range: TimeRange, atOrBefore time: Instant) -> Bool { range.start.map { $0 <= time } ?? true }
    private func ends(_ range: TimeRange, after time: Instant) -> Bool { range.end.map { $0 > time } ?? true }
    private func ends(_ range: TimeRange, atOrAfter time: Instant) -> Bool { range.end.map { $0 >= time } ?? true }
}

/// The seconds of a duration, `-PT15M` (RFC 5545 §3.3.6); a day counts 24 hours.
func duration(of text: String) -> Int64? {
    var rest = text.utf8[...]
    var sign: Int64 = 1
    if let first = rest.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "+") {
        sign = first == UInt8(ascii: "-") ? -1 : 1
        rest = rest.dropFirst()
    }
    guard rest.first == UInt8(ascii: "P") else { return nil }
    rest = rest.dropFirst()
    var total: Int64 = 0
    var number: Int64?
    for octet in rest {
        if octet == UInt8(ascii: "T") { continue }
        if (0x30...0x39).contains(octet) {
            // More than any calendar lasts; also keeps the arithmetic from overflowing.
            guard (number ?? 0) < 100_000_000 else { return nil }
            number = (number ?? 0) * 10 + Int64(octet - 0x30)
            continue
        }
        guard let unit = secondsOfUnit[octet], let count = number else { return nil }
        total += count * unit
        number = nil
    }
    return number == nil ? sign * total : nil
}

private let secondsOfUnit: [UInt8: Int64] = [
    UInt8(ascii: "W"): 604_800, UInt8(ascii: "D"): 86_400, UInt8(ascii: "H"): 3_600, UInt8(ascii: "M"): 60,
    UInt8(ascii: "S"): 1,
]
