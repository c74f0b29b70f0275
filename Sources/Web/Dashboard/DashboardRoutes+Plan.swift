import Bridging
import Hummingbird
import Store
import Sync

extension DashboardRoutes {
    /// What the first pass of a link would do, or why that cannot be told; nil where the link has begun.
    func plan(of status: LinkStatus, _ request: PageRequest) async throws -> [String: Any]? {
        guard status.state == .preview else { return nil }
        do {
            guard let plan = try await gateway.scheduler.plan(status.link.id) else { return nil }
            return shown(plan, of: status.link, page: request.query["page"])
        } catch {
            // The plan needs the upstream; the settings of the link, and the way out of it, do not.
            guard let problem = RESTProblem(meaning: error, limit: Self.maximumForm) else { throw error }
            return [
                "failed": ["message": problem.detail, "remedy": problem.remedy],
                "reconnectable": problem.code == "reconnect_required",
            ]
        }
    }

    /// The events that a link which has begun leaves alone, a page of them.
    func leftAlone(by link: Link, page asked: String?) async throws -> [String: Any] {
        let (items, count) = try await gateway.links.leftAlone(by: link) { TablePage(asked, of: $0).range }
        let page = TablePage(asked, of: count)
        var pages = page.content
        if let range = pages["range"] { pages["range"] = "\(range) of \(count)" }
        let alone = items.map { pair($0, Self.label(link.provider)) }
        return ["alone": alone, "page": page.number, "pagesOfAlone": pages]
    }

    private func shown(_ plan: LinkPlan, of link: Link, page asked: String?) -> [String: Any] {
        let upstream = Self.label(link.provider)
        // The least sure first: those are to be looked at.
        let pairs = (plan.merge + plan.conflicts).filter { $0.upstreamUID != nil }
            .sorted { ($0.confidence ?? 1, $0.start ?? "") < ($1.confidence ?? 1, $1.start ?? "") }
            .map { pair($0, upstream) }
        let rows = rows(of: plan, upstream)
        let separated = plan.separated.map { pair($0, upstream) }
        let alone = plan.leftAlone.map { pair($0, upstream) }
        let problems = plan.problems.map { ["summary": $0.item.summary ?? $0.item.uid, "reason": $0.reason] }
        // All tables turn their pages together.
        let page = TablePage(asked, of: max(pairs.count, rows.count, separated.count, alone.count, problems.count))
        var content: [String: Any] = [
            "sums": sums(of: plan, over: link),
            "isEmpty": [rows.count, pairs.count, alone.count, problems.count].allSatisfy { $0 == 0 },
            "isEqual": plan.stays == LinkPlan.Numbers(), "alone": page.part(alone),
        ]
        for (name, all) in [("Rows", rows), ("Pairs", pairs), ("Separated", separated)] {
            content[name.lowercased()] = page.part(all)
            content["has" + name] = !page.part(all).isEmpty
        }
        content["problems"] = page.part(problems)
        content["hasProblems"] = !page.part(problems).isEmpty
        return content.merging(page.content) { $1 }
    }

