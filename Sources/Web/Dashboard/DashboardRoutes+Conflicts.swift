import Hummingbird
import ICalendar
import Store
import Sync

extension DashboardRoutes {
    /// The fields whose values a person can type; the others go by one side or the other.
    private static let typed: Set<String> = ["summary", "description", "location", "categories", "url", "status"]

    /// What can be taken from the other side alone; the rest goes with the event as a whole.
    private static let movable: Set<String> = typed.union([
        "dtstart", "dtend", "duration", "rrule", "rdate", "exdate", "priority", "color", "class", "transp",
    ])

    /// The form field of a property begins with this.
    private static let prefix = "merged."

    /// What both sides changed.
    func conflictsPage(_ request: PageRequest) async throws -> Response {
        let isOpen = request.query["state"] != "resolved"
        let all = try await rows("conflicts", query: isOpen ? "state=open" : "state=resolved", for: request.visitor)
        let shown = all.map { row -> [String: Any] in
            var shown: [String: Any] = [
                "id": row["id"]?.integer ?? 0, "summary": row["summary"]?.string ?? row["uid"]?.string ?? "",
                "fields": (row["fields"]?.object ?? [:]).keys.sorted().joined(separator: ", "),
                "at": time(row["created_at"]?.string.flatMap(Instant.init(rfc3339:))),
            ]
            if let resolution = row["resolution"]?.string { shown["resolution"] = resolution }
            return shown
        }
        return page("conflicts", ["conflicts": shown, "isOpen": isOpen], for: request.visitor)
    }

    /// One conflict: what was agreed, ours and theirs side by side, and what becomes of it.
    func conflictPage(_ request: PageRequest) async throws -> Response {
        let row = try await ask(.get, ["conflicts", request.id], for: request.visitor)
        let status = try await gateway.ownLink(LinkID(rawValue: row["link"]?.integer ?? 0), request.visitor)
        var fields = Self.fields(row["fields"])
        for index in fields.indices {
            let name = fields[index]["name"] as? String ?? ""
            fields[index]["isTyped"] = Self.typed.contains(name)
            fields[index]["isLong"] = name == "description"
            fields[index]["isMovable"] = Self.movable.contains(name)
        }
        let isWhole = row["gateway"] != .null && row["upstream"] != .null
        let content: [String: Any] = [
            "id": request.id, "summary": row["summary"]?.string ?? row["uid"]?.string ?? "", "fields": fields,
            "provider": Self.label(status.link.provider), "isOpen": row["state"]?.string == "open",
            "resolution": row["resolution"]?.string ?? "",
            "canMerge": isWhole && fields.contains { $0["isMovable"] as? Bool == true },
            "deletedHere": row["gateway"] == .null, "deletedThere": row["upstream"] == .null,
            "isWhole": isWhole,
        ]
        return page("conflict", content, for: request.visitor)
    }

    /// Settles a conflict as the form says.
    func settle(_ request: PageRequest) async throws -> Response {
        var decision: [String: JSON] = ["keep": .text(request.form["keep"])]
        if request.form["keep"] == "merged" { decision["merged"] = .object(try await merged(request)) }
        _ = try await ask(.post, ["conflicts", request.id], .object(decision), for: request.visitor)
        return .seeOther("/conflicts")
    }

    /// The values that the form takes for each property: one side's, or what was typed.
    private func merged(_ request: PageRequest) async throws -> [String: JSON] {
        let row = try await ask(.get, ["conflicts", request.id], for: request.visitor)
        var values: [String: JSON] = [:]
        for (name, field) in row["fields"]?.object ?? [:] where Self.movable.contains(name) {
            switch request.form["from." + name] {
            case "upstream": values[name] = field["upstream"] ?? .null
            case "typed":
                let text = (request.form[Self.prefix + name] ?? "").replacing("\r\n", with: "\n")
                values[name] = text.isEmpty ? .null : .string(text)
            default: break
            }
        }
        return values
    }
}
