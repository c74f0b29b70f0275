import Synchronization

/// Finds zones of the system by nothing but their offsets.
extension Zone {
    /// A time in which offsets are compared, from its first day on to before its last.
    struct Stretch: Hashable {
        var start: Int64
        var end: Int64
    }

    /// How long offsets must agree at least: a yearly rule has shown itself by then, whatever year it began in.
    private static let secondsCompared = 5 * 366 * CivilCalendar.secondsPerDay

    /// Offsets are compared up to the year 2035 at least: a zone that has changed its rules since is another one.
    private static let settled = Int64(CivilCalendar.days(year: 2035, month: 1, day: 1)) * CivilCalendar.secondsPerDay

    /// How many answers a zone remembers; the objects of a calendar begin on few days.
    private static let maximumRemembered = 256

    /// The name of the zone of the system that has the offsets of this one from the day of an instant on; nil where none has.
    ///
    /// Of several the one counts whose city the TZID names, else the first in the order of ``ZoneNames``. They agree for
    /// years, or through `last`, where nothing happens after it.
    func ianaName(calledLike tzid: String, from start: Int64, through last: Int64?) -> String? {
        let day = CivilCalendar.secondsPerDay
        let first = LocalTime(seconds: start).day
        let begin = Int64(first) * day
        let end = max(begin + Self.secondsCompared, Self.settled)
        if let name = remembered(Stretch(start: begin, end: end), tzid) { return name }
        guard let last, last < end else { return nil }
        return remembered(Stretch(start: begin, end: max(last, begin) + day), tzid)
    }

    private func remembered(_ stretch: Stretch, _ tzid: String) -> String? {
        if let known = names.withLock({ $0[stretch] }) { return known }
        let name = ianaName(stretch, ZoneNames.phrases(of: tzid))
        names.withLock { names in
            if names.count >= Self.maximumRemembered { names.removeAll() }
            names[stretch] = .some(name)
        }
        return name
    }

    private func ianaName(_ stretch: Stretch, _ phrases: Set<String>) -> String? {
        let wanted = steps(in: stretch)
        let fits = { (name: String) in
            guard let zone = ZoneRegistry.zone(iana: name), zone.offset(at: stretch.start) == wanted[0].offset else {
                return false
            }
            return zone.steps(in: stretch) == wanted
        }
        return ZoneNames.all.first { $0.city.map(phrases.contains) == true && fits($0.name) }?.name
            ?? ZoneNames.all.first { fits($0.name) }?.name
    }

    /// From when on which offset holds; the first from the beginning.
    private func steps(in stretch: Stretch) -> [Step] {
        let first = Step(time: stretch.start, offset: offset(at: stretch.start))
        let changes = changes(from: stretch.start + 1, to: stretch.end)
        return [first]
            + changes.lazy.filter { $0.before.offset != $0.after.offset }
            .map { Step(time: $0.time, offset: Int64($0.after.offset)) }
    }

    private struct Step: Equatable {
        var time: Int64
        var offset: Int64
    }
}

/// The names of zones in the order in which people are likely to mean them.
enum ZoneNames {
    /// A name, and what it calls its city: in lower case, words with a blank between them.
    ///
    /// Nil in the old names of whole countries: `Canada/Eastern` would be found in “Eastern Time”.
    struct Entry: Sendable {
        var name: String
        var city: String?
    }

    /// Of zones with the same offsets, which the Windows names would put in the order of their letters, those with most people.
    private static let mostPeople = [
        "UTC", "Europe/Berlin", "Africa/Johannesburg", "Asia/Karachi", "Asia/Bangkok", "Asia/Tokyo",
        "America/Sao_Paulo",
        "America/Bogota", "America/Mexico_City",
    ]

    /// Those with most people, then what stands for a Windows name everywhere, then the places of `zone.tab`, then all others
    /// with a place or `Etc`.
    static let all: [Entry] = {
        let windows = WindowsZones.ianaNames.sorted { $0.key < $1.key }.map(\.value)
        let others = ZoneRegistry.identifiers.filter { $0.utf8.contains(UInt8(ascii: "/")) }
        let places = mostPeople + windows + TZif.places
        var seen: Set<String> = []
        return places.filter { seen.insert($0).inserted }.map { name in
            let city = name.split(separator: "/").last.map(String.init) ?? name
            return Entry(name: name, city: words(of: city).joined(separator: " "))
        }
            + others.filter { seen.insert($0).inserted }.map { Entry(name: $0, city: nil) }
    }()

    /// No city has more words: Port-au-Prince.
    private static let longestCity = 3

    /// Everything in a text that could be the name of a city: one to three words that follow each other.
    static func phrases(of text: String) -> Set<String> {
        let words = words(of: text)
        var phrases: Set<String> = []
        for first in words.indices {
            for last in first..<min(first + longestCity, words.count) {
                phrases.insert(words[first...last].joined(separator: " "))
            }
        }
        return phrases
    }

    /// Letters make words, nothing else does.
    private static func words(of text: String) -> [String] {
        text.lowercased().split { !$0.isLetter }.map(String.init)
    }
}

extension ZoneResolver {
    /// The IANA name of a TZID that an event, to-do or journal of the calendar is told in; nil where there is none.
    ///
    /// What the name stands for by itself (``ianaName(for:)``), else the zone whose offsets are those of its VTIMEZONE from
    /// the start of `component` on.
    public func ianaName(for tzid: String, in component: Component) -> String? {
        if let name = Self.ianaName(for: tzid) { return name }
        guard let zone = ownZone(tzid), let start = component.first("DTSTART")?.dateTime else { return nil }
        return zone.ianaName(calledLike: tzid, from: instant(start).seconds, through: Self.last(of: component))
    }

    /// When the last occurrence is over, if the rule says so; a day later in any zone.
    private static func last(of component: Component) -> Int64? {
        let rules = component.all("RRULE")
        guard rules.count == 1, let rule = rules.first, component.first("RDATE") == nil else { return nil }
        // A rule that cannot be read tells no end.
        return (try? RecurrenceRule(rule.value))?.until.map { $0.localSeconds + 2 * CivilCalendar.secondsPerDay }
    }
}
