import Synchronization

/// The system's time zone data.
public enum TimeZoneData {
    /// The VTIMEZONE of an IANA zone as it is needed from an instant on; all of its history without one.
    ///
    /// The TZID is the plain name. A yearly rule in force is written as one, earlier changes one by one.
    public static func vtimezone(for iana: String, from: Instant?) -> Component? {
        guard let zone = ZoneRegistry.zone(iana: iana) else { return nil }
        let scope = TimeZoneWriter.Scope(of: zone, from: from?.seconds)
        let key = WrittenZone(name: iana, scope: scope)
        if let known = written.withLock({ $0[key] }) { return known }
        var writer = TimeZoneWriter(zone: zone)
        writer.write(scope)
        let tzid = Property("TZID", value: iana)
        let component = Component("VTIMEZONE", properties: [tzid], components: writer.observances)
        written.withLock { written in
            if written.count >= maximumWritten { written = [:] }
            written[key] = component
        }
        return component
    }

    /// A zone as some objects need it.
    private struct WrittenZone: Hashable {
        let name: String
        let scope: TimeZoneWriter.Scope
    }

    /// Calendars name few zones, and from few years on.
    private static let written = Mutex<[WrittenZone: Component]>([:])
    private static let maximumWritten = 256

    /// Loads every zone, so that no request waits for a file.
    public static func warmUp() {
        for name in identifiers { _ = ZoneRegistry.zone(iana: name) }
        _ = ZoneRegistry.byLowercase
    }

    /// The names of all zones, sorted.
    public static var identifiers: [String] { ZoneRegistry.identifiers }

    /// The release of the data, `2025b`; empty where the system does not say.
    public static let version: String = TZif.release ?? ""

    /// When the data of a zone came to this system; nil where there is no such zone.
    public static func modified(of iana: String) -> Instant? {
        ZoneRegistry.zone(iana: iana) == nil ? nil : TZif.modified(of: iana)
    }
}

extension TimeZoneData {
    /// A time in which one offset holds, from its first moment on (RFC 7808 §3.5).
    public struct Observance: Sendable, Hashable {
        /// What people call it: `CET`.
        public let name: String

        /// When it begins.
        public let onset: Instant

        /// Seconds east of UTC before.
        public let offsetFrom: Int

        /// Seconds east of UTC from then on.
        public let offsetTo: Int
    }

    /// The observances of a zone in a half-open range, the first from its very beginning; nil for an unknown zone.
    public static func observances(of iana: String, from start: Instant, to end: Instant) -> [Observance]? {
        guard let zone = ZoneRegistry.zone(iana: iana) else { return nil }
        var found = zone.changes(from: start.seconds, to: end.seconds).map { change in
            Observance(
                name: change.after.name,
                onset: Instant(seconds: change.time),
                offsetFrom: change.before.offset,
                offsetTo: change.after.offset
            )
        }
        if found.first?.onset != start {
            let first = zone.kind(at: start.seconds)
            let held = Observance(name: first.name, onset: start, offsetFrom: first.offset, offsetTo: first.offset)
            found.insert(held, at: 0)
        }
        return found
    }
}

/// Writes the observances of a zone.
private struct TimeZoneWriter {
    let zone: Zone
    private(set) var observances: [Component] = []

    /// A zone's first transition is written this early when it has none.
    private static let epoch: Int64 = 0

    init(zone: Zone) { self.zone = zone }

    /// What of a zone's history is written.
    struct Scope: Hashable {
        /// The change that is listed first; nil where the rule says all.
        let first: Int?
        /// Whether what held before all changes is told.
        let tellsStart: Bool
        /// The year from which the rule is told.
        let ruleYear: Int?

        init(of zone: Zone, from: Int64?) {
            let ruleStart = zone.tail.map { Int64(CivilCalendar.days(year: $0.firstYear, month: 1, day: 1)) * 86_400 }
            // Under the rule already: nothing before it matters.
            let isRuled = from.map { from in ruleStart.map { from >= $0 + 366 * 86_400 } ?? false } ?? false
            first = isRuled ? nil : from.map { max(0, zone.index(at: $0) - 1) } ?? 0
            tellsStart = from == nil || zone.transitions.isEmpty
            let year = isRuled ? from.map { CivilCalendar.date(ofDay: LocalTime(seconds: $0).day).year - 1 } : nil
            ruleYear = year ?? zone.tail?.firstYear
        }
    }

