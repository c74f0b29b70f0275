import ICalendar
import Store
import Sync

/// Whether all is well at a glance, and if not, what a person has to do.
struct Wellbeing {
    /// Something that waits for a person, and where it is done.
    private struct Need {
        var what: String
        var path: String
        var label: String
    }

    private var needs: [Need] = []
    private let statuses: [LinkStatus]

    /// Sums up the links and accounts of a user; nil where there is nothing yet that could be well.
    init?(_ statuses: [LinkStatus], _ connections: [ConnectionRow]) {
        guard !statuses.isEmpty || connections.contains(where: { $0.problem != nil }) else { return nil }
        self.statuses = statuses
        for connection in connections where connection.state == .reconnectRequired || connection.state == .error {
            let name = "\(DashboardRoutes.label(connection.provider)) \(connection.account ?? "")"
            needs.append(
                Need(
                    what: "\(name) no longer lets Kalends in; your calendars stay here as they are.",
                    path: "/connections/\(connection.id.rawValue)",
                    label: "Connect again"
                )
            )
        }
        for status in statuses { needs += Self.needs(of: status) }
    }

    private static func needs(of status: LinkStatus) -> [Need] {
        let page = "/links/\(status.link.id.rawValue)"
        let name = status.link.upstreamName
        var needs: [Need] = []
        switch status.state {
        case .needsApproval:
            let what = status.lastError.map { "\(name): \($0.message)" } ?? "Deletions of \(name) wait for you."
            needs.append(Need(what: what, path: "/activity", label: "Look at them"))
        case .error where status.lastError?.code != "reconnect_required":
            let problem = status.lastError.map { "\(name): \($0.message)" } ?? "\(name) cannot go on."
            needs.append(Need(what: problem, path: page, label: "What to do"))
        case .preview:
            needs.append(Need(what: "\(name) was not started yet.", path: page, label: "See the preview"))
        case .idle, .syncing:
            guard let problem = status.lastError, problem.needsPerson else { break }
            needs.append(Need(what: "\(name): \(problem.message)", path: page, label: "What to do"))
        case .error, .waiting, .paused: break
        }
        // What waits for a permission is told by the permission.
        if status.failed > 0, status.lastError?.asksForPermission != true {
            let number = status.failed == 1 ? "A change" : "\(status.failed) changes"
            needs.append(
                Need(what: "\(number) of \(name) could not be carried over.", path: "/activity", label: "Look at them")
            )
        }
        if status.conflicts > 0 {
            let number = status.conflicts == 1 ? "A conflict" : "\(status.conflicts) conflicts"
            let verb = status.conflicts == 1 ? "waits" : "wait"
            needs.append(
                Need(what: "\(number) of \(name) \(verb) for your decision.", path: "/conflicts", label: "Decide")
            )
        }
        return needs
    }

    /// What the page shows; `time` words when something is.
    func content(time: (Instant?) -> String) -> [String: Any] {
        let isSyncing = statuses.contains { $0.state == .syncing }
        let paused = statuses.filter { $0.state == .paused }.count
        let live = statuses.count - paused
        var content: [String: Any]
        if !needs.isEmpty {
            let sentence = needs.count == 1 ? "One thing needs you" : "\(needs.count) things need you"
            content = ["style": "warn", "symbol": "⚠", "sentence": sentence, "hasNeeds": true]
            content["needs"] = needs.map { ["what": $0.what, "path": $0.path, "label": $0.label] }
        } else if let waiting = statuses.first(where: { $0.state == .waiting }) {
            let sentence = "Waiting for \(waiting.link.upstreamName)"
            content = ["style": "busy", "symbol": "…", "sentence": sentence]
            let goesOn =
                waiting.writesResumeAt.map { "What was changed here is sent \(time($0))." } ?? "It goes on by itself."
            content["detail"] = (waiting.lastError.map { $0.message + " " } ?? "") + goesOn
        } else if isSyncing {
            content = ["style": "busy", "symbol": "↻", "sentence": "Syncing"]
        } else if live == 0 {
            let sentence = paused == 1 ? "Paused" : "All \(paused) links are paused"
            content = ["style": "busy", "symbol": "‖", "sentence": sentence]
            content["detail"] = "Nothing is kept in step; edits collect until you resume."
        } else {
            let sentence = "All is well: \(live) of \(statuses.count) \(statuses.count == 1 ? "link" : "links") in step"
            content = ["style": "ok", "symbol": "✓", "sentence": sentence]
            if paused > 0 { content["detail"] = "\(paused) paused; edits collect until you resume." }
        }
        return content
    }
}
