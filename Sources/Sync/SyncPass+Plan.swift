import Bridging
import ICalendar
import Reconcile
import Store

extension SyncPass {
    /// What the pass would do; only what was pulled is stored.
    func plan() async throws -> LinkPlan {
        guard let place = try await state.place(of: link), place.revision != nil else {
            throw PassFailure.calendarMissing
        }
        try await recall()
        let pulled = try await bridge.pullRecovering(since: place.cursor)
        try await state.mirror(pulled, translatedBy: bridge, of: link.id)
        var snapshot = try await look(at: .everything)
        let decisions = try decide(on: &snapshot)
        let pairings = snapshot.pairings()
        try await state.setPairings(pairings, of: link.id)
        var plan = LinkPlan()
        plan.skipped = try await state.skipped(by: link.id)
        let paired = Set(pairings.flatMap { [$0.uid, $0.upstreamUID] })
        for pairing in pairings {
            guard let item = snapshot.items[pairing.uid] else { continue }
            var merge = LinkPlan.Item(item)
            merge.upstreamUID = pairing.upstreamUID
            merge.confidence = pairing.confidence
            plan.merge.append(merge)
        }
        for (uid, item) in snapshot.items.sorted(by: { $0.key < $1.key }) where !paired.contains(uid) {
            plan.add(decisions[uid]?.action, LinkPlan.Item(item))
            if let problem = problem(of: decisions[uid]?.action, item) {
                plan.problems.append(LinkPlan.Problem(item: LinkPlan.Item(item), reason: problem))
            }
        }
        for row in try await state.quarantine(of: link.principal, link: link.id) {
            let item = LinkPlan.Item(uid: row.uid ?? row.series, summary: nil, start: nil)
            plan.problems.append(LinkPlan.Problem(item: item, reason: row.reason))
        }
        return plan
    }

    /// Why the upstream cannot hold an event that would be created there.
    private func problem(of action: Action?, _ item: SnapshotItem) -> String? {
        guard action == .createRemote, let local = item.local else { return nil }
        do {
            _ = try bridge.writes(toMake: local.object, from: item.records)
            return nil
        } catch {
            switch error {
            case .notAnEvent: return "The upstream's calendar holds events only."
            case .unreadable(let sentence), .unsupported(let sentence): return sentence
            }
        }
    }
}

extension LinkPlan {
    fileprivate mutating func add(_ action: Action?, _ item: Item) {
        switch action {
        case nil, .agree: same += 1
        case .forget: break
        case .createLocal: gateway.create.append(item)
        case .createRemote: upstream.create.append(item)
        case .deleteLocal: gateway.delete.append(item)
        case .deleteRemote: upstream.delete.append(item)
        case .pull: gateway.update.append(item)
        case .push: upstream.update.append(item)
        case .merge: merge.append(item)
        case .hold: conflicts.append(item)
        }
    }
}

extension LinkPlan.Item {
    fileprivate init(_ item: SnapshotItem) {
        let object = item.local?.object ?? item.remote?.object
        self.init(
            uid: item.uid,
            summary: item.summary,
            start: (object?.master ?? object?.overrides.first)?.first("DTSTART")?.value
        )
    }
}
