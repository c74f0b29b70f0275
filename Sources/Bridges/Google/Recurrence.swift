import Bridging
import ICalendar

/// How an event repeats, apart from its exceptions.
struct Recurrence: Sendable, Hashable {
    /// RRULE and EXRULE, each a whole line, UNTIL in the form the start asks for.
    var rules: [String] = []
    var additions: Set<Slot> = []
    var exclusions: Set<Slot> = []

    var isEmpty: Bool { rules.isEmpty && additions.isEmpty }

    /// Whether both make the same occurrences, exclusions aside, whatever the order of lines and rule parts.
    func repeats(like other: Recurrence) -> Bool {
        additions == other.additions
            && rules.map(Self.canonical).sorted() == other.rules.map(Self.canonical).sorted()
    }

    /// A rule line with its parts in order and without those that say the default.
    private static func canonical(_ line: String) -> String {
        let upper = line.uppercased()
        let name = upper.prefix { $0 != ":" }
        let parts = upper.dropFirst(name.count + 1).split(separator: ";").filter {
            $0 != "INTERVAL=1" && $0 != "WKST=MO"
        }
        return name + ":" + parts.sorted().joined(separator: ";")
    }
}

// MARK: - Google's form

extension Recurrence {
    /// The first line of `recurrence` that cannot be read; whoever left it out would change when the event is.
    static func nonsense(in lines: JSON?) -> String? {
        for line in lines?.elements ?? [] {
            guard let text = line.text, let property = Property(line: text) else { return line.serialized }
            if property.name.hasSuffix("RULE"), property.value.isEmpty { return text }
        }
        return nil
    }

    /// Reads the lines of `recurrence`; a line of another property is left out.
    init(lines: [String], start: EventTime) {
        let zones = ZoneResolver(floatingZone: start.zone ?? EventTime.utc)
        for line in lines {
            guard let property = Property(line: line) else { continue }
            switch property.name {
            case "RRULE", "EXRULE":
                rules.append(property.name + ":" + Self.rule(property.value, start, zones))
            // Upstream, a date says nothing about a series of times (RFC 5545 §3.8.5.1).
            case "RDATE": additions.formUnion(property.exactSlots(start, zones))
            case "EXDATE": exclusions.formUnion(property.exactSlots(start, zones))
            default: continue
            }
        }
    }

    /// The lines of `recurrence`, with these exclusions in place of its own.
    func lines(start: EventTime, excluding exclusions: Set<Slot>) -> [JSON] {
        let dates = [("RDATE", additions), ("EXDATE", exclusions)].flatMap { name, slots in
            slots.sorted().map { Property(name, start.moved(to: $0).dateTime).line }
        }
        return (rules + dates).map(JSON.string)
    }
}

// MARK: - iCalendar's form

extension Recurrence {
    /// Reads the recurrence properties of a master.
    init(_ component: Component, start: EventTime, zones: ZoneResolver) throws(TranslationError) {
        for name in ["RRULE", "EXRULE"] {
            for property in component.all(name) {
                try Self.require(supported: property.value)
                rules.append(name + ":" + Self.rule(property.value, start, zones))
            }
        }
        for property in component.all("RDATE") { additions.formUnion(property.slots(start, zones)) }
        for property in component.all("EXDATE") { exclusions.formUnion(property.slots(start, zones)) }
    }

    /// The properties of a master, with further exclusions.
    func properties(start: EventTime, excluding more: Set<Slot>) -> [Property] {
        let lines = rules.map { line in
            let name = String(line.prefix { $0 != ":" })
            return Property(name, value: String(line.dropFirst(name.count + 1)))
        }
        let dates = [("RDATE", additions), ("EXDATE", exclusions.union(more))].flatMap { name, slots in
            slots.sorted().map { Property(name, start.moved(to: $0).dateTime) }
        }
        return lines + dates
    }

