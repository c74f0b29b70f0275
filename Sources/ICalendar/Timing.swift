/// When one component happens: its start, and how long it lasts.
struct Timing: Sendable {
    /// How the end follows from the start. RFC 5545 §3.8.5.3
    enum Length: Sendable {
        /// Whole days, of dates and of durations, then exact seconds.
        case nominal(days: Int, seconds: Int64)
        /// The same seconds for every occurrence: what DTEND and DUE mean.
        case exact(Int64)
        /// It has no end.
        case open
    }

    var start: DateTime
    var length: Length

    private init(start: DateTime, length: Length) {
        self.start = start
        self.length = length
    }

    /// Finds the time of a component by the rules of RFC 4791 §9.9; nil where it has none.
    init?(_ component: Component, _ kind: ComponentKind, _ zones: ZoneResolver) {
        switch kind {
        case .event: self.init(component, end: "DTEND", untimed: .dayOrMoment, zones)
        case .journal: self.init(component, end: nil, untimed: .dayOrMoment, zones)
        case .todo:
            if component.first("DTSTART") != nil {
                self.init(component, end: "DUE", untimed: .moment, zones)
            } else {
                self.init(todoWithoutStart: component, zones)
            }
        case .freeBusy: self.init(freeBusy: component, zones)
        case .availability:
            let start = component.first("DTSTART") ?? Property("DTSTART", Self.distantPast)
            var component = component
            component.set("DTSTART", start)
            self.init(component, end: "DTEND", untimed: .open, zones)
        }
    }

    /// What a start without an end means.
    private enum Untimed {
        case dayOrMoment, moment, open
    }

    private init?(_ component: Component, end: String?, untimed: Untimed, _ zones: ZoneResolver) {
        guard let start = component.first("DTSTART")?.dateTime else { return nil }
        self.start = start
        if let end = end.flatMap({ component.first($0)?.dateTime }) {
            if start.isDate, end.isDate {
                let days = Int(end.localSeconds - start.localSeconds) / 86_400
                // A day that ends when it begins is how some programs write one day.
                length = .nominal(days: max(days, 1), seconds: 0)
            } else {
                length = .exact(max(0, zones.instant(end) - zones.instant(start)))
            }
        } else if end != nil, let duration = component.first("DURATION").flatMap({ CalendarDuration($0.value) }) {
            length = .nominal(days: max(0, duration.days), seconds: Int64(max(0, duration.seconds)))
        } else {
            switch untimed {
            case .dayOrMoment: length = .nominal(days: start.isDate ? 1 : 0, seconds: 0)
            case .moment: length = .exact(0)
            case .open: length = .open
            }
        }
    }

    /// A task without DTSTART: by DUE, or by CREATED and COMPLETED, or at any time.
    private init?(todoWithoutStart component: Component, _ zones: ZoneResolver) {
        let created = component.first("CREATED")?.dateTime
        let completed = component.first("COMPLETED")?.dateTime
        if let due = component.first("DUE")?.dateTime {
            start = due
            length = .exact(0)
        } else if let completed {
            start = created.map { zones.instant($0) < zones.instant(completed) ? $0 : completed } ?? completed
            length = .exact(zones.instant(completed) - zones.instant(start))
        } else {
            start = created ?? Self.distantPast
            length = .open
        }
    }

    private init?(freeBusy component: Component, _ zones: ZoneResolver) {
        if component.first("DTSTART") != nil {
            self.init(component, end: "DTEND", untimed: .moment, zones)
            return
        }
        let periods = component.all("FREEBUSY").flatMap { property in
            property.value.utf8.split(separator: 0x2C).compactMap { Period(String(Substring($0)), of: property, zones) }
        }
        guard let first = periods.min(by: { $0.start < $1.start }), let last = periods.map(\.end).max() else {
            return nil
        }
        self.init(start: zones.local(first.start, form: .utc), length: .exact(last - first.start))
    }

    static let distantPast = DateTime(localSeconds: CalendarLimits.minimumDate.seconds, form: .utc)

    /// When it ends if it starts at a wall-clock time, which is the given instant.
    func end(of start: Instant, local: Int64, in zone: Zone) -> Instant {
        switch length {
        case .exact(let seconds): start + seconds
        case .open: CalendarLimits.maximumDate
        case .nominal(0, let seconds): start + seconds
        case .nominal(let days, let seconds):
            Instant(seconds: zone.utc(local: local + Int64(days) * CivilCalendar.secondsPerDay) + seconds)
        }
    }

    /// No occurrence lasts longer, whatever the zone does.
    var longest: Int64 {
        switch length {
        case .exact(let seconds): seconds
        case .open: .max / 4
        case .nominal(let days, let seconds): Int64(days + 1) * CivilCalendar.secondsPerDay + seconds
        }
    }
}

/// A PERIOD value: a start with an end or a duration. RFC 5545 §3.3.9
struct Period {
    var start: Instant
    var startTime: DateTime
    var end: Instant

    init?(_ text: String, of property: Property, _ zones: ZoneResolver) {
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), maxSplits: 1)
        let tzid = property.parameter("TZID")
        guard parts.count == 2, let start = DateTime(String(Substring(parts[0])), tzid: tzid, isDate: false) else {
            return nil
        }
        let last = String(Substring(parts[1]))
        startTime = start
        self.start = zones.instant(start)
        if let duration = CalendarDuration(last) {
            end = zones.instant(start.adding(days: duration.days)) + Int64(duration.seconds)
        } else if let date = DateTime(last, tzid: tzid, isDate: false) {
            end = zones.instant(date)
        } else {
            return nil
        }
        guard end >= self.start else { return nil }
    }
}
