import Synchronization

/// The offsets of one time zone over time.
final class Zone: Sendable {
    /// A local time type: an offset with its name.
    struct Kind: Sendable, Hashable {
        var offset: Int
        var isDaylight: Bool
        var name: String
    }

    /// When the offset changes, in UTC seconds, ascending.
    let transitions: [Int64]

    /// The kinds that hold before, between and after the transitions: one more than there are transitions.
    let kinds: [Kind]

    /// The offsets of `kinds`, for quick reading.
    private let offsets: [Int32]

    /// From here on the 400 years before repeat; nil where nothing changes after the last transition.
    private let cycleEnd: Int64?

    /// The rule that holds from some year on, and that year.
    ///
    /// Zones of the system only.
    let tail: (rule: PosixTimeZone.Daylight, firstYear: Int)?

    /// The names of zones of the system that agreed with this one, and where none did.
    let names = Mutex<[Stretch: String?]>([:])

    /// Seconds in 400 years of the Gregorian calendar.
    private static let cycle = Int64(CivilCalendar.daysPerCycle) * CivilCalendar.secondsPerDay

    init(
        transitions: [Int64],
        kinds: [Kind],
        cycleEnd: Int64? = nil,
        tail: (rule: PosixTimeZone.Daylight, firstYear: Int)? = nil
    ) {
        precondition(kinds.count == transitions.count + 1, "every caller adds a kind with each transition")
        self.transitions = transitions
        self.kinds = kinds
        self.cycleEnd = cycleEnd
        self.tail = tail
        offsets = kinds.map { Int32(clamping: $0.offset) }
    }

    static let utc = Zone(transitions: [], kinds: [Kind(offset: 0, isDaylight: false, name: "UTC")])

    /// The seconds east of UTC at an instant.
    func offset(at utc: Int64) -> Int64 { Int64(offsets[index(at: folded(utc).seconds)]) }

    /// The instant of a wall-clock time. RFC 5545 §3.3.5
    ///
    /// A time that comes twice means the first, one that never comes is read with the offset before the gap.
    func utc(local: Int64) -> Int64 {
        let (seconds, shift) = folded(local)
        // No offset is larger than a day, so the search begins before any transition that matters.
        var index = index(at: seconds - CivilCalendar.secondsPerDay)
        while index < transitions.count {
            let before = seconds - Int64(offsets[index])
            guard before >= transitions[index] else { break }
            // After the change the wall clock would show an earlier time still: `local` lies in the gap.
            if seconds - Int64(offsets[index + 1]) < transitions[index] { break }
            index += 1
        }
        return seconds - Int64(offsets[index]) + shift
    }

    /// How many transitions are not after an instant.
    func index(at utc: Int64) -> Int {
        var low = 0
        var high = transitions.count
        while low < high {
            let middle = (low + high) / 2
            if transitions[middle] <= utc { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// A time beyond the table, moved back by whole cycles, and by how much.
    private func folded(_ seconds: Int64) -> (seconds: Int64, shift: Int64) {
        guard let cycleEnd, seconds >= cycleEnd else { return (seconds, 0) }
        let shift = ((seconds - cycleEnd) / Self.cycle + 1) * Self.cycle
        return (seconds - shift, shift)
    }
}

extension Zone {
    /// A moment at which the offset or its name changes.
    struct Change: Sendable {
        var time: Int64
        var before: Kind
        var after: Kind
    }

    /// What holds at an instant.
    func kind(at utc: Int64) -> Kind { kinds[index(at: folded(utc).seconds)] }

    /// The changes in a half-open range, in order.
    func changes(from start: Int64, to end: Int64) -> [Change] {
        var found: [Change] = []
        var last = start - 1
        while let change = change(after: last), change.time < end {
            // Some files end with a change to what already holds.
            if change.before != change.after { found.append(change) }
            last = change.time
        }
        return found
    }

    /// The first change after an instant, also where the table has come to its end and begins again.
    private func change(after utc: Int64) -> Change? {
        var (seconds, shift) = folded(utc)
        var index = index(at: seconds)
        if let cycleEnd, index >= transitions.count || transitions[index] >= cycleEnd {
            seconds = cycleEnd - Self.cycle
            shift += Self.cycle
            index = self.index(at: seconds - 1)
        }
        guard index < transitions.count else { return nil }
        return Change(time: transitions[index] + shift, before: kinds[index], after: kinds[index + 1])
    }
}

/// Collects transitions and makes a zone of them.
struct ZoneBuilder {
    private(set) var transitions: [Int64] = []
    private(set) var kinds: [Zone.Kind]

    init(first: Zone.Kind) { kinds = [first] }

    /// Adds a change; one that is not after the last replaces it.
    mutating func append(_ transition: Int64, _ kind: Zone.Kind) {
        if let last = transitions.last, transition <= last {
            kinds[kinds.count - 1] = kind
            return
        }
        transitions.append(transition)
        kinds.append(kind)
    }
}
