import Hummingbird
import ICalendar
import Store
import Sync

extension DashboardRoutes {
    /// The overview: whether all is well, links, accounts, calendars.
    func home(_ request: PageRequest) async throws -> Response {
        let visitor = request.visitor
        let calendars = try await gateway.calendars.calendars(visibleTo: visitor.principal.id)
            .filter { $0.properties.source == nil }
        let statuses = try await gateway.scheduler.statuses(of: visitor.principal.id)
        let connections = try await gateway.credentials.connections(of: visitor.principal.id)
        let isEquipped = try await !gateway.credentials.appPasswords(of: visitor.principal.id).isEmpty
        var content: [String: Any] = [
            "links": statuses.map { card($0, calendars) }, "connections": connections.map(card),
            "providers": ["google", "notion"].map { provider(named: $0) },
        ]
        if let well = Wellbeing(statuses, connections) { content["well"] = well.content(time: time) }
        content["steps"] = Self.steps(statuses, connections, isEquipped: isEquipped)
        var rows: [[String: Any]] = []
        for calendar in calendars {
            rows.append([
                "id": calendar.id.rawValue, "name": calendar.properties.displayName ?? calendar.name,
                "events": try await gateway.calendars.count(in: calendar.id),
                "color": Self.color(calendar.properties.color),
                "owner": calendar.received.map { $0.ownerName as Any } ?? false, "isShared": calendar.isShared,
                "readOnly": calendar.isWriteProtected,
                "address": "\(gateway.publicURL)/dav/calendars/\(visitor.principal.name)/\(calendar.name)/",
            ])
        }
        content["calendars"] = rows
        return page("home", content, for: visitor)
    }

    /// The way of a newcomer; false once it was gone to its end.
    private static func steps(
        _ statuses: [LinkStatus],
        _ connections: [ConnectionRow],
        isEquipped: Bool
    ) -> Any {
        let connected = connections.first { $0.state == .connected }
        let isStarted = statuses.contains { $0.state != .preview }
        guard connected == nil || !isStarted || !isEquipped else { return false }
        var steps: [String: Any] = ["connected": connected != nil, "started": isStarted, "equipped": isEquipped]
        if let connected { steps["chooseAt"] = "/connections/\(connected.id.rawValue)" }
        return steps
    }

    /// A link as a card shows it.
    func card(_ status: LinkStatus, _ calendars: [CalendarCollection]) -> [String: Any] {
        let link = status.link
        let calendar = calendars.first { $0.id == link.calendar }
        let badge = StateBadge(status)
        var card: [String: Any] = [
            "id": link.id.rawValue, "calendar": calendar?.properties.displayName ?? calendar?.name ?? "",
            "upstream": link.upstreamName, "provider": Self.label(link.provider),
            "connection": link.connection.rawValue,
            "stateClass": badge.style, "symbol": badge.symbol, "stateLabel": badge.label,
            "directionSymbol": Self.symbol(link.effectiveDirection),
            "directionLabel": Self.label(link.effectiveDirection),
            "lastSynced": time(status.lastSyncedAt), "nextSync": time(status.nextSyncAt), "events": status.events,
            "pending": status.pending, "conflicts": status.conflicts, "hasConflicts": status.conflicts > 0,
            "actions": Self.actions(status), "isPreview": status.state == .preview,
            "isHeld": status.state == .needsApproval, "calendarID": link.calendar.rawValue,
            "hears": status.channelExpiresAt != nil || (link.provider == "notion" && status.lastRangAt != nil)
                ? "at once" : "by asking",
            "reconnect": status.lastError?.code == "reconnect_required",
        ]
        card["otherName"] = card["calendar"] as? String != link.upstreamName
        if let problem = status.channelProblem { card["pushProblem"] = problem }
        if let problem = status.lastError { card["problem"] = ["message": problem.message, "remedy": problem.remedy] }
        if status.state == .waiting, let end = status.writesResumeAt { card["resumes"] = time(end) }
        if let progress = status.progress {
            var shown: [String: Any] = ["done": progress.done, "total": max(progress.total, 1)]
            shown["isTotalKnown"] = progress.isTotalKnown
            if let end = progress.estimatedEnd { shown["left"] = time(end) }
            card["progress"] = shown
        }
        return card
    }

