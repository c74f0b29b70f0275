import ICalendar

/// How sure one can be that two events with different UIDs are the same.
enum Similarity {
    /// A pair is proposed only beyond this.
    static let threshold = 0.85

    /// So much of a text is compared: longer titles differ early or not at all.
    private static let maximumLength = 200

    /// A place that only one side knows speaks a little against it.
    private static let unknownPlace = 0.7

    private static let titleWeight = 0.75

    /// From 0 to 1; both are known to begin at the same time.
    static func confidence(_ left: CalendarObject, _ right: CalendarObject) -> Double {
        let titles = likeness(text("SUMMARY", left), text("SUMMARY", right))
        let (here, there) = (text("LOCATION", left), text("LOCATION", right))
        guard !here.isEmpty || !there.isEmpty else { return titles }
        let places = here.isEmpty || there.isEmpty ? unknownPlace : likeness(here, there)
        return titles * titleWeight + places * (1 - titleWeight)
    }

    /// What two events must have in common to be compared at all: when they begin, and whether they recur.
    static func key(_ object: CalendarObject) -> String? {
        guard let event = object.master, let start = event.first("DTSTART")?.dateTime else { return nil }
        let moment = start.isDate ? start.text : String(start.instant(in: object.zones).seconds)
        return event.first("RRULE") == nil ? moment : moment + " recurring"
    }

    /// 1 for equal texts, 0 for those that have nothing in common, by the edits that lead from one to the other.
    static func likeness(_ left: [Character], _ right: [Character]) -> Double {
        let longest = max(left.count, right.count)
        guard longest > 0 else { return 0 }
        return 1 - Double(distance(left, right)) / Double(longest)
    }

    /// Levenshtein's distance: insertions, deletions and replacements of one character.
    static func distance(_ left: [Character], _ right: [Character]) -> Int {
        var previous = Array(0...right.count)
        for (row, character) in left.enumerated() {
            var current = [row + 1]
            current.reserveCapacity(right.count + 1)
            for (column, other) in right.enumerated() {
                let replaced = previous[column] + (character == other ? 0 : 1)
                current.append(min(replaced, previous[column + 1] + 1, current[column] + 1))
            }
            previous = current
        }
        return previous[right.count]
    }

    /// The words of a property in lower case, with one blank between them.
    private static func text(_ name: String, _ object: CalendarObject) -> [Character] {
        let words = object.master?.first(name)?.text.lowercased().split { $0.isWhitespace } ?? []
        return Array(words.joined(separator: " ").prefix(maximumLength))
    }
}

extension Snapshot {
    /// Pairs of an event that only we have and one that only the upstream has, each in one pair at most, the surest first.
    func pairings() -> [Pairing] {
        var here: [String: [SnapshotItem]] = [:]
        for item in items.values where item.base == nil && item.remote == nil && item.intent == nil {
            guard let key = item.local.flatMap({ Similarity.key($0.object) }) else { continue }
            here[key, default: []].append(item)
        }
        var found: [Pairing] = []
        for item in items.values where item.base == nil && item.local == nil {
            guard let remote = item.remote, let series = item.series, let key = Similarity.key(remote.object) else {
                continue
            }
            for candidate in here[key] ?? [] {
                guard let local = candidate.local else { continue }
                let confidence = Similarity.confidence(local.object, remote.object)
                guard confidence > Similarity.threshold else { continue }
                found.append(
                    Pairing(series: series, uid: candidate.uid, upstreamUID: item.uid, confidence: confidence)
                )
            }
        }
        var (taken, pairs): (Set<String>, [Pairing]) = ([], [])
        for pair in found.sorted(by: { ($1.confidence, $0.uid, $0.series) < ($0.confidence, $1.uid, $1.series) })
        where !taken.contains(pair.uid) && !taken.contains(pair.series) {
            taken.formUnion([pair.uid, pair.series])
            pairs.append(pair)
        }
        return pairs
    }
}
