import Bridging
import ICalendar

/// When an event starts or ends: a day, or an instant together with the zone its wall clock shows.
enum EventTime: Sendable, Hashable {
    /// A DATE.
    case day(DateTime)
    /// A zone is always an IANA name, `UTC` for times that belong to none.
    case timed(Instant, zone: String)

    static let utc = "UTC"

    var isDay: Bool {
        switch self {
        case .day: true
        case .timed: false
        }
    }

    /// The zone, where there is one.
    var zone: String? {
        switch self {
        case .day: nil
        case .timed(_, let zone): zone
        }
    }

    /// The instant; of a day its midnight in UTC, for order and lengths only.
    var instant: Instant {
        switch self {
        case .day(let date): date.instant(in: Zones.iana)
        case .timed(let instant, _): instant
        }
    }

    /// The time as iCalendar writes it: the wall clock is computed, never read off the upstream's digits.
    var dateTime: DateTime {
        switch self {
        case .day(let date): date
        case .timed(let instant, Self.utc): Zones.iana.local(instant, form: .utc)
        case .timed(let instant, let zone): Zones.iana.local(instant, form: .zoned(zone))
        }
    }

    /// The time as iCalendar writes it; in UTC where the wall clock shows it twice that night and means the hour before.
    var exactDateTime: DateTime {
        switch self {
        case .day(let date): date
        case .timed(let instant, _): Zones.iana.exact(instant, form: dateTime.form)
        }
    }

    /// A time in UTC in the zone upstream, where ``exactDateTime`` had to tell it in UTC.
    func back(in zone: String?) -> EventTime {
        guard case .timed(let instant, Self.utc) = self, let zone, zone != Self.utc else { return self }
        let there = EventTime.timed(instant, zone: zone)
        return there.exactDateTime == there.dateTime ? self : there
    }

    /// The place of an occurrence that starts then.
    var slot: Slot {
        switch self {
        case .day(let date): .day(date)
        case .timed(let instant, _): .instant(instant)
        }
    }

    /// The time this long later; days and times alike in seconds.
    func advanced(by seconds: Int64) -> EventTime {
        switch self {
        case .day(let date): .day(date.adding(days: Int(seconds / Zones.secondsPerDay)))
        case .timed(let instant, let zone): .timed(instant + seconds, zone: zone)
        }
    }

    /// The same kind of time at another place of the series.
    func moved(to slot: Slot) -> EventTime {
        switch (slot, self) {
        case (.day(let date), _): .day(date)
        case (.instant(let instant), .timed(_, let zone)): .timed(instant, zone: zone)
        case (.instant(let instant), .day): .timed(instant, zone: Self.utc)
        }
    }
}

/// The zone data shared by all events.
enum Zones {
    static let iana = ZoneResolver()
    static let secondsPerDay: Int64 = 86_400
}

// MARK: - Google's form

extension EventTime {
    /// Reads `start`, `end` or `originalStartTime`.
    ///
    /// A time that names no zone is in that of the link.
    init?(_ json: JSON?, linkZone: String) {
        if let text = json?["date"]?.text {
            let digits = text.utf8.filter { $0 != UInt8(ascii: "-") }
            guard let date = DateTime(String(decoding: digits, as: UTF8.self), tzid: nil, isDate: true)
            else {
                return nil
            }
            self = .day(date)
            return
        }
        guard let text = json?["dateTime"]?.text else { return nil }
        let named = json?["timeZone"]?.text
        let zone = named.map { Self.canonical($0) ?? Self.utc } ?? Self.canonical(linkZone) ?? Self.utc
        if let instant = Instant(rfc3339: text) {
            self = .timed(instant, zone: zone)
        } else if let instant = Self.instant(ofWallClock: text, zone: zone) {
            self = .timed(instant, zone: zone)
        } else {
            return nil
        }
    }

    /// The IANA name of a zone, one spelling for UTC; nil for a zone that is not known.
    static func canonical(_ zone: String) -> String? {
        switch zone {
        case "UTC", "Etc/UTC", "Z", "GMT", "Etc/GMT": utc
        default: ZoneResolver.ianaName(for: zone)
        }
    }

    /// Reads `2026-03-30T09:00:00` without an offset, which is the wall clock of the zone beside it.
    private static func instant(ofWallClock text: String, zone: String) -> Instant? {
        let digits = text.utf8.prefix { $0 != UInt8(ascii: ".") }
            .filter { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: ":") }
        return DateTime(String(decoding: digits, as: UTF8.self), tzid: zone, isDate: false)?.instant(
            in: Zones.iana
        )
    }

    /// The members to write; those of the other kind are cleared where `previous` had them.
    func json(replacing previous: EventTime? = nil) -> JSON {
        let changesKind = previous.map { $0.isDay != isDay } ?? false
        switch self {
        case .day(let date):
            let cleared: [(String, JSON)] = changesKind ? [("dateTime", .null), ("timeZone", .null)] : []
            return .members([("date", .string(Self.hyphenated(date)))] + cleared)
        case .timed(let instant, let zone):
            let cleared: [(String, JSON)] = changesKind ? [("date", .null)] : []
            let text = Self.rfc3339(instant, zone: zone)
            return .members([("dateTime", .string(text)), ("timeZone", .string(zone))] + cleared)
        }
    }

    private static func hyphenated(_ date: DateTime) -> String {
        let digits = date.text
        return digits.prefix(4) + "-" + digits.dropFirst(4).prefix(2) + "-" + digits.dropFirst(6)
    }

    /// The instant with the offset its zone has then, so that the wall clock can be read off it.
    private static func rfc3339(_ instant: Instant, zone: String) -> String {
        let offset = zone == utc ? 0 : Zones.iana.offset(ofUTC: instant, tzid: zone)
        guard offset != 0 else { return instant.rfc3339 }
        let minutes = abs(offset) / 60
        let sign = offset < 0 ? "-" : "+"
        let wallClock = (instant + Int64(offset)).rfc3339.dropLast()
        return wallClock + sign + twoDigits(minutes / 60) + ":" + twoDigits(minutes % 60)
    }

    private static func twoDigits(_ number: Int) -> String {
        number < 10 ? "0\(number)" : String(number)
    }
}

// MARK: - iCalendar's form

extension EventTime {
    /// Reads a DATE or DATE-TIME of a calendar object.
    ///
    /// Floating times, which do not exist upstream, are in the zone of the link. `repeats` says that the wall clock must
    /// hold for later occurrences too, for which an instant is not enough. A zone that is only described is taken for one that
    /// has its offsets from the start of `series` on.
    init(
        _ value: DateTime,
        of series: Component,
        zones: ZoneResolver,
        linkZone: String,
        repeats: Bool
    ) throws(TranslationError) {
        switch value.form {
        case .date: self = .day(value)
        case .utc: self = .timed(zones.instant(value), zone: Self.utc)
        case .floating: self = .timed(zones.instant(value), zone: Self.canonical(linkZone) ?? Self.utc)
        case .zoned(let tzid):
            if let zone = Self.canonical(tzid) ?? zones.ianaName(for: tzid, in: series).flatMap(Self.canonical) {
                self = .timed(zones.instant(value), zone: zone)
            } else if repeats {
                throw .unsupported(
                    "Google does not know the time zone \(tzid), which this series repeats in, nor any with its rules."
                )
            } else {
                self = .timed(zones.instant(value), zone: Self.utc)
            }
        }
    }
}