    /// The sums of a plan in one sentence.
    private func sums(of plan: LinkPlan, over link: Link) -> String {
        let upstream = Self.label(link.provider)
        func stay(_ count: Int, _ place: String) -> String {
            let why =
                switch link.effectiveDirection {
                case .both: ""
                case .pull: ": the link only pulls"
                case .push: ": the link only pushes"
                }
            return (count == 1 ? "stays " : "stay ") + place + " only" + why
        }
        let sums: [(Int, String)] = [
            (plan.gateway.create.count, "made here"), (plan.gateway.update.count, "changed here"),
            (plan.gateway.delete.count, "deleted here"), (plan.upstream.create.count, "made at \(upstream)"),
            (plan.upstream.update.count, "changed at \(upstream)"),
            (plan.upstream.delete.count, "deleted at \(upstream)"), (plan.merge.count, "merged"),
            (plan.conflicts.count, "to be decided by you"), (plan.leftAlone.count, "left alone"),
            (plan.same, "the same on both sides already"),
        ]
        let stays = [
            (plan.stays.gateway, stay(plan.stays.gateway, "here")),
            (plan.stays.upstream, stay(plan.stays.upstream, "at \(upstream)")),
        ]
        func words(_ sums: [(Int, String)]) -> [String] { sums.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" } }
        let sentences = ([words(sums).joined(separator: ", ")] + words(stays)).filter { !$0.isEmpty }
        return sentences.isEmpty ? "There is no event on either side." : sentences.joined(separator: ". ") + "."
    }

    // MARK: Rows

    /// Everything but pairs, which are judged side by side.
    private func rows(of plan: LinkPlan, _ upstream: String) -> [[String: Any]] {
        func rows(_ items: [LinkPlan.Item], _ what: String) -> [[String: Any]] {
            items.filter { $0.upstreamUID == nil }.sorted { ($0.start ?? "") < ($1.start ?? "") }
                .map { row($0, what, upstream) }
        }
        return rows(plan.conflicts, "waits for you") + rows(plan.merge, "is merged")
            + [(plan.gateway, "here"), (plan.upstream, "at \(upstream)")].flatMap { side, name in
                rows(side.delete, "is deleted \(name)") + rows(side.update, "is changed \(name)")
                    + rows(side.create, "is made \(name)")
            }
    }

    private func row(_ item: LinkPlan.Item, _ what: String, _ upstream: String) -> [String: Any] {
        var row: [String: Any] = [
            "uid": item.uid, "what": what, "summary": title(item.summary, item.uid),
            "start": item.start.map(ShownValue.text) ?? "",
        ]
        if let location = (item.gateway ?? item.upstream)?.location, !location.isEmpty { row["location"] = location }
        if let changes = Self.words(for: item.changes, upstream) { row["changes"] = changes }
        if let here = item.gateway, let there = item.upstream, here.summary != there.summary {
            row["other"] = "“\(title(there.summary, item.uid))” at \(upstream)"
        }
        return row
    }

    /// A row that tells what each side says.
    private func pair(_ item: LinkPlan.Item, _ upstream: String) -> [String: Any] {
        var row: [String: Any] = [
            "uid": item.uid, "summary": title(item.summary, item.uid), "start": item.start.map(ShownValue.text) ?? "",
            "then": then(item, upstream),
        ]
        if let confidence = item.confidence { row["sure"] = Int((confidence * 100).rounded(.down)) }
        for (name, said) in [("here", item.gateway), ("there", item.upstream)] {
            guard let said else { continue }
            var words: [String: Any] = ["title": title(said.summary, "")]
            if let location = said.location, !location.isEmpty { words["location"] = location }
            row[name] = words
        }
        return row
    }

    private func title(_ summary: String?, _ uid: String) -> String {
        guard let summary, !summary.isEmpty else { return uid.isEmpty ? "(no title)" : "(no title) \(uid)" }
        return summary
    }

    private func then(_ item: LinkPlan.Item, _ upstream: String) -> String {
        guard item.changes.disputed.isEmpty else {
            return "One event, which waits for you to decide: \(Self.names(item.changes.disputed))"
        }
        return "One event; " + (Self.words(for: item.changes, upstream) ?? "nothing changes")
    }

    /// Which fields change where; nil where none does.
    private static func words(for changes: LinkPlan.Changes, _ upstream: String) -> String? {
        let parts = [
            (changes.gateway, "changes here:"), (changes.upstream, "changes at \(upstream):"),
            (changes.disputed, "you decide:"),
        ]
        let words = parts.filter { !$0.0.isEmpty }.map { "\($0.1) \(names($0.0))" }
        return words.isEmpty ? nil : words.joined(separator: "; ")
    }

    private static func names(_ fields: [String]) -> String {
        fields.sorted(by: ShownValue.precedes).map(ShownValue.label).joined(separator: ", ")
    }

    // MARK: Choosing

    /// Notes what a person chooses of a plan: for the rows that are ticked, or for the one whose button was pressed.
    func changePlan(_ request: PageRequest) async throws -> Response {
        let (form, status) = (request.form, try await link(request.id, request.visitor))
        var change = LinkChange()
        func named(by button: String) throws -> Set<String>? {
            guard let one = form[button] else { return nil }
            let uids = Set(one.isEmpty ? form.all("uid") : [one])
            guard !uids.isEmpty else { throw RESTProblem.invalid("No event was ticked.", "Go back, and tick some.") }
            return uids
        }
        if let uids = try named(by: "skip") {
            change.skip = .adding(uids)
        } else if let uids = try named(by: "take") {
            change.skip = .removing(uids)
        } else if let uids = try named(by: "separate") {
            change.separate = .adding(uids)
        } else if let uids = try named(by: "join") {
            change.separate = .removing(uids)
        } else {
            throw RESTProblem.notFound
        }
        _ = try await gateway.scheduler.update(status.link.id, change)
        let page = form["page"].flatMap { Int($0) }.map { "?page=\($0)" } ?? ""
        return .seeOther("/links/\(status.link.id.rawValue)\(page)#\(status.state == .preview ? "plan" : "alone")")
    }
}
