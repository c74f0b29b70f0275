import Bridging
import Hummingbird
import Store
import Sync

extension DashboardRoutes {
    /// How many rows of a queue or a history one page shows.
    private static let shownRows = 200

    /// One link: state, plan, conflicts, queue, quarantine, passes.
    func linkPage(_ request: PageRequest) async throws -> Response {
        let visitor = request.visitor
        let status = try await link(request.id, visitor)
        let owner = visitor.principal.id
        let calendars = try await gateway.calendars.calendars(of: owner)
        var content = card(status, calendars)
        if let plan = try await plan(of: status, request) {
            content["plan"] = plan
            // What was not looked at is not started.
            content["isPreview"] = plan["failed"] == nil
            content["alone"] = plan["alone"]
            content["page"] = plan["page"]
        } else {
            content.merge(try await leftAlone(by: status.link, page: request.query["page"])) { $1 }
        }
        content["hasAlone"] = (content["alone"] as? [Any])?.isEmpty == false
        content["conflictRows"] = try await gateway.links.conflicts(of: owner, .open, link: status.link.id)
            .prefix(Self.shownRows).map { ["id": $0.id.rawValue, "summary": $0.summary ?? $0.uid] as [String: Any] }
        let queue = try await gateway.links.queue(of: owner, link: status.link.id)
        content["hasQueue"] = !queue.isEmpty
        content["queue"] = queue.prefix(Self.shownRows).map { row -> [String: Any] in
            [
                "item": row.summary ?? row.uid, "attempts": row.attempts,
                "due": row.dueAt == nil ? "when you ask" : time(row.dueAt), "reason": row.lastError.message,
            ]
        }
        let quarantine = try await gateway.links.quarantine(of: owner, link: status.link.id)
        content["hasQuarantine"] = !quarantine.isEmpty
        content["quarantine"] = quarantine.prefix(Self.shownRows).map {
            ["item": $0.uid ?? $0.series, "reason": $0.reason]
        }
        content["runs"] = try await gateway.links.runs(of: owner, link: status.link.id).prefix(20).map {
            run -> [String: Any] in
            [
                "at": time(run.startedAt), "pulled": run.counts.pulled + run.counts.deletedHere,
                "pushed": run.counts.pushed + run.counts.deletedUpstream, "failed": run.counts.failed,
            ]
        }
        content.merge(settings(of: status.link)) { $1 }
        content["filters"] = filters(of: status.link)
        return page("link", content, for: visitor)
    }

    /// What a person can change of a link, as the form shows it.
    private func settings(of link: Link) -> [String: Any] {
        func options(_ pairs: [(String, String)], _ chosen: String) -> [[String: Any]] {
            pairs.map { ["value": $0.0, "label": $0.1, "chosen": $0.0 == chosen] }
        }
        let label = Self.label(link.provider)
        var content: [String: Any] = [
            "policies": options(
                [
                    ("newest", "the newer edit wins"),
                    ("upstream", "\(label) wins, and brings back what is deleted here"),
                    ("gateway", "Kalends wins"), ("ask", "ask me"),
                ],
                link.policy.rawValue
            ),
            "notifiesGuests": link.notifiesGuests, "mailsGuests": gateway.bridge(of: link) is any MailingBridge,
        ]
        content["isReader"] = link.access == .reader
        if link.access != .reader {
            let pairs = [("both", "both ways"), ("pull", "only from \(label)"), ("push", "only to \(label)")]
            content["directions"] = ["options": options(pairs, link.direction.rawValue)]
        }
        content["isMapped"] = link.mapping != nil
        content["timeZone"] = link.timeZone
        return content
    }

    /// Makes a link in preview, and shows what its first pass would do.
    ///
    /// A table whose columns have other names than the usual ones is shown in the mapping editor first.
    func addLink(_ request: PageRequest) async throws -> Response {
        do {
            return try await makeLink(request.form, request.visitor)
        } catch {
            guard let problem = RESTProblem(meaning: error, limit: Self.maximumForm),
                problem.code == "invalid_mapping"
            else { throw error }
            var asked = request
            asked.path = ["connections", request.form["connection"] ?? ""]
            return try await newMapping(asked)
        }
    }

    private func makeLink(_ form: FormFields, _ visitor: Visitor) async throws -> Response {
        var wish = LinkWish(
            connection: try await connection(form["connection"] ?? "", visitor),
            upstreamCalendar: form["upstream_calendar"] ?? ""
        )
        if let chosen = form["calendar"].flatMap({ Int64($0) }) {
            let calendars = try await gateway.calendars.calendars(of: visitor.principal.id)
            guard let calendar = calendars.first(where: { $0.id.rawValue == chosen }) else {
                throw RESTProblem.notFound
            }
            wish.calendar = calendar
        }
        wish.policy = form["conflicts"].flatMap(ConflictPolicy.init) ?? .newest
        // The form names one column: to that one, and no other, the person has said yes.
        wish.createsColumns = form["create_columns"] == "uid" ? .only(["uid"]) : .none
        wish.timeZone = try RESTRoutes.zoneName(form["time_zone"])
        let link = try await gateway.makeLink(wish, for: visitor.principal)
        return .seeOther("/links/\(link.id.rawValue)")
    }

    func change(link id: String, _ verb: String, _ form: FormFields, _ visitor: Visitor) async throws -> Response {
        let link = try await link(id, visitor).link
        switch verb {
        case "remove":
            let purge: LinkPurge = form["purge"] == "yes" ? .everything : .nothing
            _ = try await gateway.scheduler.delete(link.id, purge: purge, by: visitor.author)
            return .seeOther("/")
        case "sync": _ = try await gateway.scheduler.syncNow(link.id)
        default:
            guard try await gateway.act(verb, on: link.id) else { throw RESTProblem.notFound }
        }
        return .seeOther("/links/\(link.id.rawValue)")
    }

    func link(_ id: String, _ visitor: Visitor) async throws -> LinkStatus {
        guard let number = Int64(id) else { throw RESTProblem.notFound }
        return try await gateway.ownLink(LinkID(rawValue: number), visitor)
    }
}
