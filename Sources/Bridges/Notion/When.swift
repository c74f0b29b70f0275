import ICalendar

/// The value of a date column: days or instants, by the minute.
struct When: Sendable, Hashable {
    /// What the value covers.
    enum Span: Sendable, Hashable {
        /// Whole days; the last one is included, as Notion shows it.
        case days(first: DateTime, last: DateTime)
        /// From an instant to a later one, or without an end.
        case time(start: Instant, end: Instant?)
    }

    var span: Span

    /// The IANA zone to write the times in; of a value that was read, the zone it names, which Notion hardly ever does.
    var zone: String?

    /// The offset from UTC the start was read with, in seconds.
    var offset = 0

    /// The same of the end.
    var endOffset = 0

    /// Whether the time is in no zone, so that only the wall clock counts (RFC 5545 §3.3.5).
    var isFloating = false

    /// Notion's editor knows minutes only, so that seconds prove nothing.
    private static let tick: Int64 = 60

    /// Describes whole days; an end before the start counts as none.
    init(first: DateTime, last: DateTime) {
        span = .days(first: first, last: last.text < first.text ? first : last)
    }

    /// Describes a time; an end that is not after the start counts as none.
    init(start: Instant, end: Instant?, zone: String?, offset: Int = 0, endOffset: Int? = nil) {
        let start = Self.minute(of: start)
        let end = end.map(Self.minute)
        span = .time(start: start, end: end.flatMap { $0 > start ? $0 : nil })
        self.zone = zone
        self.offset = offset
        self.endOffset = endOffset ?? offset
    }

    /// Whether both cover the same, whatever the zones they are written in; of one without a zone the wall clock.
    func coversSame(as other: When) -> Bool {
        guard span != other.span, isFloating || other.isFloating else { return span == other.span }
        return floatingStart != nil && floatingStart == other.floatingStart && floatingEnd == other.floatingEnd
    }

    /// The start by the wall clock as it is told; nil for days.
    var floatingStart: DateTime? {
        guard case .time(let start, _) = span else { return nil }
        return floating(start, offset)
    }

    /// The end by the wall clock as it is told; nil where there is none.
    var floatingEnd: DateTime? {
        guard case .time(_, let end) = span else { return nil }
        return end.map { floating($0, endOffset) }
    }

    private func floating(_ instant: Instant, _ offset: Int) -> DateTime {
        let zones = ZoneResolver()
        let iana = zone.flatMap(ZoneResolver.ianaName)
        let offset = iana.map { $0 == "UTC" ? 0 : zones.offset(ofUTC: instant, tzid: $0) } ?? offset
        var time = zones.local(instant + Int64(offset), form: .utc)
        time.form = .floating
        return time
    }

    private static func minute(of instant: Instant) -> Instant {
        let rest = instant.seconds % tick
        return instant + -(rest < 0 ? rest + tick : rest)
    }
}

// MARK: - Reading and writing

extension When {
    /// Reads the value of a date column; nil where there is none or it cannot be read.
    init?(_ value: JSON?) {
        guard let start = value?["start"]?.string else { return nil }
        let zone = value?["time_zone"]?.string
        let end = value?["end"]?.string
        if let first = Self.day(start) {
            self.init(first: first, last: end.flatMap(Self.day) ?? first)
            return
        }
        guard let (instant, offset) = Self.time(start, zone) else { return nil }
        let last = end.flatMap { Self.time($0, zone) }
        self.init(start: instant, end: last?.0, zone: zone, offset: offset, endOffset: last?.offset)
    }

    /// The value to be written.
    var json: JSON {
        switch span {
        case .days(let first, let last):
            return [
                "start": .string(Self.text(first)), "end": .optional(first == last ? nil : Self.text(last)),
                "time_zone": .null,
            ]
        case .time(let start, let end):
            let zones = ZoneResolver()
            // A local time that occurs twice, or a zone that only we know, can be named by its offset only.
            if let zone, zone != "UTC", [start, end].allSatisfy({ isPlain($0, in: zone, zones) }) {
                let local = { (instant: Instant) in Self.text(zones.local(instant, form: .zoned(zone))) }
                return ["start": .string(local(start)), "end": .optional(end.map(local)), "time_zone": .string(zone)]
            }
            return ["start": .string(start.rfc3339), "end": .optional(end?.rfc3339), "time_zone": .null]
        }
    }

    /// The value as Notion answers it once it is written: with the offset of its zone, which is not named any more.
    var asShown: When {
        guard case .time(let start, let end) = span else { return self }
        var shown = self
        (shown.zone, shown.offset, shown.endOffset) = (nil, 0, 0)
        let zones = ZoneResolver()
        if let zone, zone != "UTC", [start, end].allSatisfy({ isPlain($0, in: zone, zones) }) {
            shown.offset = zones.offset(ofUTC: start, tzid: zone)
            shown.endOffset = zones.offset(ofUTC: end ?? start, tzid: zone)
        }
        return shown
    }

    private func isPlain(_ instant: Instant?, in zone: String, _ zones: ZoneResolver) -> Bool {
        guard let instant else { return true }
        return zones.instant(zones.local(instant, form: .zoned(zone))) == instant
    }

    /// Reads `2026-11-23`.
    private static func day(_ text: String) -> DateTime? {
        guard text.utf8.count == 10 else { return nil }
        return DateTime(text.filter { $0 != "-" }, tzid: nil, isDate: true)
    }

