import ICalendar
import SimulatorNotion
import Store

/// What the table shows, read without the bridge and compared with our calendar.
extension NotionSide {
    /// Compares events by what a page can show of them: everything but what is different in single occurrences; and the
    /// pages of single occurrences by what our events say of them.
    ///
    /// Places that other pages or a formula tell are not compared: what a client types instead stays on our side until they
    /// change. The column of the UID is not looked at: where a pass died before it wrote one, the next change of the page brings it.
    func differences(from ours: [StoredObject], knowing memory: World.Memory) async throws -> [String] {
        let here = try ours.flatMap { stored in
            try seriesLines(of: stored.object()) + occurrenceLines(of: stored.object())
        }
        let there = try await pages().flatMap { page in try lines(of: page, knowing: memory) }
        return World.differences(here, there, "Notion")
    }

    // MARK: Here

    private func seriesLines(of object: CalendarObject) throws -> [String] {
        guard let master = object.master else { return [] }
        var calendar = object.calendar
        calendar.removeComponents { $0.first("RECURRENCE-ID") != nil }
        let set = try CalendarObject(calendar).recurrenceSet(floatingZone: Self.zone)
        return try set.occurrences(in: World.window, limit: 1000).map { line($0, texts(of: master)) }
    }

    /// The pages that the occurrences of a series are to have: those of the days that are shown, but for the first one as
    /// long as it is nothing special, which the page of the series tells.
    private func occurrenceLines(of object: CalendarObject) throws -> [String] {
        guard let daysAhead, let master = object.master, let start = master.first("DTSTART")?.dateTime,
            !master.all("RRULE").isEmpty || !master.all("RDATE").isEmpty
        else { return [] }
        let zones = ZoneResolver(floatingZone: Self.zone, calendar: object.calendar)
        let set = try object.recurrenceSet(floatingZone: Self.zone)
        return try set.occurrences(in: World.window, limit: 1000).compactMap { place in
            guard let id = place.recurrenceID, isShown(day(of: id, zones), daysAhead) else { return nil }
            guard place.isOverride || id.instant(in: zones) != start.instant(in: zones) else { return nil }
            return line(place, texts(of: place.component))
        }
    }

    private func texts(of event: Component) -> [String] {
        ["SUMMARY", "DESCRIPTION"].map { event.first($0)?.text ?? "" }
            + (hasLocation ? [event.first("LOCATION")?.text ?? ""] : [])
            + [event.first("STATUS")?.value ?? ""] + (hasPeople ? [guests(of: event)] : [])
    }

    /// The guests who are in the workspace.
    private func guests(of event: Component) -> String {
        let mails = event.all("ATTENDEE").map { $0.value.lowercased().replacing("mailto:", with: "") }
        return Set(mails).intersection(Self.people.values).sorted().joined(separator: ",")
    }

    private func guests(of page: JSONValue) -> String {
        let people = (page.column("Team").array ?? []).compactMap { $0["id"]?.string.flatMap { Self.people[$0] } }
        return Set(people).sorted().joined(separator: ",")
    }

    private func isShown(_ day: String, _ daysAhead: Int) -> Bool { today <= day && day <= today(plus: daysAhead) }

    private var today: String { today(plus: 0) }

    private func today(plus days: Int) -> String {
        let now = ZoneResolver().local(clock.now, form: .zoned(Self.zone))
        return DateTime(date: now.year, now.month, now.day).adding(days: days).text
    }

    /// The day of an occurrence where the link's times are.
    private func day(of id: DateTime, _ zones: ZoneResolver) -> String {
        guard !id.isDate else { return id.text }
        return String(zones.local(id.instant(in: zones), form: .zoned(Self.zone)).text.prefix(8))
    }

    // MARK: There

    private func lines(of page: JSONValue, knowing memory: World.Memory) throws -> [String] {
        let id = page["id"]?.string ?? ""
        let series = memory.shown[id]
        guard page.column("When") != .null, memory.frozen.series.isDisjoint(with: [id, series ?? id]) else { return [] }
        // What a page of a day that is over says is history.
        if series != nil, let day = page.namedDay, day < today { return [] }
        let texts =
            ["Name", "Description"].map { page.columnText($0) }
            + (hasLocation ? [page.columnText("Location")] : [])
            + [page.column("Status")["name"]?.string?.uppercased() ?? ""] + (hasPeople ? [guests(of: page)] : [])
        let object = try page.event(linkZone: Self.zone, isOccurrence: series != nil)
        return try object.recurrenceSet(floatingZone: Self.zone).occurrences(in: World.window, limit: 1000)
            .map { line($0, texts) }
    }

    private func line(_ place: Occurrence, _ texts: [String]) -> String {
        ([place.start.rfc3339, place.end.rfc3339] + texts).joined(separator: " | ")
    }
}

extension JSONValue {
    /// The day of the occurrence that the column of the UID names, where the link's times are.
    fileprivate var namedDay: String? {
        guard let text = columnText("Calendar UID").split(separator: " / ").last.map(String.init) else { return nil }
        if let day = DateTime(text, tzid: nil, isDate: true) { return day.text }
        guard let time = DateTime(text, tzid: nil, isDate: false) else { return nil }
        let zones = ZoneResolver()
        return String(zones.local(time.instant(in: zones), form: .zoned(NotionSide.zone)).text.prefix(8))
    }

    /// What the page says about when it is, read without the bridge.
    func event(linkZone: String, isOccurrence: Bool = false) throws -> CalendarObject {
        let when = column("When")
        let lines =
            isOccurrence
            ? []
            : columnText("Repeats").split(separator: "\n").map { line in
                (line.hasPrefix("FREQ=") ? "RRULE:" : "") + line
            }
        var properties = lines.filter { line in
            ["RRULE:", "RDATE", "EXDATE", "DTSTART"].contains { line.hasPrefix($0) }
        }
        let start = when["start"]?.string ?? ""
        let end = when["end"]?.string
        if start.utf8.count == 10 {
            let last = DateTime((end ?? start).filter { $0 != "-" }, tzid: nil, isDate: true)
            if !properties.contains(where: { $0.hasPrefix("DTSTART") }) {
                properties.append("DTSTART;VALUE=DATE:" + start.filter { $0 != "-" })
            }
            properties.append("DTEND;VALUE=DATE:" + (last?.adding(days: 1).text ?? ""))
        } else {
            let zones = ZoneResolver()
            // What does not recur is read as an instant: there are local times twice.
            let form: DateTime.Form = properties.isEmpty ? .utc : .zoned(linkZone)
            let zone = properties.isEmpty ? ":" : ";TZID=\(linkZone):"
            let local = { (text: String) in Instant(rfc3339: text).map { zones.local($0, form: form).text } ?? "?" }
            if !properties.contains(where: { $0.hasPrefix("DTSTART") }) {
                properties.append("DTSTART" + zone + local(start))
            }
            // The second of two equal hours can only be told in UTC.
            if let end = end.flatMap(Instant.init(rfc3339:)) {
                properties.append("DTEND:" + zones.local(end, form: .utc).text)
            }
        }
        let head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Page//EN", "BEGIN:VEVENT", "UID:page"]
        let tail = ["DTSTAMP:20260101T000000Z", "END:VEVENT", "END:VCALENDAR", ""]
        return try CalendarObject(parsing: (head + properties + tail).joined(separator: "\r\n"))
    }
}
