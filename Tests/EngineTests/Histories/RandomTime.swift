import ICalendar
import SimulatorGoogle
import SimulatorNotion
import SyncTestSupport

/// When a random event is: days, or times in some zone, many of them near a change of the clocks.
struct RandomTime {
    let start: DateTime
    let end: DateTime

    private static let days = [
        "20261023", "20261024", "20261025", "20261031", "20261101", "20261120", "20261121", "20261122", "20261123",
        "20261124", "20261125", "20270326", "20270327", "20270328",
    ]
    /// The clocks of Berlin and New York change at night.
    private static let times = ["T090000", "T160000", "T233000", "T023000", "T013000"]
    private static let zones = [nil, "Europe/Berlin", "Europe/Berlin", "America/New_York"]
    private static let lengths: [Int64] = [1800, 3600, 5400, 26 * 3600]

    init(using random: inout SyncTestSupport.SeededGenerator) {
        let day = Self.days.randomElement(using: &random) ?? ""
        let length = Self.lengths.randomElement(using: &random) ?? 3600
        let zone = Self.zones.randomElement(using: &random) ?? nil
        let time = Int.random(in: 0..<3, using: &random) == 0 ? Self.times.randomElement(using: &random) : Self.times[0]
        if Int.random(in: 0..<4, using: &random) == 0 {
            start = DateTime(day, tzid: nil, isDate: true) ?? DateTime(date: 2026, 11, 20)
            end = start.adding(days: length > 86_400 ? 3 : 1)
        } else {
            let text = day + (time ?? "") + (zone == nil ? "Z" : "")
            let zones = ZoneResolver()
            let instant = (DateTime(text, tzid: zone, isDate: false) ?? DateTime(date: 2026, 11, 20)).instant(in: zones)
            // As any program shows it: there is no time that the clocks skip, and Google takes no series of it.
            let form: DateTime.Form = zone.map { .zoned($0) } ?? .utc
            start = zones.local(instant, form: form)
            let last = zones.local(instant + length, form: form)
            // The second of two equal hours can only be told in UTC.
            end = last.instant(in: zones) == instant + length ? last : zones.local(instant + length, form: .utc)
        }
    }

    /// DTSTART and DTEND.
    var properties: [Property] { [Property("DTSTART", start), Property("DTEND", end)] }

    /// `start` and `end` of an event resource.
    var resource: JSON { ["start": Self.resource(start), "end": Self.resource(end)] }

    private static func resource(_ time: DateTime) -> JSON {
        if time.isDate { return ["date": .string(dashed(time))] }
        var zone = "UTC"
        if case .zoned(let tzid) = time.form { zone = tzid }
        return ["dateTime": .string(time.instant(in: ZoneResolver()).rfc3339), "timeZone": .string(zone)]
    }

    /// The value of a date column, of which the last day is a part.
    var column: JSONValue {
        if start.isDate {
            let last = end.adding(days: -1)
            return [
                "start": .string(Self.dashed(start)), "end": last == start ? .null : .string(Self.dashed(last)),
            ]
        }
        // As the editor of the service writes it, in the zone that the person lives in.
        let zones = ZoneResolver()
        let local = { (time: DateTime) -> JSONValue in
            let instant = time.instant(in: zones)
            let offset = zones.offset(ofUTC: instant, tzid: "Europe/Berlin")
            let text = String((instant + Int64(offset)).rfc3339.dropLast())
            return .string(text + ".000+0\(offset / 3600):00")
        }
        return ["start": local(start), "end": local(end)]
    }

    private static func dashed(_ day: DateTime) -> String {
        let text = day.text
        return "\(text.prefix(4))-\(text.dropFirst(4).prefix(2))-\(text.dropFirst(6).prefix(2))"
    }

    /// A rule by which such an event may repeat.
    func rule(using random: inout SyncTestSupport.SeededGenerator) -> String {
        switch Int.random(in: 0..<5, using: &random) {
        case 0: "FREQ=WEEKLY;COUNT=\(Int.random(in: 2...4, using: &random))"
        case 1: "FREQ=DAILY;INTERVAL=2;COUNT=\(Int.random(in: 2...4, using: &random))"
        default: "FREQ=DAILY;COUNT=\(Int.random(in: 2...6, using: &random))"
        }
    }
}
