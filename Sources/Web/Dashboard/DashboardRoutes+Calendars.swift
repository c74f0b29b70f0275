import HTTPTypes
import Hummingbird
import ICalendar
import Store

extension DashboardRoutes {
    /// How many rows an agenda shows at once; with them the page stays small.
    private static let agendaRows = 500

    /// How many deleted events one page shows.
    private static let deletedRows = 50

    /// All calendars, and a form for a new one.
    func calendarsPage(_ request: PageRequest) async throws -> Response {
        let visitor = request.visitor
        let calendars = try await rows("calendars", for: visitor).map { calendar -> [String: Any] in
            [
                "id": calendar["id"]?.integer ?? 0, "name": Self.name(of: calendar),
                "color": Self.color(calendar["color"]?.string),
                "readOnly": Self.isReadOnly(calendar),
                "address": gateway.publicURL + (calendar["href"]?.string ?? ""),
            ]
        }
        let trash = try await rows("calendars/trash", for: visitor).map { calendar -> [String: Any] in
            [
                "id": calendar["id"]?.integer ?? 0, "name": Self.name(of: calendar),
                "at": time(calendar["deleted_at"]?.string.flatMap(Instant.init(rfc3339:))),
            ]
        }
        let content: [String: Any] = ["calendars": calendars, "trash": trash, "hasTrash": !trash.isEmpty]
        return page("calendars", content, for: visitor)
    }

    static func name(of calendar: JSON) -> String {
        calendar["display_name"]?.string ?? calendar["name"]?.string ?? ""
    }

    /// Whether events can only be looked at: it is somebody's who lets others read, or follows what may only be read.
    static func isReadOnly(_ calendar: JSON) -> Bool {
        ["reader", "read"].contains(calendar["access"]?.string ?? "")
    }

    /// The whole calendar as a file.
    func exportCalendar(_ request: PageRequest) async throws -> Response {
        let wish = RESTRequest(
            method: .get,
            path: ["calendars", request.id, "export"],
            query: FormFields(""),
            headers: HTTPFields(),
            body: [],
            visitor: request.visitor
        )
        return RESTRoutes.response(try await rest.perform(wish))
    }

    /// One calendar: a month as a grid, or as a list.
    func calendarPage(_ request: PageRequest) async throws -> Response {
        let calendar = try await ask(.get, ["calendars", request.id], for: request.visitor)
        let today = Day(ZoneResolver().local(gateway.now(), form: request.zone.map { .zoned($0) } ?? .utc))
        let month = min((request.query["at"].flatMap(Day.init) ?? today).firstOfMonth, Day.lastMonth)
        let isAgenda = request.query["view"] == "agenda"
        let from = Day(number: month.number - Int64(month.weekday))
        let weeks = (month.nextMonth.number - from.number + 6) / 7
        let to = Day(number: from.number + weeks * 7)
        let events = try await events(of: request, isAgenda ? (month, month.nextMonth) : (from, to))
        var content: [String: Any] = [
            "id": request.id, "name": Self.name(of: calendar), "color": Self.color(calendar["color"]?.string),
            "month": month.monthName, "previous": String(month.previousMonth.text.prefix(7)),
            "next": String(month.nextMonth.text.prefix(7)), "this": String(month.text.prefix(7)),
            "view": isAgenda ? "agenda" : "month", "q": request.query["q"] ?? "",
            "readOnly": Self.isReadOnly(calendar), "today": today.text, "looked": request.query["q"]?.isEmpty == false,
            "mayChange": calendar["access"]?.string != "read",
            "description": calendar["description"]?.string ?? "",
        ]
        if isAgenda {
            let shown = Self.agenda(events.prefix(Self.agendaRows), from: month, to: month.nextMonth)
            let more = events.count - Self.agendaRows
            content["agenda"] = ["days": shown, "more": more > 0 ? more as Any : false]
        } else {
            content["grid"] = ["weekdays": Day.weekdays, "weeks": Self.weeks(events, from, weeks, month, today)]
        }
        if calendar["access"]?.string != "read" { content["trash"] = try await trash(request) }
        return page("calendar", content, for: request.visitor)
    }

