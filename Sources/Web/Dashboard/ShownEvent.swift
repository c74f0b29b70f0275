import ICalendar

/// An occurrence as a page shows it, from its row.
struct ShownEvent {
    let row: JSON
    let isAllDay: Bool
    /// By the wall clock of the person, or else of the event.
    let start: DateTime
    /// The first moment after it; of a whole day the day after.
    let end: DateTime
    /// The zone the wall clock is of; empty for a floating time.
    let zone: String

    /// Reads a row; nil for one without times.
    init?(_ row: JSON, zone shown: String?) {
        self.row = row
        isAllDay = row["all_day"]?.bool ?? false
        guard let start = row["start"]?.string, let end = row["end"]?.string else { return nil }
        if isAllDay {
            guard let first = Day(start), let last = Day(end) else { return nil }
            (self.start, self.end, zone) = (first.date, last.date, "")
        } else {
            guard let from = Instant(rfc3339: start), let to = Instant(rfc3339: end) else { return nil }
            zone = shown ?? row["time_zone"]?.string ?? "UTC"
            let zones = ZoneResolver()
            self.start = zones.local(from, form: .zoned(zone))
            self.end = zones.local(to, form: .zoned(zone))
        }
    }

    /// The days it is on; of a long one no more than a page has.
    var days: [Day] {
        let first = Day(start)
        var last = Day(end)
        let endsAtMidnight = isAllDay || (end.hour == 0 && end.minute == 0)
        if endsAtMidnight, last > first { last = Day(number: last.number - 1) }
        return (first.number...max(first.number, min(last.number, first.number + 60))).map(Day.init(number:))
    }

    /// When it begins, in a line.
    var moment: String { isAllDay ? Day(start).text : "\(Day(start).text) \(start.clock)" }

    var title: String {
        let summary = row["summary"]?.string ?? ""
        return summary.isEmpty ? "(no title)" : summary
    }

    /// The address of its page.
    var address: String {
        let id = row["id"]?.integer ?? 0
        return "/events/\(id)" + (row["occurrence"]?.string.map { "?occurrence=\($0)" } ?? "")
    }
}
