import Bridging
import Reconcile

extension Snapshot {
    /// Finds items whose two sides say the same as far as the upstream can hold it, though both changed.
    ///
    /// So a write of ours whose answer was lost is recognised, however the upstream normalised it: there is nothing left to
    /// write, and nothing to be in conflict about.
    mutating func recognise(by bridge: any Bridge) {
        let readOnly = Set(bridge.fields.readOnly.map(\.rawValue))
        for (uid, item) in items {
            guard let local = item.local, let remote = item.remote, item.isChangedOnBothSides,
                local.fields != remote.fields, item.records.isEmpty == false
            else { continue }
            do {
                guard try bridge.writes(toMake: local.object, from: item.records).isEmpty else { continue }
            } catch {
                // What the upstream cannot hold is no proof that it says the same.
                continue
            }
            recognised[uid] = local.fields.filter { !readOnly.contains($0.key.name) }
                .merging(remote.fields.filter { readOnly.contains($0.key.name) }) { _, theirs in theirs }
        }
    }
}

extension SnapshotItem {
    /// Whether each side differs from what it said when both agreed; without an agreement both do.
    fileprivate var isChangedOnBothSides: Bool {
        guard let local, let remote, let base, !base.isVoid else { return true }
        return local.fields != base.agreement.local && remote.fields != base.agreement.remote
    }
}