    private func card(_ connection: ConnectionRow) -> [String: Any] {
        let isConnected = connection.state == .connected
        var card: [String: Any] = [
            "id": connection.id.rawValue, "provider": Self.label(connection.provider),
            "account": connection.account ?? "",
            "isConnected": isConnected, "stateClass": isConnected ? "ok" : "warn", "symbol": isConnected ? "✓" : "⚠",
            "stateLabel": Self.label(connection.state),
        ]
        if let problem = connection.problem {
            card["problem"] = ["message": problem.message, "remedy": problem.remedy]
        }
        return card
    }

    private func provider(named name: String) -> [String: Any] {
        let what =
            name == "notion"
            ? "Databases with a date become calendars; a page is an event."
            : "Every calendar of the account, with series, guests and reminders."
        return [
            "name": name, "label": Self.label(name), "what": what, "short": name == "notion" ? "Notion" : "Google",
        ]
    }

    /// How long ago or ahead, in words; the exact time stands in the REST interface.
    func time(_ instant: Instant?) -> String {
        guard let instant else { return "–" }
        let seconds = instant - gateway.now()
        let distance = abs(seconds)
        let words =
            switch distance {
            case 0..<5: "now"
            case 5..<90: "\(distance) s"
            case 90..<5400: "\(distance / 60) min"
            case 5400..<172_800: "\(distance / 3600) h"
            default: "\(distance / 86_400) days"
            }
        if words == "now" { return words }
        return seconds < 0 ? words + " ago" : "in " + words
    }

    static func label(_ provider: String) -> String {
        switch provider {
        case "google": "Google Calendar"
        case "notion": "Notion"
        default: provider
        }
    }

    static func label(_ state: ConnectionState) -> String {
        switch state {
        case .awaitingAuthorization: "waiting for your consent"
        case .connected: "connected"
        case .reconnectRequired: "reconnect"
        case .error: "needs you"
        }
    }

    private static func symbol(_ direction: LinkDirection) -> String {
        switch direction {
        case .both: "⇄"
        case .pull: "←"
        case .push: "→"
        }
    }

    private static func label(_ direction: LinkDirection) -> String {
        switch direction {
        case .both: "both ways with"
        case .pull: "taken from"
        case .push: "sent to"
        }
    }

    /// What can be done about a link, the most likely first.
    static func actions(_ status: LinkStatus) -> [[String: Any]] {
        func action(_ verb: String, _ label: String, primary: Bool = false) -> [String: Any] {
            ["verb": verb, "label": label, "primary": primary]
        }
        switch status.state {
        // What was not looked at is not started: the button stands under the preview.
        case .preview: return []
        case .paused: return [action("resume", "Resume", primary: true)]
        // Whoever lets deletions go on, or takes them back, sees which: on the page of what waits.
        case .needsApproval: return []
        case .idle, .syncing, .waiting: return [action("sync", "Sync now", primary: true), action("pause", "Pause")]
        case .error:
            let mends = status.lastError?.code != "reconnect_required"
            return [action("sync", mends ? "Try again" : "Sync now", primary: mends), action("pause", "Pause")]
        }
    }
}

/// How a link's state looks: a word, a sign and a colour, never a colour alone.
struct StateBadge {
    var label: String
    var symbol: String
    var style: String

    init(_ status: LinkStatus) {
        (label, symbol, style) =
            switch status.state {
            case .preview: ("preview", "◔", "busy")
            case .idle where status.conflicts > 0 || status.failed > 0,
                .idle where status.lastError?.needsPerson == true:
                ("needs you", "⚠", "warn")
            case .idle: status.pending == 0 ? ("synced", "✓", "ok") : ("waiting", "…", "warn")
            case .syncing: ("syncing", "↻", "busy")
            case .waiting: ("waiting", "…", "warn")
            case .paused: ("paused", "‖", "")
            case .needsApproval: ("needs you", "⚠", "warn")
            case .error:
                status.lastError?.code == "reconnect_required" ? ("reconnect", "⚠", "bad") : ("needs you", "⚠", "bad")
            }
    }
}
