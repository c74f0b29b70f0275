import Bridging
import ICalendar

/// What the text of a `Repeats` column says: how an event recurs.
///
/// The first line is for people. The raw lines follow, the rule last: `RRULE:…`, before it RDATE, EXDATE and EXRULE. A
/// DTSTART line keeps the zone of the series, which the date column does not tell, and shows by how much a person moved
/// the page since, so that exceptions move along. A day on it may name the zone that the series has once it has times again.
struct Repeats: Sendable, Hashable {
    /// The DTSTART the other dates belong to.
    var start: DateTime?
    var rules: [RepeatRule] = []
    var exceptions: [DateTime] = []
    /// The rules whose dates are none of the series.
    var exceptionRules: [RepeatRule] = []
    var additions: [Addition] = []
    /// The IANA zone of a series whose start tells none; nil where that is not known.
    var zone: String?
    /// Whether the start is told in any case.
    var keepsStart = false

    /// How a text can be read.
    enum Reading: Sendable, Hashable {
        /// Empty, or a person's words without a line that begins like a rule.
        case nothing
        case recurrence(Repeats)
        /// It begins like a rule and is none.
        case nonsense
    }

    /// Reads the text of the column.
    static func reading(_ text: String) -> Reading {
        var repeats = Repeats()
        for line in RuleLines(text).lines {
            switch repeats.take(line) {
            case true?, nil: continue
            case false?: return .nonsense
            }
        }
        return repeats.isEmpty ? .nothing : .recurrence(repeats)
    }

    private var isEmpty: Bool { rules.isEmpty && additions.isEmpty }

    /// Whether a line is for programs.
    static func isRaw(_ line: String) -> Bool { property(line) != nil }

    /// Whether a line as it was typed has something for programs.
    static func hasRaw(_ line: String) -> Bool { RuleLines(line).lines.contains(where: isRaw) }

    /// Takes one line in; nil for one that is for people, false for one that is nonsense.
    private mutating func take(_ line: String) -> Bool? {
        guard let property = Self.property(line) else { return nil }
        switch property.name {
        case "RRULE", "EXRULE":
            guard let rule = RepeatRule(property.value),
                rules.count + exceptionRules.count < CalendarLimits.maximumRules
            else { return false }
            if property.name == "RRULE" { rules.append(rule) } else { exceptionRules.append(rule) }
        case "EXDATE", "RDATE", "DTSTART":
            let dates = property.dateTimes
            guard !dates.isEmpty, property.parameter("TZID").map({ ZoneResolver.ianaName(for: $0) == $0 }) ?? true
            else {
                return false
            }
            switch property.name {
            case "EXDATE": exceptions += dates
            case "RDATE":
                guard let added = Addition.all(in: property) else { return false }
                additions += added
            default:
                start = dates.first
                zone = start?.isDate == true ? property.parameter("TZID") : nil
            }
        default: return nil
        }
        return true
    }

    private static let names: Set = ["RRULE", "EXRULE", "EXDATE", "RDATE", "DTSTART"]

    /// Reads a content line; a bare `FREQ=…` counts as a rule.
    private static func property(_ line: String) -> Property? {
        if line.uppercased().hasPrefix("FREQ=") { return Property("RRULE", value: line) }
        guard let colon = line.firstIndex(of: ":") else { return nil }
        let head = line[..<colon].split(separator: ";").map { String($0).trimmed }
        guard let name = head.first?.uppercased(), names.contains(name) else {
            return nil
        }
        let parameters = head.dropFirst().compactMap { text -> Parameter? in
            let sides = text.split(separator: "=", maxSplits: 1)
            return sides.count == 2 ? Parameter(String(sides[0]), sides[1].filter { $0 != "\"" }) : nil
        }
        return Property(name, parameters: parameters, value: String(line[line.index(after: colon)...]).trimmed)
    }
}

// MARK: - Writing

extension Repeats {
    /// Reads how an event recurs; nil for an event that does not.
    ///
    /// A zone that is only described is told as the one that has its rules; times in a zone whose rules nobody has, which only
    /// `zones` can resolve, are told in the link's zone.
    init?(_ event: Component, zones: ZoneResolver, linkZone: String) throws(TranslationError) {
        let known = { (time: DateTime) in Self.known(time, in: event, zones, linkZone) }
        rules = try Self.rules(event.all("RRULE"))
        additions = event.all("RDATE").flatMap { Addition.all(in: $0) ?? [] }.map { $0.map(known) }
        guard !isEmpty else { return nil }
        exceptionRules = try Self.rules(event.all("EXRULE"))
        exceptions = event.all("EXDATE").flatMap(\.dateTimes).map(known)
        start = event.first("DTSTART")?.dateTime.map(known)
    }