    private static func require(supported rule: String) throws(TranslationError) {
        for part in rule.uppercased().split(separator: ";") {
            switch part {
            case "FREQ=SECONDLY", "FREQ=MINUTELY", "FREQ=HOURLY":
                throw .unsupported("Google Calendar has no events that repeat within a day (\(part)).")
            case _ where part.hasPrefix("RSCALE=") || part.hasPrefix("SKIP="):
                throw .unsupported(
                    "Google Calendar has no events that repeat by another calendar (\(part))."
                )
            default: continue
            }
        }
    }

    /// The rule with UNTIL as its start asks for: a date for days, else UTC with the offset of that date.
    private static func rule(_ rule: String, _ start: EventTime, _ zones: ZoneResolver) -> String {
        rule.split(separator: ";").map { part in
            guard part.uppercased().hasPrefix("UNTIL="),
                let until = DateTime(String(part.dropFirst(6)), tzid: nil, isDate: false)
            else { return String(part) }
            return "UNTIL=" + untilText(until, start)
        }
        .joined(separator: ";")
    }

    private static func untilText(_ until: DateTime, _ start: EventTime) -> String {
        guard case .timed(_, let zone) = start else {
            return DateTime(date: until.year, until.month, until.day).text
        }
        guard until.form != .utc else { return until.text }
        var local = until
        if until.form == .date {
            // A date ends a series of times with the last second of that day.
            (local.hour, local.minute, local.second) = (23, 59, 59)
        }
        local.form = .zoned(zone)
        return Zones.iana.local(local.instant(in: Zones.iana), form: .utc).text
    }
}

extension Property {
    /// Reads one unfolded content line; nil for what is none.
    init?(line: String) {
        let line = line.withoutControls
        let octets = line.utf8
        var isQuoted = false
        let colon = octets.firstIndex { octet in
            if octet == UInt8(ascii: "\"") { isQuoted.toggle() }
            return octet == UInt8(ascii: ":") && !isQuoted
        }
        guard let colon else { return nil }
        let parts = line[..<colon].split(separator: ";")
        guard let name = parts.first else { return nil }
        let parameters = parts.dropFirst().map { part in
            let key = part.prefix { $0 != "=" }
            let value = part.dropFirst(key.count + 1).filter { $0 != "\"" }
            return Parameter(String(key), value)
        }
        self.init(
            String(name),
            parameters: parameters,
            value: String(line[octets.index(after: colon)...])
        )
    }

    /// The property as one unfolded line.
    var line: String {
        name + parameters.map { ";\($0.name)=\($0.values.joined(separator: ","))" }.joined() + ":"
            + value
    }

    /// The places this list of dates names in the series that starts so.
    func slots(_ start: EventTime, _ zones: ZoneResolver) -> [Slot] {
        dateTimes.map { Slot($0, start, zones) }
    }

    /// The same, without the dates that a series of times has no place for.
    func exactSlots(_ start: EventTime, _ zones: ZoneResolver) -> [Slot] {
        dateTimes.filter { start.isDay || !$0.isDate }.map { Slot($0, start, zones) }
    }
}

extension Slot {
    /// Reads a date for what it is.
    init(_ value: DateTime, _ zones: ZoneResolver) {
        self = value.form == .date ? .day(value) : .instant(zones.instant(value))
    }

    /// Reads a date of a series that starts so.
    ///
    /// A series of days has days only. In one of times a day means the time at which the series takes place on it.
    init(_ value: DateTime, _ start: EventTime, _ zones: ZoneResolver) {
        guard !start.isDay else {
            self.init(DateTime(date: value.year, value.month, value.day), zones)
            return
        }
        guard value.isDate else {
            self.init(value, zones)
            return
        }
        var time = start.dateTime
        (time.year, time.month, time.day) = (value.year, value.month, value.day)
        self.init(time, Zones.iana)
    }
}

extension String {
    /// The text without control characters, which would end a content line.
    var withoutControls: String {
        guard utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return self }
        return String(decoding: utf8.filter { $0 >= 0x20 && $0 != 0x7F }, as: UTF8.self)
    }
}
