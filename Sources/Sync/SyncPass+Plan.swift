import Bridging
import ICalendar
import Reconcile
import Store

extension SyncPass {
    /// What the pass would do; only what was pulled is stored, and the pairs that it proposes, if it is to.
    func plan(proposingPairs: Bool) async throws -> LinkPlan {
        guard let place = try await state.place(of: link), place.revision != nil else {
            throw PassFailure.calendarMissing
        }
        try await recall()
        let pulled = try await bridge.pullRecovering(since: place.cursor)
        try await state.mirror(pulled, translatedBy: bridge, of: link.id)
        let choices = try await state.choices(of: link.id)
        let all = try await look(at: .plan(joining: [:]))
        let pairings = proposingPairs ? all.pairings() : []
        var plan = LinkPlan()
        plan.separated = pairings.filter(choices.separates).compactMap { LinkPlan.Item($0, in: all) }
        plan.leftAlone = choices.leftAlone(of: all, pairings)

        let joined = pairings.filter { !choices.separates($0) && !choices.skips($0) }
        let series = Dictionary(joined.map { ($0.series, $0.uid) }) { first, _ in first }
        // Read anew under one UID, as the pass will read them: what becomes of a pair is decided like anything else.
        var snapshot = joined.isEmpty ? all : try await look(at: .plan(joining: series))
        let skipped = Set(plan.skipped)
        snapshot.items = snapshot.items.filter { !skipped.contains($0.key) }
        let decisions = try decide(on: &snapshot)
        if proposingPairs {
            // A pair of which the filters let neither half through is not shown, and so not confirmed.
            let told = pairings.filter {
                choices.separates($0) || choices.skips($0) || snapshot.items[$0.uid] != nil
            }
            try await state.setPairings(told, of: link.id)
        }
        let pairs = Dictionary(joined.map { ($0.uid, $0) }) { first, _ in first }
        for (uid, item) in snapshot.items.sorted(by: { $0.key < $1.key }) {
            plan.add(decisions[uid], LinkPlan.Item(item, pairs[uid], decisions[uid]))
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
            // Of a veiled event the upstream is told less, which it may well hold.
            _ = try bridge.writes(toMake: local.outgoing, from: item.records)
            return nil
        } catch {
            switch error {
            case .notAnEvent: return "The upstream's calendar holds events only."
            case .unreadable(let sentence), .unsupported(let sentence): return sentence
            }
        }
    }
}

extension StartChoices {
    /// Whether a pair is two events.
    func separates(_ pairing: Pairing) -> Bool { !separate.isDisjoint(with: [pairing.uid, pairing.upstreamUID]) }

    /// Whether a pair stays as it is on both sides: half of it alone would have the other half made a second time.
    func skips(_ pairing: Pairing) -> Bool {
        !separates(pairing) && !skip.isDisjoint(with: [pairing.uid, pairing.upstreamUID])
    }

    /// The events and pairs that stay where they are.
    fileprivate func leftAlone(of snapshot: Snapshot, _ pairings: [Pairing]) -> [LinkPlan.Item] {
        let pairs = pairings.filter(skips)
        let paired = Set(pairs.flatMap { [$0.uid, $0.upstreamUID] })
        let others = skip.subtracting(paired).sorted().map { uid in
            snapshot.items[uid].map { LinkPlan.Item($0) } ?? LinkPlan.Item(uid: uid)
        }
        return pairs.compactMap { LinkPlan.Item($0, in: snapshot) } + others
    }
}

extension LinkPlan {
    fileprivate mutating func add(_ decision: Decision?, _ item: Item) {
        switch decision?.action {
        case .hold: conflicts.append(item)
        // That two events are one is for the person to confirm, even where nothing would change.
        case _ where item.upstreamUID != nil: merge.append(item)
        case nil where item.upstream == nil: stays.gateway += 1
        case nil where item.gateway == nil: stays.upstream += 1
        case nil, .agree: same += 1
        case .forget: break
        case .createLocal: gateway.create.append(item)
        case .createRemote: upstream.create.append(item)
        case .deleteLocal: gateway.delete.append(item)
        case .deleteRemote: upstream.delete.append(item)
        case .pull: gateway.update.append(item)
        case .push: upstream.update.append(item)
        case .merge: merge.append(item)
        }
    }
}

extension LinkPlan.Changes {
    fileprivate init(_ decision: Decision?) {
        func names(_ keys: some Sequence<FieldKey>) -> [String] { Set(keys.map(\.name)).sorted() }
        switch decision?.action {
        case .pull(let pulled): gateway = names(pulled)
        case .push(let pushed): upstream = names(pushed)
        case .merge(let pulled, let pushed): (gateway, upstream) = (names(pulled), names(pushed))
        case .hold: disputed = names(decision?.conflicts.compactMap(\.field) ?? [])
        case nil, .agree, .forget, .createLocal, .createRemote, .deleteLocal, .deleteRemote: break
        }
    }
}

extension LinkPlan.Said {
    fileprivate init(_ object: CalendarObject) {
        let event = object.master ?? object.overrides.first
        self.init(
            summary: object.summary,
            start: event?.first("DTSTART")?.value,
            location: event?.first("LOCATION")?.text
        )
    }
}

extension LinkPlan.Item {
    /// What both sides say of an event.
    init(uid: String, here: CalendarObject?, there: CalendarObject?) {
        self.init(uid: uid)
        gateway = here.map(LinkPlan.Said.init)
        upstream = there.map(LinkPlan.Said.init)
        summary = here?.summary ?? there?.summary
        start = (gateway ?? upstream)?.start
    }

    fileprivate init(_ item: SnapshotItem, _ pairing: Pairing? = nil, _ decision: Decision? = nil) {
        self.init(uid: item.uid, here: item.local?.object, there: item.remote?.object)
        upstreamUID = pairing?.upstreamUID
        confidence = pairing?.confidence
        changes = LinkPlan.Changes(decision)
    }

    /// A pair as two events; nil where one of them is not there.
    fileprivate init?(_ pairing: Pairing, in snapshot: Snapshot) {
        guard let item = snapshot.items[pairing.uid], let other = snapshot.items[pairing.upstreamUID] else {
            return nil
        }
        self.init(item, pairing)
        upstream = other.remote.map { LinkPlan.Said($0.object) }
    }
}
