import HTTPTypes
import Hummingbird
import ICalendar
import Store
import Sync

extension DashboardRoutes {
    /// A form for a new event.
    func newEventPage(_ request: PageRequest) async throws -> Response {
        let calendar = try await ask(.get, ["calendars", request.id], for: request.visitor)
        let zone = request.zone ?? "UTC"
        let today = Day(ZoneResolver().local(gateway.now(), form: .zoned(zone)))
        let form = EventForm(on: request.query["date"].flatMap(Day.init) ?? today, zone: zone)
        var content = form.content
        content["heading"] = "New event in \(Self.name(of: calendar))"
        content["action"] = "/calendars/\(Self.encoded(request.id))/events"
        content["back"] = "/calendars/\(Self.encoded(request.id))"
        content["isSeries"] = true
        return page("event", content, for: request.visitor)
    }

    func addEvent(_ request: PageRequest) async throws -> Response {
        let calendar = try await ask(.get, ["calendars", request.id], for: request.visitor)
        let empty = EventForm(on: Day(number: 0), zone: "")
        var members = empty.changes(in: request.form)
        members["calendar"] = calendar["id"] ?? .null
        let event = try await ask(.post, ["events"], .object(members), for: request.visitor)
        let month = event["start"]?.string?.prefix(7) ?? ""
        return .seeOther("/calendars/\(Self.encoded(request.id))?at=\(month)")
    }

    /// An event: its form, and what else can be done with it.
    func eventPage(_ request: PageRequest) async throws -> Response {
        let occurrence = request.query["occurrence"]
        let row = try await ask(.get, ["events", request.id], query: Self.query(occurrence), for: request.visitor)
        guard let form = EventForm(row) else { throw RESTProblem.notFound }
        let calendar = try await ask(
            .get,
            ["calendars", String(row["calendar"]?.integer ?? 0)],
            for: request.visitor
        )
        let isRecurring = row["rrule"]?.string != nil || occurrence != nil
        var content = form.content
        content["heading"] = row["summary"]?.string ?? "(no title)"
        content["action"] = "/events/\(request.id)"
        content["back"] = "/calendars/\(calendar["id"]?.integer ?? 0)?at=\(row["start"]?.string?.prefix(7) ?? "")"
        content["id"] = request.id
        content["etag"] = row["etag"]?.string ?? ""
        content["occurrence"] = occurrence ?? ""
        content["isSeries"] = occurrence == nil
        content["isOne"] = occurrence != nil
        content["isRecurring"] = isRecurring
        content["readOnly"] = Self.isReadOnly(calendar)
        content["exists"] = true
        return page("event", content, for: request.visitor)
    }

    private static func query(_ occurrence: String?) -> String {
        occurrence.map { "occurrence=" + encoded($0) } ?? ""
    }

    func saveEvent(_ request: PageRequest) async throws -> Response {
        let query = Self.query(request.form["occurrence"].flatMap { $0.isEmpty ? nil : $0 })
        let row = try await ask(.get, ["events", request.id], query: query, for: request.visitor)
        guard let form = EventForm(row) else { throw RESTProblem.notFound }
        let members = form.changes(in: request.form)
        if !members.isEmpty {
            let path = ["events", request.id]
            let headers = Self.unchanged(request)
            let visitor = request.visitor
            _ = try await ask(.patch, path, query: query, .object(members), headers: headers, for: visitor)
        }
        return .seeOther("/calendars/\(row["calendar"]?.integer ?? 0)?at=\(row["start"]?.string?.prefix(7) ?? "")")
    }

    /// The condition that nobody changed the event since the form was shown.
    private static func unchanged(_ request: PageRequest) -> HTTPFields {
        request.form["etag"].map { [.ifMatch: "\"\($0)\""] } ?? HTTPFields()
    }

    func removeEvent(_ request: PageRequest) async throws -> Response {
        let query = Self.query(request.form["occurrence"].flatMap { $0.isEmpty ? nil : $0 })
        let row = try await ask(.get, ["events", request.id], query: query, for: request.visitor)
        let path = ["events", request.id]
        _ = try await ask(.delete, path, query: query, headers: Self.unchanged(request), for: request.visitor)
        return .seeOther("/calendars/\(row["calendar"]?.integer ?? 0)?at=\(row["start"]?.string?.prefix(7) ?? "")")
    }

    // MARK: History

    /// Every version of an event, the latest first, each with what it changed.
    func historyPage(_ request: PageRequest) async throws -> Response {
        let versions = try await rows("events/\(request.id)/history", for: request.visitor)
        var before: [Substring] = []
        var present: Int?
        var shown: [[String: Any]] = []
        for version in versions {
            let lines = (version["ics"]?.string ?? "").split(whereSeparator: \.isNewline)
            let isGone = version["kind"]?.string == "deleted"
            let isOverruled = version["kind"]?.string == "overruled"
            shown.append([
                "version": version["version"]?.integer ?? 0, "by": version["by"]?.string ?? "",
                "at": time(version["at"]?.string.flatMap(Instant.init(rfc3339:))),
                "exactly": version["at"]?.string ?? "",
                "kind": isOverruled ? "lost a conflict" : version["kind"]?.string ?? "",
                "summary": version["summary"]?.string ?? "",
                "gone": isGone ? [] : Self.lines(before, notIn: lines),
                "new": isGone ? [] : Self.lines(lines, notIn: before), "restorable": !isGone,
            ])
            // It never stood: the next one is no change of it.
            guard !isOverruled else { continue }
            before = isGone ? [] : lines
            present = isGone ? nil : shown.indices.last
        }
        // To bring back what stands would change nothing.
        if let present {
            shown[present]["restorable"] = false
            shown[present]["isPresent"] = true
        }
        let content: [String: Any] = [
            "id": request.id, "versions": Array(shown.reversed()), "doubles": try await doubles(of: request.id),
        ]
        return page("history", content, for: request.visitor)
    }

    /// The events in which a series went on, and whose days it has itself again.
    private func doubles(of id: String) async throws -> [[String: Any]] {
        guard let id = Int64(id).map(ObjectID.init(rawValue:)) else { return [] }
        return try await gateway.calendars.doubles(of: id).map { stored in
            let title = try stored.object().master?.first("SUMMARY")?.text
            return ["double": stored.id.rawValue, "name": title ?? "an event without a title"]
        }
    }

    private static func lines(_ some: [Substring], notIn others: [Substring]) -> [String] {
        let known = Set(others)
        return some.filter { !known.contains($0) && !$0.hasPrefix("DTSTAMP") }.map(String.init)
    }

    func restoreEvent(_ request: PageRequest) async throws -> Response {
        let version = request.form["version"].flatMap { Int64($0) }.map(JSON.integer) ?? .null
        let restored = try await ask(
            .post,
            ["events", request.id, "restore"],
            ["version": version],
            for: request.visitor
        )
        // From the list of what is deleted one goes on with the next.
        if let calendar = request.form["calendar"].flatMap({ Int64($0) }) {
            return .seeOther("/calendars/\(calendar)?deleted=#deleted")
        }
        return .seeOther("/events/\(restored["id"]?.integer ?? 0)/history")
    }
}
