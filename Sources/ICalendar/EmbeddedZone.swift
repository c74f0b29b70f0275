/// A zone described by a VTIMEZONE. RFC 5545 §3.6.5
struct EmbeddedZone {
    let zone: Zone

    /// Offsets are written out from here: earlier ones matter to nobody.
    private static let firstYear = 1900

    /// Rules are written out up to this year, and repeat every 400 from then on.
    private static let lastYear = 2440

    /// STANDARD or DAYLIGHT: from when on which offset holds.
    private struct Observance {
        var kind: Zone.Kind
        var offsetBefore: Int
        var start: DateTime
        var component: Component

        init?(_ component: Component) {
            guard let start = component.first("DTSTART")?.dateTime,
                let before = component.first("TZOFFSETFROM").flatMap({ UTCOffset.seconds($0.value) }),
                let after = component.first("TZOFFSETTO").flatMap({ UTCOffset.seconds($0.value) })
            else { return nil }
            self.start = start
            self.component = component
            offsetBefore = before
            let name = component.first("TZNAME")?.text ?? ""
            kind = Zone.Kind(offset: after, isDaylight: component.name == "DAYLIGHT", name: name)
        }
    }

    /// Reads a VTIMEZONE; nil without one readable STANDARD or DAYLIGHT, and for one that no clock could follow.
    init?(_ component: Component) {
        let observances = component.components.compactMap(Observance.init)
        guard observances.count <= CalendarLimits.maximumObservances else { return nil }
        var onsets: [(utc: Int64, kind: Zone.Kind)] = []
        // What an expansion of its own may try is more than a zone may.
        var steps = CalendarLimits.maximumRuleSteps - CalendarLimits.maximumZoneSteps
        for observance in observances {
            guard let own = Self.onsets(of: observance, &steps) else { return nil }
            for onset in own { onsets.append((onset - Int64(observance.offsetBefore), observance.kind)) }
            guard onsets.count <= CalendarLimits.maximumOnsets else { return nil }
        }
        onsets.sort { $0.utc < $1.utc }
        guard let first = observances.min(by: { $0.start.localSeconds < $1.start.localSeconds }) else { return nil }
        var builder = ZoneBuilder(first: Zone.Kind(offset: first.offsetBefore, isDaylight: false, name: ""))
        for onset in onsets { builder.append(onset.utc, onset.kind) }
        let isEndless = observances.contains { Self.rules(of: $0).contains(where: \.isEndless) }
        let end = CivilCalendar.days(year: Self.lastYear - 1, month: 1, day: 1)
        zone = Zone(
            transitions: builder.transitions,
            kinds: builder.kinds,
            cycleEnd: isEndless ? Int64(end) * CivilCalendar.secondsPerDay : nil
        )
    }

    private static func rules(of observance: Observance) -> [RecurrenceRule] {
        observance.component.all("RRULE").compactMap { try? RecurrenceRule($0.value) }
    }

    /// The wall-clock times, before the change, at which an observance sets in; nil where finding them takes too long.
    private static func onsets(of observance: Observance, _ steps: inout Int) -> [Int64]? {
        let start = observance.start.localSeconds
        var onsets = [start]
        for date in observance.component.all("RDATE").flatMap(\.dateTimes) {
            onsets.append(date.form == .utc ? date.localSeconds + Int64(observance.offsetBefore) : date.localSeconds)
        }
        let first = Int64(CivilCalendar.days(year: firstYear, month: 1, day: 1)) * CivilCalendar.secondsPerDay
        let last = Int64(CivilCalendar.days(year: lastYear, month: 1, day: 1)) * CivilCalendar.secondsPerDay
        for rule in rules(of: observance) where rule.frequency >= .daily && rule.calendarScale == nil {
            // UNTIL is in UTC here (RFC 5545 §3.6.5), but old data has it in local time.
            let until = rule.until.map { $0.localSeconds + ($0.form == .utc ? Int64(observance.offsetBefore) : 0) }
            var iterator = RuleIterator(rule, start: start, isDate: false, until: min(until ?? last, last))
            iterator.steps = steps
            iterator.seek(first)
            while onsets.count <= CalendarLimits.maximumOnsets, let time = iterator.next() { onsets.append(time) }
            guard !iterator.gaveUp else { return nil }
            steps = iterator.steps
        }
        return onsets
    }
}

/// UTC-OFFSET values. RFC 5545 §3.3.14
enum UTCOffset {
    /// Reads `+0100` or `-053045`.
    static func seconds(_ text: String) -> Int? {
        var digits = DigitReader(text.trimmed.utf8)
        guard let sign = digits.sign(), let hours = digits.number(2), let minutes = digits.number(2), hours < 24,
            minutes < 60
        else { return nil }
        let seconds = digits.isAtEnd ? 0 : digits.number(2)
        guard let seconds, seconds < 60, digits.isAtEnd else { return nil }
        return sign * (hours * 3600 + minutes * 60 + seconds)
    }

    /// Writes `+0100`, with seconds where there are any.
    static func text(_ seconds: Int) -> String {
        DigitWriter.text(capacity: "+053045".utf8.count) { writer in
            writer.append(seconds < 0 ? "-" : "+")
            let amount = abs(seconds)
            writer.append(amount / 3600, digits: 2)
            writer.append(amount / 60 % 60, digits: 2)
            if amount % 60 != 0 { writer.append(amount % 60, digits: 2) }
        }
    }
}
