@testable import ICalendar

extension Trial {
    /// Values: dates, durations, offsets, rules, POSIX zones, zone files and VTIMEZONEs.
    func values(_ octets: [UInt8]) throws(BrokenProperty) {
        if octets.starts(with: "TZif".utf8) {
            if let zone = try timed("reading a zone file", { TZif.zone(octets) }), let zone { try self.zone(zone) }
            return
        }
        if octets.starts(with: "BEGIN:VTIMEZONE".utf8) { return try timeZone(octets) }
        let text = String(decoding: octets, as: UTF8.self)
        try dateTime(text)
        try instant(text)
        _ = CalendarDuration(text).map(\.totalSeconds)
        if let seconds = UTCOffset.seconds(text) {
            try check(UTCOffset.seconds(UTCOffset.text(seconds)) == seconds, "an offset is read as it is written")
        }
        if let zone = try timed("reading a POSIX zone", { PosixTimeZone(text) }), let rule = zone?.daylight {
            let offsets = [rule.standard.offset, rule.daylight.offset]
            try check(offsets.allSatisfy { abs($0) <= 90_000 }, "no offset is larger than 25 hours: \(offsets)")
            for year in [1583, 1900, 2026, 9999] {
                let changes = rule.changes(in: year)
                try check(changes.count == 2, "a yearly rule has two changes")
            }
        }
        _ = try timed("reading a rule") { () throws(CalendarDataError) in try RecurrenceRule(text) }
        _ = try timed("naming a zone") { ZoneResolver.ianaName(for: text) }
    }

    private func dateTime(_ text: String) throws(BrokenProperty) {
        for isDate in [true, false] {
            guard let value = DateTime(text, tzid: "Europe/Berlin", isDate: isDate) else { continue }
            let tzid = value.form == .zoned("Europe/Berlin") ? "Europe/Berlin" : nil
            // Hour 24 of the last day there is has no four-digit year any more.
            guard value.year <= 9_999 else { continue }
            let again = DateTime(value.text, tzid: tzid, isDate: isDate)
            try check(again == value, "a date is read as it is written: \(text)")
            try check(
                DateTime(localSeconds: value.localSeconds, form: value.form) == value,
                "a date is the same after counting its seconds: \(text)"
            )
            try check(value.adding(days: 400).adding(days: -400) == value, "days there and back are none: \(text)")
        }
    }

    private func instant(_ text: String) throws(BrokenProperty) {
        guard let instant = Instant(rfc3339: text), instant >= CalendarLimits.minimumDate,
            instant <= CalendarLimits.maximumDate
        else { return }
        try check(Instant(rfc3339: instant.rfc3339) == instant, "an instant is read as it is written: \(text)")
    }

    private func timeZone(_ octets: [UInt8]) throws(BrokenProperty) {
        let calendar = Array("BEGIN:VCALENDAR\r\n".utf8) + octets + Array("\r\nEND:VCALENDAR\r\n".utf8)
        guard String(validating: calendar, as: UTF8.self) != nil, let component = try? Component(octets: calendar)
        else { return }
        for zone in component.components {
            if let embedded = try timed("reading a VTIMEZONE", { EmbeddedZone(zone) }), let embedded {
                try self.zone(embedded.zone)
            }
        }
    }

    private func zone(_ zone: Zone) throws(BrokenProperty) {
        try check(zip(zone.transitions, zone.transitions.dropFirst()).allSatisfy { $0 < $1 }, "transitions ascend")
        for instant in [CalendarLimits.minimumDate, Instant(seconds: 0), CalendarLimits.maximumDate] {
            let local = instant.seconds + zone.offset(at: instant.seconds)
            let back = zone.utc(local: local)
            let offset = zone.offset(at: back)
            try check(abs(back - instant.seconds) <= 2 * 86_400, "there and back is no further than two days")
            try check(abs(offset) <= 86_400, "no offset is larger than a day")
        }
    }
}
