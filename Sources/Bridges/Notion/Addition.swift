import ICalendar

/// A date that is added to a series: one of RDATE, with a length of its own where it has one (RFC 5545 §3.8.5.2).
struct Addition: Sendable, Hashable {
    var start: DateTime
    var length = Length.ofSeries

    /// How long it lasts.
    enum Length: Sendable, Hashable {
        case ofSeries
        case duration(String)
        case until(DateTime)
    }

    /// The dates that a property adds; nil where one of them is none.
    static func all(in property: Property) -> [Addition]? {
        var all: [Addition] = []
        let isDate = property.parameter("VALUE")?.uppercased() == "DATE"
        for item in property.value.split(separator: ",") {
            let sides = item.split(separator: "/", maxSplits: 1).map { String($0).trimmed }
            let read = { (text: String) in DateTime(text, tzid: property.parameter("TZID"), isDate: isDate) }
            guard let start = sides.first.flatMap(read) else { return nil }
            guard sides.count == 2 else {
                all.append(Addition(start: start))
                continue
            }
            if CalendarDuration(sides[1]) != nil {
                all.append(Addition(start: start, length: .duration(sides[1])))
            } else if let end = read(sides[1]) {
                all.append(Addition(start: start, length: .until(end)))
            } else {
                return nil
            }
        }
        return all
    }

    /// The same with other times.
    func map(_ change: (DateTime) -> DateTime) -> Addition {
        guard case .until(let end) = length else { return Addition(start: change(start), length: length) }
        return Addition(start: change(start), length: .until(change(end)))
    }

    /// RDATE of this date alone; a day has no length of its own.
    var property: Property {
        let alone = Property("RDATE", start)
        let end: String
        switch length {
        case .ofSeries: return alone
        case .duration(let text): end = text
        case .until(let time): end = time.text
        }
        guard !start.isDate else { return alone }
        return Property(
            "RDATE",
            parameters: [Parameter("VALUE", "PERIOD")] + alone.parameters,
            value: alone.value + "/" + end
        )
    }
}
