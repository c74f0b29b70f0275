import ICalendar

/// The fields of the form in which an event is made or changed.
struct EventForm {
    /// By name of the field.
    var values: [String: String]

    /// Rules that have a word of their own.
    private static let repeats = [
        ("", "never"), ("FREQ=DAILY", "every day"), ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "every weekday"),
        ("FREQ=WEEKLY", "every week"), ("FREQ=MONTHLY", "every month"), ("FREQ=YEARLY", "every year"),
    ]

    private static let texts = ["summary", "location", "description", "url"]
    private static let times = ["start_date", "start_time", "end_date", "end_time", "all_day", "time_zone"]

    /// The form of a new event on a day, an hour long.
    init(on day: Day, zone: String) {
        values = [
            "start_date": day.text, "start_time": "09:00", "end_date": day.text, "end_time": "10:00",
            "time_zone": zone, "rrule": "", "all_day": "",
        ]
    }

    /// The form of an event as it stands; its times are by its own clock.
    init?(_ row: JSON) {
        guard let event = ShownEvent(row, zone: nil) else { return nil }
        let last =
            event.isAllDay ? Day(number: max(Day(event.start).number, Day(event.end).number - 1)) : Day(event.end)
        values = [
            "start_date": event.start.dashed, "start_time": event.isAllDay ? "09:00" : event.start.clock,
            "end_date": last.text, "end_time": event.isAllDay ? "10:00" : event.end.clock,
            "all_day": event.isAllDay ? "yes" : "", "time_zone": event.isAllDay ? "UTC" : event.zone,
            "rrule": row["rrule"]?.string ?? "",
            "categories": (row["categories"]?.array ?? []).compactMap(\.string).joined(separator: ", "),
        ]
        for name in Self.texts { values[name] = row[name]?.string ?? "" }
    }

    /// What the template needs.
    var content: [String: Any] {
        let rule = values["rrule"] ?? ""
        var options = Self.repeats
        if !options.contains(where: { $0.0 == rule }) { options.append((rule, "as it is: " + rule)) }
        var content: [String: Any] = values
        content["allDay"] = values["all_day"] == "yes"
        content["repeats"] = options.map { option -> [String: Any] in
            ["rule": option.0, "label": option.1, "chosen": option.0 == rule]
        }
        return content
    }

    /// What a form says otherwise, as members of an event.
    func changes(in form: FormFields) -> [String: JSON] {
        func says(_ name: String) -> String { Self.unified(form[name] ?? "") }
        var members: [String: JSON] = [:]
        for name in Self.texts where says(name) != Self.unified(values[name] ?? "") {
            members[name] = says(name).isEmpty ? .null : .string(says(name))
        }
        if form["categories"] != nil, says("categories") != values["categories"] ?? "" {
            let names = says("categories").split(separator: ",").map { $0.drop { $0 == " " } }
            members["categories"] = .array(names.filter { !$0.isEmpty }.map { .string(String($0)) })
        }
        if form["rrule"] != nil || form["custom_rule"] != nil {
            let custom = says("custom_rule")
            let rule = custom.isEmpty ? says("rrule") : custom
            if rule != values["rrule"] ?? "" { members["rrule"] = rule.isEmpty ? .null : .string(rule) }
        }
        if Self.times.contains(where: { says($0) != values[$0] ?? "" }) {
            members.merge(Self.times(says), uniquingKeysWith: { $1 })
        }
        return members
    }

    /// The times of a form; a day that is whole ends before the next.
    static func times(_ says: (String) -> String) -> [String: JSON] {
        if says("all_day") == "yes" {
            let last = Day(says("end_date")) ?? Day(says("start_date"))
            let end = last.map { Day(number: $0.number + 1).text } ?? ""
            return ["all_day": true, "start": .string(says("start_date")), "end": .string(end)]
        }
        let zone = says("time_zone")
        let suffix = zone == "UTC" ? ":00Z" : ":00"
        var members: [String: JSON] = [
            "all_day": false, "start": .string("\(says("start_date"))T\(says("start_time"))\(suffix)"),
            "end": .string("\(says("end_date"))T\(says("end_time"))\(suffix)"),
        ]
        if zone != "UTC", !zone.isEmpty { members["time_zone"] = .string(zone) }
        return members
    }

    /// Browsers end lines with CR LF.
    private static func unified(_ text: String) -> String { text.replacing("\r\n", with: "\n") }
}
