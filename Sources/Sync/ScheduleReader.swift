import Bridging
import ICalendar
import Reconcile

/// Reads when an event takes place, as canonical text.
///
/// The instants of a single event are compared, not their zones. A series keeps its zone: the same wall-clock time in another
/// zone is another series. A zone that is only described is the IANA zone it is the same as.
struct ScheduleReader {
    private let zones: ZoneResolver

    init(_ object: CalendarObject) { zones = object.zones }

    /// The key of an override: the instant, or the date, that it replaces.
    func occurrence(_ override: Component) -> String? { override.first("RECURRENCE-ID")?.dateTime.map(key) }

    /// The key of the occurrence that a RECURRENCE-ID names.
    func key(_ recurrenceID: DateTime) -> String { moment(recurrenceID) }

    /// A master or a single event; which of its occurrences are told of by themselves is no part of it.
    func series(_ master: Component) -> String {
        guard Self.isSeries(master) else { return single(master) }
        var lines = times(master) { time in
            guard case .zoned(let tzid) = time.form else { return time.text }
            return "\(time.text) \(zones.ianaName(for: tzid, in: master) ?? tzid)"
        }
        lines += rules(master.all("RRULE"), of: master).map { "RRULE \($0)" }
        let additions = dates(master.all("RDATE"))
        if !additions.isEmpty { lines.append("RDATE \(additions.joined(separator: ","))") }
        lines += rules(master.all("EXRULE"), of: master).map { "EXRULE \($0)" }
        let exclusions = Self.isFloating(master) ? dates(master.all("EXDATE")) : []
        if !exclusions.isEmpty { lines.append("EXDATE \(exclusions.joined(separator: ","))") }
        return lines.joined(separator: "\n")
    }

    /// The occurrences of a master that do not take place by their keys, each with a property that says so of it alone.
    ///
    /// None of a floating series: an upstream tells its times in a zone, so that no occurrence has the same key there.
    func exclusions(of master: Component) -> [(occurrence: String, property: Property)] {
        guard Self.isSeries(master), !Self.isFloating(master) else { return [] }
        return master.all("EXDATE").flatMap(\.single).compactMap { date in
            date.dateTime.map { (moment(slot(of: $0, in: master)), date) }
        }
    }

    private static func isSeries(_ master: Component) -> Bool {
        master.first("RRULE") != nil || master.first("RDATE") != nil
    }

    private static func isFloating(_ master: Component) -> Bool {
        master.first("DTSTART")?.dateTime?.form == .floating
    }

    /// The start of the occurrence that a date excludes: a day alone means the time at which the series begins on it.
    private func slot(of date: DateTime, in master: Component) -> DateTime {
        guard let start = master.first("DTSTART")?.dateTime, start.isDate != date.isDate else { return date }
        guard !start.isDate else { return DateTime(date: date.year, date.month, date.day) }
        var time = start
        (time.year, time.month, time.day) = (date.year, date.month, date.day)
        return time
    }

    /// An event that does not recur, or one occurrence.
    func single(_ component: Component) -> String { times(component, moment).joined(separator: "\n") }

    /// An occurrence where its series puts it.
    func single(_ place: Occurrence) -> String {
        var form = place.startTime.form
        if case .zoned(let tzid) = form, zones.knows(tzid) { form = .utc }
        return "START \(moment(place.startTime))\nEND \(moment(zones.local(place.end, form: form)))"
    }

    // MARK: Times

    private func moment(_ time: DateTime) -> String {
        switch time.form {
        case .date, .floating, .utc: return time.text
        case .zoned(let tzid):
            guard zones.knows(tzid) else { return "\(time.text) \(tzid)" }
            return zones.local(time.instant(in: zones), form: .utc).text
        }
    }

    private func times(_ component: Component, _ write: (DateTime) -> String) -> [String] {
        guard let start = component.first("DTSTART")?.dateTime else { return [] }
        return ["START \(write(start))", "END \(write(end(component, start: start)))"]
    }

    /// DTEND, or what DURATION or its absence means (RFC 5545 §3.6.1), in the form of the start.
    private func end(_ component: Component, start: DateTime) -> DateTime {
        if let end = component.first("DTEND")?.dateTime { return end }
        guard let duration = component.first("DURATION").flatMap({ CalendarDuration($0.value) }) else {
            return start.isDate ? start.adding(days: 1) : start
        }
        let day = start.adding(days: duration.days)
        guard duration.seconds != 0, !start.isDate else { return day }
        return zones.local(day.instant(in: zones) + Int64(duration.seconds), form: start.form)
    }

    private func dates(_ properties: [Property]) -> [String] {
        var dates: Set<String> = []
        for property in properties {
            if property.parameter("VALUE")?.uppercased() == "PERIOD" {
                dates.formUnion(property.value.utf8.split(separator: UInt8(ascii: ",")).map { String(Substring($0)) })
            } else {
                dates.formUnion(property.dateTimes.map(moment))
            }
        }
        return dates.sorted()
    }

    // MARK: Rules

    private func rules(_ properties: [Property], of master: Component) -> [String] {
        let start = master.first("DTSTART")?.dateTime
        return properties.map { rule($0.value, start: start) }.sorted()
    }

    /// The parts of a rule in one order, without those that say the default.
    private func rule(_ value: String, start: DateTime?) -> String {
        let parts = value.uppercased().utf8.split(separator: UInt8(ascii: ";")).map { String(Substring($0)) }
        return parts.compactMap { part(trimmed($0), start: start) }.sorted().joined(separator: ";")
    }

    private func part(_ part: String, start: DateTime?) -> String? {
        let sides = part.utf8.split(separator: UInt8(ascii: "="), maxSplits: 1).map { String(Substring($0)) }
        guard sides.count == 2, part != "INTERVAL=1", part != "WKST=MO" else { return nil }
        switch sides[0] {
        case "UNTIL": return "UNTIL=\(until(sides[1], start: start))"
        case let name where name.utf8.starts(with: "BY".utf8):
            let values = sides[1].utf8.split(separator: UInt8(ascii: ",")).map { String(Substring($0)) }
            return "\(name)=\(Set(values).sorted().joined(separator: ","))"
        default: return part
        }
    }

    /// UNTIL as an instant, whether it is written in UTC or, as some clients do, in the zone of the start.
    private func until(_ value: String, start: DateTime?) -> String {
        guard let start, case .zoned(let tzid) = start.form, let time = DateTime(value, tzid: tzid, isDate: false),
            !time.isDate
        else { return value }
        return moment(time)
    }
}

extension Property {
    /// A list of dates as properties of one date each.
    var single: [Property] {
        value.utf8.split(separator: UInt8(ascii: ",")).map {
            Property(name, parameters: parameters, value: String(Substring($0)))
        }
    }
}