    /// The latest of what was deleted from a calendar, or what was deleted before those.
    private func trash(_ request: PageRequest) async throws -> [String: Any] {
        let before = request.place("deleted")
        var query = "calendar=\(Self.encoded(request.id))&limit=\(Self.deletedRows)"
        if let before { query += "&cursor=\(before)" }
        let reply = try await ask(.get, ["events", "trash"], query: query, for: request.visitor)
        func instant(_ json: JSON?) -> Instant? { json?.string.flatMap(Instant.init(rfc3339:)) }
        let events = (reply["items"]?.array ?? []).map { row -> [String: Any] in
            [
                "event": row["id"]?.integer ?? 0, "title": row["summary"]?.string ?? "(no title)",
                "start": ShownEvent(row, zone: request.zone)?.moment ?? "", "at": time(instant(row["deleted_at"])),
                "by": row["by"]?.string ?? "", "until": time(instant(row["purged_at"])),
                "link": row["link"]?.integer.map { $0 as Any } ?? false,
            ]
        }
        var content: [String: Any] = [
            "events": events, "isOpen": request.query["deleted"] != nil, "hasEvents": !events.isEmpty,
            "isPast": before != nil,
        ]
        if let next = reply["next"]?.string { content["older"] = next }
        return content
    }

    /// The events of some days, with a day on either side for clocks that differ.
    private func events(of request: PageRequest, _ days: (from: Day, to: Day)) async throws -> [ShownEvent] {
        var query = "calendar=\(Self.encoded(request.id))&start=\(Day(number: days.from.number - 1).text)"
        query += "&end=\(Day(number: days.to.number + 1).text)"
        if let words = request.query["q"], !words.isEmpty { query += "&q=\(Self.encoded(words))" }
        return try await rows("events", query: query, for: request.visitor).compactMap {
            ShownEvent($0, zone: request.zone)
        }
    }

    private static func line(_ event: ShownEvent, on day: Day) -> [String: Any] {
        var line: [String: Any] = [
            "address": event.address, "title": event.title,
            "time": event.isAllDay || Day(event.start) < day ? "" : event.start.clock,
        ]
        // To a template a text that is empty is there all the same.
        if let location = event.row["location"]?.string, !location.isEmpty { line["location"] = location }
        return line
    }

    private static func byDay(_ events: some Sequence<ShownEvent>) -> [Day: [[String: Any]]] {
        var byDay: [Day: [[String: Any]]] = [:]
        for event in events {
            for day in event.days { byDay[day, default: []].append(line(event, on: day)) }
        }
        return byDay
    }

    private static func weeks(
        _ events: [ShownEvent],
        _ from: Day,
        _ count: Int64,
        _ month: Day,
        _ today: Day
    ) -> [[String: Any]] {
        let byDay = byDay(events)
        return (0..<count).map { week in
            let days = (0..<7 as Range<Int64>).map { index -> [String: Any] in
                let day = Day(number: from.number + week * 7 + index)
                return [
                    "date": day.text, "number": day.date.day, "name": day.name, "events": byDay[day] ?? [],
                    "class": (day.firstOfMonth == month ? "" : "other") + (day == today ? " today" : ""),
                ]
            }
            return ["days": days]
        }
    }

    private static func agenda(_ events: some Sequence<ShownEvent>, from: Day, to: Day) -> [[String: Any]] {
        byDay(events).filter { $0.key >= from && $0.key < to }.sorted { $0.key < $1.key }.map { day, lines in
            ["name": day.name, "date": day.text, "events": lines]
        }
    }

    // MARK: Forms

    func addCalendar(_ request: PageRequest) async throws -> Response {
        let title = request.form["name"] ?? ""
        let wish: JSON = [
            "name": .string(CalendarName.derived(from: title)), "display_name": .string(title),
            "color": .text(request.form["color"]),
        ]
        _ = try await ask(.post, ["calendars"], wish, for: request.visitor)
        return .seeOther("/calendars")
    }

    func changeCalendar(_ request: PageRequest) async throws -> Response {
        let change: JSON = [
            "display_name": .text(request.form["name"]), "color": .text(request.form["color"]),
            "description": .text(request.form["description"]),
        ]
        _ = try await ask(.patch, ["calendars", request.id], change, for: request.visitor)
        return .seeOther("/calendars/\(Self.encoded(request.id))")
    }

    func restoreCalendar(_ request: PageRequest) async throws -> Response {
        _ = try await ask(.post, ["calendars", request.id, "restore"], for: request.visitor)
        return .seeOther("/calendars/\(Self.encoded(request.id))")
    }

    func removeCalendar(_ request: PageRequest) async throws -> Response {
        guard request.form["sure"] == "yes" else {
            throw RESTProblem.invalid("Nothing was removed.", "Tick the box first.")
        }
        _ = try await ask(.delete, ["calendars", request.id], for: request.visitor)
        return .seeOther("/calendars")
    }
}
