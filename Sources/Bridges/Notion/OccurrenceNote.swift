import ICalendar

/// Which occurrence of which series a page of its own shows, and how it was written.
struct OccurrenceNote: Sendable, Hashable {
    /// The page of the series, by compact identifier.
    var series: String
    /// Which occurrence: its RECURRENCE-ID as an instant in UTC, as a day, or as a time without a zone.
    var stamp: String
    /// The start of the series of which that is an occurrence: a series that was moved since has it elsewhere.
    var start: DateTime?
    /// The digest of what we wrote last; nil of a page that we do not remember to have written.
    var written: String?
    /// Whether that was what the series tells by itself, and no override.
    var follows: Bool?
    /// Whether the time at least was the series' own, of an override.
    var isOnTime = false
    /// Whether that was told of it by an earlier occurrence that is different, and of all that follow (RANGE=THISANDFUTURE).
    var isRanged = false
    /// Whether the time is in no zone, where that of the series is in one, or the other way round; nil where both are alike.
    var isFloating: Bool?
    /// Whether the page was not there before: what was taken off the series comes back with it.
    var isRestored = false

    /// What stands between the UID of a series and the occurrence in the UID column.
    private static let separator = " / "

    /// The text of the UID column of a page that shows one occurrence.
    static func uid(_ uid: String, _ stamp: String) -> String { uid + separator + stamp }

    /// The UID of the series and the occurrence that a text of the UID column names; nil where it names none.
    static func reading(_ text: String) -> (uid: String, stamp: String)? {
        guard let range = text.ranges(of: separator).last, case let stamp = String(text[range.upperBound...]),
            let time = DateTime(stamp, tzid: nil, isDate: false) ?? DateTime(stamp, tzid: nil, isDate: true),
            Self.stamp(of: time, ZoneResolver()) == stamp, range.lowerBound > text.startIndex
        else { return nil }
        return (String(text[..<range.lowerBound]), stamp)
    }

    /// The word for an occurrence.
    static func stamp(of recurrenceID: DateTime, _ zones: ZoneResolver) -> String {
        switch recurrenceID.form {
        case .date, .floating: recurrenceID.text
        case .utc, .zoned: zones.local(zones.instant(recurrenceID), form: .utc).text
        }
    }

    /// Whether a time is in no zone where the start of its series is in one, or the other way round; nil where both are alike,
    /// and for days.
    static func isFloating(_ time: DateTime, unlike start: DateTime) -> Bool? {
        let isFloating = time.form == .floating
        return time.isDate || isFloating == (start.form == .floating) ? nil : isFloating
    }

    /// The day of an occurrence in a zone, as `20261130`: that of a stamp in UTC may be the day before or after.
    static func day(of stamp: String, in zone: String) -> String {
        guard let time = DateTime(stamp, tzid: nil, isDate: false), time.form == .utc else {
            return String(stamp.prefix(8))
        }
        let zones = ZoneResolver()
        return String(zones.local(zones.instant(time), form: .zoned(zone)).text.prefix(8))
    }

    /// The RECURRENCE-ID that a stamp is, in the form of the start of the series.
    static func recurrenceID(_ stamp: String, like start: DateTime, _ zones: ZoneResolver) -> DateTime? {
        let isDate = stamp.utf8.count == 8
        guard let time = DateTime(stamp, tzid: nil, isDate: isDate) else { return nil }
        guard time.form != .floating || start.form != .floating else { return time }
        return isDate ? time : zones.local(zones.instant(time), form: start.isDate ? .utc : start.form)
    }
}

// MARK: - In records and cursors

extension OccurrenceNote {
    init?(_ json: JSON?) {
        guard let json, let series = json["series"]?.string, let stamp = json["stamp"]?.string else { return nil }
        self.init(
            series: compactID(series),
            stamp: stamp,
            start: json["start"]?.string.flatMap(Self.start(text:)),
            written: json["written"]?.string,
            follows: json["follows"]?.bool,
            isOnTime: json["on_time"]?.bool ?? false,
            isRanged: json["ranged"]?.bool ?? false,
            isFloating: json["floating"]?.bool,
            isRestored: json["restored"]?.bool ?? false
        )
    }

    var json: JSON {
        var members: [String: JSON] = [
            "series": .string(series), "stamp": .string(stamp), "start": .optional(start.map(Self.text(of:))),
            "written": .optional(written),
            "follows": follows.map(JSON.bool) ?? .null, "on_time": .bool(isOnTime), "ranged": .bool(isRanged),
            "restored": .bool(isRestored),
        ]
        members["floating"] = isFloating.map(JSON.bool)
        return .object(members)
    }

    /// Reads ``line``.
    init?(line: String) {
        let words = line.split(separator: " ").map(String.init)
        guard words.count == 5 || words.count == 6 else { return nil }
        self.init(
            series: words[0],
            stamp: words[1],
            start: words.count == 6 ? Self.start(text: words[5]) : nil,
            written: words[2] == "-" ? nil : words[2],
            follows: words[3] == "?" ? nil : words[3] == "+" || words[3] == "~",
            isOnTime: words[3] == "=",
            isRanged: words[3] == "~",
            isFloating: words[4].last.flatMap { ["~": true, "@": false][$0] },
            isRestored: words[4].hasPrefix("!")
        )
    }

    /// The note on one line: there are many of them in a cursor.
    var line: String {
        let follows = follows.map { $0 ? isRanged ? "~" : "+" : isOnTime ? "=" : "-" } ?? "?"
        let clock = isFloating.map { $0 ? "~" : "@" } ?? ""
        let words = [series, stamp, written ?? "-", follows, (isRestored ? "!" : ".") + clock]
        return (words + (start.map { [Self.text(of: $0)] } ?? [])).joined(separator: " ")
    }

    /// A start in one word: `Europe/Berlin:20261116T090000`.
    private static func text(of start: DateTime) -> String {
        guard case .zoned(let tzid) = start.form else { return start.text }
        return "\(tzid):\(start.text)"
    }

    private static func start(text: String) -> DateTime? {
        let parts = text.split(separator: ":").map(String.init)
        guard let time = parts.last else { return nil }
        return DateTime(time, tzid: parts.count > 1 ? parts[0] : nil, isDate: time.utf8.count == 8)
    }
}