    private static func rules(_ properties: [Property]) throws(TranslationError) -> [RepeatRule] {
        var rules: [RepeatRule] = []
        for property in properties {
            guard let rule = RepeatRule(property.value) else {
                throw .unsupported("Notion cannot hold the rule \(property.value) by which this event repeats.")
            }
            rules.append(rule)
        }
        return rules
    }

    /// The text for the column; it mentions how many occurrences are different, for Notion cannot show them.
    func text(changes: Int) -> String {
        var lines = [headline(changes: changes).text]
        // Without it nobody could tell by how much the last moment and the day of the rule move with the series, nor a reader
        // elsewhere its zone.
        if let start, !start.isDate || needsStart || movesAlong(from: start) {
            lines.append(Self.startLine(start, zone))
        }
        lines += additions.map { Self.line($0.property) }
        lines += exceptions.map { Self.line(Property("EXDATE", $0)) }
        lines += exceptionRules.map { "EXRULE:\($0.value)" }
        lines += rules.map { "RRULE:\($0.value)" }
        return lines.joined(separator: "\n")
    }

    private func movesAlong(from start: DateTime) -> Bool {
        (rules + exceptionRules).contains { $0.movesAlong(from: start) }
    }

    private static func startLine(_ start: DateTime, _ zone: String?) -> String {
        var property = Property("DTSTART", start)
        if start.isDate, let zone { property.parameters.append(Parameter("TZID", zone)) }
        return line(property)
    }

    /// The line for people.
    func headline(changes: Int) -> Headline {
        Headline(sentence: rules.first?.sentence(from: start) ?? Headline.chosenDates, changes: changes)
    }

    /// Whether a column, on a page that is at `when`, says the same already.
    ///
    /// Whatever others need to have written there, and is true, stays; whatever the page tells without being written, too.
    func isSaid(by column: Repeats, at when: When, linkZone: String) -> Bool {
        isSaidButForStart(by: column) && isStartSaid(by: column, at: when, linkZone: linkZone)
    }

    private func isSaidButForStart(by column: Repeats) -> Bool {
        Set(rules) == Set(column.rules) && Set(exceptionRules) == Set(column.exceptionRules)
            && Set(exceptions) == Set(column.exceptions) && Set(additions) == Set(column.additions)
    }

    private func isStartSaid(by column: Repeats, at when: When, linkZone: String) -> Bool {
        let untold = when.start(linkZone: linkZone, repeats: true)
        if let told = column.start { return told == start ?? untold && zone == column.zone }
        // Of a page without a zone each reader thinks that it is in his own, or in none.
        if case .zoned = start?.form { return false }
        // Nor does one who reads it in UTC, for want of its zone, know more: whose zone it is will tell.
        let isGuessed = when.isOfUnknownZone(linkZone: linkZone) && exceptions.isEmpty && additions.isEmpty
        return (isGuessed || !needsStart) && zone == nil && untold == start ?? untold
    }

    private var needsStart: Bool {
        keepsStart || zone != nil || !exceptions.isEmpty || !additions.isEmpty
    }

    private static func known(
        _ time: DateTime,
        in event: Component,
        _ zones: ZoneResolver,
        _ linkZone: String
    ) -> DateTime {
        guard case .zoned(let tzid) = time.form else { return time }
        var known = time
        if let iana = zones.ianaName(for: tzid, in: event) {
            known.form = .zoned(iana)
            return known
        }
        return ZoneResolver().local(zones.instant(time), form: .zoned(linkZone))
    }

    private static func line(_ property: Property) -> String {
        let parameters = property.parameters.map { ";\($0.name)=\($0.values.joined(separator: ","))" }
        return property.name + parameters.joined() + ":" + property.value
    }
}

// MARK: - Reading

extension Repeats {
    /// DTSTART and the recurrence properties of a page that is at `when`.
    ///
    /// Unmoved, the series has exactly the start that was written down. Moved, it keeps its zone, and its exceptions,
    /// additions and last moment move by the same difference of the wall clock.
    func properties(at when: When, linkZone: String) -> (start: DateTime, properties: [Property]) {
        let alone = inOwnZone(when) ?? when.start(linkZone: linkZone, repeats: true)
        let moved = start.map { startMoved(from: $0, to: when, linkZone: linkZone) } ?? alone
        let shift = { (date: DateTime) in start.map { date.moved(from: $0, to: moved) } ?? date }
        let zones = ZoneResolver(floatingZone: linkZone)
        let rule = { (name: String, rule: RepeatRule) in
            Property(name, value: start.map { rule.moved(from: $0, to: moved, zones).value } ?? rule.value)
        }
        var properties = rules.map { rule("RRULE", $0) } + exceptionRules.map { rule("EXRULE", $0) }
        properties += additions.map { $0.map(shift).property }
        return (moved, properties + exceptions(moved: shift, of: properties, at: moved, linkZone: linkZone))
    }