    mutating func write(_ scope: Scope) {
        if scope.tellsStart { writeStart() }
        if let first = scope.first {
            let ruleStart = zone.tail.map { Int64(CivilCalendar.days(year: $0.firstYear, month: 1, day: 1)) * 86_400 }
            let listed = zone.transitions[first...].prefix { $0 < ruleStart ?? .max }
            for index in listed.indices { writeChange(index) }
        }
        guard let tail = zone.tail, let year = scope.ruleYear else { return }
        writeRule(tail.rule, since: year)
    }

    /// What held before the first transition.
    private mutating func writeStart() {
        guard let kind = zone.kinds.first else { return }
        let start = zone.transitions.first.map { $0 + Int64(kind.offset) - 86_400 } ?? Self.epoch
        append(kind, from: kind.offset, local: start, extra: [])
    }

    private mutating func writeChange(_ index: Int) {
        let before = zone.kinds[index].offset
        // Some files end with a change to what already holds.
        guard zone.kinds[index] != zone.kinds[index + 1] else { return }
        append(zone.kinds[index + 1], from: before, local: zone.transitions[index] + Int64(before), extra: [])
    }

    private mutating func writeRule(_ rule: PosixTimeZone.Daylight, since year: Int) {
        write(rule.starts, to: rule.daylight, from: rule.standard, since: year)
        write(rule.ends, to: rule.standard, from: rule.daylight, since: year)
    }

    private mutating func write(_ date: PosixTimeZone.Date, to kind: Zone.Kind, from: Zone.Kind, since year: Int) {
        let extra: [Property]
        if let rule = Self.rule(date) {
            extra = [Property("RRULE", value: rule)]
        } else {
            // The few dates no rule can say are listed as far as anybody plans.
            let dates = (year + 1...year + 100).map { DateTime(localSeconds: date.local(in: $0), form: .floating).text }
            extra = [Property("RDATE", value: dates.joined(separator: ","))]
        }
        // Ireland's winter time is the exception in the data; to clients the later clock is the daylight one.
        var kind = kind
        kind.isDaylight = kind.offset > from.offset
        append(kind, from: from.offset, local: date.local(in: year), extra: extra)
    }

    private mutating func append(_ kind: Zone.Kind, from: Int, local: Int64, extra: [Property]) {
        let properties = [
            Property("DTSTART", DateTime(localSeconds: local, form: .floating)),
            Property("TZOFFSETFROM", value: UTCOffset.text(from)),
            Property("TZOFFSETTO", value: UTCOffset.text(kind.offset)),
            Property("TZNAME", text: kind.name),
        ]
        observances.append(Component(kind.isDaylight ? "DAYLIGHT" : "STANDARD", properties: properties + extra))
    }

    /// A yearly rule for a date, where there is one.
    private static func rule(_ date: PosixTimeZone.Date) -> String? {
        guard case .weekday(let month, let week, let weekday) = date.day else { return nil }
        let shift = CivilCalendar.floorDivide(date.time, 86_400)
        let day = (weekday + 6 + shift + 14) % 7
        guard let code = RecurrenceRule.Weekday(rawValue: day)?.code else { return nil }
        let head = "FREQ=YEARLY;BYMONTH=\(month)"
        guard shift != 0 else { return "\(head);BYDAY=\(week == 5 ? -1 : week)\(code)" }
        // Hours beyond the day move the weekday: “Saturday after the fourth Thursday” is a Saturday on the 24th to 30th.
        let first = week == 5 ? -7 + shift : (week - 1) * 7 + 1 + shift
        let days = first...first + 6
        guard
            week == 5
                ? days.upperBound < 0 && days.lowerBound >= -28
                : days.lowerBound > 0 && days.upperBound <= 28
                    || days.lowerBound > 0 && days.upperBound <= 30 && month != 2
        else { return nil }
        let list = days.map(String.init).joined(separator: ",")
        return "\(head);BYMONTHDAY=\(list);BYDAY=\(code)"
    }
}
