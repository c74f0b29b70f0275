import Bridging
import Reconcile

/// A series that somebody upstream split, “this and following”: one edit that shortens an event and makes another.
extension SyncPass {
    /// Notes which series have a new part upstream: where their own schedule were overruled, its days would be there twice.
    ///
    /// And which parts are of series that were in step before.
    func noteSplits(on snapshot: inout Snapshot) {
        guard bridge is any SplittingBridge else { return }
        let split = Set(snapshot.items.values.filter(isNewPart).compactMap(family))
        guard !split.isEmpty else { return }
        var known: Set<String> = []
        for (uid, item) in snapshot.items where !isNewPart(item) {
            guard let family = family(of: item), split.contains(family) else { continue }
            snapshot.items[uid]?.isSplitThere = true
            if item.base != nil { known.insert(family) }
        }
        for (uid, item) in snapshot.items where isNewPart(item) {
            snapshot.items[uid]?.isPartOfKnown = family(of: item).map(known.contains) ?? false
        }
    }

    /// The decisions, where a new part waits with the rest of its series as long as a person is asked when that takes place,
    /// and goes where the person has kept the series whole.
    func keepingTogether(_ decisions: [String: Decision], of snapshot: Snapshot) -> [String: Decision] {
        func families(_ isMeant: (Decision) -> Bool) -> Set<String> {
            let split = snapshot.items.filter { $0.value.isSplitThere && (decisions[$0.key].map(isMeant) ?? false) }
            return Set(split.values.compactMap(family))
        }
        let asked = families { $0.action == .hold && $0.conflicts.contains { $0.field == .schedule } }
        // Without a person's word, a schedule that was split there is never overruled.
        let whole = families { $0.pushed.contains(.schedule) }
        var decisions = decisions
        for (uid, item) in snapshot.items where isNewPart(item) && decisions[uid]?.action == .createLocal {
            guard let family = family(of: item) else { continue }
            if asked.contains(family) { decisions[uid] = Decision(.hold) }
            if whole.contains(family) { decisions[uid] = Decision(.deleteRemote) }
        }
        return decisions
    }

    private func isNewPart(_ item: SnapshotItem) -> Bool {
        guard item.remote != nil, item.local == nil, item.base == nil else { return false }
        return family(of: item).map { $0 != item.series } ?? false
    }
}