    /// EXDATE of a series that was moved: one that is no date of it any more stays where it was, if that is one.
    private func exceptions(
        moved: (DateTime) -> DateTime,
        of recurrence: [Property],
        at start: DateTime,
        linkZone: String
    ) -> [Property] {
        guard !exceptions.isEmpty else { return [] }
        let event = Component("VEVENT", properties: [Property("DTSTART", start)] + recurrence)
        let pairs = exceptions.map { (moved: moved($0), former: $0) }
        let places = SeriesPlaces(of: event, around: pairs.flatMap { [$0.moved, $0.former] }, linkZone: linkZone)
        var seen: Set<DateTime> = []
        return pairs.compactMap { pair in
            let date = [pair.moved, pair.former].first(where: places.mayHave)
            return date.flatMap { seen.insert($0).inserted ? Property("EXDATE", $0) : nil }
        }
    }

    private func startMoved(from start: DateTime, to when: When, linkZone: String) -> DateTime {
        guard case .time(let instant, _) = when.span, !start.isDate else {
            return inOwnZone(when) ?? when.start(linkZone: linkZone)
        }
        let zones = ZoneResolver(floatingZone: linkZone)
        let isUnmoved = When(start: zones.instant(start), end: nil, zone: nil).span == .time(start: instant, end: nil)
        // A time without a zone is where the clock says so, whoever reads it.
        if start.form == .floating, !isUnmoved, !when.isTold(start), let told = when.floatingStart { return told }
        return isUnmoved || when.isTold(start) ? start : zones.local(instant, form: start.form)
    }

    /// The start of a page that has times, in the zone that the series is known to have.
    private func inOwnZone(_ when: When) -> DateTime? {
        guard case .time(let instant, _) = when.span, let zone else { return nil }
        return ZoneResolver().local(instant, form: zone == "UTC" ? .utc : .zoned(zone))
    }
}

// MARK: - The zone of a series

extension Repeats {
    /// The zone of the series, whether it has times now or days; nil where the text tells none.
    var ownZone: String? {
        switch start?.form {
        case .zoned(let tzid): tzid
        case .utc: "UTC"
        case .date, .floating, nil: zone
        }
    }

    /// The text for a column that says what this does: `current`, which says `column`, with a DTSTART line where nothing else
    /// is missing, else `text`; with the zone that the series had before it was of days.
    func text(_ text: String, on current: String, saying column: Repeats, at when: When?) -> String {
        guard let when else { return text }
        var wanted = self
        if case .days(let first, _) = when.span {
            guard let zone = column.ownZone else { return text }
            (wanted.zone, wanted.start) = (zone, start ?? first)
        }
        guard let start = wanted.start else { return text }
        let line = Self.startLine(start, wanted.zone)
        let isAllElseSaid = column.start == nil && wanted.isSaidButForStart(by: column)
        return Self.text(isAllElseSaid && Headline.agrees(current, with: text) ? current : text, startingAt: line)
    }

    /// A text with that DTSTART line, and no other.
    private static func text(_ text: String, startingAt line: String) -> String {
        var lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
        lines.removeAll { property($0.trimmed)?.name == "DTSTART" }
        lines.insert(line, at: lines.firstIndex(where: hasRaw) ?? lines.endIndex)
        return lines.joined(separator: "\n")
    }
}

extension Repeats {
    /// Whether a page that is at `when` can be a series like this: not one of hours where it is of days, nor of too many.
    func isPossible(at when: When, linkZone: String) -> Bool {
        let (start, recurrence) = properties(at: when, linkZone: linkZone)
        let name = [Property("UID", value: "series"), Property("DTSTAMP", value: "19700101T000000Z")]
        let event = Component("VEVENT", properties: name + [Property("DTSTART", start)] + recurrence)
        return (try? CalendarObject(ofNotion: event)) != nil
    }
}

extension DateTime {
    /// The wall clock read as if it were UTC.
    private var wallClock: Instant { ZoneResolver().instant(DateTime(self, form: .utc)) }

    private init(_ other: DateTime, form: Form) {
        self = other
        self.form = form
    }

    /// This date of a series whose start moved, moved along.
    ///
    /// A series that became all-day, or ceased to be, has its dates on the same days in the new form.
    func moved(from old: DateTime, to new: DateTime) -> DateTime {
        guard old != new else { return self }
        if isDate || new.isDate || old.isDate {
            let days = (DateTime(new, form: .date).wallClockDay - DateTime(old, form: .date).wallClockDay) / 86_400
            var moved = DateTime(date: year, month, day).adding(days: Int(days))
            guard !new.isDate else { return moved }
            (moved.hour, moved.minute, moved.second, moved.form) = (new.hour, new.minute, new.second, new.form)
            return moved
        }
        let moved = ZoneResolver().local(wallClock + (new.wallClock - old.wallClock), form: .utc)
        // A date in another zone than the old start stays in that zone.
        return DateTime(moved, form: form == old.form ? new.form : form)
    }

    private var wallClockDay: Instant { ZoneResolver().instant(DateTime(date: year, month, day)) }
}