    /// Reads `2026-11-23T09:00:00.000+01:00`, or a time without offset in the zone, or in UTC without either.
    private static func time(_ text: String, _ zone: String?) -> (Instant, offset: Int)? {
        if let instant = Instant(rfc3339: text) {
            // What the text would mean without its offset, less what it means.
            let local = Instant(rfc3339: text.prefix(19) + "Z")
            return (instant, local.map { Int($0 - instant) } ?? 0)
        }
        let digits = text.prefix(19).filter { $0 != "-" && $0 != ":" }
        let iana = zone.flatMap(ZoneResolver.ianaName)
        guard let local = DateTime(digits, tzid: iana ?? "UTC", isDate: false), !local.isDate else { return nil }
        let zones = ZoneResolver()
        let instant = zones.instant(local)
        return (instant, zones.offset(ofUTC: instant, tzid: iana ?? "UTC"))
    }

    /// Writes `2026-11-23` or `2026-11-23T09:00:00`.
    static func text(_ dateTime: DateTime) -> String {
        let digits = Array(dateTime.text.utf8)
        let part = { (range: Range<Int>) in String(decoding: digits[range], as: UTF8.self) }
        let date = "\(part(0..<4))-\(part(4..<6))-\(part(6..<8))"
        guard digits.count > 8 else { return date }
        return "\(date)T\(part(9..<11)):\(part(11..<13)):\(part(13..<15))"
    }
}

// MARK: - Events

extension When {
    /// Reads when an event is, its length by DTEND or DURATION (RFC 5545 §3.6.1).
    ///
    /// `zones` resolves the event's zones, and floating times in the link's.
    init?(_ event: Component, zones: ZoneResolver, linkZone: String) {
        guard let start = event.first("DTSTART")?.dateTime else { return nil }
        let length = event.first("DURATION").flatMap { CalendarDuration($0.value) }
        if start.isDate {
            let end = event.first("DTEND")?.dateTime ?? length.map { start.adding(days: Self.wholeDays($0)) }
            self.init(first: start, last: end.map { $0.adding(days: -1) }.map(Self.date) ?? start)
            return
        }
        let end =
            event.first("DTEND")?.dateTime?.instant(in: zones) ?? length.map { Self.end(of: $0, from: start, zones) }
        self.init(start: zones.instant(start), end: end, zone: Self.zone(of: start, in: event, zones, linkZone))
        isFloating = start.form == .floating
    }

    /// The length of an all-day event; a part of a day counts as one.
    private static func wholeDays(_ length: CalendarDuration) -> Int {
        max(1, length.days + (length.seconds + 86_399) / 86_400)
    }

    /// Days go by the wall clock, the rest is exact (RFC 5545 §3.3.6).
    private static func end(of length: CalendarDuration, from start: DateTime, _ zones: ZoneResolver) -> Instant {
        zones.instant(start.adding(days: length.days)) + Int64(length.seconds)
    }

    /// The IANA zone to write a time in.
    static func zone(of time: DateTime, linkZone: String) -> String? {
        switch time.form {
        case .date, .utc: nil
        case .floating: linkZone
        case .zoned(let tzid): ZoneResolver.ianaName(for: tzid) ?? linkZone
        }
    }

    /// The same for a time of an event, whose zone may be described only.
    private static func zone(
        of time: DateTime,
        in event: Component,
        _ zones: ZoneResolver,
        _ linkZone: String
    ) -> String? {
        guard case .zoned(let tzid) = time.form, let iana = zones.ianaName(for: tzid, in: event) else {
            return zone(of: time, linkZone: linkZone)
        }
        return iana
    }

    private static func date(_ time: DateTime) -> DateTime { DateTime(date: time.year, time.month, time.day) }

    /// DTSTART as this value alone tells it: in the link's zone where the offset fits there, else in UTC.
    ///
    /// A series keeps its zone in any case, for its later occurrences go by the wall clock.
    func start(linkZone: String, repeats: Bool = false) -> DateTime {
        let zones = ZoneResolver()
        switch span {
        case .days(let first, _): return first
        case .time(let start, _):
            let form = form(linkZone: linkZone, at: start)
            return repeats ? zones.local(start, form: form) : zones.exact(start, form: form)
        }
    }

    /// Whether a time can be read in UTC only because it is not in the link's zone, and names none.
    func isOfUnknownZone(linkZone: String) -> Bool {
        guard case .time(let start, _) = span, zone.flatMap(ZoneResolver.ianaName) == nil else { return false }
        return form(linkZone: linkZone, at: start) == .utc && (linkZone != "UTC" || offset != 0)
    }

    private func form(linkZone: String, at instant: Instant) -> DateTime.Form {
        if let named = zone.flatMap(ZoneResolver.ianaName) { return named == "UTC" ? .utc : .zoned(named) }
        guard linkZone != "UTC", ZoneResolver().offset(ofUTC: instant, tzid: linkZone) == offset else { return .utc }
        return .zoned(linkZone)
    }

    /// Whether a start without a zone is the one that the wall clock tells, seconds aside.
    func isTold(_ start: DateTime) -> Bool {
        guard start.form == .floating, var told = floatingStart else { return false }
        told.second = start.second
        return told == start
    }

    /// DTEND in the form of `start`; nil where the event has no length of its own.
    func end(like start: DateTime, _ zones: ZoneResolver) -> DateTime? {
        switch span {
        case .days(_, let last): last.adding(days: 1)
        case .time(_, let end): isTold(start) ? floatingEnd : end.map { zones.exact($0, form: start.form) }
        }
    }
}
